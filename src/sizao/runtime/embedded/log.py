"""The embedded log: one SQLite file in WAL mode, one row a segment.

One process writes (``writer=True``, an advisory lock on ``FILE.lock`` keeps a second one out);
any number of processes read while it does. A segment is visible to readers when its transaction
has been fsynced and not before, because the writer runs with ``synchronous=FULL``.

Each row holds the segment's Arrow IPC bytes and a CRC-32 over bounds and bytes, so that a torn or
rotten blob is an error with a place and never a wrong position. Field documentation is left out
of the stored schema: it is in ``core.schemas`` and would be most of a small segment.

>>> import tempfile, pathlib
>>> from sizao.core.schemas import QUARANTINE
>>> path = pathlib.Path(tempfile.mkdtemp()) / "feeds.sqlite"
>>> log = SqliteLog(path, writer=True)
>>> log.last("quarantine")
0
>>> log.close()
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import NoReturn

import numpy as np
import pyarrow as pa

from sizao.core.errors import LogError
from sizao.log.encoding import decode, encode
from sizao.log.interface import Segment
from sizao.log.tally import Key, tally
from sizao.runtime.embedded import tallies
from sizao.runtime.embedded.segments import checksum, known, prepare, time_span

APPLICATION_ID = 0x53495A41
"""Marks a file as ours in SQLite's own header: ASCII ``SIZA``."""

FORMAT = 1
"""Layout of the tables below; a newer file is refused rather than misread."""

BUSY_S = 20.0
"""How long a connection waits for another one's lock before it calls that an error."""

