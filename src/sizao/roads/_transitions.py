"""From which road a vehicle can have come, for the matching kernel: see ``matching.py``."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.core.prefetch import prefetch_read
from sizao.roads._bits import lowest
from sizao.roads._candidates import Costs, Roads, Weighed
from sizao.roads._eight import EIGHT
from sizao.roads._settling import BACK_M, settle
from sizao.roads._ways import bucket, learn, metres_to, metres_to_near

REACHED = 48
"""Junctions looked at when asking whether one place leads to another."""
SEEN = 128
"""Places for the junctions of a search: a power of two, twice REACHED at least."""


_ONE = np.uint64(1)


class Search(NamedTuple):
    """Junctions reached: the way back from each, its number, and metres to it by road; and a hash
    table of those."""

    back: npt.NDArray[np.int32]
    node: npt.NDArray[np.int32]
    metres: npt.NDArray[np.float64]
    seen: npt.NDArray[np.int64]


@njit(cache=True, forceinline=True)
def come_from(
    roads: Roads,
    costs: Costs,
    y: float,
    x: float,
    north: float,
    east: float,
    origin: np.uint64,
    origin_m: float,
    origin_cost: float,
    budget_m: float,
    advance_m: float,
    led: float,
    share: float,
    count: np.uint64,
    weighed: Weighed,
    search: Search,
    turn: int,
) -> None:
    """Lower ``weighed.come`` of every candidate to what it costs to come from one hypothesis.

    advance_m : how far the vehicle went by its speed; led : the weight of that, 0 if not known;
    share : its share of that and the position's
    """
    here = roads.segment[origin]
    if here.way_to == 0.0:
        learn(np.int64(origin), roads.way, roads.segment, roads.exit_from, roads.exit)
    left_m = here.length_m - origin_m
    if left_m + here.head_to > budget_m:
        for i in range(count):
            weighed.way[i] = metres_to_near(roads.way, origin, weighed.segment[i])
    else:
        # What will be asked for, all at once: it lies anywhere.
        for i in range(count):
            prefetch_read(roads.way.number, bucket(origin, weighed.segment[i]))
        for i in range(count):
            weighed.way[i] = metres_to(roads.way, origin, weighed.segment[i])
    is_searched = False
    while True:
        missing = np.uint64(0)
        for first in range(np.uint64(0), count, np.uint64(EIGHT)):
            beyond_table = settle(
                first,
                count,
                np.int32(origin),
                here.twin,
                here.road,
                np.float32(origin_m),
                np.float32(left_m),
                np.float32(left_m + here.way_to),
                np.float32(origin_cost),
                np.float32(budget_m),
                np.float32(advance_m),
                np.float32(led),
                np.float32(share),
                np.float32(costs.per_square),
                np.float32(costs.switch),
                np.float32(costs.turn_back),
                np.float32(costs.leave),
                weighed.segment,
                weighed.road,
                weighed.offset,
                weighed.beyond,
                weighed.length,
                weighed.way,
                weighed.come,
                weighed.spot,
                weighed.led,
            )
            missing |= beyond_table << first
        if missing == 0 or is_searched:
            break
        _seek(roads, y, x, north, east, origin, left_m, budget_m, missing, weighed, search, turn)
        is_searched = True


@njit(cache=True)
def _seek(
    roads: Roads,
    y: float,
    x: float,
    north: float,
    east: float,
    origin: np.uint64,
    left_m: float,
    budget_m: float,
    missing: np.uint64,
    weighed: Weighed,
    search: Search,
    turn: int,
) -> None:
    """Put the metres to candidates that are not in the table of ways, ``missing``, a bit each, into
    ``weighed.way``, if they are in reach.

    Breadth first over junctions, along the driving directions and only where the way so far
    and the straight line to the position fit the budget. The list is bounded, so that a dense
    town cannot make one position expensive.
    """
    # A bit for each one looked for, by the low six bits of its number: where it is not set, the
    # list need not be searched.
    wanted, left = np.uint64(0), missing
    while left != 0:
        wanted |= _ONE << np.uint64(weighed.segment[lowest(left)] & 63)
        left &= left - _ONE
    reached, reached_node, reached_m = search.back, search.node, search.metres
    reached[0], reached_node[0] = roads.segment[origin].twin, roads.segment[origin].to_node
    reached_m[0] = left_m
    _is_new(search.seen, reached_node[0], turn)
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
                left = missing
                while left != 0:
                    i = lowest(left)
                    left &= left - _ONE
                    if weighed.segment[i] == onto.segment:
                        weighed.way[i] = way_m - left_m
                        missing ^= _ONE << i
                if missing == 0:
                    return
            then_m = way_m + onto.length_m
            if size == REACHED or then_m > budget_m:
                continue
            up, right = (onto.lat - y) * north, (onto.lon - x) * east
            within_m = budget_m + BACK_M - then_m
            if up * up + right * right > within_m * within_m:
                continue
            if _is_new(search.seen, onto.to_node, turn):
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
