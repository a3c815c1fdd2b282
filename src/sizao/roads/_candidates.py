"""Which roads are near a position, for the matching kernel: see ``matching.py``."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.roads._ways import Ways

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

PIECE = np.dtype(
    [
        ("lat", "f8"),
        ("lon", "f8"),
        ("along_m", "f8"),
        ("east", "f4"),
        ("north", "f4"),
        ("length_m", "f4"),
        ("back", "f4"),
        ("tunnel", "f4"),
        ("brisk_kmh", "f4"),
        ("twin_brisk_kmh", "f4"),
        ("segment", "i4"),
        ("twin", "i4"),
        ("road", "i4"),
    ],
    align=True,
)
"""A straight piece of a segment: where it begins and how far along the segment that is, its
direction as a vector of length 1, -1 if the road is driven both ways and 1 if not, 1 in a tunnel
and 0 outside; what nobody drives on a yard or alley each way, infinite on other roads. 64 bytes, a
line of the cache: which pieces are asked for is anybody's guess, so that each line is a miss."""

SEGMENT = np.dtype(
    [
        ("length_m", "f8"),
        ("twin", "i4"),
        ("to_node", "i4"),
        ("road", "i4"),
        ("sign", "i4"),
        ("way_to", "f4"),
        ("unused", "f4"),
    ],
    align=True,
)
"""A segment; ``sign`` is the same where every vehicle has the same limit. ``way_to``: metres up to
which the table of ways from it is complete, 0 where that is not learnt (``_ways.py``)."""

_HOPELESS = 8.0
"""What is so much dearer than the cheapest, by place and heading, is not weighed: odds of e^-8.
Nor is it missed: with 20 in its place a few more answers were wrong, at half as much time again."""


class Roads(NamedTuple):
    """A network and its grid as the kernel reads them.

    metres : float64 (rows, 2), of one degree of latitude and longitude in each row of the grid
    start, pieces : the pieces of cell c are ``pieces[start[c]:start[c + 1]]``
    piece : PIECE (v,), the piece that begins at a vertex
    segment : SEGMENT (s,)
    exit : EXIT, of junction k ``exit[exit_from[k]:exit_from[k + 1]]``
    way : of ``_ways.no_ways``, filled by the kernel as roads are driven on
    """

    south: float
    west: float
    cell_lat: float
    cell_lon: float
    rows: int
    columns: int
    metres: npt.NDArray[np.float64]
    start: npt.NDArray[np.int32]
    pieces: npt.NDArray[np.int32]
    piece: npt.NDArray[Any]
    segment: npt.NDArray[Any]
    exit_from: npt.NDArray[np.int64]
    exit: npt.NDArray[Any]
    way: Ways


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
    cell: int,
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
    p_free: npt.NDArray[np.float64],
    p_square: npt.NDArray[np.float64],
    p_cost: npt.NDArray[np.float64],
    p_near: npt.NDArray[np.int32],
) -> int:
    """Fill the candidate arrays with the roads near a point; their number.

    cell : of the grid, -1 outside; north, east : metres a degree there
    """
    if cell < 0:
        return 0
    sine, cosine = 0.0, 0.0
    per_turn = 0.0
    if not slow:
        sine, cosine = math.sin(math.radians(heading)), math.cos(math.radians(heading))
        per_turn = costs.per_turn
    # Numbers without a sign are not looked at for being negative, which counts from the end.
    first, last = np.uint64(roads.start[cell]), np.uint64(roads.start[cell + 1])
    # What each piece costs, without a branch: which ones are near is anybody's guess, and wrong
    # guesses took longer than the sums.
    least, least_mine = math.inf, math.inf
    mine = roads.segment[known[own, 0]].road if known_count > 0 else -1
    for at in range(first, last):
        piece = roads.piece[np.uint32(roads.pieces[at])]
        ax, ay = (piece.lon - x) * east, (piece.lat - y) * north
        free = -(ax * piece.east + ay * piece.north)
        spot = min(np.float64(piece.length_m), max(0.0, free))
        dx, dy = ax + spot * piece.east, ay + spot * piece.north
        square = dx * dx + dy * dy
        along = piece.east * sine + piece.north * cosine
        along = max(along, along * piece.back)
        # (1 - cos a) is a^2 / 2 for small angles and spares the arc cosine.
        cost = square * costs.per_square + (1.0 - along) * per_turn + piece.tunnel * costs.tunnel
        cost = cost if square <= costs.max_square else math.inf
        p_free[at - first], p_square[at - first], p_cost[at - first] = free, square, cost
        least = min(least, cost)
        least_mine = min(least_mine, cost if piece.road == mine else math.inf)
    if least == math.inf:
        return 0
    # One wild position must not leave the road a vehicle was on out of the count, as long as
    # appearing on another is dearer.
    limit = least + _HOPELESS
    if least_mine <= least + costs.switch:
        limit = max(limit, least_mine)
    near = np.uint64(0)
    for k in range(last - first):
        # Written in any case: to guess which are near takes longer.
        p_near[near] = k
        near += np.uint64(p_cost[k] <= limit)
    count = 0
    # A cell has a segment's pieces next to each other, so that it and its twin were entered, if
    # at all, since the owner changed.
    owner, own_at, twin_at = -1, -1, -1
    for which in range(near):
        one = np.uint64(p_near[which])
        cost = p_cost[one]
        piece = roads.piece[np.uint32(roads.pieces[first + one])]
        segment = piece.segment
        if segment != owner:
            owner, own_at, twin_at = segment, -1, -1
        twin = piece.twin
        free, square = p_free[one], p_square[one]
        spot = min(np.float64(piece.length_m), max(0.0, free))
        offset, beyond = piece.along_m + spot, free - spot
        turned, sides = False, 2 if slow and twin >= 0 else 1
        if not slow:
            along = piece.east * sine + piece.north * cosine
            if along < 0.0 and twin >= 0:
                segment, along, turned = twin, -along, True
            if along < costs.cos_tolerance:
                # In a hairpin the heading lags behind: the road the vehicle was on stays.
                was_on = False
                for i in range(known_count):
                    was_on = was_on or known[own, i] == segment
                if not was_on or along < 0.0:
                    continue
            if kmh > (piece.twin_brisk_kmh if turned else piece.brisk_kmh):
                cost += costs.brisk
        # One call for both directions: it is inlined, and compiled as often as it stands here.
        for _ in range(sides):
            entered = twin_at if turned else own_at
            count, entered = _offer(
                twin if turned else owner,
                entered,
                roads.segment[twin].length_m - offset if turned else offset,
                -beyond if turned else beyond,
                square,
                cost,
                count,
                c_segment,
                c_offset,
                c_beyond,
                c_square,
                c_cost,
            )
            if turned:
                twin_at = entered
            else:
                own_at = entered
            turned = True
    return count
