"""Questions to the archive, answered with DuckDB: one vehicle's day, and who was inside a polygon.

DuckDB runs inside the process, reads Parquet with what it brings along, and is locked: it may
read the archive's folder and nothing else, install or load no extension and change no setting, so
that neither a missing network nor a clever text can make it do more. Whoever asks about people
checks purpose and case before (``web/fleet/presence.py``); here nobody is asked.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from sizao.core.errors import UnansweredError
from sizao.core.schemas import POSITION, empty
from sizao.log.archive import columns, files
from sizao.log.archive.manifest import Manifest
from sizao.runtime.archive.presence import REACH_S, Area, presences

SETTINGS: dict[str, Any] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "memory_limit": "1GB",
}
"""Nothing is fetched, ever; and a question over a whole day does not eat the machine."""

_GONE = (OSError,)
"""Files that are not there, or that nothing can be read out of."""

_TRACK = """
SELECT * FROM read_parquet($files)
WHERE vehicle = $vehicle AND time_s >= $first AND time_s <= $last
ORDER BY time_s, time_us
"""
"""Some row groups of one file: a second thread would only wait to be woken (measured: 8 ms of CPU
with two, 5.6 with one)."""

_NEAR = """
SELECT vehicle, time_s, time_us, lat_e6, lon_e6, speed_dkmh
FROM read_parquet($files)
WHERE time_s >= $first AND time_s <= $last
  AND lat_e6 BETWEEN $south AND $north AND lon_e6 BETWEEN $west AND $east
"""


class ArchiveQuestions:
    """Reads beside the running archiver. Threads may share one; calls take turns.

    young : rows of schema POSITION of the log that the archive does not hold yet, given the
        manifest; by default none
    """

    def __init__(
        self, root: Path, young: Callable[[Manifest], list[pa.RecordBatch]] | None = None
    ) -> None:
        self.root = root
        self._young = young
        self._turn = threading.Lock()
        self._connections: dict[str, duckdb.DuckDBPyConnection] = {}

    def track(
        self, vehicle: str, start: datetime, end: datetime, *, max_rows: int | None = None
    ) -> pa.RecordBatch:
        """Archived positions of a vehicle, ``start <= time < end``, schema POSITION, by event
        time; each moment once, all of them or the first ``max_rows``.

        Raises LogError if a file in the way is damaged or missing, UnansweredError if none is and
        there is no answer all the same.
        """
        first_us, end_us = (round(moment.timestamp() * 1_000_000) for moment in (start, end))
        if end_us <= first_us:
            return empty(POSITION)
        first, last = first_us // 1_000_000, (end_us - 1) // 1_000_000

        def answer(found: Manifest) -> pa.Table:
            chosen = files.of_vehicle(found, vehicle, first, last)
            return self._ask(
                _TRACK,
                files=[str(self.root / file.name) for file in chosen],
                vehicle=vehicle,
                first=first,
                last=last,
            )

        table = files.reading(self.root, answer, _GONE)
        if not len(table):
            return empty(POSITION)
        batch = columns.unpack(table)
        times = batch.column("time").cast(pa.int64()).to_numpy()
        _, order = np.unique(times, return_index=True)
        order = order[(times[order] >= first_us) & (times[order] < end_us)]
        return batch.take(pa.array(order[:max_rows]))

    def inside(
        self, ring: list[tuple[float, float]], start: datetime, end: datetime
    ) -> list[dict[str, Any]]:
        """Who was inside a polygon in ``start <= time < end``: rows of ``presence.PRESENCE``, by
        first moment. The log's youngest positions are among them.

        ring : corners as (lon, lat)

        Raises ConfigError for no fit polygon, LogError if a file in the way is damaged or missing,
        UnansweredError if none is and there is no answer all the same.
        """
        area = Area.of(ring)
        first = int(start.timestamp()) - REACH_S
        last = int(end.timestamp()) + REACH_S
        box = area.box_e6()

        def answer(found: Manifest) -> pa.Table:
            chosen = files.between(found, first, last)
            near = self._ask(
                _NEAR,
                files=[str(self.root / file.name) for file in chosen],
                first=first,
                last=last,
                **box,
            )
            young = self._young(found) if self._young else []
            return pa.concat_tables([near, *(_near(batch, first, last, box) for batch in young)])

        near = files.reading(self.root, answer, _GONE)
        return presences(near, area, start, end).to_pylist()

    def close(self) -> None:
        with self._turn:
            for connection in self._connections.values():
                connection.close()
            self._connections.clear()

    def _ask(self, statement: str, **given: Any) -> pa.Table:
        if not given["files"]:
            return _NOTHING[statement]
        with self._turn:
            if statement not in self._connections:
                self._connections[statement] = _locked(self.root, 1 if statement == _TRACK else 2)
            connection = self._connections[statement]
            try:
                return connection.sql(statement, params=given).to_arrow_table()
            except duckdb.OutOfMemoryException as error:
                raise UnansweredError("memory", str(error)) from error
            except duckdb.InterruptException as error:
                raise UnansweredError("interrupted", str(error)) from error
            except duckdb.Error as error:
                # Of a spoiled file it says one thing or another, mostly with no class of its own.
                # What it remembers of the file is wrong once that is mended, and after some
                # errors it answers nothing any more.
                self._connections.pop(statement).close()
                raise OSError(str(error)) from error


def _locked(root: Path, threads: int = 2) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config={**SETTINGS, "threads": threads})
    # A file's name is never used twice, so what was read of its footer stays true.
    connection.execute("SET parquet_metadata_cache = true")
    folder = str(root).replace("'", "''")
    connection.execute(f"SET allowed_directories = ['{folder}/']")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


_NEAR_SCHEMA = pa.schema(
    [
        ("vehicle", pa.string()),
        ("time_s", pa.int64()),
        ("time_us", pa.int32()),
        ("lat_e6", pa.int32()),
        ("lon_e6", pa.int32()),
        ("speed_dkmh", pa.int32()),
    ]
)
_NOTHING = {_TRACK: columns.ARCHIVED.empty_table(), _NEAR: _NEAR_SCHEMA.empty_table()}


def _near(batch: pa.RecordBatch, first: int, last: int, box: dict[str, int]) -> pa.Table:
    """As ``_NEAR``, of rows that are not in a file yet."""
    table = columns.pack(batch).select(_NEAR_SCHEMA.names)
    time_s = table["time_s"].to_numpy()
    lat, lon = (table[name].fill_null(2**31 - 1).to_numpy() for name in ("lat_e6", "lon_e6"))
    wanted = (time_s >= first) & (time_s <= last)
    wanted &= (lat >= box["south"]) & (lat <= box["north"])
    wanted &= (lon >= box["west"]) & (lon <= box["east"])
    return table.filter(pa.array(wanted)).cast(_NEAR_SCHEMA)
