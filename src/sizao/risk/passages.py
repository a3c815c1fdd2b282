"""Traffic at checkpoints: what cameras saw pass, as vehicles a day of the edge they stand on.

Every camera has hours without power or link. Only days with passages in nearly every hour count,
and the median of them is taken: one day of a closed road is no traffic figure. Plates are not
read: a passage is a place and a time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sizao.core.errors import ConfigError
from sizao.risk import snapping, tables
from sizao.risk.sites import Sites
from sizao.risk.snapping import UNMATCHED

Floats = npt.NDArray[np.float64]

WHOLE_DAY_H = 20
"""Hours with a passage that make a day whole; proposed."""

LEAST_DAYS = 3

COLUMNS = {"checkpoint": pa.string(), "lat": pa.float64(), "lon": pa.float64(), "time": pa.string()}
REASONS = {
    "bad_time": "time is not like 2026-11-25 08:00:00",
    "impossible_place": "latitude or longitude outside the globe",
}


@dataclass(frozen=True, eq=False)
class Seen:
    """Traffic at c checkpoints. edge : int32 (c,), -1 off the network; per_day : (c,), NaN under
    LEAST_DAYS whole days; days : whole days each rests on."""

    checkpoint: npt.NDArray[np.str_]
    edge: npt.NDArray[np.int32]
    per_day: Floats
    days: npt.NDArray[np.int64]


def seen(
    sites: Sites,
    checkpoint: npt.NDArray[np.str_],
    lat: Floats,
    lon: Floats,
    second: npt.NDArray[np.int64],
) -> Seen:
    """From passages in any order, arrays of shape (n,).

    second : local seconds since 1970; several cameras of one checkpoint count together
    """
    names, number = np.unique(checkpoint, return_inverse=True)
    where = np.unique(number, return_index=True)[1]
    snapped = snapping.snap(snapping.build_index(sites), lat[where], lon[where])
    edge = np.where(snapped.quality == UNMATCHED, -1, snapped.edge).astype(np.int32)
    hour = np.unique(np.column_stack((number, second // 3600)), axis=0)
    days, hours = np.unique(
        np.column_stack((hour[:, 0], hour[:, 1] // 24)), axis=0, return_counts=True
    )
    day, passed = np.unique(np.column_stack((number, second // 86400)), axis=0, return_counts=True)
    assert np.array_equal(days, day)
    whole = hours >= WHOLE_DAY_H
    per_day, number_of = (
        np.full(len(names), np.nan),
        np.bincount(day[whole, 0], minlength=len(names)),
    )
    for one in np.flatnonzero(number_of >= LEAST_DAYS).tolist():
        per_day[one] = float(np.median(passed[whole & (day[:, 0] == one)]))
    return Seen(names, edge, per_day, number_of)


def with_counts(sites: Sites, found: Seen) -> Sites:
    """Sites that know the traffic of edges with a checkpoint. A count of the file stays.

    Of several checkpoints on one edge those are added up: each sees one carriageway.
    """
    use = (found.edge >= 0) & ~np.isnan(found.per_day)
    total = np.bincount(found.edge[use], found.per_day[use], len(sites))
    aadt = np.where(sites.aadt > 0, sites.aadt, np.where(total > 0, total, np.nan))
    return replace(sites, aadt=aadt)


def read_passages(path: Path, sites: Sites) -> tuple[Seen, list[tables.Rejected]]:
    """A .csv or .csv.gz file with a row a passage: checkpoint, lat, lon, time (local).

    Raises ConfigError if it cannot be read or no row of it can be used.
    """
    table = tables.read(path, COLUMNS, {})
    lat, lon = table.floats("lat"), table.floats("lon")
    second = np.array([_second(text) for text in table.texts("time").tolist()], np.int64)
    bad = {
        "bad_time": second < 0,
        "impossible_place": ~((np.abs(lat) <= 90) & (np.abs(lon) <= 180)),
    }
    keep = ~(bad["bad_time"] | bad["impossible_place"])
    table, second = table.reject(bad), second[keep]
    if not len(table):
        raise ConfigError(f"{path}: no usable passage")
    found = seen(sites, table.texts("checkpoint"), table.floats("lat"), table.floats("lon"), second)
    return found, table.rejected


def _second(text: str) -> int:
    # NumPy takes "now" and "today" for times.
    if not text[:4].isdigit():
        return -1
    try:
        return int(np.datetime64(text[:19].replace(" ", "T"), "s").astype(np.int64))
    except ValueError:
        return -1
