"""Crash records: where and when, what harm; no names and no plates are read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sizao.core.errors import ConfigError
from sizao.risk import tables

REQUIRED = {"year": pa.int64(), "lat": pa.float64(), "lon": pa.float64()}
OPTIONAL = {
    "month": pa.int64(),
    "day": pa.int64(),
    "hour": pa.int64(),
    "minute": pa.int64(),
    "deaths": pa.int64(),
    "serious_injuries": pa.int64(),
    "injuries": pa.int64(),
    "pattern": pa.string(),
    "road_factor": pa.bool_(),
    "general_procedure": pa.bool_(),
}
REASONS = {
    "no_year": "year missing",
    "no_lat": "latitude missing",
    "no_lon": "longitude missing",
    "wrong_number_of_cells": "the row has more or fewer cells than the header",
    "impossible_place": "latitude or longitude outside the globe, or exactly 0, 0",
    "impossible_date": "no such day",
    "impossible_time": "no such time of day",
    "impossible_harm": "a number of people below 0",
}
"""Why a row is rejected, besides ``bad_COLUMN``: the cell is not of the column's type."""

_DAYS = np.array([31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
_YEARS = (1900, 2200)


@dataclass(frozen=True, eq=False)
class Crashes:
    """Arrays of shape (n,), in file order.

    lat, lon : degrees WGS-84
    year : calendar year, local; month, day : 0 where the file does not say
    hour : 0-23 local, -1 where the file does not say
    deaths, serious_injuries, injuries : people; -1 where the file does not say
    pattern : kind of crash, "" unknown
    road_factor, general_procedure : as the black-spot rules use them, False unknown
    has_harm : whether the file has a column of deaths or injuries
    """

    lat: npt.NDArray[np.float64]
    lon: npt.NDArray[np.float64]
    year: npt.NDArray[np.int64]
    month: npt.NDArray[np.int64]
    day: npt.NDArray[np.int64]
    hour: npt.NDArray[np.int64]
    deaths: npt.NDArray[np.int64]
    serious_injuries: npt.NDArray[np.int64]
    injuries: npt.NDArray[np.int64]
    pattern: npt.NDArray[np.str_]
    road_factor: npt.NDArray[np.bool_]
    general_procedure: npt.NDArray[np.bool_]
    has_harm: bool = False

    def __len__(self) -> int:
        return len(self.lat)

    def of(self, rows: npt.NDArray[np.bool_] | npt.NDArray[np.integer]) -> Crashes:
        """Some of the crashes: a mask or row numbers."""
        arrays = {
            name: value[rows]
            for name, value in self.__dict__.items()
            if isinstance(value, np.ndarray)
        }
        return Crashes(**arrays, has_harm=self.has_harm)

    def in_years(self, years: range) -> npt.NDArray[np.bool_]:
        """Which crashes fell into the years."""
        return (self.year >= years.start) & (self.year < years.stop)

    def hour_of_week(self) -> npt.NDArray[np.int64]:
        """0 is Monday 00:00 local, 167 Sunday 23:00; -1 where date or hour is unknown."""
        known = (self.month > 0) & (self.day > 0) & (self.hour >= 0)
        first = (self.year - 1970).astype("datetime64[Y]").astype("datetime64[M]")
        days = (first + np.maximum(self.month - 1, 0)).astype("datetime64[D]").astype(np.int64)
        # 1970-01-01 was a Thursday, day 3 of a week that begins on Monday.
        weekday = (days + self.day - 1 + 3) % 7
        return np.where(known, weekday * 24 + self.hour, -1)


def read_crashes(path: Path) -> tuple[Crashes, list[tables.Rejected]]:
    """Crashes of a .csv or .csv.gz file, and the rows left out with their reason.

    Raises ConfigError if the file cannot be read or has no column year, lat or lon.
    """
    table = tables.read(path, REQUIRED, OPTIONAL)
    lat, lon = table.floats("lat"), table.floats("lon")
    year, month, day = table.ints("year"), table.ints("month"), table.ints("day")
    hour, minute = table.ints("hour", -1), table.ints("minute", 0)
    dated = (month >= 1) & (month <= 12) & (day >= 1)
    long = _DAYS[np.clip(month - 1, 0, 11)] - ((month == 2) & ~_leap(year))
    harm = [table.ints(name, 0) for name in ("deaths", "serious_injuries", "injuries")]
    bad = {
        # 0, 0 is in the sea off Africa, and what many systems write when there is no place.
        "impossible_place": ~((np.abs(lat) <= 90) & (np.abs(lon) <= 180))
        | ((lat == 0) & (lon == 0)),
        "impossible_date": (year < _YEARS[0])
        | (year >= _YEARS[1])
        | ((month != 0) | (day != 0)) & ~(dated & (day <= long)) & ~((day == 0) & (month <= 12)),
        "impossible_time": (hour < -1) | (hour > 23) | (minute < 0) | (minute > 59),
        "impossible_harm": np.minimum.reduce(harm) < 0,
    }
    table = table.reject(bad)
    crashes = Crashes(
        lat=table.floats("lat"),
        lon=table.floats("lon"),
        year=table.ints("year"),
        month=table.ints("month"),
        day=table.ints("day"),
        hour=table.ints("hour", -1),
        deaths=table.ints("deaths", -1),
        serious_injuries=table.ints("serious_injuries", -1),
        injuries=table.ints("injuries", -1),
        pattern=table.texts("pattern"),
        road_factor=table.flags("road_factor"),
        general_procedure=table.flags("general_procedure"),
        has_harm=bool({"deaths", "injuries", "serious_injuries"} & set(table.columns)),
    )
    return crashes, table.rejected


def _leap(year: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    return (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))


def years_of(text: str) -> range:
    """``2017`` or ``2017-2018`` as a range of years.

    >>> years_of("2017-2018"), years_of("2019")
    (range(2017, 2019), range(2019, 2020))
    """
    first, _, last = text.strip().partition("-")
    try:
        years = range(int(first), int(last or first) + 1)
    except ValueError:
        raise ConfigError(f"years {text!r} are neither like 2019 nor like 2017-2018") from None
    if not years or years.start < _YEARS[0] or years.stop > _YEARS[1]:
        raise ConfigError(f"years {text!r}: the last year is before the first, or no such year")
    return years
