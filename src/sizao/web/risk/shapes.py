"""Geometry of a run's sites: which arms a junction has, and where along a segment a point lies."""

from __future__ import annotations

import gzip
import itertools
import json
import math
from collections import defaultdict

from sizao.roads.geometry import bearing_deg, metres_per_degree
from sizao.web.risk.files import Results

Point = tuple[float, float]
"""Longitude and latitude, degrees."""


class Shapes:
    """Lines and points of the sites, by row."""

    def __init__(self, results: Results) -> None:
        data = json.loads(gzip.decompress((results.path / "shapes.json.gz").read_bytes()))
        self.lines: list[list[Point]] = []
        self._ends: dict[Point, list[int]] = defaultdict(list)
        for row, feature in enumerate(data["features"]):
            shape = feature["geometry"]["coordinates"]
            line = [tuple(one) for one in shape] if isinstance(shape[0], list) else [tuple(shape)]
            self.lines.append(line)
            if len(line) > 1:
                self._ends[line[0]].append(row)
                self._ends[line[-1]].append(row)

    def arms(self, row: int) -> list[tuple[int, float]]:
        """Segments that meet at a junction, with the bearing away from it in degrees."""
        here = self.lines[row][0]
        found = []
        for other in self._ends[here]:
            line = self.lines[other] if self.lines[other][0] == here else self.lines[other][::-1]
            away = _point_at(line, 40.0)
            found.append((other, bearing_deg(here[1], here[0], away[1], away[0])))
        return found

    def along(self, row: int, lat: float, lon: float) -> float:
        """Share of a segment's length before its nearest point, 0 to 1."""
        line = self.lines[row]
        north, east = metres_per_degree(lat)
        best, at, total = math.inf, 0.0, 0.0
        for (x0, y0), (x1, y1) in itertools.pairwise(line):
            ax, ay = (x0 - lon) * east, (y0 - lat) * north
            bx, by = (x1 - x0) * east, (y1 - y0) * north
            length = math.hypot(bx, by)
            t = min(1.0, max(0.0, -(ax * bx + ay * by) / max(length * length, 1e-9)))
            distance = math.hypot(ax + t * bx, ay + t * by)
            if distance < best:
                best, at = distance, total + t * length
            total += length
        return at / max(total, 1e-9)


def shapes_of(results: Results) -> Shapes:
    """The shapes of a run, read once."""
    kept: Shapes | None = results.__dict__.get("_shapes")
    if kept is None:
        kept = results.__dict__["_shapes"] = Shapes(results)
    return kept


def _point_at(line: list[Point], metres: float) -> Point:
    """The point so far along a line, its end if it is shorter."""
    north, east = metres_per_degree(line[0][1])
    for (x0, y0), (x1, y1) in itertools.pairwise(line):
        step = math.hypot((x1 - x0) * east, (y1 - y0) * north)
        if step >= metres:
            share = metres / step
            return x0 + share * (x1 - x0), y0 + share * (y1 - y0)
        metres -= step
    return line[-1]
