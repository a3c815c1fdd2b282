"""What one call of a session produced, and the batches it becomes in the log."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import pyarrow as pa

from sizao.core.schemas import TOPICS
from sizao.feeds.jt808.positions import Row, rows_to_batch
from sizao.feeds.jt808.uploads import Upload


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
    device_alarms: list[Row] = field(default_factory=list)
    terminal_messages: list[Row] = field(default_factory=list)
    evidence: list[Row] = field(default_factory=list)
    quarantine: list[Row] = field(default_factory=list)
    command_results: list[Row] = field(default_factory=list)
    replies: list[bytes] = field(default_factory=list)
    """Frames to send, in order."""
    uploads: list[Upload] = field(default_factory=list)
    """Media to put into the evidence store first: their rows and replies come after."""
    closed: str | None = None
    """Why the connection has to be closed after the replies: ``logout``, ``authentication``,
    ``unauthenticated``, ``idle``."""
    frames: int = 0
    """Frames that were completed, good and bad."""


def rows_of(outcome: Outcome) -> list[tuple[str, list[Row]]]:
    """The topics an outcome has rows for. Written out, because it runs for every arrival."""
    found = []
    if outcome.positions:
        found.append(("positions", outcome.positions))
    if outcome.driver_cards:
        found.append(("driver_cards", outcome.driver_cards))
    if outcome.device_alarms:
        found.append(("device_alarms", outcome.device_alarms))
    if outcome.terminal_messages:
        found.append(("terminal_messages", outcome.terminal_messages))
    if outcome.evidence:
        found.append(("evidence", outcome.evidence))
    if outcome.quarantine:
        found.append(("quarantine", outcome.quarantine))
    if outcome.command_results:
        found.append(("command_results", outcome.command_results))
    return found


def batches(outcomes: Iterable[Outcome]) -> dict[str, pa.RecordBatch]:
    """One batch a topic of everything in the outcomes, in their order; empty topics left out."""
    rows: dict[str, list[Row]] = {}
    for outcome in outcomes:
        for topic, some in rows_of(outcome):
            rows.setdefault(topic, []).extend(some)
    return {topic: rows_to_batch(some, TOPICS[topic]) for topic, some in rows.items()}
