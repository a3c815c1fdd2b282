"""The programme of a slot, judged by its own definition; hours that share an answer."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from scipy.optimize import linprog

from sizao.plan import floors, mixing
from sizao.plan.covering import Cover
from sizao.plan.zones import groups_of

from .worlds import strategy

CAP, ROBUST = 0.5, 0.2


def game() -> mixing.Game:
    plan = strategy()
    unit = np.repeat(np.arange(len(plan.pools)), [len(pool) for pool in plan.pools])
    cover = Cover(unit, sparse.csr_array(sparse.vstack([pool.shares for pool in plan.pools])))
    fixed = [
        floors.fixed_part(pool, floor, len(plan.slots_of(one)), 0.1)
        for one, (pool, floor) in enumerate(zip(plan.pools, plan.floors, strict=True))
    ]
    return mixing.Game(cover, groups_of(plan.reach), plan.pools, fixed, plan.zones, CAP, ROBUST)


def plainly(
    one: mixing.Game, units: list[int], weight: np.ndarray, chances: list[np.ndarray] | None
) -> float:
    """The docstring's programme with a variable for every edge, zone and neighbour: its optimum,
    or what it is at ``chances``."""
    shares = np.vstack([one.pools[u].shares.toarray() for u in units])
    unit = np.repeat(units, [len(one.pools[u]) for u in units])
    fixed = np.concatenate([one.fixed[u] for u in units])
    r, e = shares.shape
    weight = np.where(one.group >= 0, weight, 0.0)
    mean = one.zones.mean_over(weight).toarray()
    met = mean @ (shares.sum(axis=0) > 0) > 0
    zone = one.zones.weight(weight) * met
    z = len(zone)
    pairs = [
        (a, int(b)) for a in np.flatnonzero(met) for b in one.zones.others[a] if b >= 0 and met[b]
    ]
    rows = [np.hstack((-shares.T, np.eye(e), np.zeros((e, z))))]
    for a, b in pairs:
        rows.append(np.concatenate((np.zeros(r), -mean[b], np.eye(z)[a]))[None])
    bound = [np.zeros(e + len(pairs))]
    for u in units:
        passes = np.zeros((one.pools[u].passes.shape[1], r))
        passes[:, unit == u] = one.pools[u].passes.T
        rows.append(np.hstack((passes, np.zeros((len(passes), e + z)))))
        bound.append(np.full(len(passes), CAP if chances is None else 1.0))
    lower = fixed if chances is None else np.concatenate(chances)
    found = linprog(
        -np.concatenate(
            (np.zeros(r), (1 - ROBUST) * weight / weight.sum(), ROBUST * zone / zone.sum())
        ),
        A_ub=np.vstack(rows),
        b_ub=np.concatenate(bound),
        A_eq=np.hstack((np.equal.outer(units, unit), np.zeros((len(units), e + z)))),
        b_eq=np.ones(len(units)),
        bounds=[(low * (1 - 1e-9), 1) for low in lower] + [(0, 1)] * (e + z),
    )
    return -float(found.fun)


@pytest.mark.parametrize("units", [[0], [0, 1], [0, 1, 2]])
def test_the_mixture_is_worth_what_the_programme_allows(units: list[int]) -> None:
    one = game()
    weight = strategy().weight[:2].sum(axis=0)
    chances = one.mix(units, weight)
    best, found = plainly(one, units, weight, None), plainly(one, units, weight, chances)
    # Groups of edges and the lightest left out cost something.
    assert 0.995 * best <= found <= best * (1 + 1e-6)
    for unit, chance in zip(units, chances, strict=True):
        assert (one.pools[unit].passes.T @ chance).max() <= CAP + 1e-6


def test_hours_that_lie_alike_share_an_answer_and_others_do_not() -> None:
    one = game()
    weight = strategy().weight[0]
    first = one.mix([0, 1], weight)
    assert one.mix([0, 1], 3.0 * weight) is first
    assert one.mix([0], weight) is not first
    elsewhere = weight.copy()
    elsewhere[::2] *= 1.1
    assert one.mix([0, 1], elsewhere) is not first
