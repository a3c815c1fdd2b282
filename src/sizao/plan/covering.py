"""Maximal covering (Church & ReVelle 1974) in one slot: a round for each unit on duty.

    maximise   sum_e w_e y_e
    subject to y_e <= sum_r share_re x_r,  0 <= y_e <= 1,  one round a unit,  x binary

Bounds come from the dual of the relaxation: for *any* prices p with 0 <= p_e <= w_e, no set of
units on duty covers more than

    sum_u on duty  max_r in u (share_r . p)  +  sum_e (w_e - p_e)

so prices found for one slot, as ratios p / w, bound every slot that looks like it, at the price of
one product with a sparse matrix. With p = w the bound is the sum of what each covers alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit
from scipy import sparse
from scipy.optimize import linprog

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SOLVER: dict[str, Any] = {"method": "highs-ds", "options": {"presolve": False}}
"""Presolving these programmes takes longer than what it saves."""
_STARTS = 3
_TAIL = 0.005


@dataclass(frozen=True, eq=False)
class Cover:
    """Rounds of all units: unit (r,), which unit each belongs to, ascending; shares (r, e)."""

    unit: Ints
    shares: sparse.csr_array

    @cached_property
    def in_reach(self) -> npt.NDArray[np.bool_]:
        """Edges that some round covers, shape (e,)."""
        return np.asarray(self.shares.sum(axis=0)).ravel() > 0

    @cached_property
    def start(self) -> Ints:
        """First row of each unit, and the number of rows at the end."""
        return np.searchsorted(self.unit, np.arange(int(self.unit[-1]) + 2)).astype(np.int64)

    @cached_property
    def of_unit(self) -> list[sparse.csr_array]:
        """Shares of each unit's own rounds."""
        return [
            sparse.csr_array(self.shares[a:b])
            for a, b in zip(self.start[:-1], self.start[1:], strict=True)
        ]


def grouped(
    shares: sparse.csr_array, weight: Floats, group: Ints
) -> tuple[sparse.csr_array, Floats, Ints]:
    """Weighted mean shares over groups (r, g), weight of each (g,), and their numbers.

    Groups that no row covers, or without weight, are left out, and with them the lightest that
    together hold less than _TAIL of the weight.
    """
    edges = np.flatnonzero((group >= 0) & (weight > 0))
    size = int(group.max()) + 1
    member = sparse.csr_array((weight[edges], (edges, group[edges])), shape=(len(group), size))
    total = np.asarray(member.sum(axis=0)).ravel()
    value = sparse.csc_array(shares @ member)
    covered = np.flatnonzero((np.diff(value.indptr) > 0) & (total > 0))
    order = covered[np.argsort(total[covered], kind="stable")]
    small = np.searchsorted(np.cumsum(total[order]), _TAIL * total[order].sum())
    kept = np.sort(order[small:])
    mean = sparse.csr_array(value[:, kept] @ sparse.diags_array(1.0 / total[kept]))
    return mean, total[kept], kept


@dataclass(frozen=True, eq=False)
class Cut:
    """What is covered <= constant + price . work, for every set of units on duty."""

    price: Floats
    constant: float


def bound_by(cover: Cover, weight: Floats, ratio: Floats) -> list[Cut]:
    """Bounds of slots by prices ``ratio * weight``.

    weight : (slots, e); ratio : (e,), in [0, 1]
    """
    price = (weight * ratio).T
    value = cover.shares @ price
    best = np.maximum.reduceat(value, cover.start[:-1], axis=0)
    left = ((weight - price.T)[:, cover.in_reach]).sum(axis=1)
    return [Cut(best[:, slot], float(left[slot])) for slot in range(len(weight))]


def prices(cover: Cover, weight: Floats, work: Floats, group: Ints) -> Floats:
    """Ratios (e,) whose bound is near the relaxation's optimum at ``work``, (units,) in [0, 1].

    group : (e,), edges with one price for all; with a group for each edge the bound *is* the
        optimum
    """
    on = np.flatnonzero(work > 0)
    of_group = np.ones(int(group.max()) + 2)  # the last is for edges without a group
    if not len(on):
        return of_group[group]
    unit = np.repeat(np.arange(len(on)), np.diff(cover.start)[on])
    rows = sparse.csr_array(sparse.vstack([cover.of_unit[one] for one in on]))
    shares, total, kept = grouped(rows, weight, group)
    twice, once = contested(shares, unit, work[on])
    scale = float(total.sum())
    found = linprog(
        np.concatenate((-(shares[:, once] @ total[once]) / scale, -total[twice] / scale)),
        A_ub=sparse.csr_array(sparse.hstack((-shares[:, twice].T, sparse.eye_array(len(twice))))),
        b_ub=np.zeros(len(twice)),
        A_eq=sparse.csr_array(sparse.hstack((one_each(unit), empty(len(on), len(twice))))),
        b_eq=work[on],
        bounds=(0, 1),
        **SOLVER,
    )
    price = np.clip(-found.ineqlin.marginals * scale / total[twice], 0.0, 1.0)
    of_group[kept[twice]] = price
    ratio: Floats = of_group[group]
    return ratio


