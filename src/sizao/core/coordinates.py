"""Coordinates of Chinese maps and back: WGS-84, GCJ-02 and BD-09, vectorised.

Everything inside Sizao is WGS-84. Chinese map services draw and answer in GCJ-02 (Amap, Tencent)
or BD-09 (Baidu), which lie up to 700 m beside it, so what was picked on such a map must be
converted before it is matched to roads.

CGCS2000, the national frame that surveyors and the police's own devices use, is taken as WGS-84:
the two ellipsoids differ by 0.1 mm in the short axis and the frames by some decimetres of plate
motion since epoch 2000, both far below the width of a lane.

Neither offset has been published by its owner. The formulas are the ones that open map software
has agreed on since 2013; the tests hold them against values printed by several such projects.

>>> lat, lon = gcj02_to_wgs84(39.908746, 116.397131)
>>> round(float(lat), 5), round(float(lon), 4)
(39.90734, 116.3909)
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from sizao.core.errors import ConfigError

Degrees = npt.NDArray[np.float64]
Pair = tuple[Degrees, Degrees]

DATUMS: dict[str, tuple[str, str]] = {
    "wgs84": ("WGS-84（GPS、北斗、CGCS2000）", "WGS-84 (GPS, BeiDou, CGCS2000)"),
    "gcj02": ("GCJ-02（高德、腾讯地图）", "GCJ-02 (Amap, Tencent maps)"),
    "bd09": ("BD-09（百度地图）", "BD-09 (Baidu maps)"),
}
"""Code to Chinese and English name."""

_BOX = (0.8293, 55.8271, 72.004, 137.8347)
"""South, north, west, east of the box in which coordinates are shifted; outside they are not."""

_AXIS_M = 6_378_245.0
_ECCENTRICITY2 = 0.006_693_421_622_965_943
"""Krasovsky 1940: the ellipsoid on which the GCJ-02 offset in metres becomes degrees."""

_WAVE = np.pi * 3000 / 180
_TOLERANCE_DEG = 1e-10
_TURNS = 30
"""The offsets change by at most some 2 % of a step, so a handful of turns is enough."""


def wgs84_to_gcj02(lat: npt.ArrayLike, lon: npt.ArrayLike) -> Pair:
    """Shift WGS-84 degrees as Chinese maps do. Shapes broadcast; outside China unchanged."""
    return _inside(_to_gcj02, lat, lon)


def gcj02_to_wgs84(lat: npt.ArrayLike, lon: npt.ArrayLike) -> Pair:
    """The inverse of :func:`wgs84_to_gcj02`, iterated to 1e-10 degrees (10 micrometres)."""
    return _inside(lambda y, x: _inverse(_to_gcj02, y, x), lat, lon)


def gcj02_to_bd09(lat: npt.ArrayLike, lon: npt.ArrayLike) -> Pair:
    """Shift GCJ-02 degrees as Baidu does. Shapes broadcast; outside China unchanged."""
    return _inside(_to_bd09, lat, lon)


def bd09_to_gcj02(lat: npt.ArrayLike, lon: npt.ArrayLike) -> Pair:
    """The inverse of :func:`gcj02_to_bd09`, iterated; the usual closed form is 0.2 m off."""
    return _inside(lambda y, x: _inverse(_to_bd09, y, x), lat, lon)


def to_wgs84(lat: npt.ArrayLike, lon: npt.ArrayLike, datum: str) -> Pair:
    """Degrees of a ``datum`` of :data:`DATUMS` as WGS-84. NaN stays NaN.

    Raises ConfigError for an unknown datum.
    """
    if datum == "wgs84":
        return np.array(lat, np.float64), np.array(lon, np.float64)
    if datum == "gcj02":
        return gcj02_to_wgs84(lat, lon)
    if datum == "bd09":
        return gcj02_to_wgs84(*bd09_to_gcj02(lat, lon))
    raise ConfigError(f"no coordinate system {datum!r}: known are {', '.join(DATUMS)}")


def in_china(lat: npt.ArrayLike, lon: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Whether the point is in the box where maps shift coordinates. NaN is not."""
    south, north, west, east = _BOX
    y, x = np.asarray(lat, np.float64), np.asarray(lon, np.float64)
    return np.asarray((y >= south) & (y <= north) & (x >= west) & (x <= east))


def _inside(
    shift: Callable[[Degrees, Degrees], Pair], lat: npt.ArrayLike, lon: npt.ArrayLike
) -> Pair:
    """Apply ``shift`` to the points in the box and leave the others."""
    y, x = (np.array(one) for one in np.broadcast_arrays(lat, lon))
    y, x = y.astype(np.float64), x.astype(np.float64)
    here = in_china(y, x)
    y[here], x[here] = shift(y[here], x[here])
    return y, x


def _inverse(forward: Callable[[Degrees, Degrees], Pair], lat: Degrees, lon: Degrees) -> Pair:
    """Where ``forward`` comes from: step back by what is left until nothing is left."""
    y, x = lat.copy(), lon.copy()
    for _ in range(_TURNS):
        there_y, there_x = forward(y, x)
        left_y, left_x = there_y - lat, there_x - lon
        y -= left_y
        x -= left_x
        if max(np.abs(left_y).max(initial=0), np.abs(left_x).max(initial=0)) < _TOLERANCE_DEG:
            break
    return y, x


def _to_gcj02(lat: Degrees, lon: Degrees) -> Pair:
    x, y = lon - 105.0, lat - 35.0
    root, pi = np.sqrt(np.abs(x)), np.pi
    ripple = 20.0 * np.sin(6.0 * x * pi) + 20.0 * np.sin(2.0 * x * pi)
    north_m = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north_m += (
        2.0
        / 3.0
        * (
            ripple
            + 20.0 * np.sin(y * pi)
            + 40.0 * np.sin(y / 3.0 * pi)
            + 160.0 * np.sin(y / 12.0 * pi)
            + 320.0 * np.sin(y * pi / 30.0)
        )
    )
    east_m = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east_m += (
        2.0
        / 3.0
        * (
            ripple
            + 20.0 * np.sin(x * pi)
            + 40.0 * np.sin(x / 3.0 * pi)
            + 150.0 * np.sin(x / 12.0 * pi)
            + 300.0 * np.sin(x / 30.0 * pi)
        )
    )
    phi = np.radians(lat)
    flat = 1.0 - _ECCENTRICITY2 * np.sin(phi) ** 2
    meridian_m = _AXIS_M * (1.0 - _ECCENTRICITY2) / (flat * np.sqrt(flat))
    parallel_m = _AXIS_M / np.sqrt(flat) * np.cos(phi)
    return lat + np.degrees(north_m / meridian_m), lon + np.degrees(east_m / parallel_m)


def _to_bd09(lat: Degrees, lon: Degrees) -> Pair:
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _WAVE)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _WAVE)
    return radius * np.sin(angle) + 0.006, radius * np.cos(angle) + 0.0065
