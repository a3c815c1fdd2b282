"""The tallies of a log as tables beside its segments, added to in the same transaction.

``tally`` holds one row for each source, hour and thing counted; ``heard`` when a source last spoke
of a topic; ``quiet`` each silence of a minute or more, so that whoever judges silences sees them
even if it was not running; ``seen`` the sketches of vehicles. What each means: ``log/tally.py``.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from sizao.log.sketch import from_bytes, merge
from sizao.log.tally import Key, Tally

QUIET_US = 60_000_000
"""A shorter silence is not worth a row: no contract can ask for less."""

TABLES = (
    "CREATE TABLE IF NOT EXISTS tally (source TEXT NOT NULL, hour INTEGER NOT NULL,"
    " what TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (source, hour, what)) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS tally_hour ON tally (hour)",
    "CREATE TABLE IF NOT EXISTS heard (source TEXT NOT NULL, topic TEXT NOT NULL,"
    " last_us INTEGER NOT NULL, PRIMARY KEY (source, topic)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS quiet (source TEXT NOT NULL, topic TEXT NOT NULL,"
    " from_us INTEGER NOT NULL, to_us INTEGER NOT NULL)",
    "CREATE INDEX IF NOT EXISTS quiet_end ON quiet (to_us)",
    "CREATE TABLE IF NOT EXISTS seen (source TEXT NOT NULL, hour INTEGER NOT NULL,"
    " sketch BLOB NOT NULL, PRIMARY KEY (source, hour))",
)


def add(connection: sqlite3.Connection, found: Tally) -> None:
    """Add a batch's tally within the transaction that appends the batch."""
    add_counts(connection, found.counts)
    for (source, topic), (first_us, last_us) in found.heard.items():
        row = connection.execute(
            "SELECT last_us FROM heard WHERE source = ? AND topic = ?", (source, topic)
        ).fetchone()
        if row is not None and first_us - row[0] >= QUIET_US:
            connection.execute(
                "INSERT INTO quiet VALUES (?, ?, ?, ?)", (source, topic, row[0], first_us)
            )
        if row is None or last_us > row[0]:
            connection.execute(
                "INSERT OR REPLACE INTO heard VALUES (?, ?, ?)", (source, topic, last_us)
            )
    for (source, hour), sketch in found.sketches.items():
        row = connection.execute(
            "SELECT sketch FROM seen WHERE source = ? AND hour = ?", (source, hour)
        ).fetchone()
        merged = sketch.tobytes() if row is None else merge(from_bytes(row[0]), sketch).tobytes()
        if row is None or merged != row[0]:
            connection.execute(
                "INSERT OR REPLACE INTO seen VALUES (?, ?, ?)", (source, hour, merged)
            )


def add_counts(connection: sqlite3.Connection, counts: Mapping[Key, int]) -> None:
    """Add counts alone: of what was refused, or sizes that only the part knows."""
    connection.executemany(
        "INSERT INTO tally VALUES (?, ?, ?, ?)"
        " ON CONFLICT (source, hour, what) DO UPDATE SET n = n + excluded.n",
        [(*key, number) for key, number in counts.items()],
    )


def prune(connection: sqlite3.Connection, before_hour: int) -> int:
    """Delete what is older than an hour. Returns how many counts went."""
    gone = connection.execute("DELETE FROM tally WHERE hour < ?", (before_hour,)).rowcount
    connection.execute("DELETE FROM seen WHERE hour < ?", (before_hour,))
    connection.execute("DELETE FROM quiet WHERE to_us < ?", (before_hour * 3_600_000_000,))
    return gone
