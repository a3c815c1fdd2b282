"""A log's file: its marks and tables, and the lock that keeps a second writer out."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from pathlib import Path

from sizao.core.errors import LogError
from sizao.runtime.embedded import tallies, volumes

APPLICATION_ID = 0x53495A41
"""Marks a file as ours in SQLite's own header: ASCII ``SIZA``."""

FORMAT = 3
"""Layout of the tables below; a newer file is refused rather than misread. 1 had no volumes, 2 no
segments in narrow columns (``log/packed.py``); both become 3 when a writer opens them."""

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


def reader(path: Path) -> sqlite3.Connection | None:
    """A connection that cannot write; None while the log does not exist. Raises LogError."""
    if not path.exists():
        return None
    connection: sqlite3.Connection | None = None
    try:
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro",
            uri=True,
            timeout=BUSY_S,
            isolation_level=None,
            check_same_thread=False,
        )
        # Tables are made in one transaction, after the marks: no mark, no tables yet.
        if _format_of(path, connection) is None:
            connection.close()
            return None
    except sqlite3.Error as error:
        if connection is not None:
            connection.close()
        raise LogError(f"{path}: {error}") from error
    except LogError:
        if connection is not None:
            connection.close()
        raise
    return connection


def writer(path: Path) -> sqlite3.Connection:
    """The writer's connection, to a file with all its tables. Raises LogError."""
    connection: sqlite3.Connection | None = None
    try:
        connection = sqlite3.connect(
            path, timeout=BUSY_S, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA journal_size_limit = 67108864")
        found = _format_of(path, connection)
        connection.execute("BEGIN IMMEDIATE")
        if found is None:
            for statement in filter(str.strip, _TABLES.split(";")):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        for statement in (*tallies.TABLES, volumes.TABLE):
            connection.execute(statement)
        if found != FORMAT:
            connection.execute(f"PRAGMA user_version = {FORMAT}")
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        if connection is not None:
            connection.close()
        raise LogError(f"{path}: {error}") from error
    except LogError:
        if connection is not None:
            connection.close()
        raise
    return connection


def writer_lock(path: Path) -> int:
    """Descriptor of ``PATH.lock``, to be kept open. Raises LogError if another process has it."""
    lock = path.with_name(path.name + ".lock")
    file = -1
    try:
        file = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        # The kernel drops the lock with the process, so a kill leaves none behind.
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if file >= 0:
            os.close(file)
        if isinstance(error, BlockingIOError):
            raise LogError(f"{path}: another process is writing it") from error
        raise LogError(f"{lock}: {error.strerror}") from error
    return file


def _format_of(path: Path, connection: sqlite3.Connection) -> int | None:
    """Format of the file; None for a new, empty one. Raises LogError for a stranger's."""
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if application == APPLICATION_ID and version <= FORMAT:
        return version
    if application == APPLICATION_ID:
        raise LogError(f"{path}: written by a newer release (format {version}, known {FORMAT})")
    if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        raise LogError(f"{path}: a database, but not a log of Sizao")
    return None
