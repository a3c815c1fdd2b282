"""Areas of a document as one outline in WKT."""

from __future__ import annotations

import math
from collections.abc import Iterable

from sizao.feeds.cap.records import Area, Circle, Point

CORNERS = 36
"""A circle becomes a polygon with as many corners: its area is 0.5 % too small."""

EARTH_KM = 6371.0088


def ring_of(circle: Circle) -> tuple[Point, ...]:
    """A closed ring round the centre. A radius of 0 is a point: it gets ten metres."""
    radius = max(circle.radius_km, 0.01)
    north = math.degrees(radius / EARTH_KM)
    east = north / max(math.cos(math.radians(circle.lat)), 0.01)
    ring = []
    for step in range(CORNERS):
        turn = 2 * math.pi * step / CORNERS
        lat = min(90.0, max(-90.0, circle.lat + north * math.cos(turn)))
        lon = min(180.0, max(-180.0, circle.lon + east * math.sin(turn)))
        ring.append((round(lat, 6), round(lon, 6)))
    return (*ring, ring[0])


def outline(areas: Iterable[Area]) -> str | None:
    """``POLYGON`` or ``MULTIPOLYGON``, longitude first as WKT has it; None without a shape.

    >>> outline([Area("a", polygons=(((1.0, 2.0), (1.0, 3.0), (2.0, 3.0), (1.0, 2.0)),))])
    'POLYGON ((2.0 1.0, 3.0 1.0, 3.0 2.0, 2.0 1.0))'
    """
    rings = []
    for area in areas:
        rings += [*area.polygons, *(ring_of(circle) for circle in area.circles)]
    texts = [
        "((" + ", ".join(f"{lon!r} {lat!r}" for lat, lon in ring) + "))"
        for ring in dict.fromkeys(rings)
    ]
    if not texts:
        return None
    return f"POLYGON {texts[0]}" if len(texts) == 1 else f"MULTIPOLYGON ({', '.join(texts)})"
