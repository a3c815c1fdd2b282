"""Snapping crashes to edges and junctions, with how sure the match is.

Cells of a grid hold the straight pieces of edges, and the nodes. A look-up goes ring by ring and
stops when nothing nearer than the second-best edge can follow, so it is exact and not a guess
among candidates.

A crash within ``JUNCTION_M`` of a node belongs to that junction: addresses are often coded to
the crossing, and turning conflicts happen there. Anything else belongs to the nearest edge.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.risk.sites import Sites
from sizao.roads.geometry import metres_per_degree
from sizao.roads.grid import fill_cells, frame_around

JUNCTION_M = 15.0
"""Within this a crash counts at the junction (the range in use is 15 to 50 m)."""

REACH_M = 200.0
"""No edge within this: the crash matches nothing."""

GOOD, FAIR, AMBIGUOUS, UNMATCHED = range(4)
QUALITIES = ("good", "fair", "ambiguous", "unmatched")
"""good: one junction or one edge within 15 m; fair: one edge within 50 m; ambiguous: farther, or
another edge or junction that is not a neighbour lies within 3 m of the same distance."""

_GOOD_M, _FAIR_M, _TIE_M = 15.0, 50.0, 3.0
_CELL_M = 90.0


@dataclass(frozen=True, eq=False)
class Snapped:
    """Where n crashes belong. Arrays of shape (n,).

    edge : int32, nearest edge, -1 unmatched
    distance_m : float64, to it; NaN unmatched
    node : int32, junction within JUNCTION_M, -1 none
    quality : int8, index into QUALITIES
    """

    edge: npt.NDArray[np.int32]
    distance_m: npt.NDArray[np.float64]
    node: npt.NDArray[np.int32]
    quality: npt.NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.edge)

    def of(self, rows: npt.NDArray[np.bool_] | npt.NDArray[np.integer]) -> Snapped:
        """Some of the crashes: a mask or row numbers."""
        return Snapped(self.edge[rows], self.distance_m[rows], self.node[rows], self.quality[rows])


@dataclass(frozen=True, eq=False)
class Index:
    """A grid over a network's pieces and nodes; make it once, snap many times."""

    south: float
    west: float
    cell_lat: float
    cell_lon: float
    rows: int
    columns: int
    piece_start: npt.NDArray[np.int64]
    pieces: npt.NDArray[np.int32]
    node_start: npt.NDArray[np.int64]
    nodes: npt.NDArray[np.int32]
    sites: Sites


def build_index(sites: Sites) -> Index:
    """Index the sites. Cells grow where an area is so large that there would be too many."""
    lat, lon = sites.piece_lat, sites.piece_lon
    box = (float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max()))
    frame = frame_around(*box, _CELL_M)
    south, west, cell_lat, cell_lon, rows, columns = frame
    start, pieces = fill_cells(lat, lon, frame)
    used = np.flatnonzero(sites.degree > 0)
    row = np.clip(((sites.lat[used] - south) / cell_lat).astype(np.int64), 0, rows - 1)
    column = np.clip(((sites.lon[used] - west) / cell_lon).astype(np.int64), 0, columns - 1)
    cell = row * columns + column
    order = np.argsort(cell, kind="stable")
    node_start = np.concatenate(([0], np.cumsum(np.bincount(cell, minlength=rows * columns))))
    return Index(*frame, start, pieces, node_start, used[order].astype(np.int32), sites)


def snap(index: Index, lat: npt.NDArray[np.float64], lon: npt.NDArray[np.float64]) -> Snapped:
    """Snap points in degrees WGS-84, arrays of shape (n,), to the sites of an index.

    Of edges or nodes at exactly the same distance the lower number counts.
    """
    sites = index.sites
    n = len(lat)
    out = Snapped(
        np.full(n, -1, np.int32),
        np.full(n, np.nan),
        np.full(n, -1, np.int32),
        np.full(n, UNMATCHED, np.int8),
    )
    _snap(
        np.ascontiguousarray(lat, np.float64),
        np.ascontiguousarray(lon, np.float64),
        index.south,
        index.west,
        index.cell_lat,
        index.cell_lon,
        index.rows,
        index.columns,
        index.piece_start,
        index.pieces,
        index.node_start,
        index.nodes,
        sites.piece_lat,
        sites.piece_lon,
        sites.piece_edge,
        sites.lat,
        sites.lon,
        sites.a,
        sites.b,
        out.edge,
        out.distance_m,
        out.node,
        out.quality,
    )
    return out


