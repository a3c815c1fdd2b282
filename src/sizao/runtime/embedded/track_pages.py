"""Positions kept a second time, by vehicle, so that a track is read and not searched for.

A quiet site appends some ten small segments a second. An hour of one vehicle would mean opening
thousands of them; as pages, each the rows of one partition over some minutes, sorted by vehicle
and time and compressed, it means opening a dozen. The writer of the log makes the pages now and
then; what is younger is still found in the segments.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence

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
    "CREATE TABLE IF NOT EXISTS track_upto (seq INTEGER NOT NULL)",
)


class TrackPages:
    """Makes pages in the log it is given, which must be the writer."""

    def __init__(self, log: SqliteLog) -> None:
        self.log = log
        with log.transaction() as connection:
            for table in _TABLES:
                connection.execute(table)

    def make(
        self, *, at_least: int = 20_000, at_most: int = 100_000, or_segments: int = 3_000
    ) -> int:
        """Turn up to ``at_most`` rows of newer segments into pages, if ``at_least`` rows or
        ``or_segments`` segments wait.

        Returns how many rows were taken. Commits once, together with how far it got.
        """
        upto = self.upto()
        segments_waiting, waiting = self.log.rows_after("positions", upto)
        if not waiting or (waiting < at_least and segments_waiting < or_segments):
            return 0
        segments = self.log.read("positions", upto, at_most)
        batch, bounds = _sorted([segment.batch for segment in segments])
        with self.log.transaction() as connection:
            for number in range(PARTITIONS):
                rows = batch.slice(bounds[number], bounds[number + 1] - bounds[number])
                if len(rows):
                    _insert(connection, number, rows)
            connection.execute("DELETE FROM track_upto")
            connection.execute("INSERT INTO track_upto VALUES (?)", (segments[-1].seq,))
        return len(batch)

    def upto(self) -> int:
        """The last segment whose rows are in pages."""
        with self.log.reading() as connection:
            return upto(connection) if connection else 0

    def prune(self, before_us: int, *, at_most: int = 5_000) -> int:
        """Delete pages whose every row is older, oldest first. Returns how many went."""
        with self.log.transaction() as connection:
            return connection.execute(
                "DELETE FROM track_page WHERE rowid IN (SELECT rowid FROM track_page"
                " WHERE last_us < ? ORDER BY last_us LIMIT ?)",
                (before_us, at_most),
            ).rowcount


def upto(connection: sqlite3.Connection) -> int:
    """As :meth:`TrackPages.upto`; 0 in a log that never made pages."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'track_upto'").fetchone():
        return 0
    row = connection.execute("SELECT seq FROM track_upto").fetchone()
    return row[0] if row else 0


def every(log: SqliteLog, at_least: int = 100_000) -> Iterator[pa.RecordBatch]:
    """All rows of all pages in batches of about ``at_least``. Raises LogError for a damaged one."""
    after = 0
    held: list[pa.RecordBatch] = []
    while True:
        with log.reading() as connection:
            if connection is None or not upto(connection):
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
