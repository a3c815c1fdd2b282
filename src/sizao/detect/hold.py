"""Rows that come by many ways, put back into the order in which things happened.

A checkpoint may send at once, its neighbour a minute later; a rule that asks "and then?" needs
both by event time. A row is therefore held for ``hold_us`` after it was received, then released,
and before it every held row that happened earlier. Rows whose delays differ by less than that come
out in order of event time.

The moment of release depends on receive times in the rows alone, never on how the caller's batches
were cut or when it looked, so a replay releases the same rows in the same order. A row that comes
later still is released after its successors, as in the first run.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from typing import Any

Row = Mapping[str, Any]
"""A record with ``time`` and ``received`` as microseconds since the epoch, and its own id first."""

State = dict[str, list[Any]]


class Hold:
    """Give rows in the order of the log; take them out in order of event time."""

    def __init__(self, hold_us: int, state: State | None = None) -> None:
        """``state`` of an earlier :meth:`state`; of one with another hold, too."""
        self.hold_us = hold_us
        self._by_time: list[tuple[int, int, Row]] = []
        self._due: list[tuple[int, int, int]] = []
        self._out: set[int] = set()
        self._count = 0
        for row in (state or {}).get("rows", []):
            self._push(row)

    def take(self, row: Row, at_most_us: int | None = None) -> list[Row]:
        """Add a row; returns those released by the receive time it shows, or by an earlier
        moment up to which alone something else is known."""
        received = int(row["received"])
        released = self.until(received if at_most_us is None else min(received, at_most_us))
        self._push(row)
        return released

    def until(self, received_us: int) -> list[Row]:
        """Rows due by this moment: everything received before it must have been given already."""
        released: list[Row] = []
        while self._due and self._due[0][0] <= received_us:
            _, number, time = heapq.heappop(self._due)
            if number in self._out:
                self._out.discard(number)
                continue
            while self._by_time and (self._by_time[0][0], self._by_time[0][1]) <= (time, number):
                _, other, row = heapq.heappop(self._by_time)
                if other != number:
                    self._out.add(other)
                released.append(row)
        return released

    def state(self) -> State:
        """What is held, in the order in which it came."""
        return {"rows": [row for _, _, row in sorted(self._by_time, key=lambda item: item[1])]}

    def _push(self, row: Row) -> None:
        self._count += 1
        time = int(row["time"])
        heapq.heappush(self._by_time, (time, self._count, row))
        heapq.heappush(self._due, (int(row["received"]) + self.hold_us, self._count, time))
