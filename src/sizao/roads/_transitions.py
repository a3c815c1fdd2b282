"""From which road a vehicle can have come, for the matching kernel: see ``matching.py``."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.roads._candidates import Costs, Roads
from sizao.roads._ways import learn, metres_to

REACHED = 48
"""Junctions looked at when asking whether one place leads to another."""
SEEN = 128
"""Places for the junctions of a search: a power of two, twice REACHED at least."""

_ASTRAY = 8.0
"""A place four deviations off what the speed led to: it stands as it is, at this cost. The vehicle
stopped and went on between two reports, or its speed was wrong."""
_BACK_M = 50.0
"""Going back along a segment by less than this is noise."""
_ONE = np.uint64(1)


@njit(cache=True, forceinline=True)
def _settle(
    offset_m: float,
    beyond_m: float,
    led_to_m: float,
    length_m: float,
    seen: float,
    led: float,
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
def come_from(
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
    here = roads.segment[origin]
    twin, own_road = here.twin, here.road
    left_m = here.length_m - origin_m
    learnt = False
    missing = 0
    # A bit for each candidate looked for, by the low six bits of its number: where it is not set,
    # the list need not be searched.
    wanted = np.uint64(0)
    for i in range(count):
        step, spot_m, follows, ahead_m = costs.switch, c_offset[i], False, -1.0
        if c_segment[i] == origin:
            ahead = c_offset[i] - origin_m
            if ahead < -_BACK_M:
                step = costs.turn_back
            elif ahead <= budget_m:
                step, ahead_m = 0.0, -origin_m
                follows = True
        elif c_segment[i] == twin:
            step = costs.turn_back
        elif c_from[i] > origin_cost:
            if not learnt:
                learnt = True
                if here.way_to == 0.0:
                    learn(origin, roads.way, roads.segment, roads.exit_from, roads.exit)
            ahead_m = left_m + metres_to(roads.way, origin, c_segment[i])
            if ahead_m + c_offset[i] <= budget_m:
                follows = True
                step = 0.0 if roads.segment[c_segment[i]].road == own_road else costs.leave
            elif left_m + here.way_to + c_offset[i] <= budget_m:
                missing += 1
                wanted |= _ONE << np.uint64(c_segment[i] & 63)
        follows = follows and led > 0.0
        if follows:
            spot_m, more = _settle(
                c_offset[i],
                c_beyond[i],
                advance_m - ahead_m,
                roads.segment[c_segment[i]].length_m,
                costs.per_square,
                led,
            )
            step += more
        if origin_cost + step < c_from[i]:
            c_from[i], c_spot[i], c_led[i] = origin_cost + step, spot_m, follows
    if missing == 0:
        return
    # Breadth first over junctions, along the driving directions and only where the way so far
    # and the straight line to the position fit the budget. The list is bounded, so that a dense
    # town cannot make one position expensive.
    reached[0], reached_node[0] = twin, here.to_node
    reached_m[0] = left_m
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
            within_m = budget_m + _BACK_M - then_m
            if up * up + right * right > within_m * within_m:
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
    at = node & (SEEN - 1)
    while seen[at] >> 32 == turn:
        if seen[at] == key:
            return False
        at = (at + 1) & (SEEN - 1)
    seen[at] = key
    return True