def contested(
    shares: sparse.csr_array, unit: Ints, level: Floats, sure: Floats | float = 0.0
) -> tuple[Ints, Ints]:
    """Columns of which more than all could be covered, and the others.

    shares : (r, g); unit : (r,), 0, 1, ... ascending; level : (units,), rounds of each unit
    sure : (g,), covered anyway
    Only the first need a variable that is held at 1. In the others, as wherever a single unit
    comes, what is covered is the sum of what the rounds cover, a linear part of the objective.
    """
    start = np.searchsorted(unit, np.arange(len(level)))
    most = level @ np.maximum.reduceat(shares.toarray(), start, axis=0) + sure
    return np.flatnonzero(most > 1.0 + 1e-9), np.flatnonzero(most <= 1.0 + 1e-9)


def one_each(unit: Ints) -> sparse.csr_array:
    """Sum over the rounds of each unit: (units, r)."""
    rows = np.arange(len(unit))
    return sparse.csr_array((np.ones(len(unit)), (unit, rows)), shape=(unit.max() + 1, len(unit)))


def empty(rows: int, columns: int) -> sparse.csr_array:
    """Nothing, of some size."""
    return sparse.csr_array((rows, columns))


def best_rounds(cover: Cover, weight: Floats, units: Sequence[int]) -> tuple[Ints, float]:
    """A round for each unit on duty, and the weight covered.

    Each unit in turn takes what adds most to the others', until nobody changes; from several
    orders, the best. ``bound_by`` says how far from the optimum that can be.
    """
    # What a round covers where nobody else is bounds what it adds, so few have to be looked at.
    alone = [cover.of_unit[unit] @ weight for unit in units]
    order_of = [np.argsort(-one, kind="stable") for one in alone]
    best, most = np.zeros(len(units), np.int64), -1.0
    for turn in range(min(_STARTS, max(len(units), 1))):
        rows = np.full(len(units), -1, np.int64)
        order = [(place + turn) % len(units) for place in range(len(units))]
        value = 0.0
        while True:
            before = value
            for place in order:
                others = np.delete(rows, place)
                seen = _covered(cover, others[others >= 0])
                without = float(seen @ weight)
                own = cover.of_unit[units[place]]
                top, added = _most_added(
                    own.indptr, own.indices, own.data, 1.0 - seen, weight,
                    alone[place], order_of[place],
                )  # fmt: skip
                if rows[place] < 0 or without + added > value + 1e-12:
                    rows[place] = cover.start[units[place]] + top
                    value = without + added
            if value <= before + 1e-12:
                break
        if value > most:
            best, most = rows, value
    return best, max(most, 0.0)


def _covered(cover: Cover, rows: Ints) -> Floats:
    """Share of each edge that some rounds cover together."""
    share = np.zeros(cover.shares.shape[1])
    for row in rows:
        part = slice(cover.shares.indptr[row], cover.shares.indptr[row + 1])
        share[cover.shares.indices[part]] += cover.shares.data[part]
    return np.minimum(share, 1.0)


@njit(cache=True)
def _most_added(
    indptr: Ints,
    indices: Ints,
    data: Floats,
    left: Floats,
    weight: Floats,
    alone: Floats,
    order: Ints,
) -> tuple[int, float]:
    """The round that adds most weight where ``left`` is not covered yet, the first of equals.

    alone : (r,), what each adds at most; order : (r,), rounds by it, most first
    """
    top, most = 0, -1.0
    for row in order:
        if alone[row] < most:
            break
        total = 0.0
        for at in range(indptr[row], indptr[row + 1]):
            edge = indices[at]
            total += min(data[at], left[edge]) * weight[edge]
        if total > most or (total == most and row < top):
            top, most = row, total
    return top, most
