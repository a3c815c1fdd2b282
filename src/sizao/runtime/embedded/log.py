"""The embedded log: one SQLite file in WAL mode, one row a segment, large segments beside it.

One process writes (``writer=True``, an advisory lock on ``FILE.lock`` keeps a second one out);
any number of processes read while it does. A segment is visible to readers when its transaction
has been fsynced and not before, because the writer runs with ``synchronous=FULL``.

Each row holds the segment's bytes (Arrow IPC, or ``log/packed.py``), or where in a file beside the
database they are (``volumes.py``), and a CRC-32 over bounds and bytes, so that a torn or rotten
blob is an error with a place and never a wrong position. Field documentation is left out of the
stored schema: it is in ``core.schemas`` and would be most of a small segment.

>>> import tempfile, pathlib
>>> from sizao.core.schemas import QUARANTINE
>>> path = pathlib.Path(tempfile.mkdtemp()) / "feeds.sqlite"
>>> log = SqliteLog(path, writer=True)
>>> log.last("quarantine")
0
>>> log.close()
"""

from __future__ import annotations

import math
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import NoReturn

import numpy as np
import pyarrow as pa

from sizao.core.errors import LogError
from sizao.core.schemas import TOPICS
from sizao.log.decoding import completed, decode_segment
from sizao.log.interface import Batches, Segment, Stored
from sizao.log.tally import Key
from sizao.runtime.embedded import opening, tallies
from sizao.runtime.embedded.segments import Ready, checksum, known, ready
from sizao.runtime.embedded.volumes import LARGE, Place, Volumes, VolumeWriter


