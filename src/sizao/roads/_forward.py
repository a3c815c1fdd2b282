"""The matching kernel: see ``matching.py`` for what it does and why."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.roads.geometry import metres_per_degree

HYPOTHESES = 5
"""Roads kept in mind for each vehicle."""
CANDIDATES = 16
"""Nearby roads weighed for each position: the cheapest ones of however many there are."""
REACHED = 48
"""Junctions looked at when asking whether one place leads to another."""

_DROP = 30.0
"""A hypothesis so much dearer than the best is forgotten: odds of e^-30."""
_CLEAR = 2.0
"""A match is clear when the next is so much dearer: odds of 7 to 1."""
_STILL_M = 5.0
"""A slow vehicle within this of its last weighed position adds nothing: it is parked, and a
parked receiver's error stays the same for minutes, so that counting it again would be wrong."""
_ONE = np.uint64(1)
_BACK_M = 50.0
"""Going back along a segment by less than this is noise."""


class Roads(NamedTuple):
    """A network and its grid as the kernel reads them.

    piece : float32 (v, 4), of the piece that begins at a vertex: metres east and north, 1 over its
        length, and its length
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
    out_start: npt.NDArray[np.int64]
    out: npt.NDArray[np.int32]


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


@njit(cache=True, forceinline=True)
def _offer(
    segment: int,
    offset_m: float,
    square: float,
    cost: float,
    count: int,
    c_segment: npt.NDArray[np.int32],
    c_offset: npt.NDArray[np.float64],
    c_square: npt.NDArray[np.float64],
    c_cost: npt.NDArray[np.float64],
) -> int:
    """Enter a candidate, once a segment with its cheapest piece; the dearest gives way."""
    at = -1
    for i in range(count):
        if c_segment[i] == segment:
            at = i
            break
    if at < 0 and count < CANDIDATES:
        at = count
        count += 1
    elif at < 0:
        at = int(np.argmax(c_cost[:count]))
        if c_cost[at] <= cost:
            return count
    elif c_cost[at] <= cost:
        return count
    c_segment[at], c_offset[at], c_square[at], c_cost[at] = segment, offset_m, square, cost
    return count


@njit(cache=True, forceinline=True)
def _candidates(
    roads: Roads,
    costs: Costs,
    y: float,
    x: float,
    north: float,
    east: float,
    heading: float,
    slow: bool,
    known: npt.NDArray[np.int32],
    known_count: int,
    c_segment: npt.NDArray[np.int32],
    c_offset: npt.NDArray[np.float64],
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
    for at in range(roads.start[cell], roads.start[cell + 1]):
        v = roads.pieces[at]
        # Nearest spot of the piece, as ``grid.project`` has it, without a division: this line is
        # where matching in a town spends its time.
        ax, ay = (roads.lon[v] - x) * east, (roads.lat[v] - y) * north
        bx, by, inverse = roads.piece[v, 0], roads.piece[v, 1], roads.piece[v, 2]
        t = min(1.0, max(0.0, -(ax * bx + ay * by) * inverse * inverse))
        dx, dy = ax + t * bx, ay + t * by
        square = dx * dx + dy * dy
        if square > costs.max_square:
            continue
        segment = roads.owner[v]
        twin = roads.twin[segment]
        offset = roads.along_m[v] + t * roads.piece[v, 3]
        cost = square * costs.per_square
        if slow:
            count = _offer(
                segment, offset, square, cost, count, c_segment, c_offset, c_square, c_cost
            )
            if twin >= 0:
                offset = roads.length_m[twin] - offset
                count = _offer(
                    twin, offset, square, cost, count, c_segment, c_offset, c_square, c_cost
                )
            continue
        along = (bx * sine + by * cosine) * inverse
        if along < 0.0 and twin >= 0:
            segment, along, offset = twin, -along, roads.length_m[twin] - offset
        if along < costs.cos_tolerance:
            # In a hairpin the heading lags behind: the road the vehicle was on stays a candidate.
            was_on = False
            for i in range(known_count):
                was_on = was_on or known[i] == segment
            if not was_on or along < 0.0:
                continue
        # (1 - cos a) is a^2 / 2 for small angles and spares the arc cosine.
        cost += (1.0 - along) * costs.per_turn
        count = _offer(segment, offset, square, cost, count, c_segment, c_offset, c_square, c_cost)
    return count


@njit(cache=True, forceinline=True)
def _come_from(
    roads: Roads,
    costs: Costs,
    y: float,
    x: float,
    north: float,
    east: float,
    origin: int,
    origin_m: float,
    origin_cost: float,
    budget_m: float,
    count: int,
    c_segment: npt.NDArray[np.int32],
    c_offset: npt.NDArray[np.float64],
    c_from: npt.NDArray[np.float64],
    reached: npt.NDArray[np.int32],
    reached_m: npt.NDArray[np.float64],
) -> None:
    """Lower ``c_from`` of every candidate to what it costs to come from one hypothesis."""
    twin = roads.twin[origin]
    missing = 0
    # A bit for each candidate looked for and each junction reached, by the low six bits of its
    # number: where it is not set, a list need not be searched.
    wanted = np.uint64(0)
    for i in range(count):
        step = costs.switch
        if c_segment[i] == origin:
            ahead = c_offset[i] - origin_m
            if ahead < -_BACK_M:
                step = costs.turn_back
            elif ahead <= budget_m:
                step = 0.0
        elif c_segment[i] == twin:
            step = costs.turn_back
        elif c_from[i] > origin_cost:
            missing += 1
            wanted |= _ONE << np.uint64(c_segment[i] & 63)
        c_from[i] = min(c_from[i], origin_cost + step)
    if missing == 0:
        return
    # Breadth first over junctions, along the driving directions and only where the way so far
    # and the straight line to the position fit the budget. The list is bounded, so that a dense
    # town cannot make one position expensive.
    reached[0] = origin
    reached_m[0] = roads.length_m[origin] - origin_m
    size, head = 1, 0
    nodes = _ONE << np.uint64(roads.to_node[origin] & 63)
    while head < size:
        here, way_m = reached[head], reached_m[head]
        head += 1
        node = roads.to_node[here]
        exits = roads.out_start[node + 1] - roads.out_start[node]
        for at in range(roads.out_start[node], roads.out_start[node + 1]):
            onto = roads.out[at]
            if onto == roads.twin[here] and exits > 1:
                continue  # turning round at a junction is turn_back's business
            if (wanted >> np.uint64(onto & 63)) & _ONE:
                for i in range(count):
                    if c_segment[i] == onto and way_m + c_offset[i] <= budget_m:
                        cost = origin_cost
                        if roads.road[onto] != roads.road[origin]:
                            cost += costs.leave
                        c_from[i] = min(c_from[i], cost)
                        missing -= 1
                if missing <= 0:
                    return
            then = roads.to_node[onto]
            then_m = way_m + roads.length_m[onto]
            if size == REACHED or then_m > budget_m:
                continue
            end = roads.first[onto + 1] - 1
            up, right = (roads.lat[end] - y) * north, (roads.lon[end] - x) * east
            left_m = budget_m + _BACK_M - then_m
            if up * up + right * right > left_m * left_m:
                continue
            seen = False
            bit = _ONE << np.uint64(then & 63)
            if nodes & bit:
                for i in range(size):
                    seen = seen or roads.to_node[reached[i]] == then
            if not seen:
                reached[size], reached_m[size] = onto, then_m
                size += 1
                nodes |= bit


@njit(cache=True)
def forward(
    roads: Roads,
    costs: Costs,
    slot: npt.NDArray[np.int32],
    time_us: npt.NDArray[np.int64],
    lat: npt.NDArray[np.float64],
    lon: npt.NDArray[np.float64],
    heading: npt.NDArray[np.float32],
    speed: npt.NDArray[np.float32],
    positioned: npt.NDArray[np.bool_],
    state: npt.NDArray[Any],
    segment: npt.NDArray[np.int32],
    offset_m: npt.NDArray[np.float64],
    distance_m: npt.NDArray[np.float32],
    quality: npt.NDArray[np.int8],
) -> None:
    """Match rows in order; ``state`` as ``matching.STATE_DTYPE``, the last four are the answer."""
    c_segment = np.empty(CANDIDATES, np.int32)
    c_offset = np.empty(CANDIDATES, np.float64)
    c_square = np.empty(CANDIDATES, np.float64)
    c_cost = np.empty(CANDIDATES, np.float64)
    c_from = np.empty(CANDIDATES, np.float64)
    reached = np.empty(REACHED, np.int32)
    reached_m = np.empty(REACHED, np.float64)
    for row in range(len(slot)):
        y, x = lat[row], lon[row]
        if not positioned[row] or not math.isfinite(y) or not math.isfinite(x):
            continue
        me = state[slot[row]]
        kmh = speed[row]
        slow = not (kmh >= costs.slow_kmh) or math.isnan(heading[row])
        waited_us = time_us[row] - me.time_us
        known = me.count if waited_us <= costs.expire_us else 0
        moved_m = 0.0
        north, east = metres_per_degree(y)
        if known > 0:
            moved_m = math.hypot((y - me.lat) * north, (x - me.lon) * east)
            if slow and moved_m <= _STILL_M:
                me.time_us = time_us[row]
                segment[row], offset_m[row] = me.segment[0], me.offset_m[0]
                distance_m[row], quality[row] = me.distance_m, me.quality
                continue
        count = _candidates(
            roads,
            costs,
            y,
            x,
            north,
            east,
            heading[row],
            slow,
            me.segment,
            known,
            c_segment,
            c_offset,
            c_square,
            c_cost,
        )
        if count == 0:
            continue  # off the road, or a wild position: what was known waits
        if known > 0 and count > 1:
            fast = kmh if not math.isnan(kmh) else np.float32(0.0)
            fast = max(fast, me.speed_kmh)
            # Half as much again for bends and noise, and a hundred metres for two bad fixes.
            budget_m = 1.5 * max(moved_m, fast / 3.6 * waited_us * 1e-6) + 100.0
            c_from[:count] = np.inf
            for i in range(known):
                _come_from(
                    roads,
                    costs,
                    y,
                    x,
                    north,
                    east,
                    me.segment[i],
                    me.offset_m[i],
                    me.cost[i],
                    budget_m,
                    count,
                    c_segment,
                    c_offset,
                    c_from,
                    reached,
                    reached_m,
                )
            for i in range(count):
                c_cost[i] += c_from[i]
        kept = 0
        least = 0.0
        while kept < min(count, HYPOTHESES):
            best = -1
            for i in range(count):
                cheaper = best < 0 or c_cost[i] < c_cost[best]
                if best >= 0 and c_cost[i] == c_cost[best]:
                    # The order of the grid must not decide a tie.
                    cheaper = c_segment[i] < c_segment[best]
                if cheaper and c_cost[i] < math.inf:
                    best = i
            if best < 0:
                break
            if kept == 0:
                least = c_cost[best]
                me.distance_m = math.sqrt(c_square[best])
            elif c_cost[best] - least > _DROP:
                break
            me.segment[kept] = c_segment[best]
            me.offset_m[kept] = c_offset[best]
            me.cost[kept] = c_cost[best] - least
            c_cost[best] = math.inf
            kept += 1
        me.count = kept
        me.quality = 1 if kept > 1 and me.cost[1] < _CLEAR else 2
        me.time_us, me.lat, me.lon = time_us[row], y, x
        me.speed_kmh = kmh if not math.isnan(kmh) else 0.0
        segment[row], offset_m[row] = me.segment[0], me.offset_m[0]
        distance_m[row], quality[row] = me.distance_m, me.quality
