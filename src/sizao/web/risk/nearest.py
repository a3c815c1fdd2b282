"""Which site of a run a point belongs to, by the rule the run used."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Sequence

from sizao.risk.snapping import JUNCTION_M
from sizao.roads.geometry import metres_per_degree
from sizao.web.risk.files import Results
from sizao.web.risk.shapes import shapes_of

REACH_M = 60.0
_CELL_DEG = 0.002


def nearest_sites(results: Results, points: Sequence[tuple[float, float]]) -> list[int]:
    """Row of the site of each (lat, lon), -1 where none is within REACH_M.

    A junction within the reach that crashes snap to it by counts before any segment.
    """
    shapes = shapes_of(results)
    cells = results.__dict__.get("_cells")
    if cells is None:
        cells = results.__dict__["_cells"] = defaultdict(set)
        for row, line in enumerate(shapes.lines):
            for place in _cells(line):
                cells[place].add(row)
    found = []
    for lat, lon in points:
        north, east = metres_per_degree(lat)
        y, x = math.floor(lat / _CELL_DEG), math.floor(lon / _CELL_DEG)
        best, best_row, junction = REACH_M, -1, (JUNCTION_M, -1)
        around = {
            row for dy in (-1, 0, 1) for dx in (-1, 0, 1) for row in cells.get((y + dy, x + dx), ())
        }
        for row in sorted(around):
            line = shapes.lines[row]
            if len(line) == 1:
                away = math.hypot((line[0][0] - lon) * east, (line[0][1] - lat) * north)
                junction = min(junction, (away, row))
                continue
            away = _distance(line, lat, lon, north, east)
            if away < best:
                best, best_row = away, row
        found.append(junction[1] if junction[1] >= 0 else best_row)
    return found


def _cells(line: Sequence[tuple[float, float]]) -> set[tuple[int, int]]:
    """Cells that a line passes, by points no farther apart than half a cell."""
    places = {(math.floor(y / _CELL_DEG), math.floor(x / _CELL_DEG)) for x, y in line}
    for (x0, y0), (x1, y1) in itertools.pairwise(line):
        steps = math.ceil(max(abs(x1 - x0), abs(y1 - y0)) / (_CELL_DEG / 2))
        for step in range(1, steps):
            share = step / steps
            places.add((math.floor((y0 + share * (y1 - y0)) / _CELL_DEG),
                        math.floor((x0 + share * (x1 - x0)) / _CELL_DEG)))  # fmt: skip
    return places


def _distance(
    line: Sequence[tuple[float, float]], lat: float, lon: float, north: float, east: float
) -> float:
    best = math.inf
    for (x0, y0), (x1, y1) in itertools.pairwise(line):
        ax, ay = (x0 - lon) * east, (y0 - lat) * north
        bx, by = (x1 - x0) * east, (y1 - y0) * north
        t = min(1.0, max(0.0, -(ax * bx + ay * by) / max(bx * bx + by * by, 1e-9)))
        best = min(best, math.hypot(ax + t * bx, ay + t * by))
    return best
