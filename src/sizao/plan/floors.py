"""The floor: places that every drawn week reaches, whatever chance does.

A set of rounds that together pass all floor zones is driven at slots chosen by chance, one slot a
round, and chance takes another such set each week. So the floor holds in every week that can be
drawn and not only on average.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sizao.plan.rounds import Pool

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SETS = 6
"""Different sets of rounds to take turns."""


@dataclass(frozen=True, eq=False)
class Floor:
    """posts : indices into the pool's posts that every week must visit; sets : rows of the pool,
    each set passes them all; ``size`` rounds each (shorter sets are filled up)."""

    posts: Ints
    sets: tuple[tuple[int, ...], ...]

    @property
    def size(self) -> int:
        """Rounds of a week that belong to the floor."""
        return len(self.sets[0]) if self.sets else 0


def floor_of(pool: Pool, worth: Floats, rounds: int, rng: np.random.Generator) -> Floor:
    """As many posts as so many rounds can pass, the most worth first.

    worth : (k,), weight around each post of the pool; rounds : at most
    """
    if rounds < 1 or not len(pool):
        return Floor(np.zeros(0, np.int64), ())
    order = np.argsort(-worth, kind="stable")
    passed: npt.NDArray[np.bool_] = np.any(pool.passes, axis=0)
    order = order[passed[order] & (worth[order] > 0)]
    low, high = 0, len(order)
    while low < high:  # the most posts that still fit
        middle = (low + high + 1) // 2
        if len(_cover(pool, order[:middle], np.ones(len(pool)))) <= rounds:
            low = middle
        else:
            high = middle - 1
    posts = np.sort(order[:low])
    if not len(posts):
        return Floor(np.zeros(0, np.int64), ())
    found: dict[tuple[int, ...], None] = {tuple(_cover(pool, posts, np.ones(len(pool)))): None}
    for _ in range(8 * SETS):
        if len(found) == SETS:
            break
        rows = tuple(_cover(pool, posts, rng.uniform(0.4, 1.0, len(pool))))
        if len(rows) <= rounds:
            found.setdefault(rows)
    size = max(len(rows) for rows in found)
    filled = []
    for rows in found:
        more = rng.choice(len(pool), size - len(rows))
        filled.append((*rows, *(int(row) for row in more)))
    return Floor(posts, tuple(filled))


def _cover(pool: Pool, posts: Ints, taste: Floats) -> list[int]:
    """Rounds that pass all the posts: the one that passes most new ones first, by taste."""
    passes: npt.NDArray[np.bool_] = pool.passes[:, posts]
    left = np.ones(len(posts), np.bool_)
    chosen: list[int] = []
    while left.any():
        new = passes[:, left].sum(axis=1) * taste
        best = int(new.argmax())
        if new[best] <= 0:
            break
        chosen.append(best)
        left &= ~passes[best]
    return chosen


def everywhere(pool: Pool) -> Floats:
    """Equal chances over a few rounds that pass every post that can be passed: (r,)."""
    posts = np.flatnonzero(pool.passes.any(axis=0))
    rows = _cover(pool, posts, np.ones(len(pool)))
    chance = np.zeros(len(pool))
    chance[rows] = 1.0 / max(len(rows), 1)
    return chance


def fixed_part(pool: Pool, floor: Floor, slots: int, share: float) -> Floats:
    """Probability of each round in any one slot by the floor and by ``everywhere``: (r,).

    slots : how many the unit has; share : of the remaining rounds that go anywhere
    """
    chance = np.zeros(len(pool))
    if not slots:
        return chance
    for rows in floor.sets:
        np.add.at(chance, list(rows), 1.0 / (len(floor.sets) * slots))
    rest = 1.0 - floor.size / slots
    return chance + rest * share * everywhere(pool)
