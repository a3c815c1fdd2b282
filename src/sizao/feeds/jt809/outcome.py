"""What one call of a pair of links produced: rows to make durable, then bytes to send."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import pyarrow as pa

from sizao.feeds.jt808.positions import Row

MAIN, SUB = "main", "sub"
"""The two links: the lower platform dials the main link, the upper one the sub link."""


class Asked(NamedTuple):
    """The lower platform wants positions of a vehicle that the upper one holds."""

    what: str
    """``history`` (0x1209), ``watch`` (0x1207) or ``unwatch`` (0x1208)."""
    plate: str
    colour: int
    vehicle: str
    start_us: int | None
    end_us: int | None


@dataclass(slots=True)
class Outcome:
    """Rows are tuples in the column order of their schema, times in microseconds UTC.

    ``sends`` may go out only after the rows are durable: what we have answered, the peer forgets;
    what we have sent, the log must know.
    """

    positions: list[Row] = field(default_factory=list)
    batches: list[pa.RecordBatch] = field(default_factory=list)
    """Positions of the fast path."""
    messages: list[Row] = field(default_factory=list)
    quarantine: list[Row] = field(default_factory=list)
    sends: list[tuple[str, bytes]] = field(default_factory=list)
    """Link and frame, in order."""
    closed: dict[str, str] = field(default_factory=dict)
    """Links to close after the sends, and why."""
    dial: tuple[str, int] | None = None
    """Upper: connect the sub link to this address now."""
    confirmed: list[int] = field(default_factory=list)
    """Lower: marks of positions that the peer has confirmed."""
    asked: list[Asked] = field(default_factory=list)
    logged_in: bool = False
    """The main link has just come up."""
    frames: int = 0

    @property
    def position_count(self) -> int:
        return len(self.positions) + sum(len(batch) for batch in self.batches)
