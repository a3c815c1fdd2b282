"""Weather by station and hour out of what an installation receives: readings, notices, an outlook.

What stations measured stands for its hour, and for a few hours on where nothing better is known.
A notice of the weather service says what is ahead where it holds; an hourly outlook, where the
office has one, is laid over both. Whatever is left is unknown and changes no forecast.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from sizao.core.clock import SHANGHAI
from sizao.risk.weather_hours import KINDS, WeatherHours, classes

LASTS_H = 2
"""A measured state is thought to last for so many further hours; proposed."""

NOTICE_H = 6
"""A notice without an end is taken to hold so long; proposed."""

_NOTICES = {"fog": "fog", "rain": "rain", "snow": "snow_ice", "road_ice": "snow_ice"}
_HEAVY = ("orange", "red")


@dataclass(frozen=True)
class Station:
    """A station and the division it stands in ("" unknown)."""

    name: str
    lat: float
    lon: float
    area: str


def class_of(row: Mapping[str, Any]) -> int:
    """Index into KINDS of one row of WEATHER_READING, -1 where it says nothing that decides."""
    number = [np.nan if row[name] is None else row[name] for name in ("rain_mm_h", "visibility_m")]
    return int(
        classes(np.array(number[:1]), np.array(number[1:]), np.array([row["road_state"] or ""]))[0]
    )


def hour_of(moment: datetime) -> int:
    """Hours since 1970, local civil time, of the hour a moment lies in."""
    return int(np.datetime64(moment.astimezone(SHANGHAI).replace(tzinfo=None), "h").astype(int))


def known(
    stations: Sequence[Station],
    measured: Mapping[tuple[str, int], int],
    notices: Sequence[Mapping[str, Any]],
    now: datetime,
    hours_ahead: int,
    outlook: WeatherHours | None = None,
) -> WeatherHours | None:
    """Everything that is known, None without a station and an outlook.

    measured : (station, hour) to class, the worst of the hour
    notices : rows of WEATHER_NOTICE, the newest of a chain
    """
    if not stations:
        return outlook
    present = hour_of(now)
    hours = [hour for _, hour in measured]
    first = min([present, *hours])
    kind = np.full((len(stations), present + hours_ahead + 1 - first), -1, np.int8)
    number = {one.name: row for row, one in enumerate(stations)}
    for (name, hour), code in measured.items():
        if name in number and hour - first < kind.shape[1]:
            kind[number[name], hour - first] = code
    _last_on(kind, present - first)
    if outlook is not None:
        _lay_over(kind, first, present, stations, outlook)
    for notice in notices:
        _apply(kind, first, stations, notice, now)
    lat = np.array([one.lat for one in stations], np.float64)
    lon = np.array([one.lon for one in stations], np.float64)
    return WeatherHours(lat, lon, first, kind)


def _last_on(kind: npt.NDArray[np.int8], present: int) -> None:
    """Carry the newest measured hour of each station on, unless it is too old."""
    for row in kind:
        for last in range(present, max(present - 2, -1), -1):
            if row[last] >= 0:
                row[last + 1 : last + 1 + LASTS_H] = row[last]
                break


def _lay_over(
    kind: npt.NDArray[np.int8],
    first: int,
    present: int,
    stations: Sequence[Station],
    outlook: WeatherHours,
) -> None:
    """The outlook's hours after the present one, of the place nearest to each station."""
    nearest = outlook.nearest(
        np.array([one.lat for one in stations]), np.array([one.lon for one in stations])
    )
    hours = np.arange(present + 1, first + kind.shape[1])
    told = outlook.at(nearest[:, None], hours[None, :])
    np.copyto(kind[:, present + 1 - first :], told, where=told >= 0)


def _apply(
    kind: npt.NDArray[np.int8],
    first: int,
    stations: Sequence[Station],
    notice: Mapping[str, Any],
    now: datetime,
) -> None:
    """Hours of a notice are at least as bad as it says."""
    name = _NOTICES.get(notice["kind"] or "")
    if name is None or notice["status"] != "actual" or notice["action"] == "cancel":
        return
    if name == "rain" and notice["level"] in _HEAVY:
        name = "heavy_rain"
    until = notice["until"] or notice["time"] + timedelta(hours=NOTICE_H)
    start = max(hour_of(notice["time"]), hour_of(now)) - first
    stop = hour_of(until - timedelta(seconds=1)) + 1 - first
    if stop <= max(start, 0):
        return
    for row in _held(stations, notice):
        part = kind[row, max(start, 0) : stop]
        np.maximum(part, KINDS.index(name), out=part)


def _held(stations: Sequence[Station], notice: Mapping[str, Any]) -> list[int]:
    """Rows of the stations that a notice is about; without outline and area all."""
    if notice["polygon"]:
        try:
            outline = shapely.from_wkt(notice["polygon"])
            return [
                row
                for row, one in enumerate(stations)
                if shapely.covers(outline, shapely.Point(one.lon, one.lat))
            ]
        except shapely.errors.GEOSException:
            pass
    codes = [_prefix(code[:6]) for code in (notice["area"] or "").split(",") if code]
    if not codes:
        return list(range(len(stations)))
    return [row for row, one in enumerate(stations) if one.area.startswith(tuple(codes))]


def _prefix(code: str) -> str:
    """What codes of the divisions inside begin with: a city's 510400 is 5104."""
    return code[:2] if code.endswith("0000") else code[:4] if code.endswith("00") else code
