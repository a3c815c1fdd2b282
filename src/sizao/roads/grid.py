"""A uniform grid over road pieces: which roads are near a point, for kernels.

A piece is one straight step of a segment's polyline. Both directions of a two-way road share
their pieces, entered once under the lower segment number. A piece is entered in every cell that
its bounding box, widened by the search radius, touches, so that a look-up reads one cell and
nothing else; a cell holds as many pieces as there are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.roads.geometry import metres_per_degree
from sizao.roads.network import Network


@dataclass(frozen=True, eq=False)
class Grid:
    """Cells in rows from the south-west corner; cell c holds pieces[start[c]:start[c + 1]].

    south, west : degrees, corner of cell 0
    cell_lat, cell_lon : degrees, size of a cell
    rows, columns : number of cells
    start : int64 (rows * columns + 1,)
    pieces : int32, numbers of the vertex at which a piece starts
    owner : int32 (v,), segment of each vertex
    radius_m : how far from a point a piece is surely found
    """

    south: float
    west: float
    cell_lat: float
    cell_lon: float
    rows: int
    columns: int
    start: npt.NDArray[np.int64]
    pieces: npt.NDArray[np.int32]
    owner: npt.NDArray[np.int32]
    radius_m: float


def build_grid(network: Network, radius_m: float = 60.0, cell_m: float = 250.0) -> Grid:
    """Index a network. Cells grow where the area is so large that there would be too many."""
    owner = np.repeat(np.arange(len(network), dtype=np.int32), np.diff(network.first))
    once = (network.twin < 0) | (np.arange(len(network)) < network.twin)
    is_piece = once[owner]
    is_piece[network.first[1:] - 1] = False
    vertex = np.flatnonzero(is_piece).astype(np.int32)
    ends = np.column_stack((vertex, vertex + 1))
    frame = frame_around(*network.bounds(), cell_m, radius_m)
    start, pieces = fill_cells(network.lat[ends], network.lon[ends], frame, radius_m)
    return Grid(*frame, start, vertex[pieces], owner, radius_m)


Frame = tuple[float, float, float, float, int, int]
"""south, west, cell_lat, cell_lon, rows, columns: see :class:`Grid`."""


def frame_around(
    west: float, south: float, east: float, north: float, cell_m: float, margin_m: float = 0.0
) -> Frame:
    """Cells of at least ``cell_m`` over a box of degrees, widened by a margin.

    At most some ten million cells (80 MB) for a whole country.
    """
    lat_m, lon_m = _degree_m(south, north)
    south, west = south - margin_m / lat_m * 1.001, west - margin_m / lon_m * 1.001
    high = north + margin_m / lat_m * 1.001 - south
    wide = east + margin_m / lon_m * 1.001 - west
    cell_m = max(cell_m, math.sqrt(high * lat_m * wide * lon_m / 1e7))
    cell_lat, cell_lon = cell_m / lat_m, cell_m / lon_m
    return south, west, cell_lat, cell_lon, int(high / cell_lat) + 1, int(wide / cell_lon) + 1


def _degree_m(south: float, north: float) -> tuple[float, float]:
    """Metres a degree that are enough anywhere between two latitudes.

    The degree of longitude is shortest at the latitude farthest from the equator, that of
    latitude at the nearest.
    """
    lat_m, lon_m = metres_per_degree(max(abs(south), abs(north)))
    return min(lat_m, metres_per_degree(min(abs(south), abs(north)))[0]), lon_m


def fill_cells(
    lat: npt.NDArray[np.float64],
    lon: npt.NDArray[np.float64],
    frame: Frame,
    margin_m: float = 0.0,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """Which straight pieces pass each cell, or come within a margin of it.

    lat, lon : (p, 2), both ends of every piece
    Returns ``start`` (cells + 1,) and ``pieces``: cell c has pieces[start[c]:start[c + 1]].
    """
    lat_m, lon_m = _degree_m(float(lat.min(initial=90.0)), float(lat.max(initial=-90.0)))
    args = (lat, lon, *frame, margin_m / lat_m * 1.001, margin_m / lon_m * 1.001)
    start = np.zeros(frame[4] * frame[5] + 1, np.int64)
    _enter(*args, start, np.empty(0, np.int32), True)
    start = np.cumsum(start)
    pieces = np.empty(start[-1], np.int32)
    _enter(*args, start.copy(), pieces, False)
    return start, pieces


@njit(cache=True)
def _enter(
    lat: npt.NDArray[np.float64],
    lon: npt.NDArray[np.float64],
    south: float,
    west: float,
    cell_lat: float,
    cell_lon: float,
    rows: int,
    columns: int,
    margin_lat: float,
    margin_lon: float,
    start: npt.NDArray[np.int64],
    pieces: npt.NDArray[np.int32],
    count: bool,
) -> None:
    """First run: count pieces per cell into start[1:]. Second run: put them in their places.

    A long slanted piece touches many cells of its box that it never comes near; they are left
    out by the distance from the cell's centre to the piece.
    """
    # How far, in degrees of a plane where a cell is square, a piece may pass from the centre.
    reach = 0.7072 + max(margin_lat / cell_lat, margin_lon / cell_lon)
    for p in range(len(lat)):
        y0, y1 = (lat[p, 0] - south) / cell_lat, (lat[p, 1] - south) / cell_lat
        x0, x1 = (lon[p, 0] - west) / cell_lon, (lon[p, 1] - west) / cell_lon
        bottom = max(0, math.floor(min(y0, y1) - margin_lat / cell_lat))
        top = min(rows - 1, math.floor(max(y0, y1) + margin_lat / cell_lat))
        left = max(0, math.floor(min(x0, x1) - margin_lon / cell_lon))
        right = min(columns - 1, math.floor(max(x0, x1) + margin_lon / cell_lon))
        dx, dy = x1 - x0, y1 - y0
        square = dx * dx + dy * dy
        for row in range(bottom, top + 1):
            for column in range(left, right + 1):
                cx, cy = column + 0.5 - x0, row + 0.5 - y0
                t = 0.0
                if square > 0.0:
                    t = min(1.0, max(0.0, (cx * dx + cy * dy) / square))
                if math.hypot(cx - t * dx, cy - t * dy) > reach:
                    continue
                cell = row * columns + column
                if count:
                    start[cell + 1] += 1
                else:
                    pieces[start[cell]] = p
                    start[cell] += 1


@njit(cache=True)
def project(
    y: float, x: float, north: float, east: float, y0: float, x0: float, y1: float, x1: float
) -> tuple[float, float]:
    """Squared metres from a point to a piece, and the share of the piece at the nearest spot.

    All in degrees; ``north`` and ``east`` are metres a degree at the point.
    """
    ax, ay = (x0 - x) * east, (y0 - y) * north
    bx, by = (x1 - x0) * east, (y1 - y0) * north
    square = bx * bx + by * by
    t = 0.0
    if square > 0.0:
        t = min(1.0, max(0.0, -(ax * bx + ay * by) / square))
    dx, dy = ax + t * bx, ay + t * by
    return dx * dx + dy * dy, t


@njit(cache=True)
def _nearest(
    y: float,
    x: float,
    south: float,
    west: float,
    cell_lat: float,
    cell_lon: float,
    rows: int,
    columns: int,
    start: npt.NDArray[np.int64],
    pieces: npt.NDArray[np.int32],
    lat: npt.NDArray[np.float64],
    lon: npt.NDArray[np.float64],
) -> tuple[int, float, float]:
    """Piece, share along it and squared metres of the nearest piece, ring by ring of cells."""
    north, east = metres_per_degree(y)
    row = math.floor((y - south) / cell_lat)
    column = math.floor((x - west) / cell_lon)
    best, best_t, best_square = -1, 0.0, math.inf
    step = min(cell_lat * north, cell_lon * east)
    outside = max(0, -row, row - rows + 1, -column, column - columns + 1)
    for ring in range(outside, outside + rows + columns + 1):
        if best >= 0 and (ring - 1) * step > math.sqrt(best_square):
            break
        for r in range(max(0, row - ring), min(rows - 1, row + ring) + 1):
            edge = abs(r - row) == ring
            for c in range(max(0, column - ring), min(columns - 1, column + ring) + 1):
                if not edge and abs(c - column) != ring:
                    continue
                cell = r * columns + c
                for at in range(start[cell], start[cell + 1]):
                    v = pieces[at]
                    square, t = project(y, x, north, east, lat[v], lon[v], lat[v + 1], lon[v + 1])
                    if square < best_square:
                        best, best_t, best_square = v, t, square
    return best, best_t, best_square


def nearest(network: Network, grid: Grid, lat: float, lon: float) -> tuple[int, float, float]:
    """(segment, offset_m, distance_m) of the road nearest to a point, however far.

    On a two-way road the segment with the lower number.
    """
    v, t, square = _nearest(
        lat,
        lon,
        grid.south,
        grid.west,
        grid.cell_lat,
        grid.cell_lon,
        grid.rows,
        grid.columns,
        grid.start,
        grid.pieces,
        network.lat,
        network.lon,
    )
    along = network.along_m
    offset_m = float(along[v] + t * (along[v + 1] - along[v]))
    return int(grid.owner[v]), offset_m, math.sqrt(square)
