"""What a log's tallies say, for whoever shows sources or judges silences."""

from __future__ import annotations

from typing import Any

from sizao.runtime.embedded.log import SqliteLog


class LogTallies:
    """``log.tally.TallyReader`` on a log; nothing for one written before there were tallies."""

    def __init__(self, log: SqliteLog) -> None:
        self._log = log

    def counts(self, first_hour: int, last_hour: int) -> list[tuple[str, int, str, int]]:
        return self._rows(
            "SELECT source, hour, what, n FROM tally WHERE hour BETWEEN ? AND ?",
            first_hour,
            last_hour,
        )

    def heard(self) -> list[tuple[str, str, int]]:
        return self._rows("SELECT source, topic, last_us FROM heard")

    def begun(self) -> dict[str, int]:
        # One look-up a source in the primary key, however many hours are kept.
        rows = self._rows(
            "SELECT source, (SELECT min(hour) FROM tally WHERE tally.source = known.source)"
            " FROM (SELECT DISTINCT source FROM heard) AS known"
        )
        return {source: hour for source, hour in rows if hour is not None}

    def quiet(self, after_us: int) -> list[tuple[str, str, int, int]]:
        return self._rows(
            "SELECT source, topic, from_us, to_us FROM quiet WHERE to_us > ? ORDER BY to_us",
            after_us,
        )

    def sketches(self, first_hour: int, last_hour: int) -> list[tuple[str, int, bytes]]:
        return self._rows(
            "SELECT source, hour, sketch FROM seen WHERE hour BETWEEN ? AND ?",
            first_hour,
            last_hour,
        )

    def _rows(self, query: str, *values: int) -> list[Any]:
        with self._log.reading() as connection:
            if connection is None:
                return []
            table = "SELECT 1 FROM sqlite_master WHERE name = 'seen'"
            if not connection.execute(table).fetchone():
                return []
            return connection.execute(query, values).fetchall()
