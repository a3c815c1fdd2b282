"""The matching kernel: see ``matching.py`` for what it does and why."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.roads._borrow import borrowed
from sizao.roads._candidates import CANDIDATES, Costs, Roads, candidates
from sizao.roads.geometry import metres_per_degree

HYPOTHESES = 5
"""Roads kept in mind for each vehicle."""
REACHED = 48
"""Junctions looked at when asking whether one place leads to another."""

_DROP = 30.0
"""A hypothesis so much dearer than the best is forgotten: odds of e^-30."""
_CLEAR = 2.0
"""A match is clear when the next is so much dearer: odds of 7 to 1."""
_STILL_M = 5.0
"""A slow vehicle within this of its last weighed position adds nothing: it is parked, and a
parked receiver's error stays the same for minutes, so that counting it again would be wrong."""
_ASTRAY = 8.0
"""A place four deviations off what the speed led to: it stands as it is, at this cost. The vehicle
stopped and went on between two reports, or its speed was wrong."""
_ONE = np.uint64(1)
_SEEN = 128
"""Places for the junctions of a search: a power of two, twice REACHED at least."""
_SPEED_MS, _GAIN_MS2 = 0.4, 0.06
"""How far off two reported speeds may lead, as a deviation: so much a second for errors and bends,
and so much a second squared for what a vehicle may do between them."""
_BACK_M = 50.0
"""Going back along a segment by less than this is noise."""


@njit(cache=True, forceinline=True)
def _settle(
    offset_m: float, beyond_m: float, led_to_m: float, length_m: float, seen: float, led: float
) -> tuple[float, float]:
    """Where on a segment the vehicle is after all, and what that costs.

    Between the spot nearest to the position and the spot to which the speed led, each by its
    weight, one half over the variance. The cost is what it adds to the distance from the road.
    """
    spot_m = offset_m + beyond_m
    spot_m += led / (seen + led) * (led_to_m - spot_m)
    spot_m = min(length_m, max(0.0, spot_m))
    off, astray = spot_m - offset_m - beyond_m, spot_m - led_to_m
    cost = seen * (off * off - beyond_m * beyond_m) + led * astray * astray
    # Also where nothing led anywhere: the comparison is false then.
    return (spot_m, cost) if cost < _ASTRAY else (offset_m, _ASTRAY)


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
    advance_m: float,
    led: float,
    count: int,
    c_segment: npt.NDArray[np.int32],
    c_offset: npt.NDArray[np.float64],
    c_beyond: npt.NDArray[np.float64],
    c_from: npt.NDArray[np.float64],
    c_spot: npt.NDArray[np.float64],
    c_led: npt.NDArray[np.bool_],
    reached: npt.NDArray[np.int32],
    reached_node: npt.NDArray[np.int32],
    reached_m: npt.NDArray[np.float64],
    seen: npt.NDArray[np.int64],
    turn: int,
) -> None:
    """Lower ``c_from`` of every candidate to what it costs to come from one hypothesis.

    advance_m : how far the vehicle went by its speed; led : the weight of that, 0 if not known
    c_spot, c_led : where on the candidate that puts it, and whether the speed had a say
    """
    twin = roads.twin[origin]
    missing = 0
    # A bit for each candidate looked for, by the low six bits of its number: where it is not set,
    # the list need not be searched.
    wanted = np.uint64(0)
    for i in range(count):
        step, spot_m, follows = costs.switch, c_offset[i], False
        if c_segment[i] == origin:
            ahead = c_offset[i] - origin_m
            if ahead < -_BACK_M:
                step = costs.turn_back
            elif ahead <= budget_m:
                step = 0.0
                if led > 0.0:
                    follows = True
                    spot_m, step = _settle(
                        c_offset[i],
                        c_beyond[i],
                        origin_m + advance_m,
                        roads.length_m[origin],
                        costs.per_square,
                        led,
                    )
        elif c_segment[i] == twin:
            step = costs.turn_back
        elif c_from[i] > origin_cost:
            missing += 1
            wanted |= _ONE << np.uint64(c_segment[i] & 63)
        if origin_cost + step < c_from[i]:
            c_from[i], c_spot[i], c_led[i] = origin_cost + step, spot_m, follows
    if missing == 0:
        return
    # Breadth first over junctions, along the driving directions and only where the way so far
    # and the straight line to the position fit the budget. The list is bounded, so that a dense
    # town cannot make one position expensive.
    reached[0], reached_node[0] = roads.twin[origin], roads.to_node[origin]
    reached_m[0] = roads.length_m[origin] - origin_m
    own_road = roads.road[origin]
    _is_new(seen, reached_node[0], turn)
    size, head = 1, 0
    while head < size:
        back, way_m, node = reached[head], reached_m[head], reached_node[head]
        head += 1
        first, last = roads.exit_from[node], roads.exit_from[node + 1]
        for at in range(first, last):
            onto = roads.exit[at]
            if onto.segment == back and last - first > 1:
                continue  # turning round at a junction is turn_back's business
            if (wanted >> np.uint64(onto.segment & 63)) & _ONE:
                for i in range(count):
                    if c_segment[i] == onto.segment and way_m + c_offset[i] <= budget_m:
                        cost = origin_cost
                        if onto.road != own_road:
                            cost += costs.leave
                        spot_m = c_offset[i]
                        if led > 0.0:
                            spot_m, step = _settle(
                                c_offset[i],
                                c_beyond[i],
                                advance_m - way_m,
                                onto.length_m,
                                costs.per_square,
                                led,
                            )
                            cost += step
                        if cost < c_from[i]:
                            c_from[i], c_spot[i], c_led[i] = cost, spot_m, led > 0.0
                        missing -= 1
                if missing <= 0:
                    return
            then_m = way_m + onto.length_m
            if size == REACHED or then_m > budget_m:
                continue
            up, right = (onto.lat - y) * north, (onto.lon - x) * east
            left_m = budget_m + _BACK_M - then_m
            if up * up + right * right > left_m * left_m:
                continue
            if _is_new(seen, onto.to_node, turn):
                reached[size], reached_node[size] = onto.twin, onto.to_node
                reached_m[size] = then_m
                size += 1


