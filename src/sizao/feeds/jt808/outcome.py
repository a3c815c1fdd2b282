"""What one call of a session produced, and the batches it becomes in the log."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import pyarrow as pa

from sizao.core.schemas import COMMAND_RESULT, DRIVER_CARD, POSITION, QUARANTINE
from sizao.feeds.jt808.positions import Row, rows_to_batch


@dataclass(slots=True)
class Outcome:
    """Rows are tuples in the column order of their schema, times in microseconds UTC.

    The replies may go out only after the rows are durable: a terminal that has been answered
    throws its copy away.
    """

    phone: str | None = None
    """The terminal this connection belongs to, once it is known."""
    positions: list[Row] = field(default_factory=list)
    driver_cards: list[Row] = field(default_factory=list)
    quarantine: list[Row] = field(default_factory=list)
    command_results: list[Row] = field(default_factory=list)
    replies: list[bytes] = field(default_factory=list)
    """Frames to send, in order."""
    closed: str | None = None
    """Why the connection has to be closed after the replies: ``logout``, ``authentication``,
    ``unauthenticated``, ``idle``."""
    frames: int = 0
    """Frames that were completed, good and bad."""


def batches(outcomes: Iterable[Outcome]) -> dict[str, pa.RecordBatch]:
    """One batch a topic of everything in the outcomes, in their order; empty topics left out."""
    rows: dict[str, list[Row]] = {
        "positions": [],
        "driver_cards": [],
        "quarantine": [],
        "command_results": [],
    }
    for outcome in outcomes:
        rows["positions"] += outcome.positions
        rows["driver_cards"] += outcome.driver_cards
        rows["quarantine"] += outcome.quarantine
        rows["command_results"] += outcome.command_results
    schemas = {
        "positions": POSITION,
        "driver_cards": DRIVER_CARD,
        "quarantine": QUARANTINE,
        "command_results": COMMAND_RESULT,
    }
    return {topic: rows_to_batch(some, schemas[topic]) for topic, some in rows.items() if some}
