"""Drawing a plan: a secret seed decides, and the same seed gives the same plan again.

For each unit the floor's rounds come first, at slots chosen by chance; every other slot takes a
round by the probabilities of the strategy. So the floor holds in every plan, and over many plans
each round comes up as often as its probability says.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sizao.plan import operations
from sizao.plan.strategy import Strategy

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Held:
    """An operation that is held: kind, post of the plan and its minutes."""

    kind: str
    post: int
    minutes: float


@dataclass(frozen=True, eq=False)
class Drawn:
    """rounds : (units, slots), row of the unit's pool, -1 none; held : by (unit, slot)."""

    rounds: Ints
    held: Mapping[tuple[int, int], Held]


def generator(seed: str, *purpose: int) -> np.random.Generator:
    """Chance from a secret: a stream of its own for each purpose."""
    digest = hashlib.sha256(f"sizao patrol {seed}".encode()).digest()
    words = [int.from_bytes(digest[i : i + 4], "big") for i in range(0, 32, 4)]
    return np.random.default_rng([*words, *purpose])


def commitment(seed: str) -> str:
    """What may be published with a plan: it shows later that the seed was not chosen afterwards."""
    return hashlib.sha256(f"sizao patrol seed {seed}".encode()).hexdigest()[:32]


def draw(strategy: Strategy, seed: str, week: int = 0) -> Drawn:
    """One plan. ``week`` numbers independent plans of the same seed."""
    rng = generator(seed, week)
    held = _hold(strategy, rng)
    rounds = np.full((len(strategy.pools), len(strategy.slots)), -1, np.int64)
    for unit, pool in enumerate(strategy.pools):
        own = [int(slot) for slot in strategy.slots_of(unit) if (unit, int(slot)) not in held]
        if not own:
            continue
        floor = strategy.floors[unit]
        left = own
        if floor.size:
            chosen = floor.sets[int(rng.integers(len(floor.sets)))]
            at = rng.permutation(own)
            rounds[unit, at[: floor.size]] = chosen
            left = sorted(int(slot) for slot in at[floor.size :])
        for slot in left:
            steps = strategy.steps[unit][slot]
            row = int(np.searchsorted(steps, rng.random(), "right"))
            rounds[unit, slot] = min(row, len(pool) - 1)
    return Drawn(rounds, held)


def visits_of(strategy: Strategy, drawn: Drawn) -> list[set[int]]:
    """Posts of the plan that are visited in each slot, by anybody."""
    found: list[set[int]] = [set() for _ in strategy.slots]
    for unit, pool in enumerate(strategy.pools):
        for slot, row in enumerate(drawn.rounds[unit]):
            if row >= 0:
                found[slot] |= {int(pool.posts[stop]) for stop in pool.stops[row]}
    for (_, slot), one in drawn.held.items():
        found[slot].add(one.post)
    return found


def _hold(strategy: Strategy, rng: np.random.Generator) -> dict[tuple[int, int], Held]:
    shift_of = np.array([slot.shift for slot in strategy.slots])
    held: dict[tuple[int, int], Held] = {}
    for minutes, found in strategy.operations:
        taken = {(unit, int(shift_of[slot])) for unit, slot in held}
        for row in operations.draw(found, shift_of, rng):
            unit, slot = int(found.unit[row]), int(found.slot[row])
            # Two kinds in one shift: the second gives way, and the plan has one fewer of it.
            if (unit, int(shift_of[slot])) not in taken:
                held[unit, slot] = Held(found.kind, int(found.post[row]), minutes)
    return held
