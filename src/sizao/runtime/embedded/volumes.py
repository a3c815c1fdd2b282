"""Large segments beside the database: written to plain files, fsynced, then named by their rows.

SQLite writes a large value twice, page by page, once to the write-ahead log and once to the
database, with checksums of its own. A *volume* is a file of one topic to which segments are
appended once; the row of a segment then holds its place instead of its bytes. The order is file
first, then row: what a row names is on the disk. A small segment stays in its row, where one
fsync serves both. Why: docs/explanation/decisions/0007-volumes.md.

``feeds.sqlite.volumes/positions-3.bin`` is the third volume of positions of ``feeds.sqlite``. It
belongs to the database and is worth nothing without it: copy, move and delete them together.
"""

from __future__ import annotations

import os
import sqlite3
import struct
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sizao.core.durable import sync_folder
from sizao.core.errors import LogError

LARGE = 256 << 10
"""Bytes of a segment from which on it goes to a volume: some 5,000 positions. Below that
the second fsync costs more than the second copy."""
AHEAD = 32 << 20
"""Bytes that are asked of the file system at a time: a file that grows with each write costs a
journal entry with each fsync, which took twice as long."""
FULL = 256 << 20
"""A volume of so many bytes is followed by the next. Pruning deletes whole volumes."""

_PIECES = 512
"""Handed to the system at a time; it takes 1024."""

TABLE = (
    "CREATE TABLE IF NOT EXISTS volume (topic TEXT NOT NULL, number INTEGER NOT NULL,"
    " used INTEGER NOT NULL, last_seq INTEGER NOT NULL, PRIMARY KEY (topic, number)) WITHOUT ROWID"
)
"""``used`` bytes of each volume hold segments up to ``last_seq``."""

_PLACE = struct.Struct("<8sIQQ")
_MARK = b"in.vol.1"
"""No segment begins so: Arrow's streams begin with 0xFFFFFFFF."""


@dataclass(frozen=True)
class Place:
    """Where the bytes of a segment are."""

    number: int
    start: int
    size: int

    def packed(self) -> bytes:
        """As the row has it, in the column of the bytes themselves."""
        return _PLACE.pack(_MARK, self.number, self.start, self.size)


def place_of(stored: bytes) -> Place | None:
    """The place that a row names; None if it holds the segment itself."""
    if len(stored) != _PLACE.size or not stored.startswith(_MARK):
        return None
    return Place(*_PLACE.unpack(stored)[1:])


class Volumes:
    """The volumes of a log, to be read from. Any number of threads and processes may."""

    def __init__(self, log: Path) -> None:
        self.folder = log.with_name(log.name + ".volumes")

    def path(self, topic: str, number: int) -> Path:
        return self.folder / f"{topic}-{number}.bin"

    def content(self, topic: str, stored: bytes) -> bytes:
        """The bytes of a segment whose row holds ``stored``; fewer than there should be if its
        volume ends early. Raises FileNotFoundError if the volume is gone, LogError if it cannot
        be read."""
        place = place_of(stored)
        if place is None:
            return stored
        try:
            with self.path(topic, place.number).open("rb", buffering=0) as file:
                return os.pread(file.fileno(), place.size, place.start)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise LogError(f"{self.path(topic, place.number)}: {error.strerror}") from error


@dataclass
class _Current:
    """The volume of a topic that is being written."""

    number: int
    end: int
    """Where the next segment begins. Never goes back once all of one is written: what a refused
    transaction left stays unused, because its row may come back to life after a power cut."""
    room: int = 0
    file: int = -1
    dirty: bool = False


