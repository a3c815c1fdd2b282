"""What the desk reads from the feeds log: a vehicle's track, and what became of orders."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sizao.core.errors import LogError
from sizao.core.ids import PARTITIONS, partition_of
from sizao.core.schemas import POSITION
from sizao.log.decoding import decode_segment
from sizao.log.encoding import decode
from sizao.log.interface import Segment
from sizao.runtime.archive.held import held
from sizao.runtime.embedded import track_pages
from sizao.runtime.embedded.log import SqliteLog
from sizao.runtime.embedded.segments import checksum


class TrackReader:
    """Reads beside the running gateway; threads may share one.

    ``log`` is ``feeds.sqlite`` opened for reading: ``SqliteLog(data.feeds_log)``.
    """

    def __init__(self, log: SqliteLog) -> None:
        self._log = log

    def held_in(self, archive: Path) -> int:
        """The last segment whose positions an archive's folder holds, 0 if none. Raises LogError
        if the archive is damaged."""
        return held(self._log, archive)

    def track(
        self,
        vehicle: str,
        start: datetime,
        end: datetime,
        *,
        max_rows: int | None = None,
        after: int = 0,
    ) -> pa.RecordBatch:
        """Positions of a vehicle with ``start <= time < end``, by event time, schema POSITION, of
        segments behind ``after`` only.

        A point that was sent twice appears once. Aware datetimes. Raises LogError if a page or
        segment in the way is damaged; gives all rows, or the first ``max_rows``.
        """
        first_us, last_us = (round(moment.timestamp() * 1_000_000) for moment in (start, end))
        found = []
        for rows in self._candidates(partition_of(vehicle), first_us, last_us, after):
            times = rows.column("time").cast(pa.int64())
            wanted = pc.and_(
                pc.equal(rows.column("vehicle"), vehicle),
                pc.and_(pc.greater_equal(times, first_us), pc.less(times, last_us)),
            )
            kept = rows.filter(wanted)
            if len(kept):
                found.append(kept)
        if not found:
            return pa.RecordBatch.from_pylist([], schema=POSITION)
        table = pa.Table.from_batches(found).combine_chunks()
        times = table.column("time").cast(pa.int64()).to_numpy()
        # The first report of a moment stands: np.unique keeps the lowest index of each.
        _, order = np.unique(times, return_index=True)
        batch = table.take(pa.array(order[:max_rows])).combine_chunks().to_batches()[0]
        return pa.RecordBatch.from_arrays(batch.columns, schema=POSITION)

    def latest_command_results(self, after_seq: int) -> list[Segment]:
        """Segments of ``command_results`` after one already seen, oldest first."""
        return self._log.read("command_results", after_seq)

    def _candidates(
        self, partition: int, first_us: int, last_us: int, after: int
    ) -> Iterator[pa.RecordBatch]:
        """Rows of the partition from pages and segments that touch the time span."""
        with self._log.reading() as connection:
            if connection is None:
                return
            # One snapshot: rows must not slip from segments into pages between the two queries.
            inside = connection.in_transaction
            if not inside:
                connection.execute("BEGIN")
            try:
                pages = track_pages.span(connection)
                paged = pages.upto > after
                blobs = self._pages(connection, partition, first_us, last_us) if paged else []
                slices = self._slices(connection, partition, first_us, last_us, after, pages)
            finally:
                if not inside:
                    connection.execute("ROLLBACK")
        for blob in blobs:
            yield decode(blob)
        for blob, start, stop in slices:
            yield decode_segment(blob).slice(start, stop - start)

    def _pages(
        self, connection: sqlite3.Connection, partition: int, first_us: int, last_us: int
    ) -> list[bytes]:
        pages = connection.execute(
            "SELECT crc, batch FROM track_page WHERE partition = ? AND last_us >= ?"
            " AND first_us < ? ORDER BY rowid",
            (partition, first_us, last_us),
        ).fetchall()
        for crc, blob in pages:
            if checksum(b"", blob) != crc:
                raise LogError(f"{self._log.path}: damaged track page of partition {partition}")
        return [blob for _, blob in pages]

    def _slices(
        self,
        connection: sqlite3.Connection,
        partition: int,
        first_us: int,
        last_us: int,
        after: int,
        pages: track_pages.Span,
    ) -> list[tuple[bytes, int, int]]:
        young = connection.execute(
            "SELECT rowid, seq, crc, bounds FROM segment WHERE topic = 'positions' AND seq > ?"
            " AND NOT (seq > ? AND seq <= ?) AND last_us >= ? AND first_us < ? ORDER BY seq",
            (after, *pages, first_us, last_us),
        ).fetchall()
        slices = []
        for rowid, seq, crc, packed in young:
            if len(packed) != 4 * (PARTITIONS + 1):
                raise LogError(f"{self._log.path}: positions {seq}: damaged segment")
            bounds = np.frombuffer(packed, "<u4")
            start, stop = int(bounds[partition]), int(bounds[partition + 1])
            if start == stop:
                continue
            (stored,) = connection.execute(
                "SELECT batch FROM segment WHERE rowid = ?", (rowid,)
            ).fetchone()
            blob = self._log.content("positions", stored)
            if checksum(packed, blob) != crc:
                raise LogError(f"{self._log.path}: positions {seq}: damaged segment")
            slices.append((blob, start, stop))
        return slices