class SqliteLog:
    """``log.interface.LogReader``, and ``LogWriter`` when opened with ``writer=True``.

    Threads of one process may share an instance; calls take turns. A reader may be opened before
    the writer ever ran: a log that does not exist yet is empty.

    Raises LogError if the file is not a log of ours, is of a newer format, or, for a writer, is
    being written by another process.
    """

    def __init__(
        self, path: Path, writer: bool = False, *, now: Callable[[], float] = time.time
    ) -> None:
        self.path = path
        self.writer = writer
        self._now = now
        self._turn = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._lock_file: int | None = None
        self._volumes = Volumes(path)
        if writer:
            self._lock_file = opening.writer_lock(path)
            try:
                self._connection = opening.writer(path)
                self._volumes = VolumeWriter(path, self._connection)
            except BaseException:
                self.close()
                raise

    # Reading

    def read(self, topic: str, after: int, max_rows: int = 10_000) -> list[Segment]:
        """Segments with ``seq > after`` in order, at least one if there is any, stopping
        before ``max_rows`` would be passed. Raises LogError if a segment is damaged or missing."""
        return [
            Segment(
                topic,
                one.seq,
                one.appended_s,
                np.frombuffer(one.bounds, "<u4").tolist(),
                self._decoded(topic, one),
            )
            for one in self.stored(topic, after, max_rows)
        ]

    def stored(self, topic: str, after: int, max_rows: int = 10_000) -> list[Stored]:
        """The same segments as they are kept, their checksums compared."""
        known(topic)
        try:
            return self._read(topic, after, max_rows)
        except FileNotFoundError:
            # Pruned between the row and the volume that it names; then the row is gone by now.
            with suppress(FileNotFoundError):
                return self._read(topic, after, max_rows)
            self._refuse(f"{topic}: a volume is missing in {self._volumes.folder}")

    def last(self, topic: str) -> int:
        """The highest ``seq`` of the topic, 0 if it is empty. Pruning does not lower it."""
        known(topic)
        return self._topic(topic)[1]

    def first(self, topic: str) -> int:
        """The lowest ``seq`` that pruning has left; one more than ``last`` if none is."""
        known(topic)
        return self._topic(topic)[0]

    def rows_after(self, topic: str, after: int, before_s: float = math.inf) -> tuple[int, int]:
        """Number of segments after one, and of their rows, of those appended before a second.
        Looks at each of them."""
        known(topic)
        with self.reading() as connection:
            if connection is None:
                return 0, 0
            segments, rows = connection.execute(
                "SELECT count(*), coalesce(sum(rows), 0) FROM segment"
                " WHERE topic = ? AND seq > ? AND appended_s < ?",
                (topic, after, before_s),
            ).fetchone()
        return segments, rows

    def appended_s(self, topic: str, seq: int) -> float | None:
        """When a segment was committed, None if it is not there."""
        with self.reading() as connection:
            row = (
                connection
                and connection.execute(
                    "SELECT appended_s FROM segment WHERE topic = ? AND seq = ?", (topic, seq)
                ).fetchone()
            )
        return row[0] if row else None

    def content(self, topic: str, stored: bytes) -> bytes:
        """The bytes of a segment whose row holds ``stored``, for :meth:`reading`. Raises LogError
        if they are gone."""
        try:
            return self._volumes.content(topic, stored)
        except OSError as error:
            raise LogError(f"{self._volumes.folder}: {topic}: {error.strerror}") from error

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection | None]:
        """A connection to read with, None while the log does not exist yet.

        For tables kept beside the segments (see ``track_pages.py``). Do not keep it.
        """
        with self._turn:
            if self._connection is None:
                if self.writer:
                    self._refuse("closed")
                self._connection = opening.reader(self.path)
            try:
                yield self._connection
            except sqlite3.Error as error:
                raise LogError(f"{self.path}: {error}") from error

    # Writing

    def append(
        self, batches: Mapping[str, Batches], counts: Mapping[Key, int] | None = None
    ) -> dict[str, int]:
        """Append a segment to each topic, all in one durable transaction, with their tally.

        counts : added to the tally beside what the batches themselves say (``log/tally.py``)

        Returns the new ``seq`` of each topic once the bytes would survive a power cut. Empty
        batches are skipped. Raises LogError, having changed nothing, if the disk refuses, and
        ColumnError if a batch is not what its topic's schema says.
        """
        found = [
            ready(topic, *some)
            for topic, given in batches.items()
            if (some := [one for one in _parts(given) if len(one)])
        ]
        if not found and not counts:
            return {}
        with self._turn:
            places = self._put(found)
            with self.transaction() as connection:
                tallies.add_counts(connection, counts or {})
                return {
                    one.topic: self._insert(connection, one, place)
                    for one, place in zip(found, places, strict=True)
                }

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One durable transaction of the writer: all of it or nothing.

        For what must be committed together with segments (see ``checkpoint.py``); use
        :meth:`append_in` inside. Raises LogError, having changed nothing, if the disk refuses.
        """
        if not self.writer:
            raise LogError(f"{self.path}: opened for reading only")
        with self._turn:
            connection = self._connection
            if connection is None:
                raise LogError(f"{self.path}: closed")
            try:
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")
            except sqlite3.Error as error:
                _roll_back(connection)
                raise LogError(f"{self.path}: {error}") from error
            except BaseException:
                _roll_back(connection)
                raise

    def append_in(
        self, connection: sqlite3.Connection, topic: str, batch: pa.RecordBatch
    ) -> int | None:
        """Append within :meth:`transaction`. Returns the ``seq``, None for an empty batch."""
        if not len(batch):
            return None
        return self._insert(connection, ready(topic, batch))

    def prune(
        self, topic: str, before_s: float, *, at_most: int = 10_000, upto: int | None = None
    ) -> int:
        """Delete the oldest segments, appended before a moment; the numbering goes on.

        None after ``upto`` goes, however old.

        Takes at most ``at_most`` in one transaction, so that appends wait briefly; call again
        until it returns 0. Returns how many segments went. SQLite reuses their room.
        """
        known(topic)
        with self.transaction() as connection:
            row = connection.execute(
                "SELECT max(seq) FROM (SELECT seq, appended_s FROM segment WHERE topic = ?"
                " ORDER BY seq LIMIT ?) WHERE appended_s < ? AND seq <= ?",
                (topic, at_most, before_s, 2**62 if upto is None else upto),
            ).fetchone()
            if row[0] is None:
                return 0
            gone = connection.execute(
                "DELETE FROM segment WHERE topic = ? AND seq <= ?", (topic, row[0])
            ).rowcount
            connection.execute("UPDATE topic SET first = ? WHERE name = ?", (row[0] + 1, topic))
            assert isinstance(self._volumes, VolumeWriter)
            volumes = self._volumes.forget(connection, topic, row[0])
        self._volumes.delete(volumes)
        return gone

    def close(self) -> None:
        """Close the file and let another writer in. May be called twice."""
        with self._turn:
            if isinstance(self._volumes, VolumeWriter):
                self._volumes.close()
            if self._connection is not None:
                self._connection.close()
                self._connection = None
            if self._lock_file is not None:
                os.close(self._lock_file)
                self._lock_file = None

    def __enter__(self) -> SqliteLog:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # Inside

    def _put(self, found: Sequence[Ready]) -> list[Place | None]:
        """Large ones into volumes, durably; None for those whose row will hold them."""
        if not isinstance(self._volumes, VolumeWriter) or self._connection is None:
            return [None] * len(found)
        places = [
            self._volumes.put(one.topic, one.pieces) if one.size >= LARGE else None for one in found
        ]
        self._volumes.sync()
        return places

    def _insert(
        self, connection: sqlite3.Connection, one: Ready, place: Place | None = None
    ) -> int:
        row = connection.execute(
            "INSERT INTO topic VALUES (?, 1, 1)"
            " ON CONFLICT (name) DO UPDATE SET last = last + 1 RETURNING last",
            (one.topic,),
        ).fetchone()
        seq: int = row[0]
        connection.execute(
            "INSERT INTO segment VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                one.topic,
                seq,
                self._now(),
                one.rows,
                one.first_us,
                one.last_us,
                one.crc,
                one.bounds,
                b"".join(one.pieces) if place is None else place.packed(),
            ),
        )
        if place is not None:
            assert isinstance(self._volumes, VolumeWriter)
            self._volumes.note(connection, one.topic, place, seq)
        tallies.add(connection, one.tally)
        return seq

    def _read(self, topic: str, after: int, max_rows: int) -> list[Stored]:
        segments: list[Stored] = []
        total = 0
        with self.reading() as connection:
            if connection is None:
                return []
            query = (
                "SELECT seq, appended_s, rows, crc, bounds, batch FROM segment"
                " WHERE topic = ? AND seq > ? ORDER BY seq"
            )
            # Closed whatever happens: an open one would keep the next look at today's rows.
            with closing(connection.execute(query, (topic, after))) as cursor:
                for seq, appended_s, rows, crc, bounds, stored in cursor:
                    if segments and total + rows > max_rows:
                        break
                    if segments and seq != segments[-1].seq + 1:
                        self._refuse(f"{topic} {segments[-1].seq + 1}: segment is missing")
                    blob = self._volumes.content(topic, stored)
                    if checksum(bounds, blob) != crc:
                        self._refuse(f"{topic} {seq}: damaged segment (checksum differs)")
                    segments.append(Stored(seq, appended_s, rows, bounds, blob))
                    total += rows
        return segments

    def _decoded(self, topic: str, one: Stored) -> pa.RecordBatch:
        try:
            return completed(decode_segment(one.data), TOPICS[topic])
        except LogError as error:
            raise LogError(f"{self.path}: {topic} {one.seq}: {error}") from error

    def _refuse(self, message: str) -> NoReturn:
        raise LogError(f"{self.path}: {message}")

    def _topic(self, topic: str) -> tuple[int, int]:
        with self.reading() as connection:
            row = (
                connection
                and connection.execute(
                    "SELECT first, last FROM topic WHERE name = ?", (topic,)
                ).fetchone()
            )
        return (row[0], row[1]) if row else (1, 0)


def _parts(given: Batches) -> Sequence[pa.RecordBatch]:
    return (given,) if isinstance(given, pa.RecordBatch) else given


def _roll_back(connection: sqlite3.Connection) -> None:
    # SQLite has already rolled back by itself after some I/O errors.
    if connection.in_transaction:
        connection.execute("ROLLBACK")
