"""Outputs, and the state and offset they came from: the reason a kill loses and repeats nothing.

All live in one file, ``detect.sqlite``, and beside it (``state_files.py``). State and offset are
saved in one transaction, with every output that they led to and that was not reported before: were
they saved first, a kill in between would lose detections. The state may be one of a while ago, as
long as its offset is, too: it is large, and is written down while the pipeline goes on. Outputs may
be reported earlier than that. A kill then makes the next start find them again, from the same
positions and the same state, and the keys of what was reported, added in the transaction that
reported it, keep them from being reported twice.
Beside them stands what has judged the positions since, and how far that was reported.
``tests/runtime/test_kill.py`` shows what goes wrong without each of these.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from sizao.core.errors import LogError
from sizao.runtime.embedded.log import SqliteLog
from sizao.runtime.embedded.state_files import Parts, StateFiles, Written
from sizao.runtime.embedded.volumes import place_of

_TABLES = (
    # ``state`` is a place in a file; the bytes themselves where an earlier release wrote it.
    "CREATE TABLE IF NOT EXISTS saved_part (part TEXT PRIMARY KEY, at INTEGER NOT NULL,"
    " size INTEGER NOT NULL, crc INTEGER NOT NULL, state BLOB NOT NULL)",
    # An id is a hash that its start goes into. In the order of ids each new key would dirty a page
    # of its own; by start it lies beside those of its hour.
    "CREATE TABLE IF NOT EXISTS known_detection (start_us INTEGER NOT NULL, id TEXT NOT NULL,"
    " revision INTEGER NOT NULL, PRIMARY KEY (start_us, id, revision)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS saved_context (one INTEGER PRIMARY KEY CHECK (one = 1),"
    " described TEXT NOT NULL, reported INTEGER NOT NULL)",
)

Key = tuple[int, str, int]
"""Start in microseconds, id and revision of a detection."""


@dataclass(frozen=True)
class Saved:
    """What the last commit left: the offset, and the state that everything up to it gave."""

    offset: int = 0
    state: Mapping[str, bytes] = field(default_factory=dict)


class Judged(NamedTuple):
    """described : what positions have been judged by since the last commit, "" if not known
    reported : the last offset up to which detections were reported by that
    """

    described: str = ""
    reported: int = 0


class CheckpointStore:
    """The pipeline's side of ``detect.sqlite``; ``log`` must be its writer."""

    def __init__(self, log: SqliteLog) -> None:
        self.log = log
        self.files = StateFiles(log.path)
        with log.transaction() as connection:
            for table in _TABLES:
                connection.execute(table)
            rows = connection.execute("SELECT state FROM saved_part").fetchall()
        numbers = [place.number for (state,) in rows if (place := place_of(state))]
        self._named = numbers[0] if numbers else 0
        """The file of the saved state, which is not to be written."""
        self._refused = 0
        """Nor is that of the transaction refused last: its rows may come back to life after a power
        cut."""
        self._take_over_keys()

    def load(self) -> Saved:
        """The last commit, or offset 0 and no state before the first.

        Raises LogError if a part of the state is damaged or the parts disagree.
        """
        with self.log.transaction() as connection:
            rows = connection.execute(
                "SELECT part, at, size, crc, state FROM saved_part"
            ).fetchall()
        if not rows:
            return Saved()
        blobs = [self._content(row[4]) for row in rows]
        for (part, _, _, crc, stored), blob in zip(rows, blobs, strict=True):
            if zlib.crc32(blob) != crc:
                place = place_of(stored)
                where = self.log.path if place is None else self.files.path(place.number)
                raise LogError(
                    f"{where}: checkpoint part {part!r} is damaged or missing;"
                    " start once with --rebuild"
                )
        offsets = {row[1] for row in rows}
        if len(offsets) != 1:
            raise LogError(f"{self.log.path}: checkpoint parts are of different offsets {offsets}")
        parts = {row[0]: _unpacked(blob, row[2]) for row, blob in zip(rows, blobs, strict=True)}
        return Saved(offsets.pop(), parts)

    def write(self, parts: Parts, offset: int) -> Written:
        """Put a state on the disk, for :meth:`commit`; nothing that another thread does meanwhile
        has to wait. Raises LogError, having changed nothing, if the disk refuses."""
        number = next(number for number in (1, 2, 3) if number not in (self._named, self._refused))
        return self.files.write(number, parts, offset)

    def commit(
        self, detections: pa.RecordBatch, written: Written, reported: int
    ) -> tuple[int | None, pa.RecordBatch]:
        """Append the detections that are new, found up to ``reported``, and save a state with
        them; all that was found up to its offset must be among them, or reported before.

        A detection already committed under the same id and revision is left out: ids come from
        content, so it is the same detection. Returns the segment's ``seq`` (None if there was
        nothing new) and what was new. Raises LogError, having changed nothing, if the disk
        refuses; it may be tried again.
        """
        self._refused = written.number
        with self.log.transaction() as connection:
            fresh = self.append_new(connection, detections)
            seq = self.log.append_in(connection, "detections", fresh)
            self.save(connection, written)
            _note_reported(connection, reported)
        self._named, self._refused = written.number, 0
        return seq, fresh

    def report(self, detections: pa.RecordBatch, offset: int) -> pa.RecordBatch:
        """Append the detections that are new, found up to ``offset``, ahead of the state that goes
        with them; returns those. Raises LogError, having changed nothing, if the disk refuses."""
        with self.log.transaction() as connection:
            fresh = self.append_new(connection, detections)
            self.log.append_in(connection, "detections", fresh)
            _note_reported(connection, offset)
        return fresh

    def judged(self) -> Judged:
        """What may have to be judged again as it was. Raises LogError."""
        with self.log.transaction() as connection:
            row = connection.execute("SELECT described, reported FROM saved_context").fetchone()
        return Judged(*row) if row is not None else Judged()

    def put_in_force(self, described: str) -> None:
        """Positions after the last commit will be judged by this. Raises LogError."""
        with self.log.transaction() as connection:
            connection.execute(
                "INSERT INTO saved_context VALUES (1, ?, 0) ON CONFLICT (one) DO UPDATE"
                " SET described = excluded.described, reported = 0"
                " WHERE described != excluded.described",
                (described,),
            )

    def append_new(
        self, connection: sqlite3.Connection, detections: pa.RecordBatch
    ) -> pa.RecordBatch:
        """The rows whose (id, revision) was not seen before, which is noted."""
        new = [
            connection.execute(
                "INSERT OR IGNORE INTO known_detection VALUES (?, ?, ?)", key
            ).rowcount
            == 1
            for key in _keys(detections)
        ]
        return detections if all(new) else detections.filter(pa.array(np.array(new, bool)))

    def prune(self, before_s: float, *, at_most: int = 10_000) -> int:
        """Delete the oldest detections, some ``at_most`` at a time, if they were committed before
        a moment, and the keys by which they were known. Returns how many segments went.

        What was found from positions that old cannot be found again: they are gone, too.
        """
        first = self.log.first("detections")
        appended_s = self.log.appended_s("detections", first)
        if appended_s is None or appended_s >= before_s:
            return 0
        old = [
            segment
            for segment in self.log.read("detections", first - 1, at_most)
            if segment.appended_s < before_s
        ]
        with self.log.transaction() as connection:
            for segment in old:
                connection.executemany(
                    "DELETE FROM known_detection WHERE start_us = ? AND id = ? AND revision = ?",
                    _keys(segment.batch),
                )
        # A kill here leaves segments without keys: the next call finds and deletes them.
        return self.log.prune("detections", before_s, upto=old[-1].seq)

    def save(self, connection: sqlite3.Connection, written: Written) -> None:
        """Name a state as the saved one within a transaction of the caller's."""
        connection.execute("DELETE FROM saved_part")
        connection.executemany(
            "INSERT INTO saved_part VALUES (?, ?, ?, ?, ?)",
            [
                (part.name, written.offset, part.size, part.crc, part.place.packed())
                for part in written.parts
            ],
        )

    def _content(self, stored: bytes) -> bytes:
        place = place_of(stored)
        return stored if place is None else self.files.read(place)

    def _take_over_keys(self) -> None:
        """Keys of an earlier release, which lay in the order of ids: made anew from the log. A kill
        in between leaves the old table, and the next start makes them again."""
        with self.log.transaction() as connection:
            old = "SELECT 1 FROM sqlite_master WHERE name = 'detection_key'"
            if connection.execute(old).fetchone() is None:
                return
        after = 0
        while segments := self.log.read("detections", after, 10_000):
            with self.log.transaction() as connection:
                for segment in segments:
                    connection.executemany(
                        "INSERT OR IGNORE INTO known_detection VALUES (?, ?, ?)",
                        _keys(segment.batch),
                    )
            after = segments[-1].seq
        with self.log.transaction() as connection:
            connection.execute("DROP TABLE detection_key")


def _note_reported(connection: sqlite3.Connection, offset: int) -> None:
    connection.execute("UPDATE saved_context SET reported = max(reported, ?)", (offset,))


def _keys(detections: pa.RecordBatch) -> Iterator[Key]:
    start_us = detections.column("start").cast(pa.int64()).fill_null(0).to_pylist()
    names = detections.column("id").to_pylist()
    return zip(start_us, names, detections.column("revision").to_pylist(), strict=True)


def _unpacked(blob: bytes, size: int) -> bytes:
    plain: bytes = pa.decompress(blob, decompressed_size=size, codec="zstd", asbytes=True)
    return plain
