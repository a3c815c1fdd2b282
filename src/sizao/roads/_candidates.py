"""Which roads are near a position, for the matching kernel: see ``matching.py``."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

CANDIDATES = 16
"""Nearby roads weighed for each position: the cheapest ones of however many there are."""

EXIT = np.dtype(
    [
        ("lat", "f8"),
        ("lon", "f8"),
        ("length_m", "f8"),
        ("segment", "i4"),
        ("twin", "i4"),
        ("road", "i4"),
        ("to_node", "i4"),
    ],
    align=True,
)
"""A segment that leaves a junction, and where it ends: what a search reads, next to each other."""


class Roads(NamedTuple):
    """A network and its grid as the kernel reads them.

    brisk_kmh : float32 (s,), what nobody drives on a yard or alley; infinite on other roads
    covered : bool (s,), tunnels
    sign : int32 (s,), the same number where every vehicle has the same limit
    piece : float32 (v, 4), of the piece that begins at a vertex: metres east and north, 1 over its
        length, and its length
    exit : EXIT, of junction k ``exit[exit_from[k]:exit_from[k + 1]]``
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
    lat: npt.NDArray[np.float64]
    lon: npt.NDArray[np.float64]
    piece: npt.NDArray[np.float32]
    along_m: npt.NDArray[np.float64]
    length_m: npt.NDArray[np.float64]
    twin: npt.NDArray[np.int32]
    first: npt.NDArray[np.int64]
    to_node: npt.NDArray[np.int32]
    road: npt.NDArray[np.int32]
    exit_from: npt.NDArray[np.int64]
    exit: npt.NDArray[Any]
    brisk_kmh: npt.NDArray[np.float32]
    covered: npt.NDArray[np.bool_]
    sign: npt.NDArray[np.int32]


class Costs(NamedTuple):
    """``MatchParams`` in the kernel's units."""

    max_square: float
    per_square: float
    per_turn: float
    cos_tolerance: float
    slow_kmh: float
    leave: float
    switch: float
    turn_back: float
    expire_us: int
    brisk: float
    tunnel: float
    rival: float
    motion: float


@njit(cache=True, forceinline=True)
def _offer(
    segment: int,
    before: int,
    offset_m: float,
    beyond_m: float,
    square: float,
    cost: float,
    count: int,
    c_segment: npt.NDArray[np.int32],
    c_offset: npt.NDArray[np.float64],
    c_beyond: npt.NDArray[np.float64],
    c_square: npt.NDArray[np.float64],
    c_cost: npt.NDArray[np.float64],
) -> tuple[int, int]:
    """Enter a candidate, once a segment with its cheapest piece; the dearest gives way.

    before : where the segment was entered, if it was; -1
    beyond_m : how far past the piece's end, along it, the position lies; negative before it
    Returns how many there are, and where it is now.
    """
    at = before
    if at < 0 or c_segment[at] != segment:
        if count < CANDIDATES:
            at = count
            count += 1
        else:
            at = 0
            for i in range(1, CANDIDATES):
                if c_cost[i] > c_cost[at]:
                    at = i
            if c_cost[at] <= cost:
                return count, -1
    elif c_cost[at] <= cost:
        return count, at
    c_segment[at], c_offset[at], c_beyond[at] = segment, offset_m, beyond_m
    c_square[at], c_cost[at] = square, cost
    return count, at


@njit(cache=True, forceinline=True)
def candidates(
    roads: Roads,
    costs: Costs,
    y: float,
    x: float,
    north: float,
    east: float,
    heading: float,
    kmh: float,
    slow: bool,
    known: npt.NDArray[np.int32],
    own: int,
    known_count: int,
    c_segment: npt.NDArray[np.int32],
    c_offset: npt.NDArray[np.float64],
    c_beyond: npt.NDArray[np.float64],
    c_square: npt.NDArray[np.float64],
    c_cost: npt.NDArray[np.float64],
) -> int:
    """Fill the candidate arrays with the roads near a point; their number."""
    row = math.floor((y - roads.south) / roads.cell_lat)
    column = math.floor((x - roads.west) / roads.cell_lon)
    if row < 0 or row >= roads.rows or column < 0 or column >= roads.columns:
        return 0
    sine, cosine = math.sin(math.radians(heading)), math.cos(math.radians(heading))
    count = 0
    cell = row * roads.columns + column
    # A cell has a segment's pieces next to each other, so that it and its twin were entered, if
    # at all, since the owner changed.
    owner, own_at, twin_at = -1, -1, -1
    for at in range(roads.start[cell], roads.start[cell + 1]):
        v = roads.pieces[at]
        # Nearest spot of the piece, as ``grid.project`` has it, without a division: this line is
        # where matching in a town spends its time.
        ax, ay = (roads.lon[v] - x) * east, (roads.lat[v] - y) * north
        bx, by, inverse = roads.piece[v, 0], roads.piece[v, 1], roads.piece[v, 2]
        free = -(ax * bx + ay * by) * inverse * inverse
        t = min(1.0, max(0.0, free))
        dx, dy = ax + t * bx, ay + t * by
        square = dx * dx + dy * dy
        if square > costs.max_square:
            continue
        segment = roads.owner[v]
        if segment != owner:
            owner, own_at, twin_at = segment, -1, -1
        twin = roads.twin[segment]
        offset = roads.along_m[v] + t * roads.piece[v, 3]
        beyond = (free - t) * roads.piece[v, 3]
        cost = square * costs.per_square
        if roads.covered[segment]:
            cost += costs.tunnel
        forth, back = True, slow and twin >= 0
        if not slow:
            along = (bx * sine + by * cosine) * inverse
            if along < 0.0 and twin >= 0:
                segment, along, forth, back = twin, -along, False, True
            if along < costs.cos_tolerance:
                # In a hairpin the heading lags behind: the road the vehicle was on stays.
                was_on = False
                for i in range(known_count):
                    was_on = was_on or known[own, i] == segment
                if not was_on or along < 0.0:
                    continue
            # (1 - cos a) is a^2 / 2 for small angles and spares the arc cosine.
            cost += (1.0 - along) * costs.per_turn
            if kmh > roads.brisk_kmh[segment]:
                cost += costs.brisk
        if forth:
            count, own_at = _offer(
                owner,
                own_at,
                offset,
                beyond,
                square,
                cost,
                count,
                c_segment,
                c_offset,
                c_beyond,
                c_square,
                c_cost,
            )
        if back:
            offset = roads.length_m[twin] - offset
            count, twin_at = _offer(
                twin,
                twin_at,
                offset,
                -beyond,
                square,
                cost,
                count,
                c_segment,
                c_offset,
                c_beyond,
                c_square,
                c_cost,
            )
    return count