@njit(cache=True)
def _snap(
    lat: npt.NDArray[np.float64],
    lon: npt.NDArray[np.float64],
    south: float,
    west: float,
    cell_lat: float,
    cell_lon: float,
    rows: int,
    columns: int,
    piece_start: npt.NDArray[np.int64],
    pieces: npt.NDArray[np.int32],
    node_start: npt.NDArray[np.int64],
    nodes: npt.NDArray[np.int32],
    piece_lat: npt.NDArray[np.float64],
    piece_lon: npt.NDArray[np.float64],
    piece_edge: npt.NDArray[np.int32],
    node_lat: npt.NDArray[np.float64],
    node_lon: npt.NDArray[np.float64],
    end_a: npt.NDArray[np.int32],
    end_b: npt.NDArray[np.int32],
    edge_out: npt.NDArray[np.int32],
    distance_out: npt.NDArray[np.float64],
    node_out: npt.NDArray[np.int32],
    quality_out: npt.NDArray[np.int8],
) -> None:
    reach = REACH_M * REACH_M
    for i in range(len(lat)):
        y, x = lat[i], lon[i]
        north, east = metres_per_degree(y)
        row, column = math.floor((y - south) / cell_lat), math.floor((x - west) / cell_lon)
        step = min(cell_lat * north, cell_lon * east)
        # Two nearest edges (the second a different one) and two nearest junctions.
        best, best_edge, second, second_edge = reach, -1, reach, -1
        near, near_node, next_near = JUNCTION_M * JUNCTION_M, -1, math.inf
        widest = math.ceil(REACH_M / step) + 1
        outside = max(0, -row, row - rows + 1, -column, column - columns + 1)
        for ring in range(outside, widest + 1):
            gap = (ring - 1) * step
            if gap > 0.0 and gap * gap > second:
                break
            for r in range(max(0, row - ring), min(rows - 1, row + ring) + 1):
                border = abs(r - row) == ring
                for c in range(max(0, column - ring), min(columns - 1, column + ring) + 1):
                    if not border and abs(c - column) != ring:
                        continue
                    cell = r * columns + c
                    for at in range(piece_start[cell], piece_start[cell + 1]):
                        p = pieces[at]
                        ax, ay = (piece_lon[p, 0] - x) * east, (piece_lat[p, 0] - y) * north
                        bx = (piece_lon[p, 1] - piece_lon[p, 0]) * east
                        by = (piece_lat[p, 1] - piece_lat[p, 0]) * north
                        square = bx * bx + by * by
                        t = 0.0
                        if square > 0.0:
                            t = min(1.0, max(0.0, -(ax * bx + ay * by) / square))
                        dx, dy = ax + t * bx, ay + t * by
                        d = dx * dx + dy * dy
                        e = piece_edge[p]
                        if e == best_edge:
                            best = min(best, d)
                        elif d < best or (d == best and e < best_edge):
                            second, second_edge = best, best_edge
                            best, best_edge = d, e
                        elif d < second:
                            second, second_edge = d, e
                    if ring > 1:
                        continue
                    for at in range(node_start[cell], node_start[cell + 1]):
                        m = nodes[at]
                        dx, dy = (node_lon[m] - x) * east, (node_lat[m] - y) * north
                        d = dx * dx + dy * dy
                        if d < near or (d == near and (near_node < 0 or m < near_node)):
                            if near_node >= 0:
                                next_near = near
                            near, near_node = d, m
                        elif d < next_near:
                            next_near = d
        if best_edge < 0:
            continue
        distance = math.sqrt(best)
        edge_out[i] = best_edge
        distance_out[i] = distance
        node_out[i] = near_node
        if near_node >= 0:
            tied = math.sqrt(next_near) - math.sqrt(near) < _TIE_M
        else:
            tied = second_edge >= 0 and math.sqrt(second) - distance < _TIE_M
            if tied:
                # Edges that meet are neighbours: which of them it is matters little.
                ends = (end_a[second_edge], end_b[second_edge])
                tied = end_a[best_edge] not in ends and end_b[best_edge] not in ends
        if tied or distance > _FAIR_M:
            quality_out[i] = AMBIGUOUS
        elif near_node >= 0 or distance <= _GOOD_M:
            quality_out[i] = GOOD
        else:
            quality_out[i] = FAIR
