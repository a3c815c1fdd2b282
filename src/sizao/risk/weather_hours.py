"""Weather by station and hour, as a few classes that a ratio can be learned for.

A file has a row a station and hour: ``time`` (local, ``2026-11-25 08:00``), and either ``kind``
or what stations measure (``rain_mm_h``, ``visibility_m``, ``road_state``); ``station``, ``lat``
and ``lon`` where there is more than one. The past of the file teaches, its future is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sizao.core.errors import ConfigError
from sizao.risk import tables
from sizao.roads.geometry import metres_per_degree

Floats = npt.NDArray[np.float64]
Texts = npt.NDArray[np.str_]

KINDS = ("dry", "rain", "heavy_rain", "fog", "snow_ice")
"""From harmless to worst: of several that hold in an hour the last counts."""

RAIN_MM_H, HEAVY_RAIN_MM_H, FOG_M = 0.1, 8.0, 500.0
"""Where rain, heavy rain and fog begin. GB/T 28592-2012 calls 8 to 16 mm in 12 h heavy, here it
is an hour's intensity that floods a road; fog as GB/T 27964-2011 (recalled). Proposed."""

_COLUMNS = {
    "station": pa.string(),
    "lat": pa.float64(),
    "lon": pa.float64(),
    "kind": pa.string(),
    "rain_mm_h": pa.float64(),
    "visibility_m": pa.float64(),
    "road_state": pa.string(),
}
REASONS = {
    "bad_time": "time is not like 2026-11-25 08:00",
    "unknown_kind": f"kind is none of {', '.join(KINDS)}",
}


@dataclass(frozen=True, eq=False)
class WeatherHours:
    """Classes by station and hour.

    lat, lon : (s,), NaN where the file does not say
    first_hour : hours since 1970 of column 0, local civil time
    kind : int8 (s, hours), index into KINDS, -1 unknown
    """

    lat: Floats
    lon: Floats
    first_hour: int
    kind: npt.NDArray[np.int8]

    def at(
        self, station: npt.NDArray[np.int64], hour: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.int8]:
        """Class at stations and hours of one shape; -1 outside the file."""
        column = hour - self.first_hour
        inside = (column >= 0) & (column < self.kind.shape[1])
        found = self.kind[station, np.where(inside, column, 0)]
        return np.where(inside, found, np.int8(-1)).astype(np.int8)

    def nearest(self, lat: Floats, lon: Floats) -> npt.NDArray[np.int64]:
        """Number of the nearest station to each place; 0 where stations have no place."""
        if len(self.lat) == 1 or np.isnan(self.lat).any():
            return np.zeros(len(lat), np.int64)
        north, east = metres_per_degree(float(np.nanmean(lat)))
        square = [((lat - a) * north) ** 2 + ((lon - b) * east) ** 2
                  for a, b in zip(self.lat, self.lon, strict=True)]  # fmt: skip
        return np.argmin(np.stack(square), axis=0)

    def merged(self, newer: WeatherHours) -> WeatherHours:
        """The same stations with what ``newer`` knows put over it.

        Raises ConfigError if it is about other stations.
        """
        if not np.array_equal(self.lat, newer.lat, equal_nan=True):
            raise ConfigError("the new weather is of other stations than the old")
        first = min(self.first_hour, newer.first_hour)
        last = max(one.first_hour + one.kind.shape[1] for one in (self, newer))
        kind = np.full((len(self.lat), last - first), -1, np.int8)
        for one in (self, newer):
            part = kind[:, one.first_hour - first :][:, : one.kind.shape[1]]
            np.copyto(part, one.kind, where=one.kind >= 0)
        return WeatherHours(self.lat, self.lon, first, kind)


def read_weather(path: Path) -> tuple[WeatherHours, list[tables.Rejected]]:
    """Weather of a .csv or .csv.gz file, and the rows left out with their reason.

    Raises ConfigError if the file cannot be read or nothing of it can be used.
    """
    table = tables.read(path, {"time": pa.string()}, _COLUMNS)
    texts = table.texts("time").tolist()
    hours = np.array([_hour(text) for text in texts], np.int64)
    kinds = table.texts("kind")
    table_bad = {
        "bad_time": hours < 0,
        "unknown_kind": ~np.isin(kinds, (*KINDS, "")),
    }
    keep = ~np.logical_or.reduce(list(table_bad.values()))
    table, hours = table.reject(table_bad), hours[keep]
    if not len(table):
        raise ConfigError(f"{path}: no usable row of weather")
    names, station = np.unique(table.texts("station"), return_inverse=True)
    first = int(hours.min())
    kind = np.full((len(names), int(hours.max()) - first + 1), -1, np.int8)
    np.maximum.at(kind, (station, hours - first), classify(table))
    lat, lon = np.full(len(names), np.nan), np.full(len(names), np.nan)
    lat[station], lon[station] = table.floats("lat"), table.floats("lon")
    return WeatherHours(lat, lon, first, kind), table.rejected


def classify(table: tables.Table) -> npt.NDArray[np.int8]:
    """Class of each row, -1 where it says nothing that decides."""
    given = table.texts("kind")
    found = classes(
        table.floats("rain_mm_h"), table.floats("visibility_m"), table.texts("road_state")
    )
    for code, name in enumerate(KINDS):
        found[given == name] = code
    return found


def classes(rain_mm_h: Floats, visibility_m: Floats, road_state: Texts) -> npt.NDArray[np.int8]:
    """Class of measurements of one shape, NaN or "" where not measured; -1 if nothing decides."""
    found = np.full(len(rain_mm_h), -1, np.int8)
    found[
        (rain_mm_h < RAIN_MM_H) | (visibility_m >= FOG_M) | np.isin(road_state, ("dry", "damp"))
    ] = 0
    found[(rain_mm_h >= RAIN_MM_H) | (road_state == "wet")] = 1
    found[rain_mm_h >= HEAVY_RAIN_MM_H] = 2
    found[visibility_m < FOG_M] = 3
    found[np.isin(road_state, ("snow", "ice"))] = 4
    return found


def _hour(text: str) -> int:
    """Hours since 1970, local; -1 if it is no time. An offset, if there is one, is ignored."""
    # NumPy takes "now" and "today" for times.
    if not text[:4].isdigit():
        return -1
    try:
        return int(np.datetime64(text[:13].replace(" ", "T"), "h").astype(np.int64))
    except ValueError:
        return -1