class VolumeWriter(Volumes):
    """For the one writer of a log. Every method may raise LogError: then nothing was kept."""

    def __init__(self, log: Path, connection: sqlite3.Connection) -> None:
        super().__init__(log)
        self._topics: dict[str, _Current] = {}
        try:
            last = connection.execute(
                "SELECT topic, number, used FROM volume ORDER BY topic, number"
            ).fetchall()
        except sqlite3.Error as error:
            raise LogError(f"{log}: {error}") from error
        for topic, number, used in last:
            self._topics[topic] = _Current(number, used)
        for topic, current in self._topics.items():
            if _size(self.path(topic, current.number)) < current.end:
                # Not all of it came along when somebody copied the log: leave what is there.
                current.number, current.end = current.number + 1, 0
        kept = {self.path(topic, number) for topic, number, _ in last}
        with suppress(OSError):
            for path in self.folder.glob("*.bin"):
                if path not in kept:  # of an append that was never committed, or long pruned
                    path.unlink()

    def put(self, topic: str, pieces: Sequence[Any]) -> Place:
        """Write the bytes of a segment, which lie in pieces; they are durable after
        :meth:`sync`."""
        current = self._topics.get(topic)
        try:
            if current is None or current.end >= FULL:
                current = self._next(topic, current)
            if current.file < 0:
                self._open(topic, current)
            place = Place(current.number, current.end, sum(map(len, pieces)))
            end = place.start + place.size
            self._make_room(current, end)
            current.dirty = True
            _write(current.file, pieces, place.start)
        except OSError as error:
            raise LogError(f"{self.folder}: {error.strerror}") from error
        current.end = end
        return place

    def sync(self) -> None:
        """What was put survives a power cut from here on."""
        for topic, current in self._topics.items():
            if not current.dirty:
                continue
            try:
                os.fdatasync(current.file)
            except OSError as error:
                # The system may have thrown away what it could not write: never again this file.
                self._leave(current)
                self._topics[topic] = _Current(current.number + 1, 0)
                raise LogError(f"{self.folder}: {error.strerror}") from error
            current.dirty = False

    def note(self, connection: sqlite3.Connection, topic: str, place: Place, seq: int) -> None:
        """Remember, in the transaction that names it, that the place is taken."""
        connection.execute(
            "INSERT INTO volume VALUES (?, ?, ?, ?) ON CONFLICT (topic, number)"
            " DO UPDATE SET used = excluded.used, last_seq = excluded.last_seq",
            (topic, place.number, place.start + place.size, seq),
        )

    def forget(self, connection: sqlite3.Connection, topic: str, seq: int) -> list[Path]:
        """Segments up to ``seq`` have been deleted: volumes to be deleted after the commit. The
        newest stays, so that a number is never given twice."""
        gone = connection.execute(
            "DELETE FROM volume WHERE topic = ? AND last_seq <= ?"
            " AND number < (SELECT max(number) FROM volume WHERE topic = ?) RETURNING number",
            (topic, seq, topic),
        ).fetchall()
        return [self.path(topic, number) for (number,) in gone]

    def delete(self, paths: Sequence[Path]) -> None:
        """What cannot be deleted now is when the log is opened next."""
        for path in paths:
            with suppress(OSError):
                path.unlink()

    def close(self) -> None:
        """Give back the room that was asked for and not used."""
        for current in self._topics.values():
            self._leave(current)
        self._topics.clear()

    # Inside

    def _next(self, topic: str, current: _Current | None) -> _Current:
        if current is not None:
            if current.dirty:
                os.fdatasync(current.file)
            self._leave(current)
        found = self._topics[topic] = _Current(1 if current is None else current.number + 1, 0)
        return found

    def _open(self, topic: str, current: _Current) -> None:
        new = not self.folder.exists()
        self.folder.mkdir(exist_ok=True)
        if new:
            sync_folder(self.folder.parent)
        path = self.path(topic, current.number)
        new = not path.exists()
        current.file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        current.room = os.fstat(current.file).st_size
        if new:
            # A file whose name is lost is as good as not written.
            sync_folder(self.folder)

    def _make_room(self, current: _Current, end: int) -> None:
        while current.room < end:
            # Where it cannot be had, the write says so, or grows the file bit by bit.
            with suppress(OSError):
                os.posix_fallocate(current.file, current.room, AHEAD)
            current.room += AHEAD

    def _leave(self, current: _Current) -> None:
        if current.file >= 0:
            with suppress(OSError):
                os.ftruncate(current.file, current.end)
            os.close(current.file)
            current.file = -1


def _write(file: int, pieces: Sequence[Any], at: int) -> None:
    left = [memoryview(piece) for piece in pieces if len(piece)]
    while left:
        some = left[:_PIECES]
        written = os.pwritev(file, some, at)
        at += written
        whole = 0
        while whole < len(some) and written >= len(some[whole]):
            written -= len(some[whole])
            whole += 1
        del left[:whole]
        if written:
            left[0] = left[0][written:]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
