"""Positions kept a second time, by vehicle, while no archive takes them.

A quiet site appends some ten small segments a second. An hour of one vehicle would mean opening
thousands of them; as pages, each the rows of one partition over some minutes, sorted by vehicle
and time and compressed, it means opening a dozen. The archive does the same better and for good,
within minutes: pages are made only of what it has left lying, because it stands still or is not
run at all. To make a page takes twice as long as to receive what is in it.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sizao.core.errors import LogError
from sizao.core.ids import PARTITIONS
from sizao.log.encoding import decode, partitions_of
from sizao.runtime.embedded.log import SqliteLog
from sizao.runtime.embedded.segments import checksum

_TABLES = (
    "CREATE TABLE IF NOT EXISTS track_page (partition INTEGER NOT NULL, first_us INTEGER NOT NULL,"
    " last_us INTEGER NOT NULL, crc INTEGER NOT NULL, batch BLOB NOT NULL)",
    "CREATE INDEX IF NOT EXISTS track_page_last ON track_page (partition, last_us)",
    "CREATE INDEX IF NOT EXISTS track_page_age ON track_page (last_us)",
    # One row: the pages have all segments after the first and up to the last.
    "CREATE TABLE IF NOT EXISTS track_span (after INTEGER NOT NULL, upto INTEGER NOT NULL)",
)

PATIENCE_S = 600.0
"""So long a segment may wait for the archive, which takes each 300 s what has come."""


class Span(NamedTuple):
    """Segments ``after < seq <= upto``, one behind the other."""

    after: int = 0
    upto: int = 0


class TrackPages:
    """Makes pages in the log it is given, which must be the writer."""

    def __init__(self, log: SqliteLog) -> None:
        self.log = log
        with log.transaction() as connection:
            before = span(connection)
            for table in _TABLES:
                connection.execute(table)
            if before.upto and not span(connection).upto:
                # Earlier releases began with the first segment and said only how far they were.
                connection.execute("INSERT INTO track_span VALUES (?, ?)", before)
            connection.execute("DROP TABLE IF EXISTS track_upto")

    def make(
        self,
        *,
        archived: int = 0,
        before_s: float = math.inf,
        at_least: int = 20_000,
        at_most: int = 100_000,
        or_segments: int = 3_000,
    ) -> int:
        """Turn up to ``at_most`` rows of newer segments into pages, if ``at_least`` rows or
        ``or_segments`` segments wait.

        archived : the last segment that the archive holds; what it holds is not made into pages
        before_s : only of segments appended before this second

        Returns how many rows were taken. Commits once, together with how far it got.
        """
        span = self.span()
        after = max(span.upto, archived)
        segments_waiting, waiting = self.log.rows_after("positions", after, before_s)
        if not waiting or (waiting < at_least and segments_waiting < or_segments):
            return 0
        segments = self.log.read("positions", after, at_most)
        segments = [one for one in segments if one.appended_s < before_s]
        if not segments:
            return 0
        batch, bounds = _sorted([segment.batch for segment in segments])
        first = span.after if after == span.upto else after
        with self.log.transaction() as connection:
            for number in range(PARTITIONS):
                rows = batch.slice(bounds[number], bounds[number + 1] - bounds[number])
                if len(rows):
                    _insert(connection, number, rows)
            connection.execute("DELETE FROM track_span")
            connection.execute("INSERT INTO track_span VALUES (?, ?)", (first, segments[-1].seq))
        return len(batch)

    def span(self) -> Span:
        """The segments whose rows are in pages."""
        with self.log.reading() as connection:
            return span(connection) if connection else Span()

    def prune(self, before_us: int, *, at_most: int = 5_000) -> int:
        """Delete pages whose every row is older, oldest first. Returns how many went."""
        with self.log.transaction() as connection:
            return connection.execute(
                "DELETE FROM track_page WHERE rowid IN (SELECT rowid FROM track_page"
                " WHERE last_us < ? ORDER BY last_us LIMIT ?)",
                (before_us, at_most),
            ).rowcount


def span(connection: sqlite3.Connection) -> Span:
    """As :meth:`TrackPages.span`; an empty one in a log that never made pages."""
    names = connection.execute(
        "SELECT name FROM sqlite_master WHERE name IN ('track_span', 'track_upto')"
    ).fetchall()
    row = None
    if ("track_span",) in names:
        row = connection.execute("SELECT after, upto FROM track_span").fetchone()
    elif names:
        row = connection.execute("SELECT 0, seq FROM track_upto").fetchone()
    return Span(*row) if row else Span()


def every(log: SqliteLog, at_least: int = 100_000) -> Iterator[pa.RecordBatch]:
    """All rows of all pages in batches of about ``at_least``. Raises LogError for a damaged one."""
    after = 0
    held: list[pa.RecordBatch] = []
    while True:
        with log.reading() as connection:
            if connection is None or not span(connection).upto:
                return
            found = connection.execute(
                "SELECT rowid, crc, batch FROM track_page WHERE rowid > ? ORDER BY rowid LIMIT 64",
                (after,),
            ).fetchall()
        for rowid, crc, blob in found:
            if checksum(b"", blob) != crc:
                raise LogError(f"{log.path}: damaged track page {rowid}")
            held.append(decode(blob))
            after = rowid
        if held and (not found or sum(map(len, held)) >= at_least):
            yield pa.Table.from_batches(held).combine_chunks().to_batches()[0]
            held = []
        if not found:
            return


def _sorted(batches: Sequence[pa.RecordBatch]) -> tuple[pa.RecordBatch, list[int]]:
    """Rows by partition, vehicle and time, and the 65 bounds. Names are compared once each."""
    batch = pa.concat_batches(batches)
    known = batch.column("vehicle").dictionary_encode()
    names, codes = known.dictionary, known.indices.to_numpy()
    partitions = partitions_of(pa.record_batch([names], ["vehicle"]))
    ranks = np.empty(len(names), np.int64)
    by_name = pc.sort_indices(names).to_numpy()
    ranks[by_name[np.argsort(partitions[by_name], kind="stable")]] = np.arange(len(names))
    order = np.lexsort((batch.column("time").cast(pa.int64()).to_numpy(), ranks[codes]))
    counts = np.bincount(partitions[codes], minlength=PARTITIONS)
    return batch.take(pa.array(order)), [0, *np.cumsum(counts).tolist()]


def _insert(connection: sqlite3.Connection, partition: int, rows: pa.RecordBatch) -> None:
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_stream(sink, rows.schema, options=options) as writer:
        writer.write_batch(rows)
    blob = sink.getvalue().to_pybytes()
    span = pc.min_max(rows.column("time").cast(pa.int64()))
    connection.execute(
        "INSERT INTO track_page VALUES (?, ?, ?, ?, ?)",
        (partition, span["min"].as_py(), span["max"].as_py(), checksum(b"", blob), blob),
    )
