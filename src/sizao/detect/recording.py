"""Recorded positions as a table: read, sort, run the rules, one row an episode.

A recording is whole, so nothing in it is late: rows are sorted by vehicle and event time first,
whatever their order in the file. Of rows with the same vehicle and time the first counts.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sizao.core.errors import ConfigError
from sizao.core.schemas import DETECTION, POSITION, TIME
from sizao.core.vehicles import KINDS
from sizao.detect import engine
from sizao.detect.context import Context
from sizao.detect.state import EngineState
from sizao.detect.take_in import IMPOSSIBLE_KMH

REQUIRED = ("vehicle", "time", "lat", "lon", "speed_kmh")
OPTIONAL = {
    "heading_deg": pa.float32(),
    "recorder_speed_kmh": pa.float32(),
    "driver": pa.string(),
    "alarm": pa.uint32(),
    "status": pa.uint32(),
    "positioned": pa.bool_(),
    "vehicle_kind": pa.string(),
    "limit_kmh": pa.float32(),
}
"""Columns that may be there; ``vehicle_kind`` and ``limit_kmh`` are not part of POSITION."""

REASONS = {
    "no_vehicle": "vehicle missing or empty",
    "no_time": "time missing",
    "impossible_place": "latitude or longitude outside the globe",
    "impossible_speed": f"speed below 0 or above {IMPOSSIBLE_KMH:g} km/h",
    "impossible_limit": "limit of 0 or below",
    "repeated": "an earlier row has the same vehicle and time",
}
"""Why a row is rejected; the first that applies is the one reported."""

_PIECE = 1 << 18


@dataclass(frozen=True)
class Recording:
    """A table made ready. Rejected rows are numbered from 0, as in the file."""

    positions: pa.RecordBatch
    """Schema POSITION, by vehicle and time."""
    limit_kmh: npt.NDArray[np.float32]
    """NaN where none is given."""
    kinds: dict[str, str]
    """Vehicle to the first kind the file gives it."""
    rejected: list[tuple[int, str]]
    """Row number and reason, in file order."""
    unknown_kinds: Counter[str]
    """Kinds that are not in ``core.vehicles.KINDS``, with rows; they count as ``other``."""


def read(table: pa.Table) -> Recording:
    """Check and sort a table with the columns REQUIRED and any of OPTIONAL.

    Other columns are left aside. A time without a zone is taken as UTC. Raises ConfigError if a
    required column is missing or a column has a type that cannot be what it should.
    """
    table = _typed(table)
    rejected = _reject(table)
    keep = np.ones(len(table), np.bool_)
    keep[[number for number, _ in rejected]] = False
    # Sorted before repeats are looked for; stable, so that the first in the file counts.
    rows = np.flatnonzero(keep)
    order = rows[_order(table, rows)]
    names = table["vehicle"].combine_chunks().dictionary_encode()
    vehicle = names.indices.fill_null(-1).to_numpy()[order]
    time = table["time"].cast(pa.int64()).fill_null(0).to_numpy()[order]
    repeated = np.zeros(len(order), np.bool_)
    repeated[1:] = (vehicle[1:] == vehicle[:-1]) & (time[1:] == time[:-1])
    rejected += [(int(number), "repeated") for number in order[repeated]]
    chosen = table.take(pa.array(order[~repeated]))

    given = {name: chosen[name].combine_chunks() for name in chosen.column_names}
    kinds: dict[str, str] = {}
    unknown: Counter[str] = Counter()
    if "vehicle_kind" in given:
        kind_of = given["vehicle_kind"].to_pylist()
        for name, kind in zip(given["vehicle"].to_pylist(), kind_of, strict=True):
            if kind in KINDS:
                kinds.setdefault(name, kind)
            elif kind is not None:
                unknown[kind] += 1
    limit = np.full(len(chosen), np.nan, np.float32)
    if "limit_kmh" in given:
        limit = given["limit_kmh"].to_numpy(zero_copy_only=False).astype(np.float32)
    n = len(chosen)
    constant = {
        "received": given["time"],
        "source": pa.array(["replay"] * n, pa.string()),
    }
    columns = [
        given.get(field.name, constant.get(field.name, pa.nulls(n, field.type)))
        for field in POSITION
    ]
    positions = pa.RecordBatch.from_arrays(columns, schema=POSITION)
    return Recording(positions, limit, kinds, sorted(rejected), unknown)


def episodes(recording: Recording, context: Context) -> tuple[pa.Table, EngineState]:
    """One row an episode (its last revision; open ones are closed), by firing and id.

    ``context`` should hold ``recording.kinds``. Returns the engine's last state too, for its
    counters.
    """
    state = EngineState()
    found = []
    for start in range(0, len(recording.positions), _PIECE):
        detections, state = engine.step(
            recording.positions.slice(start, _PIECE),
            state,
            context,
            recording.limit_kmh[start : start + _PIECE],
        )
        found.append(detections)
    found.append(engine.close(state, context))
    table = pa.Table.from_batches(found, DETECTION)
    last: dict[str, tuple[int, int]] = {}
    for at, (name, revision) in enumerate(
        zip(table["id"].to_pylist(), table["revision"].to_pylist(), strict=True)
    ):
        last[name] = max(last.get(name, (-1, -1)), (revision, at))
    table = table.take(pa.array([at for _, at in last.values()], pa.int64()))
    return table.sort_by([("fired", "ascending"), ("id", "ascending")]), state


def _typed(table: pa.Table) -> pa.Table:
    for name in REQUIRED:
        if name not in table.column_names:
            raise ConfigError(f"column {name!r} is missing; there are: {table.column_names}")
    wanted = {name: POSITION.field(name).type for name in REQUIRED} | OPTIONAL
    columns = {}
    for name, kind in wanted.items():
        if name not in table.column_names:
            continue
        column = table[name]
        try:
            if name == "time":
                # safe=False: a time finer than a microsecond is cut, which no terminal can see.
                if pa.types.is_timestamp(column.type) and column.type.tz is None:
                    column = column.cast(pa.timestamp("us"), safe=False)
                columns[name] = column.cast(TIME, safe=False)
            else:
                columns[name] = column.cast(kind)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise ConfigError(f"column {name!r} is {column.type}, not {kind}: {error}") from error
    return pa.table(columns)


def _reject(table: pa.Table) -> list[tuple[int, str]]:
    """Rows that say something impossible. A missing place or speed is possible: no fix."""
    n = len(table)

    def values(name: str) -> npt.NDArray[np.float64]:
        if name not in table.column_names:
            return np.full(n, np.nan)
        numbers: npt.NDArray[Any] = table[name].to_numpy()
        return numbers.astype(np.float64)

    speed, recorder = values("speed_kmh"), values("recorder_speed_kmh")
    wrong = {
        "no_vehicle": _mask(pc.equal(pc.utf8_trim_whitespace(table["vehicle"]), "")),
        "no_time": _mask(pc.is_null(table["time"])),
        "impossible_place": (np.abs(values("lat")) > 90) | (np.abs(values("lon")) > 180),
        "impossible_speed": (speed < 0)
        | (speed > IMPOSSIBLE_KMH)
        | (recorder < 0)
        | (recorder > IMPOSSIBLE_KMH),
        "impossible_limit": values("limit_kmh") <= 0,
    }
    reasons: dict[int, str] = {}
    for reason, mask in wrong.items():
        for number in np.flatnonzero(mask).tolist():
            reasons.setdefault(number, reason)
    return sorted(reasons.items())


def _mask(column: pa.ChunkedArray) -> npt.NDArray[np.bool_]:
    """True where the condition holds or the value is missing."""
    mask: npt.NDArray[np.bool_] = column.fill_null(True).to_numpy()
    return mask


def _order(table: pa.Table, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Positions in ``rows`` by vehicle, then time, then place in the file."""
    chosen = table.select(["vehicle", "time"]).take(pa.array(rows))
    chosen = chosen.append_column("row", pa.array(rows))
    keys = [("vehicle", "ascending"), ("time", "ascending"), ("row", "ascending")]
    order: npt.NDArray[np.int64] = pc.sort_indices(chosen, sort_keys=keys).to_numpy()
    return order.astype(np.int64)
