"""In which order a batch is judged where late rows come between its rows.

A *stop* is a row before which something has to be done: late rows of its vehicle are judged, or a
window opens. All rows before their vehicle's second stop make the first round (a stop at its first
row is before everything), those from there to the next the second, and so on: in a round all
vehicles go together, after what their stops ask for. Vehicles that one driver drives in this batch
are *linked*: they count as one, their rows in the order of arrival.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from sizao.detect.stage import Columns
from sizao.detect.windows import Windows

Stop = tuple[int, int]
"""Row and slot."""


class Late(NamedTuple):
    """Rows (ROW) of a batch that were left out as late, by slot, those of one as they came; and
    their slots once more, to be searched."""

    rows: npt.NDArray[Any]
    slots: npt.NDArray[np.int32]

    @classmethod
    def of(cls, late: npt.NDArray[Any]) -> Late:
        """late : as they came"""
        rows = late[np.argsort(late["slot"], kind="stable")]
        return cls(rows, np.ascontiguousarray(rows["slot"]))

    def own(self, slot: int) -> npt.NDArray[Any]:
        """Those of one vehicle."""
        begin, end = np.searchsorted(self.slots, [slot, slot + 1])
        return self.rows[begin:end]


class Rounds(NamedTuple):
    """Number of every row's round, int32 (n,), from 0; and how many there are."""

    number: npt.NDArray[np.int32]
    many: int

    @classmethod
    def of(
        cls,
        slot: npt.NDArray[np.int32],
        stops: npt.NDArray[np.int64],
        linked: Sequence[npt.NDArray[np.int64]],
    ) -> Rounds:
        """slot : of each row, rows of one together
        stops : rows
        linked : rows of vehicles that are, as they came; of each such set
        """
        stop = np.zeros(len(slot), np.int32)
        stop[stops] = 1
        first = np.ones(len(slot), np.bool_)
        first[1:] = slot[1:] != slot[:-1]
        inner = np.where(first, 0, stop)
        if not inner.any() and not linked:
            return cls(inner, 1)
        so_far = np.cumsum(inner, dtype=np.int32)
        number = so_far - so_far[first][np.cumsum(first) - 1]
        for rows in linked:
            number[rows] = np.cumsum(stop[rows])
        return cls(number, int(number.max(initial=0)) + 1)


def late_stops(
    columns: Columns,
    late: Late,
    torn: npt.NDArray[np.int64],
    windows: Windows,
) -> list[Stop]:
    """Rows right before which late ones of their vehicle have come, where there may be a window,
    as they came.

    torn : rows that may open a window
    """
    came = late.slots
    with_window = came[windows.place[came] > 0].tolist()
    opening = set(came.tolist()) & set(columns.slot[torn].tolist())
    slots = sorted({*windows.late, *with_window, *opening})
    sought = np.array(slots, np.int32)
    begins, ends = (np.searchsorted(columns.slot, sought, side) for side in ("left", "right"))
    stops: list[Stop] = []
    for slot, begin, end in zip(slots, begins.tolist(), ends.tolist(), strict=True):
        next_ones = np.searchsorted(columns.row[begin:end], late.own(slot)["row"])
        rows = {begin + after for after in next_ones.tolist()}
        if slot in windows.late:
            rows.add(begin)
        stops += [(row, slot) for row in sorted(rows) if row < end]
    return sorted(stops, key=lambda stop: int(columns.row[stop[0]]))
