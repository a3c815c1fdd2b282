"""Which roads are near a position, for the matching kernel: see ``matching.py``."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.roads._bits import lowest
from sizao.roads._eight import EIGHT
from sizao.roads._pieces import cost_pieces, no_dearer
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

SEGMENT = np.dtype(
    [
        ("length_m", "f8"),
        ("twin", "i4"),
        ("to_node", "i4"),
        ("road", "i4"),
        ("sign", "i4"),
        ("way_to", "f4"),
        ("head_to", "f4"),
    ],
    align=True,
)
"""A segment; ``sign`` is the same where every vehicle has the same limit. ``way_to``: metres up to
which the table of ways from it is complete, 0 where that is not learnt; ``head_to``: up to which
its head is (``_ways.py``)."""

_HOPELESS = 8.0
"""What is so much dearer than the cheapest, by place and heading, is not weighed: odds of e^-8.
Nor is it missed: with 20 in its place a few more answers were wrong, at half as much time again."""


class Roads(NamedTuple):
    """A network and its grid as the kernel reads them.

    by_lat, by_lon : cells in a degree of latitude and longitude
    unit_lat, unit_lon : ``_pieces.UNITS`` a degree
    metres : float64 (rows, 2), of one degree of latitude and longitude in each row of the grid
    start, pieces : the pieces of cell c are ``pieces[start[c]:start[c + 1]]``
    piece : PIECE (v,), the piece that begins at a vertex
    segment : SEGMENT (s,)
    exit : EXIT, of junction k ``exit[exit_from[k]:exit_from[k + 1]]``
    way : of ``_ways.no_ways``, filled by the kernel as roads are driven on
    """

    south: float
    west: float
    by_lat: float
    by_lon: float
    rows: int
    columns: int
    unit_lat: float
    unit_lon: float
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


class Weighed(NamedTuple):
    """Candidates of a position, each with room for ``ROOM``: segment and its road and length,
    metres along it to the spot nearest to the position, how far past the piece's end, along it,
    the position lies (negative before it), square of the metres from the road, and what all that
    costs. The rest is of ``come_from``: metres by road from where a vehicle was, cheapest way to
    come to it, where on it that puts the vehicle, whether its speed had a say, what it costs in
    all, and how many candidates are cheaper."""

    segment: npt.NDArray[np.int32]
    road: npt.NDArray[np.int32]
    length: npt.NDArray[np.float32]
    offset: npt.NDArray[np.float32]
    beyond: npt.NDArray[np.float32]
    square: npt.NDArray[np.float32]
    cost: npt.NDArray[np.float32]
    way: npt.NDArray[np.float32]
    come: npt.NDArray[np.float32]
    spot: npt.NDArray[np.float32]
    led: npt.NDArray[np.int32]
    total: npt.NDArray[np.float32]
    place: npt.NDArray[np.int32]


ROOM = CANDIDATES + EIGHT
"""Eight more are read and written at once than there are; what is not wanted goes there, too."""
_NOWHERE = np.uint64(CANDIDATES)
_ONE = np.uint64(1)


@njit(cache=True)
def _dearest(cost: npt.NDArray[np.float32], than: float) -> np.uint64:
    """The place of the dearest candidate, if it is dearer; else nowhere."""
    at = np.uint64(0)
    for i in range(np.uint64(1), _NOWHERE):
        if cost[i] > cost[at]:
            at = np.uint64(i)
    return at if cost[at] > than else _NOWHERE


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
    own: np.uint64,
    known_count: int,
    weighed: Weighed,
    p_free: npt.NDArray[np.float32],
    p_square: npt.NDArray[np.float32],
    p_cost: npt.NDArray[np.float32],
) -> np.uint64:
    """Fill ``weighed`` with the roads near a point, each once with its cheapest piece; their
    number. Of more than there is room for, the dearest are left out.

    cell : of the grid, -1 outside; north, east : metres a degree there
    """
    if cell < 0:
        return np.uint64(0)
    sine, cosine = 0.0, 0.0
    per_turn = 0.0
    if not slow:
        sine, cosine = math.sin(math.radians(heading)), math.cos(math.radians(heading))
        per_turn = costs.per_turn
    # Numbers without a sign are not looked at for being negative, which counts from the end.
    first, last = np.uint64(roads.start[cell]), np.uint64(roads.start[cell + 1])
    if first == last:
        return np.uint64(0)
    mine = roads.segment[known[own, 0]].road if known_count > 0 else np.int32(-1)
    least, least_mine = cost_pieces(
        roads.piece,
        roads.pieces,
        first,
        last,
        np.int32((y - roads.south) * roads.unit_lat),
        np.int32((x - roads.west) * roads.unit_lon),
        np.float32(north / roads.unit_lat),
        np.float32(east / roads.unit_lon),
        np.float32(sine),
        np.float32(cosine),
        np.float32(per_turn),
        np.float32(costs.per_square),
        np.float32(costs.tunnel),
        np.float32(costs.max_square),
        mine,
        p_free,
        p_square,
        p_cost,
    )
    if least == np.float32(math.inf):
        return np.uint64(0)
    # One wild position must not leave the road a vehicle was on out of the count, as long as
    # appearing on another is dearer.
    limit = least + np.float32(_HOPELESS)
    if least_mine <= least + np.float32(costs.switch):
        limit = max(limit, least_mine)
    segments, roads_of, lengths, offsets, beyonds, squares, weights = weighed[:7]
    count = np.uint64(0)
    # A cell has a segment's pieces next to each other, so that it and its twin were entered, if
    # at all, since the owner changed.
    owner, own_at, twin_at = np.int32(-1), _NOWHERE, _NOWHERE
    many, full = last - first, np.uint64(64)
    for begin in range(np.uint64(0), many, full):
        # Which are near, as bits of a word: to guess of each whether it is takes longer.
        near = np.uint64(0)
        for eight in range(begin, min(begin + full, many), np.uint64(EIGHT)):
            near |= no_dearer(p_cost, eight, limit) << (eight - begin)
        while near != 0:
            one = begin + lowest(near)
            near &= near - _ONE
            cost = p_cost[one]
            piece = roads.piece[np.uint32(roads.pieces[first + one])]
            same = piece.segment == owner
            own_at, twin_at = own_at if same else _NOWHERE, twin_at if same else _NOWHERE
            owner, twin = piece.segment, piece.twin
            free = p_free[one]
            spot = min(piece.length_m, max(np.float32(0.0), free))
            offset, beyond = piece.along_m + spot, free - spot
            turned, sides = False, 2 if slow and twin >= 0 else 1
            if not slow:
                along = piece.east * sine + piece.north * cosine
                turned = (along < 0.0) & (twin >= 0)
                along = -along if turned else along
                if along < costs.cos_tolerance:
                    # In a hairpin the heading lags behind: the road the vehicle was on stays.
                    was_on = False
                    for i in range(np.uint64(known_count)):
                        was_on = was_on or known[own, i] == (twin if turned else owner)
                    if not was_on or along < 0.0:
                        continue
                brisk_kmh = piece.twin_brisk_kmh if turned else piece.brisk_kmh
                cost += np.float32(costs.brisk) if kmh > brisk_kmh else np.float32(0.0)
            for _ in range(sides):
                segment = twin if turned else owner
                at = twin_at if turned else own_at
                is_new = (at == _NOWHERE) | (segments[at] != segment)
                if is_new & (count == _NOWHERE):
                    at = _dearest(weights, cost)
                    is_new = False
                # Written in any case, if need be nowhere: to guess whether takes longer.
                at = count if is_new else at
                into = at if is_new | (cost < weights[at]) else _NOWHERE
                count += np.uint64(is_new)
                segments[into], weights[into], squares[into] = segment, cost, p_square[one]
                roads_of[into] = piece.twin_road if turned else piece.road
                lengths[into] = piece.twin_m if turned else piece.own_m
                offsets[into] = piece.twin_m - offset if turned else offset
                beyonds[into] = -beyond if turned else beyond
                own_at, twin_at = own_at if turned else at, at if turned else twin_at
                turned = True
    return count
