"""Orders to terminals: what to do with each, decided without sockets or files.

An order is durable before it is sent: ``sent`` is committed first and the bytes follow. A gateway
that dies in between leaves a ``sent`` without an answer, which the desk shows as such; the other
way round it would speak to a driver twice and not know it.

Terminals that are not connected get an ``offline`` result at once and the text when they come
back, unless the order has expired by then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

KINDS = frozenset({"text"})


@dataclass(frozen=True)
class Order:
    """One row of the ``commands`` topic; times in microseconds since the epoch, feed time."""

    command: str
    vehicle: str
    kind: str
    text: str
    expires_us: int | None

    def expired(self, now_us: int) -> bool:
        return self.expires_us is not None and now_us >= self.expires_us


@dataclass(frozen=True)
class Decision:
    """A result to record; when it is ``sent``, send the order once that is durable."""

    order: Order
    state: str
    detail: str


class OrderBook:
    """Orders that still want something done."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._waiting: dict[str, Order] = {}

    def restore(self, results: Iterable[pa.RecordBatch]) -> None:
        """Learn from earlier results what became of which order, before :meth:`add`."""
        for batch in results:
            columns = (batch.column(name).to_pylist() for name in ("command", "state"))
            for command, state in zip(*columns, strict=True):
                self._known[command] = state

    def add(self, commands: pa.RecordBatch) -> None:
        """Take orders from the log. One that was sent or answered before is left alone."""
        for row in commands.to_pylist():
            if self._known.get(row["command"]) in (None, "offline"):
                self._waiting.setdefault(row["command"], _order(row))

    def decide(self, now_us: int, connected: Callable[[str], bool]) -> list[Decision]:
        """What to record and send now. An order decided as ``sent`` leaves the book."""
        decisions = []
        for order in list(self._waiting.values()):
            before = self._known.get(order.command)
            if order.kind not in KINDS:
                state, detail = "refused", f"网关不支持的指令类型：{order.kind}"
            elif order.expired(now_us):
                state, detail = "expired", "有效期内终端未上线"
            elif connected(order.vehicle):
                state, detail = "sent", ""
            elif before is None:
                state, detail = "offline", "终端不在线，上线后补发"
            else:
                continue
            if state != "offline":
                del self._waiting[order.command]
            self._known[order.command] = state
            decisions.append(Decision(order, state, detail))
        return decisions

    def put_back(self, order: Order, state: str | None) -> None:
        """Undo a decision that was not carried out: ``state`` is what the log last says."""
        if state is None:
            self._known.pop(order.command, None)
        else:
            self._known[order.command] = state
        if state in (None, "offline"):
            self._waiting[order.command] = order

    def state(self, command: str) -> str | None:
        """The last state decided or restored."""
        return self._known.get(command)

    def __iter__(self) -> Iterator[Order]:
        return iter(list(self._waiting.values()))

    def __len__(self) -> int:
        return len(self._waiting)


def result_row(one: Decision, now_us: int) -> tuple[str, int, str, str, str | None]:
    """A decision as a row of the ``command_results`` topic, in column order."""
    return one.order.command, now_us, one.order.vehicle, one.state, one.detail or None


def _order(row: dict[str, Any]) -> Order:
    expires = row["expires"]
    return Order(
        command=row["command"],
        vehicle=row["vehicle"],
        kind=row["kind"],
        text=row["text"] or "",
        expires_us=None if expires is None else round(expires.timestamp() * 1_000_000),
    )
