"""How far it is from the end of one segment to the start of another: learnt once, then looked up.

Matching asks some twenty times a position whether one place leads to another. A search for each
was two thirds of its time in a town. What is found does not depend on the position, so it is kept:
for each segment the starts nearest by road, in a small hash table of its own. This is the table
of Yang & Gidofalvi, "Fast map matching, an algorithm integrating hidden Markov model with
precomputation", IJGIS 32(3) 2018, but filled when a segment is first driven on, so that a network
costs no time to load and memory only for its roads in use: 1 KB each.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

PLACES = 128
"""Places in a segment's table: a power of two."""
LEARNT = 80
"""Starts entered in it, the nearest ones; with more of its places filled, looking takes longer."""
_OPEN = 256
"""Starts that wait to be entered."""

WAY = np.dtype([("segment", "i4"), ("metres", "f4")])
"""Number of a segment plus one, 0 for none; metres by road to its start."""


def no_ways(segments: int) -> tuple[npt.NDArray[Any], npt.NDArray[np.float32]]:
    """Tables of which none is filled: ``way`` (s, PLACES), and ``way_to`` (s,), the metres up to
    which each is complete; 0 for one that is not learnt. The memory is taken when written to."""
    return np.zeros((segments, PLACES), WAY), np.zeros(segments, np.float32)


@njit(cache=True)
def learn(
    origin: int,
    way: npt.NDArray[Any],
    way_to: npt.NDArray[np.float32],
    to_node: npt.NDArray[np.int32],
    twin: npt.NDArray[np.int32],
    length_m: npt.NDArray[np.float64],
    exit_from: npt.NDArray[np.int64],
    exits: npt.NDArray[Any],
) -> None:
    """Fill the table of a segment: Dijkstra over segments, in driving direction.

    Turning round at a junction is no way on, unless it is the only one.
    """
    waiting, waiting_m = np.empty(_OPEN, np.int32), np.empty(_OPEN)
    size, entered = 0, 0
    left_out_m = math.inf
    last, last_m = origin, 0.0
    while True:
        node = to_node[last]
        first, end = exit_from[node], exit_from[node + 1]
        for at in range(first, end):
            onto = exits[at].segment
            if onto == twin[last] and end - first > 1:
                continue
            if size == _OPEN:
                left_out_m = min(left_out_m, last_m)
                continue
            waiting[size], waiting_m[size] = onto, last_m
            size += 1
        last = -1
        while size > 0 and last < 0:
            best = 0
            for i in range(1, size):
                if waiting_m[i] < waiting_m[best]:
                    best = i
            next_m = waiting_m[best]
            if entered == LEARNT or next_m >= left_out_m:
                break
            onto = waiting[best]
            size -= 1
            waiting[best], waiting_m[best] = waiting[size], waiting_m[size]
            place = onto & (PLACES - 1)
            while way[origin, place].segment not in (0, onto + 1):
                place = (place + 1) & (PLACES - 1)
            if way[origin, place].segment == 0:
                way[origin, place].segment = onto + 1
                way[origin, place].metres = next_m
                entered += 1
                last, last_m = onto, next_m + length_m[onto]
        if last < 0:
            break
    for i in range(size):
        left_out_m = min(left_out_m, waiting_m[i])
    # Never 0, which would say that it is not learnt.
    way_to[origin] = max(1e-6, left_out_m)


@njit(cache=True, forceinline=True)
def metres_to(way: npt.NDArray[Any], origin: int, target: int) -> float:
    """Metres from a learnt segment's end to another's start; infinite if that is not in its
    table."""
    place = target & (PLACES - 1)
    while True:
        found = way[origin, place]
        if found.segment == target + 1:
            return found.metres
        if found.segment == 0:
            return math.inf
        place = (place + 1) & (PLACES - 1)
