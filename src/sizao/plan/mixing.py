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
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.optimize import linprog

from sizao.plan.covering import SOLVER, Cover, contested, empty, grouped, one_each
from sizao.plan.rounds import Pool
from sizao.plan.zones import Zones

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

ALIKE = 0.005
"""Hours whose weight differs by so little in place share one answer: another hour's answer is worth
at most about that much less."""
_DEAR = 100.0
"""What passing the cap costs, against an objective of at most 1."""


@dataclass(frozen=True, eq=False)
class Game:
    """What the programmes of all slots have in common.

    cover : the rounds of all units; group : (e,), of ``zones.groups_of``
    pools : by unit
    fixed : by unit, (r,), probability of each round by floor and everywhere together; sums to
        less than 1, and the rest is left to the programme
    cap : most that a unit may visit a post; robust : of the module's docstring
    """

    cover: Cover
    group: Ints
    pools: Sequence[Pool]
    fixed: Sequence[Floats]
    zones: Zones
    cap: float
    robust: float
    _solved: dict[tuple[int, ...], list[tuple[Floats, list[Floats]]]] = field(
        default_factory=dict, init=False
    )

    def mix(self, units: Sequence[int], edge_weight: Floats) -> list[Floats]:
        """Probabilities over the pool of each unit on duty, in the order of ``units``.

        edge_weight : (e,) of the slot, all edges
        Where the cap cannot be kept (every round of a unit passes the same bridge), it is passed
        by as little as possible. Hours whose weight lies as in an hour solved before, to
        ``ALIKE`` of it, take that hour's answer: eight o'clock on Tuesday is that of Monday.
        """
        known = self._solved.setdefault(tuple(units), [])
        weight = np.where(self.group >= 0, edge_weight, 0.0)
        weight /= max(float(weight.sum()), 1e-12)
        for before, chances in known:
            if np.abs(before - weight).sum() / 2.0 <= ALIKE:
                return chances
        known.append((weight, self._solve(units, edge_weight)))
        return known[-1][1]

    def _solve(self, units: Sequence[int], edge_weight: Floats) -> list[Floats]:
        sizes = [len(self.pools[one]) for one in units]
        unit = np.repeat(np.arange(len(units)), sizes)
        shares = sparse.csr_array(sparse.vstack([self.cover.of_unit[one] for one in units]))
        shares, weight_e, kept = grouped(shares, edge_weight, self.group)
        fixed = np.concatenate([self.fixed[one] for one in units])
        free = np.array([1.0 - float(self.fixed[one].sum()) for one in units])
        sure = shares.T @ fixed
        twice, once = contested(shares, unit, free, sure)

        zone_mean = _zones_over(self.zones, self.group, kept, weight_e)
        reached = np.flatnonzero(zone_mean @ (shares.sum(axis=0) > 0) > 0)
        place = np.full(len(self.zones), -1)
        place[reached] = np.arange(len(reached))
        near = self.zones.others[reached]
        here, column = np.nonzero(near >= 0)
        there = place[near[here, column]]
        here, there = here[there >= 0], there[there >= 0]
        mean = sparse.csr_array(zone_mean[reached])

        passes = sparse.csr_array(
            sparse.block_diag([self.pools[one].passes.T.astype(np.float64) for one in units])
        )
        posts = [self.pools[one].passes.shape[1] for one in units]
        over = sparse.csr_array(np.repeat(np.eye(len(units)), posts, axis=0))
        r, y, z, k = len(unit), len(twice), len(reached), len(units)
        pairs = len(here)
        # Columns: rounds, contested groups, mean of each zone, worst near each, over the cap.
        matrix = sparse.vstack(
            [
                sparse.hstack([-shares[:, twice].T, sparse.eye_array(y), empty(y, 2 * z + k)]),
                sparse.hstack(
                    [
                        -(mean[:, once] @ shares[:, once].T), -mean[:, twice],
                        sparse.eye_array(z), empty(z, z + k),
                    ]
                ),
                sparse.hstack(
                    [empty(pairs, r + y), -_pick(there, z), _pick(here, z), empty(pairs, k)]
                ),
                sparse.hstack([passes, empty(passes.shape[0], y + 2 * z), -over]),
            ]
        )  # fmt: skip
        upper = (
            sure[twice],
            mean[:, once] @ sure[once],
            np.zeros(pairs),
            self.cap - passes @ fixed,
        )
        gain = (1.0 - self.robust) * weight_e / max(float(weight_e.sum()), 1e-12)
        weight = self.zones.weight(edge_weight)[reached]
        found = linprog(
            np.concatenate(
                (
                    -(shares[:, once] @ gain[once]),
                    -gain[twice],
                    np.zeros(z),
                    -self.robust * weight / max(float(weight.sum()), 1e-12),
                    np.full(k, _DEAR),
                )
            ),
            A_ub=sparse.csr_array(matrix),
            b_ub=np.concatenate(upper),
            A_eq=sparse.csr_array(sparse.hstack((one_each(unit), empty(k, y + 2 * z + k)))),
            b_eq=free,
            bounds=(0, 1),
            **SOLVER,
        )
        chances = []
        for number, one in enumerate(units):
            own = np.maximum(found.x[:r][unit == number], 0.0) + self.fixed[one]
            chances.append(own / own.sum())
        return chances


def _pick(columns: Ints, size: int) -> sparse.csr_array:
    """A row each with a 1 in its column."""
    rows = np.arange(len(columns))
    return sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(rows), size))


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
