"""Rounds: closed tours from a unit's base through posts that fit into a slot.

Every round in a pool is driven on the network and fits with stays of the mean length, so whatever
is chosen or drawn from the pool can be driven. A pool holds rounds that are best for some hours,
rounds from disturbed weights, and for every post within reach one that passes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from numba import njit
from scipy import sparse

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MOST_POSTS = 90
"""Posts a unit chooses among: those worth most for the time they take."""
LONGEST = 24
"""More stops than any round has time for."""
_DISTURBED = 2
"""Rounds with disturbed weights for each hour pattern."""


@dataclass(frozen=True, eq=False)
class Pool:
    """r rounds of one unit.

    posts : (k,), numbers of the posts it can reach
    minutes : (k + 1, k + 1), driving minutes; row 0 is the base
    stops : per round the visited posts in order, as indices into ``posts``
    passes : bool (r, k), which posts a round visits
    shares : (r, e), share of each edge that a round covers
    """

    posts: Ints
    minutes: Floats
    stops: tuple[tuple[int, ...], ...]
    shares: sparse.csr_array

    def __len__(self) -> int:
        return len(self.stops)

    @cached_property
    def passes(self) -> npt.NDArray[np.bool_]:
        """Which posts each round visits, shape (r, k)."""
        found = np.zeros((len(self), len(self.posts)), np.bool_)
        for row, stops in enumerate(self.stops):
            found[row, list(stops)] = True
        return found

    def legs(self, stops: tuple[int, ...]) -> Floats:
        """Driving minutes base to first, between stops, last to base: (stops + 1,)."""
        way = [0, *(stop + 1 for stop in stops), 0]
        return self.minutes[way[:-1], way[1:]]


def build_pool(
    posts: Ints,
    minutes: Floats,
    reach: sparse.csr_array,
    weights: Floats,
    stay_min: float,
    room_min: float,
    rng: np.random.Generator,
) -> Pool:
    """All rounds worth considering for one unit.

    posts : (p,), numbers of the posts it may use; minutes : (p + 1, p + 1), row 0 the base
    reach : (p, e), share of each edge that a visit covers; weights : (patterns, e)
    room_min : length of the shortest slot
    """
    out_and_back = minutes[0, 1:] + minutes[1:, 0] + stay_min
    can = np.flatnonzero(out_and_back <= room_min)
    worth = (reach[can] @ weights.sum(axis=0)) / (stay_min + 0.25 * out_and_back[can])
    can = np.sort(can[np.argsort(-worth, kind="stable")[:MOST_POSTS]])
    keep = np.concatenate(([0], can + 1))
    minutes = np.ascontiguousarray(minutes[np.ix_(keep, keep)])
    near = sparse.csr_array(reach[can])
    covered = np.flatnonzero(np.diff(near.tocsc().indptr))
    local = sparse.csr_array(near[:, covered])
    found: dict[tuple[int, ...], None] = {}

    def add(weight: Floats, first: int) -> None:
        stops = _greedy(
            local.indptr.astype(np.int64), local.indices.astype(np.int64), local.data,
            weight, minutes, stay_min, room_min, first,
        )  # fmt: skip
        if len(stops):
            found.setdefault(_turned(tuple(int(stop) for stop in stops), minutes))

    for pattern in weights:
        plain = np.ascontiguousarray(pattern[covered])
        if plain.sum() <= 0:
            continue
        add(plain, -1)
        for _ in range(_DISTURBED):
            # Whole posts are disturbed, not single edges, so that other posts win.
            factor = rng.exponential(1.0, len(can))
            edges = (local.T @ factor) / np.maximum(local.sum(axis=0), 1e-9)
            add(plain * edges, -1)
    total = np.ascontiguousarray(weights.sum(axis=0)[covered]) + 1e-12
    for post in range(len(can)):
        add(total, post)
    stops = tuple(found)
    visits = sparse.lil_array((len(stops), len(can)))
    for row, one in enumerate(stops):
        visits[row, list(one)] = 1.0
    shares = sparse.csr_array(visits.tocsr() @ near)
    shares.data = np.minimum(shares.data, 1.0)
    return Pool(posts[can], minutes, stops, shares)


def _turned(stops: tuple[int, ...], minutes: Floats) -> tuple[int, ...]:
    """A round and its reverse are one: the quicker, or the one that begins with the lower."""
    way, back = [0, *(s + 1 for s in stops), 0], [0, *(s + 1 for s in stops[::-1]), 0]
    ahead, behind = minutes[way[:-1], way[1:]].sum(), minutes[back[:-1], back[1:]].sum()
    return min((round(float(ahead), 6), stops), (round(float(behind), 6), stops[::-1]))[1]


@njit(cache=True)
def _greedy(
    indptr: Ints,
    indices: Ints,
    data: Floats,
    weight: Floats,
    minutes: Floats,
    stay_min: float,
    room_min: float,
    first: int,
) -> Ints:
    """Insert the post with most new weight a minute where it costs least, until nothing fits.

    ``first``: a post that must be in it, or -1.
    """
    k = len(indptr) - 1
    seen = np.zeros(len(weight))
    inside = np.zeros(k, np.bool_)
    way = np.zeros(LONGEST + 2, np.int64)  # nodes of ``minutes``: 0 is the base
    size = 2
    used = 0.0
    for step in range(LONGEST):
        best, where, who, cost_of = 0.0, -1, -1, 0.0
        for j in range(k):
            if inside[j] or (step == 0 and first >= 0 and j != first):
                continue
            gain = 0.0
            for p in range(indptr[j], indptr[j + 1]):
                gain += min(data[p], 1.0 - seen[indices[p]]) * weight[indices[p]]
            if gain <= 0.0 and not (step == 0 and j == first):
                continue
            cheap, at = np.inf, -1
            for q in range(size - 1):
                more = minutes[way[q], j + 1] + minutes[j + 1, way[q + 1]]
                more -= minutes[way[q], way[q + 1]]
                if more < cheap:
                    cheap, at = more, q
            if used + cheap + stay_min > room_min + 1e-9:
                continue
            value = (gain + 1e-15) / (cheap + stay_min)
            if value > best:
                best, where, who, cost_of = value, at, j, cheap
        if who < 0:
            break
        for q in range(size, where + 1, -1):
            way[q] = way[q - 1]
        way[where + 1] = who + 1
        size += 1
        used += cost_of + stay_min
        inside[who] = True
        for p in range(indptr[who], indptr[who + 1]):
            seen[indices[p]] = min(1.0, seen[indices[p]] + data[p])
    return way[1 : size - 1] - 1
