"""Curves for a drawn map: control points in, mountain roads out. All in a local plane, metres.

Nothing here knows about roads; ``layout.py`` does. Everything is deterministic: the wiggle of a
road comes from a seed derived from its number.
"""

from __future__ import annotations

import math
import zlib
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from shapely.geometry import LineString, Point

Line = npt.NDArray[np.float64]
"""Vertices (x east, y north) in metres, shape (n, 2)."""

ORIGIN = (26.65, 101.80)
"""Latitude and longitude of the plane's origin, degrees."""

_NORTH_M = 110_783.0  # metres in a degree of latitude at the origin, WGS-84
_EAST_M = 99_561.0  # metres in a degree of longitude at the origin


def to_plane(lat: float, lon: float) -> tuple[float, float]:
    """Degrees to metres east and north of the origin."""
    return (lon - ORIGIN[1]) * _EAST_M, (lat - ORIGIN[0]) * _NORTH_M


def to_degrees(x: float, y: float) -> tuple[float, float]:
    """Metres to (lat, lon), rounded to a centimetre so that shared points are equal."""
    return round(y / _NORTH_M + ORIGIN[0], 7), round(x / _EAST_M + ORIGIN[1], 7)


def seed_of(text: str) -> int:
    """A seed that is the same on every machine."""
    return zlib.crc32(text.encode())


def along(line: Line) -> npt.NDArray[np.float64]:
    """Distance of each vertex from the first, metres, shape (n,)."""
    steps = np.hypot(*np.diff(line, axis=0).T)
    return np.concatenate(([0.0], np.cumsum(steps)))


def spline(points: Line, step_m: float = 40.0) -> tuple[Line, list[int]]:
    """Centripetal Catmull-Rom through all points, and the vertex number of each point."""
    if len(points) == 2:
        count = max(2, round(float(np.hypot(*(points[1] - points[0]))) / step_m))
        share = np.linspace(0, 1, count + 1)[:, None]
        return points[0] * (1 - share) + points[1] * share, [0, count]
    ghosts = np.vstack([2 * points[0] - points[1], points, 2 * points[-1] - points[-2]])
    pieces: list[Line] = []
    marks = [0]
    for index in range(len(points) - 1):
        p0, p1, p2, p3 = ghosts[index : index + 4]
        t0 = 0.0
        t1 = t0 + max(math.sqrt(float(np.hypot(*(p1 - p0)))), 1e-6)
        t2 = t1 + max(math.sqrt(float(np.hypot(*(p2 - p1)))), 1e-6)
        t3 = t2 + max(math.sqrt(float(np.hypot(*(p3 - p2)))), 1e-6)
        count = max(2, round(float(np.hypot(*(p2 - p1))) / step_m))
        t = np.linspace(t1, t2, count + 1)[:-1, None]
        a1 = (t1 - t) / (t1 - t0) * p0 + (t - t0) / (t1 - t0) * p1
        a2 = (t2 - t) / (t2 - t1) * p1 + (t - t1) / (t2 - t1) * p2
        a3 = (t3 - t) / (t3 - t2) * p2 + (t - t2) / (t3 - t2) * p3
        b1 = (t2 - t) / (t2 - t0) * a1 + (t - t0) / (t2 - t0) * a2
        b2 = (t3 - t) / (t3 - t1) * a2 + (t - t1) / (t3 - t1) * a3
        pieces.append((t2 - t) / (t2 - t1) * b1 + (t - t1) / (t2 - t1) * b2)
        marks.append(marks[-1] + count)
    pieces.append(points[-1:])
    return np.vstack(pieces), marks


def normals(line: Line) -> Line:
    """Unit vectors to the left of the direction of travel, shape (n, 2)."""
    tangent = np.gradient(line, axis=0)
    tangent /= np.maximum(np.hypot(tangent[:, 0], tangent[:, 1]), 1e-9)[:, None]
    return np.column_stack([-tangent[:, 1], tangent[:, 0]])


