"""Where rows lie: swapped or distant coordinates, stakes, the coordinate system, near repeats."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sizao.core.coordinates import DATUMS, in_china, to_wgs84
from sizao.core.errors import ConfigError
from sizao.core.places import stake
from sizao.feeds.tables.known import Known
from sizao.feeds.tables.mapping import TableMapping
from sizao.feeds.tables.reasons import Problem
from sizao.roads.geometry import metres_per_degree
from sizao.roads.grid import build_grid, nearest
from sizao.roads.network import Network

FAR_M = 30_000.0
"""A point this far outside the network's box is not one of ours."""
DISAGREE_M = 1_000.0
TWICE_M = 100.0

_SAMPLE = 400
_LEAST = 20
_NEAR_M = 40.0

Rows = Sequence[tuple[int, dict[str, Any]]]


def check_places(rows: Rows, mapping: TableMapping, known: Known) -> Iterator[Problem]:
    """Convert ``lat`` and ``lon`` in place to WGS-84, place stakes, and name what is wrong."""
    yield from _swapped(rows)
    _convert(rows, mapping.datum)
    network = known.network
    if network is not None:
        yield from _elsewhere(rows, network)
        yield from _stakes(rows, network)
    yield from _near_repeats(rows, known)


def _swapped(rows: Rows) -> Iterator[Problem]:
    """Degrees that cannot be, or only the other way round; they are taken out of the row."""
    placed = [(number, row) for number, row in rows if row.get("lat") is not None]
    lat = np.array([row["lat"] for _, row in placed], np.float64)
    lon = np.array([row["lon"] for _, row in placed], np.float64)
    reversed_ = ~in_china(lat, lon) & in_china(lon, lat)
    for index in np.flatnonzero(reversed_ | (np.abs(lat) > 90)):
        number, row = placed[index]
        if reversed_[index]:
            yield Problem(number, "lat", "swapped", f"{lat[index]:g}, {lon[index]:g}")
        else:
            yield Problem(
                number, "lat", "out_of_range", f"{lat[index]:g}", {"low": -90, "high": 90}
            )
        row["lat"] = row["lon"] = None


def _convert(rows: Rows, datum: str) -> None:
    placed = [row for _, row in rows if row.get("lat") is not None]
    if not placed or datum == "wgs84":
        return
    lat, lon = to_wgs84([row["lat"] for row in placed], [row["lon"] for row in placed], datum)
    for row, y, x in zip(placed, lat.tolist(), lon.tolist(), strict=True):
        row["lat"], row["lon"] = round(y, 7), round(x, 7)


def _elsewhere(rows: Rows, network: Network) -> Iterator[Problem]:
    west, south, east, north = network.bounds()
    north_m, east_m = metres_per_degree((south + north) / 2)
    for number, row in rows:
        lat, lon = row.get("lat"), row.get("lon")
        if lat is None or lon is None:
            continue
        off_y = max(south - lat, lat - north, 0.0) * north_m
        off_x = max(west - lon, lon - east, 0.0) * east_m
        if math.hypot(off_y, off_x) > FAR_M:
            yield Problem(
                number, "lat", "elsewhere", f"{lat:.5f}, {lon:.5f}", {"km": int(FAR_M / 1000)}
            )


def _stakes(rows: Rows, network: Network) -> Iterator[Problem]:
    """Coordinates for rows that only have a stake; a note where both are given and differ."""
    found: dict[tuple[str, float, str], tuple[float, float] | None] = {}
    for number, row in rows:
        road, at = row.get("road"), row.get("stake_m")
        if not road or at is None:
            continue
        key = (road, at, row.get("direction") or "")
        if key not in found:
            found[key] = _locate(network, *key)
        place = found[key]
        if place is None:
            if row.get("lat") is None:
                yield Problem(number, "stake_m", "no_such_stake", stake(road, at))
        elif row.get("lat") is None:
            row["lat"], row["lon"] = (round(one, 7) for one in place)
        else:
            apart = _metres(row["lat"], row["lon"], *place)
            if apart > DISAGREE_M:
                yield Problem(
                    number, "stake_m", "place_disagrees", stake(road, at),
                    {"km": round(apart / 1000, 1)},
                )  # fmt: skip


def _locate(network: Network, road: str, at: float, direction: str) -> tuple[float, float] | None:
    for way in (direction, "") if direction else ("",):
        try:
            _, _, lat, lon = network.locate(road, at, way)
        except ConfigError:
            continue
        return lat, lon
    return None


def _near_repeats(rows: Rows, known: Known) -> Iterator[Problem]:
    """Records of the same minute and nearly the same spot, in the file or from other sources."""
    minutes: dict[int, list[tuple[float, float, str]]] = {}
    for number, row in rows:
        lat, lon, at = row.get("lat"), row.get("lon"), row.get("time")
        if lat is None or lon is None or at is None or not row.get("hour_known"):
            continue
        minute = int(at.timestamp() // 60)
        here = minutes.setdefault(minute, list(known.moments.get(minute, ())))
        for other_lat, other_lon, name in here:
            if name != row.get("id") and _metres(lat, lon, other_lat, other_lon) < TWICE_M:
                yield Problem(
                    number, "id", "perhaps_twice", row.get("id") or "",
                    {"other": name, "metres": int(TWICE_M)},
                )  # fmt: skip
                break
        here.append((lat, lon, row.get("id") or str(number)))


def _metres(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    north_m, east_m = metres_per_degree(lat)
    return math.hypot((lat - other_lat) * north_m, (lon - other_lon) * east_m)


@dataclass(frozen=True)
class Fit:
    """How points lie to the roads if they are taken for a coordinate system."""

    datum: str
    median_m: float
    share_near: float
    """Share of points within 40 m of a road."""


@dataclass(frozen=True)
class DatumGuess:
    """A proposal for a person, never a decision: roads are where crashes are.

    ``datum`` is "" where the points do not tell: too few of them, or no system fits clearly
    better.
    """

    points: int
    fits: tuple[Fit, ...]
    datum: str


def guess_datum(network: Network, lat: npt.ArrayLike, lon: npt.ArrayLike) -> DatumGuess:
    """Compare the distances to the nearest road under each coordinate system.

    Takes at most 400 points, evenly spread over the rows. A system is proposed if at least 20
    points lie inside China, their median distance is below 40 m, and the next best has twice it.
    """
    y, x = np.asarray(lat, np.float64), np.asarray(lon, np.float64)
    keep = in_china(y, x)
    y, x = y[keep], x[keep]
    if not len(y):
        return DatumGuess(0, (), "")
    pick = np.unique(np.linspace(0, len(y) - 1, min(len(y), _SAMPLE)).astype(int))
    y, x = y[pick], x[pick]
    grid = build_grid(network)
    fits = []
    for datum in DATUMS:
        found_y, found_x = to_wgs84(y, x, datum)
        metres = np.array(
            [
                nearest(network, grid, float(a), float(b))[2]
                for a, b in zip(found_y, found_x, strict=True)
            ]
        )
        fits.append(Fit(datum, float(np.median(metres)), float((metres <= _NEAR_M).mean())))
    fits.sort(key=lambda fit: fit.median_m)
    clear = (
        len(y) >= _LEAST
        and fits[0].median_m <= _NEAR_M
        and fits[1].median_m >= 2 * max(fits[0].median_m, 5.0)
    )
    return DatumGuess(len(y), tuple(fits), fits[0].datum if clear else "")
