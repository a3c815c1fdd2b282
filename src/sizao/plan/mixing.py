"""The mixed strategy of a slot or two: with which probability each unit drives each round.

A Stackelberg security game in the manner of ARMOR (Pita et al. 2008): who avoids patrols learns
the probabilities and goes where they are low. The linear programme trades coverage against what
is left when everybody near goes to the least covered zone around:

    maximise   (1 - robust) sum_e w_e y_e  +  robust sum_z W_z worst_z
    subject to y_e <= expected share of e covered,  y_e <= 1
               worst_z <= mean share of each zone that is near z
               probability that a unit visits a post <= cap

Part of every unit's rounds is not the programme's: the floor's (places that each week must reach)
and those that go anywhere within reach. Both are counted in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.optimize import linprog

from sizao.plan.covering import Cover, grouped
from sizao.plan.rounds import Pool
from sizao.plan.zones import Zones

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_DEAR = 100.0
"""What passing the cap costs, against an objective of at most 1."""


@dataclass(frozen=True, eq=False)
class Base:
    """What a unit's rounds are before the programme decides: probabilities over its pool.

    fixed : (r,), probability by floor and everywhere together; sums to less than 1
    """

    fixed: Floats

    @property
    def free(self) -> float:
        """Probability left to the programme."""
        return 1.0 - float(self.fixed.sum())


def mix(
    cover: Cover,
    group: Ints,
    units: Sequence[int],
    pools: Sequence[Pool],
    bases: Sequence[Base],
    zones: Zones,
    edge_weight: Floats,
    cap: float,
    robust: float,
) -> list[Floats]:
    """Probabilities over the pool of each unit on duty, in the order of ``units``.

    cover : the rounds of all units; group : (e,), of ``zones.groups_of``
    pools, bases : by unit number
    edge_weight : (e,) of the slot, all edges
    Where the cap cannot be kept (every round of a unit passes the same bridge), it is passed by as
    little as possible.
    """
    unit = np.repeat(units, [len(pools[one]) for one in units])
    shares = sparse.csr_array(sparse.vstack([cover.of_unit[one] for one in units]))
    shares, weight_e, kept = grouped(shares, edge_weight, group)
    fixed = np.concatenate([bases[one].fixed for one in units])
    r, e = shares.shape
    zone_mean = _zones_over(zones, group, kept, weight_e)
    reached = np.flatnonzero(zone_mean @ (shares.sum(axis=0) > 0) > 0)
    z = len(reached)
    place = np.full(len(zones), -1)
    place[reached] = np.arange(z)
    weight = zones.weight(edge_weight)[reached]
    near = zones.others[reached]
    here, column = np.nonzero(near >= 0)
    there = place[near[here, column]]
    here, there = here[there >= 0], there[there >= 0]
    pairs = len(here)
    worst = sparse.csr_array((np.ones(pairs), (np.arange(pairs), here)), shape=(pairs, z))
    means = sparse.csr_array(zone_mean[reached][there])
    passes = sparse.csr_array(
        sparse.block_diag([pools[one].passes.T.astype(np.float64) for one in units])
    )
    posts = [pools[one].passes.shape[1] for one in units]
    over = sparse.csr_array(np.repeat(np.eye(len(units)), posts, axis=0))
    matrix = sparse.block_array(
        [
            [-shares.T, sparse.eye_array(e), None, None],
            [None, -means, worst, None],
            [passes, None, None, -over],
        ]
    )
    upper = np.concatenate((shares.T @ fixed, np.zeros(pairs), cap - passes @ fixed))
    member = sparse.csr_array((np.asarray(units)[:, None] == unit[None, :]).astype(np.float64))
    equal = sparse.hstack((member, sparse.csr_array((len(units), e + z + len(units)))))
    total = max(float(weight_e.sum()), 1e-12)
    found = linprog(
        np.concatenate(
            (
                np.zeros(r),
                -(1.0 - robust) * weight_e / total,
                -robust * weight / max(float(weight.sum()), 1e-12),
                np.full(len(units), _DEAR),
            )
        ),
        A_ub=sparse.csr_array(matrix),
        b_ub=upper,
        A_eq=sparse.csr_array(equal),
        b_eq=np.array([bases[one].free for one in units]),
        bounds=(0, 1),
        method="highs-ds",
    )
    chances = []
    for one in units:
        own = np.maximum(found.x[:r][unit == one], 0.0) + bases[one].fixed
        chances.append(own / own.sum())
    return chances


def _zones_over(zones: Zones, group: Ints, kept: Ints, weight: Floats) -> sparse.csr_array:
    """Matrix (z, g) that turns shares of groups into the weighted mean share of each zone."""
    # A group's edges have the same best post, which is their zone.
    zone_of = np.zeros(int(group.max()) + 1, np.int64)
    zone_of[group[group >= 0]] = zones.of_edge[group >= 0]
    zone = zone_of[kept]
    total = np.bincount(zone, weight, len(zones))[zone]
    return sparse.csr_array(
        (weight / total, (zone, np.arange(len(kept)))), shape=(len(zones), len(kept))
    )