_TABLES = """
CREATE TABLE topic (name TEXT PRIMARY KEY, first INTEGER NOT NULL, last INTEGER NOT NULL);
CREATE TABLE segment (
    topic TEXT NOT NULL,
    seq INTEGER NOT NULL,
    appended_s REAL NOT NULL,
    rows INTEGER NOT NULL,
    first_us INTEGER,
    last_us INTEGER,
    crc INTEGER NOT NULL,
    bounds BLOB NOT NULL,
    batch BLOB NOT NULL
);
CREATE UNIQUE INDEX segment_seq ON segment (topic, seq);
"""


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
        if writer:
            self._take_writer_lock()
            try:
                self._open_writer()
            except BaseException:
                self.close()
                raise

    # Reading

    def read(self, topic: str, after: int, max_rows: int = 10_000) -> list[Segment]:
        """Segments with ``seq > after`` in order, at least one if there is any, stopping
        before ``max_rows`` would be passed. Raises LogError if a segment is damaged or missing."""
        known(topic)
        segments: list[Segment] = []
        total = 0
        with self.reading() as connection:
            if connection is None:
                return []
            cursor = connection.execute(
                "SELECT seq, appended_s, rows, crc, bounds, batch FROM segment"
                " WHERE topic = ? AND seq > ? ORDER BY seq",
                (topic, after),
            )
            for seq, appended_s, rows, crc, bounds, blob in cursor:
                if segments and total + rows > max_rows:
                    break
                if segments and seq != segments[-1].seq + 1:
                    self._refuse(f"{topic} {segments[-1].seq + 1}: segment is missing")
                segments.append(self._segment(topic, seq, appended_s, crc, bounds, blob))
                total += rows
            cursor.close()
        return segments

    def last(self, topic: str) -> int:
        """The highest ``seq`` of the topic, 0 if it is empty. Pruning does not lower it."""
        known(topic)
        return self._topic(topic)[1]

    def first(self, topic: str) -> int:
        """The lowest ``seq`` that pruning has left; one more than ``last`` if none is."""
        known(topic)
        return self._topic(topic)[0]

    def rows_after(self, topic: str, after: int) -> tuple[int, int]:
        """Number of segments after one, and of their rows. Looks at each of them."""
        known(topic)
        with self.reading() as connection:
            if connection is None:
                return 0, 0
            segments, rows = connection.execute(
                "SELECT count(*), coalesce(sum(rows), 0) FROM segment WHERE topic = ? AND seq > ?",
                (topic, after),
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

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection | None]:
        """A connection to read with, None while the log does not exist yet.

        For tables kept beside the segments (see ``track_pages.py``). Do not keep it.
        """
        with self._turn:
            if self._connection is None:
                if self.writer:
                    self._refuse("closed")
                self._connection = self._open_reader()
            try:
                yield self._connection
            except sqlite3.Error as error:
                raise LogError(f"{self.path}: {error}") from error

    # Writing

    def append(
        self, batches: Mapping[str, pa.RecordBatch], counts: Mapping[Key, int] | None = None
    ) -> dict[str, int]:
        """Append a segment to each topic, all in one durable transaction, with their tally.

        counts : added to the tally beside what the batches themselves say (``log/tally.py``)

        Returns the new ``seq`` of each topic once the bytes would survive a power cut. Empty
        batches are skipped. Raises LogError, having changed nothing, if the disk refuses, and
        ColumnError if a batch is not what its topic's schema says.
        """
        ready = [(topic, *prepare(topic, batch)) for topic, batch in batches.items() if len(batch)]
        if not ready and not counts:
            return {}
        with self.transaction() as connection:
            tallies.add_counts(connection, counts or {})
            return {
                topic: self._insert(connection, topic, batch, bounds)
                for topic, batch, bounds in ready
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
        return self._insert(connection, topic, *prepare(topic, batch))

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
        return gone

    def close(self) -> None:
        """Close the file and let another writer in. May be called twice."""
        with self._turn:
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

    def _insert(
        self, connection: sqlite3.Connection, topic: str, batch: pa.RecordBatch, bounds: bytes
    ) -> int:
        row = connection.execute(
            "INSERT INTO topic VALUES (?, 1, 1)"
            " ON CONFLICT (name) DO UPDATE SET last = last + 1 RETURNING last",
            (topic,),
        ).fetchone()
        blob = encode(batch)
        first_us, last_us = time_span(batch)
        connection.execute(
            "INSERT INTO segment VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                topic,
                row[0],
                self._now(),
                len(batch),
                first_us,
                last_us,
                checksum(bounds, blob),
                bounds,
                blob,
            ),
        )
        tallies.add(connection, tally(topic, batch))
        seq: int = row[0]
        return seq

    def _segment(
        self, topic: str, seq: int, appended_s: float, crc: int, bounds: bytes, blob: bytes
    ) -> Segment:
        if checksum(bounds, blob) != crc:
            self._refuse(f"{topic} {seq}: damaged segment (checksum differs)")
        try:
            batch = decode(blob)
        except LogError as error:
            raise LogError(f"{self.path}: {topic} {seq}: {error}") from error
        return Segment(topic, seq, appended_s, np.frombuffer(bounds, "<u4").tolist(), batch)

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

    def _open_reader(self) -> sqlite3.Connection | None:
        if not self.path.exists():
            return None
        connection: sqlite3.Connection | None = None
        try:
            connection = sqlite3.connect(
                f"{self.path.absolute().as_uri()}?mode=ro",
                uri=True,
                timeout=BUSY_S,
                isolation_level=None,
                check_same_thread=False,
            )
            # Tables are made in one transaction, after the marks: no mark, no tables yet.
            if self._format_of(connection) is None:
                connection.close()
                return None
        except sqlite3.Error as error:
            if connection is not None:
                connection.close()
            raise LogError(f"{self.path}: {error}") from error
        except LogError:
            if connection is not None:
                connection.close()
            raise
        return connection

    def _open_writer(self) -> None:
        try:
            connection = sqlite3.connect(
                self.path, timeout=BUSY_S, isolation_level=None, check_same_thread=False
            )
            self._connection = connection
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA journal_size_limit = 67108864")
            if self._format_of(connection) is None:
                connection.execute("BEGIN IMMEDIATE")
                for statement in filter(str.strip, _TABLES.split(";")):
                    connection.execute(statement)
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                connection.execute(f"PRAGMA user_version = {FORMAT}")
                connection.execute("COMMIT")
            for statement in tallies.TABLES:
                connection.execute(statement)
        except sqlite3.Error as error:
            raise LogError(f"{self.path}: {error}") from error

    def _format_of(self, connection: sqlite3.Connection) -> int | None:
        """Format of the file; None for a new, empty one. Raises LogError for a stranger's."""
        application = connection.execute("PRAGMA application_id").fetchone()[0]
        version: int = connection.execute("PRAGMA user_version").fetchone()[0]
        if application == APPLICATION_ID and version <= FORMAT:
            return version
        if application == APPLICATION_ID:
            self._refuse(f"written by a newer release (format {version}, known {FORMAT})")
        if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            self._refuse("a database, but not a log of Sizao")
        return None

    def _take_writer_lock(self) -> None:
        path = self.path.with_name(self.path.name + ".lock")
        try:
            self._lock_file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            # The kernel drops the lock with the process, so a kill leaves none behind.
            fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self.close()
            raise LogError(f"{self.path}: another process is writing it") from error
        except OSError as error:
            self.close()
            raise LogError(f"{path}: {error.strerror}") from error


def _roll_back(connection: sqlite3.Connection) -> None:
    # SQLite has already rolled back by itself after some I/O errors.
    if connection.in_transaction:
        connection.execute("ROLLBACK")
