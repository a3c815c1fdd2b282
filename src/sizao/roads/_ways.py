"""How far it is from the end of one segment to the start of another: learnt once, then looked up.

Matching asks some twenty times a position whether one place leads to another. A search for each
was two thirds of its time in a town. What is found does not depend on the position, so it is kept:
for each segment the starts nearest by road, in a small hash table of its own. This is the table
of Yang & Gidofalvi, "Fast map matching, an algorithm integrating hidden Markov model with
precomputation", IJGIS 32(3) 2018, but filled when a segment is first driven on, so that a network
costs no time to load and memory only for its roads in use: 1.1 KB each.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.core.lines import zeros_on_lines
from sizao.roads._bits import among_eight

_BUCKETS = 16
"""Of a table, a line of the cache each: eight numbers, then eight metres. Before them is a line
with the eight nearest, the *head*: where no more are in reach, as where segments are long, it is
all that is looked at, and which line that is is known before any candidate is."""
_EACH = 8
LEARNT = 80
"""Starts entered in it, the nearest ones; with more of its places filled, looking takes longer."""
_OPEN = 256
"""Starts that wait to be entered."""
_LINE = 2 * _EACH
_SIZE = (1 + _BUCKETS) * _LINE


class Ways(NamedTuple):
    """Tables of all segments one after another, both arrays the same memory.

    number : int32 (s * 272,), of a segment plus one, 0 for none
    metres : float32, by road to its start
    """

    number: npt.NDArray[np.int32]
    metres: npt.NDArray[np.float32]


def no_ways(segments: int) -> Ways:
    """Tables of which none is filled. The memory is taken when written to."""
    number = zeros_on_lines(segments * _SIZE, np.int32)
    return Ways(number, number.view(np.float32))


@njit(cache=True, forceinline=True)
def bucket(origin: int, target: int) -> np.uint64:
    """Where in a segment's table another is looked for first.

    Segments asked for together are near each other and so have numbers near each other: four in a
    row share a bucket, which then is read once. Multiplied by the golden ratio the fours are spread
    evenly (Knuth, The Art of Computer Programming 3, 6.4).
    """
    four = np.uint32(target) >> np.uint32(2)
    spread = np.uint32(four * np.uint32(0x9E3779B1)) >> np.uint32(28)
    return head(origin) + np.uint64(spread + np.uint32(1)) * np.uint64(_LINE)


@njit(cache=True, forceinline=True)
def head(origin: int) -> np.uint64:
    """Where a segment's table begins, with the eight nearest."""
    return np.uint64(origin) * np.uint64(_SIZE)


@njit(cache=True, forceinline=True)
def _next(at: np.uint64, origin: int) -> np.uint64:
    """The bucket after one, in the same table."""
    after = at + np.uint64(_LINE)
    end = head(origin) + np.uint64(_SIZE)
    return after if after < end else head(origin) + np.uint64(_LINE)


@njit(cache=True)
def learn(
    origin: int,
    way: Ways,
    segments: npt.NDArray[Any],
    exit_from: npt.NDArray[np.int64],
    exits: npt.NDArray[Any],
) -> None:
    """Fill the table of a segment and say so in ``segments``: Dijkstra, in driving direction.

    Turning round at a junction is no way on, unless it is the only one.
    """
    waiting, waiting_m = np.empty(_OPEN, np.int32), np.empty(_OPEN)
    size, entered = 0, 0
    left_out_m, head_to = math.inf, math.inf
    last, last_m = origin, 0.0
    while True:
        node, back = segments[last].to_node, segments[last].twin
        first, end = exit_from[node], exit_from[node + 1]
        for at in range(first, end):
            onto = exits[at].segment
            if onto == back and end - first > 1:
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
            if _enter(way, origin, onto, next_m):
                if entered < _EACH:
                    place = head(origin) + np.uint64(entered)
                    way.number[place] = onto + 1
                    way.metres[place + np.uint64(_EACH)] = next_m
                elif entered == _EACH:
                    head_to = next_m
                entered += 1
                last, last_m = onto, next_m + segments[onto].length_m
        if last < 0:
            break
    for i in range(size):
        left_out_m = min(left_out_m, waiting_m[i])
    # Never 0, which would say that it is not learnt.
    segments[origin].way_to = max(1e-6, left_out_m)
    segments[origin].head_to = min(head_to, left_out_m)


@njit(cache=True)
def _enter(way: Ways, origin: int, target: int, metres: float) -> bool:
    """Put a segment into a table that has room; False if it is there already."""
    at = bucket(origin, target)
    while True:
        for place in range(_EACH):
            k = at + np.uint64(place)
            if way.number[k] == target + 1:
                return False
            if way.number[k] == 0:
                way.number[k] = target + 1
                way.metres[k + np.uint64(_EACH)] = metres
                return True
        at = _next(at, origin)


@njit(cache=True, forceinline=True)
def metres_to(way: Ways, origin: int, target: int) -> np.float32:
    """Metres from a learnt segment's end to another's start; infinite if that is not in its
    table."""
    at = bucket(origin, target)
    while True:
        place = among_eight(way.number, at, np.int32(target + 1))
        # Read in any case: whether it is there is anybody's guess.
        metres: np.float32 = way.metres[at + np.uint64(_EACH) + (place & np.uint64(_EACH - 1))]
        metres = metres if place < np.uint64(_EACH) else np.float32(math.inf)
        # What found a bucket full was entered in the next.
        if (place < np.uint64(_EACH)) | (way.number[at + np.uint64(_EACH - 1)] == 0):
            return metres
        at = _next(at, origin)


@njit(cache=True, forceinline=True)
def metres_to_near(way: Ways, origin: int, target: int) -> np.float32:
    """The same of the eight nearest; infinite for all others."""
    at = head(origin)
    place = among_eight(way.number, at, np.int32(target + 1))
    metres: np.float32 = way.metres[at + np.uint64(_EACH) + (place & np.uint64(_EACH - 1))]
    return metres if place < np.uint64(_EACH) else np.float32(math.inf)