@njit(cache=True, forceinline=True)
def _is_new(seen: npt.NDArray[np.int64], node: int, turn: int) -> bool:
    """Whether a junction has not been asked for in this turn; it has been from now on.

    ``seen`` is a hash table in which what earlier turns left counts as empty.
    """
    key = (np.int64(turn) << 32) | np.int64(node)
    at = node & (_SEEN - 1)
    while seen[at] >> 32 == turn:
        if seen[at] == key:
            return False
        at = (at + 1) & (_SEEN - 1)
    seen[at] = key
    return True


@njit(cache=True, forceinline=True)
def _note_rivals(  # type: ignore[no-untyped-def]  # numba
    sign, rival_cost, k_segment, k_cost, own, known, row, rivals, rival_row, rival_segment
):
    """Enter the roads of another limit on which the vehicle may be as well; how many by now."""
    for i in range(1, known):
        if k_cost[own, i] >= rival_cost:
            break
        if sign[k_segment[own, i]] != sign[k_segment[own, 0]]:
            rival_row[rivals], rival_segment[rivals] = row, k_segment[own, i]
            rivals += 1
    return rivals


def scratch() -> tuple[tuple[npt.NDArray[Any], ...], tuple[npt.NDArray[Any], ...]]:
    """What the kernel writes on: the candidates of a position, and the junctions of a search."""
    floats = [np.empty(CANDIDATES) for _ in range(6)]
    offset, beyond, spot, square, cost, come_from = floats
    segment, led = np.empty(CANDIDATES, np.int32), np.empty(CANDIDATES, np.bool_)
    junctions = np.empty(REACHED, np.int32), np.empty(REACHED, np.int32), np.empty(REACHED)
    weighed = segment, offset, beyond, spot, led, square, cost, come_from
    return weighed, (*junctions, np.zeros(_SEEN, np.int64))


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
    k_segment: npt.NDArray[np.int32],
    k_offset: npt.NDArray[np.float64],
    k_cost: npt.NDArray[np.float32],
    segment: npt.NDArray[np.int32],
    offset_m: npt.NDArray[np.float64],
    distance_m: npt.NDArray[np.float32],
    quality: npt.NDArray[np.int8],
    rival_row: npt.NDArray[np.int32],
    rival_segment: npt.NDArray[np.int32],
    weighed: Any,
    search: Any,
) -> int:
    """Match rows in order; ``state`` as ``matching.STATE_DTYPE``, the last six are the answer.

    k_segment, k_offset, k_cost : the state's own hypotheses. Taken out of a row each would be an
        array of its own, counted in and out at every look: a quarter of the time.

    weighed, search : of :func:`scratch`
    Returns how many rivals there are.
    """
    # Held by the caller until this returns.
    roads, state = borrowed(roads), borrowed(state)
    k_segment, k_offset, k_cost = borrowed(k_segment), borrowed(k_offset), borrowed(k_cost)
    rival_row, rival_segment = borrowed(rival_row), borrowed(rival_segment)
    c_segment, c_offset, c_beyond, c_spot, c_led, c_square, c_cost, c_from = borrowed(weighed)
    reached, reached_node, reached_m, seen = borrowed(search)
    turn = 0
    rivals = 0
    variance = 0.5 / costs.per_square
    for row in range(len(slot)):
        y, x = lat[row], lon[row]
        if not positioned[row] or not math.isfinite(y) or not math.isfinite(x):
            continue
        own = slot[row]
        me = state[own]
        kmh = speed[row]
        slow = not (kmh >= costs.slow_kmh) or math.isnan(heading[row])
        waited_us = time_us[row] - me.time_us
        known = me.count if waited_us <= costs.expire_us else 0
        moved_m = 0.0
        north, east = metres_per_degree(y)
        if known > 0:
            moved_m = math.hypot((y - me.lat) * north, (x - me.lon) * east)
            if slow and moved_m <= _STILL_M:
                me.time_us, me.speed_kmh = time_us[row], kmh
                segment[row], offset_m[row] = k_segment[own, 0], k_offset[own, 0]
                distance_m[row], quality[row] = me.distance_m, me.quality
                rivals = _note_rivals(
                    roads.sign,
                    costs.rival,
                    k_segment,
                    k_cost,
                    own,
                    me.count,
                    row,
                    rivals,
                    rival_row,
                    rival_segment,
                )
                continue
        count = candidates(
            roads,
            costs,
            y,
            x,
            north,
            east,
            heading[row],
            kmh,
            slow,
            k_segment,
            own,
            known,
            c_segment,
            c_offset,
            c_beyond,
            c_square,
            c_cost,
        )
        if count == 0:
            continue  # off the road, or a wild position: what was known waits
        for i in range(count):
            c_spot[i], c_led[i] = c_offset[i], False
        along_m2 = variance
        if known > 0:
            waited_s = waited_us * 1e-6
            fast = kmh if not math.isnan(kmh) else np.float32(0.0)
            if me.speed_kmh > fast:
                fast = me.speed_kmh
            # Half as much again for bends and noise, and a hundred metres for two bad fixes.
            budget_m = 1.5 * max(moved_m, fast / 3.6 * waited_s) + 100.0
            advance_m = 0.5 * (kmh + me.speed_kmh) / 3.6 * waited_s
            led = 0.0
            if not math.isnan(advance_m):
                doubt_m = _SPEED_MS * waited_s + _GAIN_MS2 * waited_s * waited_s
                along_m2 = me.along_m2 + doubt_m * doubt_m
                led = costs.motion / along_m2
            for i in range(count):
                c_from[i] = math.inf
            for i in range(known):
                turn += 1
                _come_from(
                    roads,
                    costs,
                    y,
                    x,
                    north,
                    east,
                    k_segment[own, i],
                    k_offset[own, i],
                    k_cost[own, i],
                    budget_m,
                    advance_m,
                    led,
                    count,
                    c_segment,
                    c_offset,
                    c_beyond,
                    c_from,
                    c_spot,
                    c_led,
                    reached,
                    reached_node,
                    reached_m,
                    seen,
                    turn,
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
                me.along_m2 = variance
                if c_led[best]:
                    me.along_m2 = variance * along_m2 / (variance + along_m2)
            elif c_cost[best] - least > _DROP:
                break
            k_segment[own, kept] = c_segment[best]
            k_offset[own, kept] = c_spot[best]
            k_cost[own, kept] = c_cost[best] - least
            c_cost[best] = math.inf
            kept += 1
        me.count = kept
        me.quality = 1 if kept > 1 and k_cost[own, 1] < _CLEAR else 2
        me.time_us, me.lat, me.lon = time_us[row], y, x
        me.speed_kmh = kmh
        segment[row], offset_m[row] = k_segment[own, 0], k_offset[own, 0]
        distance_m[row], quality[row] = me.distance_m, me.quality
        rivals = _note_rivals(
            roads.sign,
            costs.rival,
            k_segment,
            k_cost,
            own,
            me.count,
            row,
            rivals,
            rival_row,
            rival_segment,
        )
    return rivals
