"""Whether two things happen in one place: along the road where both have a stake, else by air."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import shapely

EARTH_M = 6_371_008.8


@dataclass(frozen=True)
class Spot:
    """Where something was seen. Without a position it stands for its whole area."""

    lat: float | None = None
    lon: float | None = None
    road: str = ""
    stake_m: float | None = None
    area: str = ""

    @property
    def known(self) -> bool:
        """It has coordinates, or a stake on a road."""
        return (self.lat is not None and self.lon is not None) or self.on_road

    @property
    def on_road(self) -> bool:
        return bool(self.road) and self.stake_m is not None


def metres_apart(one: Spot, other: Spot) -> float:
    """Distance in metres; infinite where nothing can be said.

    Two stakes of one road are compared along it, because a valley road that doubles back is far
    longer than it looks. Otherwise the great circle.
    """
    if one.on_road and other.on_road and one.road == other.road:
        assert one.stake_m is not None
        assert other.stake_m is not None
        return abs(one.stake_m - other.stake_m)
    if None in (one.lat, one.lon, other.lat, other.lon):
        return math.inf
    assert one.lat is not None
    assert one.lon is not None
    assert other.lat is not None
    assert other.lon is not None
    lat1, lat2 = math.radians(one.lat), math.radians(other.lat)
    half_lat = (lat2 - lat1) / 2
    half_lon = math.radians(other.lon - one.lon) / 2
    root = math.sin(half_lat) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin(half_lon) ** 2
    return 2 * EARTH_M * math.asin(min(1.0, math.sqrt(root)))


def together(one: Spot, other: Spot, within_m: float) -> bool:
    """Near enough to be one event; two areas without a position are one if they are the same."""
    if not one.known and not other.known:
        return one.area == other.area
    return within_m > 0 and metres_apart(one, other) <= within_m


def section(spots: Iterable[Spot]) -> tuple[tuple[str, float, float], ...]:
    """Road, first and last stake in metres of what lies on a road with stakes, by road."""
    ends: dict[str, tuple[float, float]] = {}
    for spot in spots:
        if spot.on_road:
            assert spot.stake_m is not None
            low, high = ends.get(spot.road, (spot.stake_m, spot.stake_m))
            ends[spot.road] = min(low, spot.stake_m), max(high, spot.stake_m)
    return tuple((road, *ends[road]) for road in sorted(ends))


def outline(spots: Iterable[Spot], margin_m: float) -> dict[str, object] | None:
    """GeoJSON polygon round the spots: the convex hull of an octagon of ``margin_m`` round each.

    None without a position. It does not depend on the order of the spots, and grows with them.
    """
    corners = set()
    for spot in spots:
        if spot.lat is None or spot.lon is None:
            continue
        north = math.degrees(margin_m / EARTH_M)
        east = north / max(math.cos(math.radians(spot.lat)), 0.01)
        for step in range(8):
            turn = math.pi * (step / 4 + 0.125)
            corners.add(
                (
                    round(spot.lon + east * math.cos(turn), 5),
                    round(spot.lat + north * math.sin(turn), 5),
                )
            )
    if not corners:
        return None
    hull = shapely.MultiPoint(sorted(corners)).convex_hull.normalize()
    return {"type": "Polygon", "coordinates": [[list(corner) for corner in hull.exterior.coords]]}
