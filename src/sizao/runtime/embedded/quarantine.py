"""The quarantine of a log, and what of it was read again and taken: tables beside the segments.

A quarantine record is named by its segment's number and its row, which never change. Reading
again appends what now decodes and notes the record's name in the same transaction, so each is
taken once, whatever is ordered twice or killed in between.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sizao.core.errors import EvidenceError
from sizao.core.schemas import TOPICS
from sizao.feeds.jt808.positions import rows_to_batch
from sizao.feeds.redecode import Again, Kept, Links, Row, again
from sizao.log.evidence import EvidenceStore
from sizao.log.interface import Segment
from sizao.runtime.embedded.log import SqliteLog

logger = logging.getLogger(__name__)

HELPING = 200
"""Records read again in one transaction."""
LOOK = 2_000
"""Records looked at for it."""

_TABLES = (
    "CREATE TABLE IF NOT EXISTS replayed (seq INTEGER NOT NULL, row INTEGER NOT NULL,"
    " ordered TEXT NOT NULL, PRIMARY KEY (seq, row)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS replay_order (id TEXT PRIMARY KEY, upto INTEGER NOT NULL,"
    " taken INTEGER NOT NULL, rows INTEGER NOT NULL, bad INTEGER NOT NULL,"
    " before INTEGER NOT NULL, finished_us INTEGER)",
)


@dataclass(frozen=True)
class Order:
    """A row of QUARANTINE_ORDER; moments in microseconds since the epoch."""

    id: str
    log: str
    source: str | None
    reason: str | None
    since_us: int | None
    until_us: int

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Order:
        since, until = row["since"], row["until"]
        return cls(
            row["order"],
            row["log"],
            row["source"] or None,
            row["reason"] or None,
            None if since is None else round(since.timestamp() * 1e6),
            round(until.timestamp() * 1e6),
        )


class LogQuarantine:
    """Reads the quarantine of a log: ``web.ports.Quarantine``."""

    def __init__(self, log: SqliteLog) -> None:
        self.log = log

    def read(self, after: int, max_rows: int = 10_000) -> list[Segment]:
        return self.log.read("quarantine", after, max_rows)

    def first(self) -> int:
        return self.log.first("quarantine")

    def last(self) -> int:
        return self.log.last("quarantine")

    def replayed(self, first: int, last: int) -> set[tuple[int, int]]:
        """Segment and row of records that were taken, both segments included."""
        query = "SELECT seq, row FROM replayed WHERE seq BETWEEN ? AND ?"
        return set(self._rows(query, first, last))

    def outcome(self, order: str) -> dict[str, int | None] | None:
        """How far an order got: records ``taken`` into ``rows``, still ``bad``, taken ``before``,
        ``finished_us`` once it is done. None if the writer has not begun."""
        query = "SELECT taken, rows, bad, before, finished_us FROM replay_order WHERE id = ?"
        for row in self._rows(query, order):
            return dict(zip(("taken", "rows", "bad", "before", "finished_us"), row, strict=True))
        return None

    def _rows(self, query: str, *values: object) -> list[Any]:
        with self.log.reading() as connection:
            if connection is None:
                return []
            table = "SELECT 1 FROM sqlite_master WHERE name = 'replay_order'"
            if not connection.execute(table).fetchone():
                return []
            return connection.execute(query, values).fetchall()


@dataclass
class Helping:
    """Some records of an order, read again and not yet committed."""

    order: Order
    upto: int
    """Segment up to which all was looked at."""
    end: bool
    marks: list[tuple[int, int]] = field(default_factory=list)
    rows: dict[str, list[Row]] = field(default_factory=dict)
    bad: int = 0
    before: int = 0


class Replayer:
    """Carries orders out on a log it may write. :meth:`prepare` may run beside appends;
    :meth:`commit` belongs in the thread that appends."""

    def __init__(
        self,
        log: SqliteLog,
        links: Links = MappingProxyType({}),
        evidence: EvidenceStore | None = None,
    ) -> None:
        """``links``: readers of platform links; ``evidence``: where media go, without which they
        stay where they are."""
        self.log = log
        self.links = links
        self.evidence = evidence
        self.store = LogQuarantine(log)
        with log.transaction() as connection:
            for table in _TABLES:
                connection.execute(table)

    def finished(self, order: Order) -> bool:
        found = self.store.outcome(order.id)
        return found is not None and found["finished_us"] is not None

    def prepare(self, order: Order) -> Helping:
        """Read the next records of an order again. Raises LogError."""
        found = self.store._rows("SELECT upto FROM replay_order WHERE id = ?", order.id)
        after = max(found[0][0] if found else 0, self.store.first() - 1)
        helping = Helping(order, after, end=False)
        segments = self.store.read(after, LOOK)
        if not segments:
            helping.end = True
            return helping
        taken = self.store.replayed(segments[0].seq, segments[-1].seq)
        tried = 0
        for segment in segments:
            if tried >= HELPING:
                break
            for row, kept in select(segment.batch, order):
                if (segment.seq, row) in taken:
                    helping.before += 1
                    continue
                tried += 1
                self._take(helping, (segment.seq, row), again(kept, self.links))
            helping.upto = segment.seq
        return helping

    def commit(self, helping: Helping, now_us: int) -> bool:
        """Append what decodes and note it, in one transaction. Returns whether there is more.
        Raises LogError, having changed nothing."""
        order = helping.order
        with self.log.transaction() as connection:
            for topic, rows in helping.rows.items():
                self.log.append_in(connection, topic, rows_to_batch(rows, TOPICS[topic]))
            connection.executemany(
                "INSERT INTO replayed VALUES (?, ?, ?)",
                [(*mark, order.id) for mark in helping.marks],
            )
            self._note(connection, helping, now_us)
            if helping.end:
                # What is no longer kept cannot be taken twice.
                oldest = (self.store.first(),)
                connection.execute("DELETE FROM replayed WHERE seq < ?", oldest)
        return not helping.end

    def _take(self, helping: Helping, mark: tuple[int, int], found: Again) -> None:
        files = self._keep(found) if found.good else None
        if files is None:
            helping.bad += 1
            return
        helping.marks.append(mark)
        if files:
            helping.rows.setdefault("evidence", []).extend(files)
        for topic, rows in found.records:
            helping.rows.setdefault(topic, []).extend(rows)

    def _keep(self, found: Again) -> list[Row] | None:
        """Media into the store, before the record that names them; None if that cannot be."""
        if not found.media:
            return []
        if self.evidence is None:
            return None
        try:
            return [one.keep(self.evidence) for one in found.media]
        except EvidenceError as error:
            logger.error("a medium in quarantine could not be kept: %s", error)
            return None

    @staticmethod
    def _note(connection: sqlite3.Connection, helping: Helping, now_us: int) -> None:
        made = sum(len(rows) for rows in helping.rows.values())
        connection.execute(
            "INSERT INTO replay_order VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
            " upto = excluded.upto, taken = taken + excluded.taken, rows = rows + excluded.rows,"
            " bad = bad + excluded.bad, before = before + excluded.before,"
            " finished_us = excluded.finished_us",
            (
                helping.order.id,
                helping.upto,
                len(helping.marks),
                made,
                helping.bad,
                helping.before,
                now_us if helping.end else None,
            ),
        )


def select(batch: pa.RecordBatch, order: Order) -> Iterator[tuple[int, Kept]]:
    """Row number and record of those that an order means."""
    received = batch.column("received").cast(pa.int64())
    wanted = pc.less(received, order.until_us)
    if order.since_us is not None:
        wanted = pc.and_(wanted, pc.greater_equal(received, order.since_us))
    for name, value in (("source", order.source), ("reason", order.reason)):
        if value is not None:
            wanted = pc.and_(wanted, pc.equal(batch.column(name), value))
    for row in pc.indices_nonzero(wanted).to_pylist():
        yield row, kept_at(batch, row)


def kept_at(batch: pa.RecordBatch, row: int) -> Kept:
    """One record of a batch of schema QUARANTINE."""
    values: Sequence[Any] = [batch.column(name)[row].as_py() for name in batch.schema.names]
    one = dict(zip(batch.schema.names, values, strict=True))
    return Kept(
        source=one["source"],
        peer=one["peer"] or "",
        reason=one["reason"],
        detail=one["detail"] or "",
        raw=one["raw"],
        received_us=round(one["received"].timestamp() * 1e6),
    )
