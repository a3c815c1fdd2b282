"""Electronic fences looked at one by one: ``docs/reference/fences.md`` and ``roads/fences.py``.

No cells and no index; what lies outside of a box around it is not looked at closer.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from sizao.roads.fences import Fence

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_A_M, _E2 = 6_378_137.0, 0.006_694_379_990_14
"""WGS 84: equatorial radius, square of the eccentricity."""


def metres_per_degree(lat: float) -> tuple[float, float]:
    """Metres of one degree of latitude and of longitude there, by the ellipsoid's radii."""
    phi = math.radians(lat)
    w = math.sqrt(1 - _E2 * math.sin(phi) ** 2)
    return (
        math.radians(1) * _A_M * (1 - _E2) / w**3,
        math.radians(1) * _A_M * math.cos(phi) / w,
    )


SQUARE_DEG = 0.005
"""Long lines and roads are kept by squares of about 500 m, so that not all of them are asked."""


class Piece(NamedTuple):
    """A straight piece of line or road, degrees, and the metres of a degree on the plane that is
    fitted to it."""

    lat_a: float
    lon_a: float
    lat_b: float
    lon_b: float
    north: float
    east: float

    def distance_m(self, lat: float, lon: float) -> float:
        """Metres from a place to the nearest point of the piece."""
        ay, ax = (self.lat_a - lat) * self.north, (self.lon_a - lon) * self.east
        by, bx = (self.lat_b - self.lat_a) * self.north, (self.lon_b - self.lon_a) * self.east
        square = by * by + bx * bx
        along = min(1.0, max(0.0, -(ay * by + ax * bx) / square)) if square > 0 else 0.0
        return math.hypot(ay + along * by, ax + along * bx)


class Box(NamedTuple):
    """South, west, north and east of something, degrees."""

    south: float
    west: float
    north: float
    east: float

    def holds(self, lat: float, lon: float) -> bool:
        return self.south <= lat <= self.north and self.west <= lon <= self.east


def box_of(points: Sequence[tuple[float, float]], reach_m: float) -> Box:
    """The box around points and a little more than ``reach_m`` beside them."""
    lats, lons = [lat for lat, _ in points], [lon for _, lon in points]
    north, east = metres_per_degree(max(map(abs, lats)))
    lat_deg, lon_deg = 1.01 * reach_m / north, 1.01 * reach_m / east
    return Box(min(lats) - lat_deg, min(lons) - lon_deg, max(lats) + lat_deg, max(lons) + lon_deg)


def square_of(lat: float, lon: float) -> tuple[int, int]:
    """The square of ``SQUARE_DEG`` that a place lies in."""
    return math.floor(lat / SQUARE_DEG), math.floor(lon / SQUARE_DEG)


def squares_of(box: Box) -> list[tuple[int, int]]:
    """All squares that a box touches."""
    (south, west), (north, east) = square_of(*box[:2]), square_of(*box[2:])
    return [(y, x) for y in range(south, north + 1) for x in range(west, east + 1)]


class Area:
    """A fence, the box around it, and which pieces of its line come near to a square."""

    def __init__(self, fence: Fence) -> None:
        self.fence = fence
        points = [*fence.line, *(point for ring in fence.rings for point in ring)]
        self.box = box_of(points, fence.reach_m)
        self.pieces: dict[tuple[int, int], list[Piece]] = defaultdict(list)
        for a, b in zip(fence.line, fence.line[1:] or fence.line, strict=False):
            piece = Piece(*a, *b, *metres_per_degree((a[0] + b[0]) / 2))
            for square in squares_of(box_of([a, b], fence.reach_m)):
                self.pieces[square].append(piece)

    def holds(self, kind: str, lat: float, lon: float, time_us: int) -> bool:
        """Whether the place lies inside, the fence concerns the kind, and holds at the moment."""
        return (
            self.box.holds(lat, lon)
            and (not self.fence.vehicle_kinds or kind in self.fence.vehicle_kinds)
            and self.is_inside(lat, lon)
            and in_force(self.fence, time_us)
        )

    def is_inside(self, lat: float, lon: float) -> bool:
        """A polygon: a ray to the east leaves it through an odd number of edges, each taken at its
        lower end and not at its upper one. Else: at most ``reach_m`` from the line or centre."""
        if self.fence.shape != "polygon":
            near = self.pieces.get(square_of(lat, lon), ())
            return any(piece.distance_m(lat, lon) <= self.fence.reach_m for piece in near)
        crossed = 0
        for ring in self.fence.rings:
            for (y0, x0), (y1, x1) in zip(ring, [*ring[1:], ring[0]], strict=True):
                if (y0 > lat) != (y1 > lat) and lon < (x1 - x0) * (lat - y0) / (y1 - y0) + x0:
                    crossed += 1
        return crossed % 2 == 1


def in_force(fence: Fence, time_us: int) -> bool:
    """Whether a fence holds at a moment, by the calendar of Shanghai."""
    if not fence.valid_us[0] <= time_us < fence.valid_us[1]:
        return False
    local = _EPOCH + timedelta(hours=8, microseconds=time_us)
    today = local.replace(hour=0, minute=0, second=0, microsecond=0)
    if not fence.windows:
        return _on(fence, today)
    for window in fence.windows:
        # A window belongs to the day on which it begins, be it yesterday.
        for day in (today, today - timedelta(days=1)):
            begin = day + timedelta(seconds=window.from_s)
            end = day + timedelta(seconds=window.to_s)
            if end <= begin:
                end += timedelta(days=1)
            wanted = window.days >> day.weekday() & 1
            if wanted and begin <= local < end and _on(fence, day):
                return True
    return False


def _on(fence: Fence, day: datetime) -> bool:
    """Whether a day is one of the fence's."""
    number = (day - _EPOCH).days
    if any(first <= number <= last for first, last in fence.except_spans):
        return False
    return not fence.spans or any(first <= number <= last for first, last in fence.spans)