def wiggle(line: Line, marks: list[int], waves: list[tuple[float, float]], seed: int) -> Line:
    """Bend a line sideways as a mountain would, leaving the marked vertices where they are.

    waves : (amplitude_m, length_m) of each component; the length wanders by a third and the
        amplitude by more along the road, or it would look like a drawn sine.
    """
    rng = np.random.default_rng(seed)
    s = along(line)
    gap = np.full(len(s), np.inf)
    for mark in marks:
        gap = np.minimum(gap, np.abs(s - s[mark]))
    shift = np.zeros(len(s))
    for amplitude, length in waves:
        knots = np.arange(0, s[-1] + 2 * length, length)
        rate = np.interp(s, knots, rng.uniform(0.67, 1.33, len(knots)))
        phase = np.concatenate(([0.0], np.cumsum(np.diff(s) * rate[:-1]))) * 2 * math.pi / length
        size = np.interp(s, knots, rng.uniform(0.0, 1.0, len(knots)) ** 1.6 * 1.25)
        hold = np.clip(gap / (0.8 * length), 0, 1)
        hold = hold * hold * (3 - 2 * hold)
        shift += amplitude * size * hold * np.sin(phase + rng.uniform(0, 2 * math.pi))
    return line + normals(line) * shift[:, None]


def offset(line: Line, distance_m: float) -> Line:
    """The line moved to the left (negative: right)."""
    return line + normals(line) * distance_m


def simplify(line: Line, tolerance_m: float = 1.0) -> Line:
    """Fewer vertices, none moved, nowhere farther than the tolerance from the original."""
    return np.array(LineString(line).simplify(tolerance_m, preserve_topology=False).coords)


def resample(line: Line, step_m: float) -> Line:
    """Vertices at an even spacing, first and last kept."""
    s = along(line)
    at = np.linspace(0, s[-1], max(2, round(float(s[-1]) / step_m) + 1))
    return np.column_stack([np.interp(at, s, line[:, 0]), np.interp(at, s, line[:, 1])])


def point_at(line: Line, at_m: float) -> Line:
    """The point at a distance along the line, shape (2,)."""
    s = along(line)
    return np.array([np.interp(at_m, s, line[:, 0]), np.interp(at_m, s, line[:, 1])])


def tangent_at(line: Line, at_m: float) -> Line:
    """Unit direction of travel at a distance along the line, shape (2,)."""
    ahead = point_at(line, at_m + 15.0) - point_at(line, at_m - 15.0)
    return ahead / max(float(np.hypot(*ahead)), 1e-9)


def turned(direction: Line, degrees: float) -> Line:
    """A direction turned to the left (negative: right)."""
    angle = math.radians(degrees)
    x, y = direction
    return np.array(
        [x * math.cos(angle) - y * math.sin(angle), x * math.sin(angle) + y * math.cos(angle)]
    )


def nearest_along(line: Line, point: Line) -> float:
    """Distance along the line of its point closest to ``point``, metres."""
    return float(LineString(line).project(Point(point)))


def cut(line: Line, positions: list[float]) -> list[Line]:
    """The line in pieces, cut at the given rising distances (0 and the end are implied)."""
    s = along(line)
    bounds = [0.0, *[p for p in positions if 1.0 < p < s[-1] - 1.0], float(s[-1])]
    pieces = []
    for start, stop in pairwise(bounds):
        inside = line[(s > start + 1e-6) & (s < stop - 1e-6)]
        pieces.append(np.vstack([point_at(line, start), inside, point_at(line, stop)]))
    return pieces


def bezier(start: Line, leave: Line, arrive: Line, end: Line, pull_m: float) -> Line:
    """A cubic curve that leaves in one direction and arrives in another; both unit vectors."""
    t = np.linspace(0, 1, 25)[:, None]
    c1, c2 = start + leave * pull_m, end - arrive * pull_m
    return (1 - t) ** 3 * start + 3 * (1 - t) ** 2 * t * c1 + 3 * (1 - t) * t**2 * c2 + t**3 * end


def turning_deg_per_km(line: Line) -> float:
    """How winding a line is: sum of the changes of direction, degrees in a kilometre."""
    even = resample(line, 30.0)
    if len(even) < 3:
        return 0.0
    course = np.unwrap(np.arctan2(*np.diff(even, axis=0).T[::-1]))
    return float(np.degrees(np.abs(np.diff(course)).sum()) / max(along(even)[-1] / 1000, 0.03))
