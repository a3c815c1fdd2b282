"""Operations: drink-driving (酒驾) and 三超一疲劳 checks, at which place and hour.

What an operation is worth at a place is the crashes of its kind expected within reach while it
stands there: the forecast times the share of crashes with such a cause, by kind of road and hour
of the week. Where the crash file names no causes, the share is a stated guess (``GUESS``). Places
are proposed with their expected coverage and nothing else: no number of stops, tests or fines.

Places and hours are drawn, by systematic sampling (Madow 1949): the number of operations is kept
exactly, no unit has two in one shift, and the chances are those of the linear programme.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.optimize import linprog

from sizao.core.errors import ConfigError
from sizao.plan.force import OPERATIONS, Operation, Unit
from sizao.plan.rounds import Pool
from sizao.plan.week import HOURS, Slot

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

CAUSES: Mapping[str, tuple[str, ...]] = {
    "drink_driving": ("酒", "醉", "alcohol", "drunk", "drink", "intoxic"),
    "core_violations": ("超速", "超员", "超载", "超限", "疲劳", "speed", "overload", "fatigue",
                        "overcrowd", "drows"),
}  # fmt: skip
"""Words in the cause of a crash that put it under an operation's kind."""

ROADS: Mapping[str, frozenset[str]] = {
    "drink_driving": frozenset({"urban", "urban_expressway", "county", "provincial", "village"}),
    "core_violations": frozenset({"expressway", "ramp", "national", "provincial", "county"}),
}
"""Classes of road whose function suits the operation: where people drive home from dinner, and
where goods and coaches travel."""

GUESS: Mapping[str, tuple[float, float, tuple[int, ...]]] = {
    "drink_driving": (0.15, 0.02, (20, 21, 22, 23, 0, 1, 2)),
    "core_violations": (0.35, 0.20, (0, 1, 2, 3, 4, 5, 12, 13, 14)),
}
"""Without causes in the file: share of crashes in certain hours and else, and those hours.
Project defaults, no finding."""

_PRIOR = 40.0
"""Crashes as which the overall share counts against a road class's own hours."""
_PLACES = 8
"""Places looked at for each unit and slot."""
_SURE = 0.5
"""No unit has an operation in a slot with more chance than this, so that nights stay open."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """Places for one kind: arrays of shape (n,) with unit, slot, post (of the plan), value and
    chance."""

    kind: str
    unit: Ints
    slot: Ints
    post: Ints
    value: Floats
    chance: Floats


def cause_share(
    kind: str,
    cause: Sequence[str],
    road_class: npt.NDArray[np.str_],
    hour_of_week: Ints,
    edge_class: npt.NDArray[np.str_],
) -> tuple[Floats, bool]:
    """Share of crashes of a kind on each edge in each hour of the week: (e, 168).

    cause, road_class, hour_of_week (-1 unknown) : (n,) of past crashes; edge_class : (e,)
    Returns also whether causes were found: without any, GUESS is used. Hours of the day are
    pooled over weekdays and over Friday night to Sunday, neighbours at half weight, and shrunk
    towards the overall share.
    """
    known = np.array([bool(text.strip()) for text in cause], np.bool_) & (hour_of_week >= 0)
    is_it = np.array([_names(kind, text) for text in cause], np.bool_)
    if not (known & is_it).any():
        high, low, hours = GUESS[kind]
        week = np.where(np.isin(np.arange(HOURS) % 24, hours), high, low)
        return _suited(kind, edge_class, np.tile(week, (len(edge_class), 1))), False
    overall = float(is_it[known].mean())
    share = np.empty((len(edge_class), HOURS))
    for name in np.unique(edge_class):
        rows = known & (road_class == name)
        share[edge_class == name] = _hours(is_it[rows], hour_of_week[rows], overall)
    return _suited(kind, edge_class, share), True


def _names(kind: str, text: str) -> bool:
    lower = text.lower()
    return any(word in lower for word in CAUSES[kind])


def _suited(kind: str, edge_class: npt.NDArray[np.str_], share: Floats) -> Floats:
    fits: Floats = share * np.isin(edge_class, sorted(ROADS[kind]))[:, None]
    return fits


def _hours(is_it: npt.NDArray[np.bool_], hour: Ints, overall: float) -> Floats:
    """Smoothed share by hour of the week from few crashes: (168,)."""
    weekend = _weekend(hour)
    out = np.empty(HOURS)
    every = np.arange(HOURS)
    for part in (False, True):
        rows = weekend == part
        every_count = np.bincount(hour[rows] % 24, minlength=24).astype(np.float64)
        its_count = np.bincount(hour[rows] % 24, is_it[rows], 24)
        pooled = [
            count + 0.5 * (np.roll(count, 1) + np.roll(count, -1))
            for count in (its_count, every_count)
        ]
        share = (pooled[0] + _PRIOR * overall) / (pooled[1] + _PRIOR)
        mine = _weekend(every) == part
        out[mine] = share[every[mine] % 24]
    return out


def _weekend(hour_of_week: Ints) -> npt.NDArray[np.bool_]:
    """Friday 18:00 to Monday 03:00."""
    late: npt.NDArray[np.bool_] = (hour_of_week >= 4 * 24 + 18) | (hour_of_week < 3)
    return late


def candidates(
    operation: Operation,
    units: Sequence[Unit],
    pools: Sequence[Pool],
    slots: Sequence[Slot],
    on_duty: Sequence[Ints],
    reach: sparse.csr_array,
    weight: Floats,
    number: int,
    most: Ints,
) -> Candidate:
    """Places, hours and chances for ``number`` operations.

    on_duty : per unit its slots; reach : (posts, e); weight : (slots, e), crashes of the kind
    most : (units,), operations a unit has slots for
    Raises ConfigError if there is no unit on duty with the skill and time for so many.
    """
    skill = OPERATIONS[operation.kind]
    rows: list[tuple[int, int, int, float]] = []
    for one, (crew, pool) in enumerate(zip(units, pools, strict=True)):
        if skill not in crew.skills or not len(on_duty[one]):
            continue
        there = pool.minutes[0, 1:] + pool.minutes[1:, 0] + operation.minutes
        value = (reach[pool.posts] @ weight[on_duty[one]].T).T
        for slot, worth in zip(on_duty[one], value, strict=True):
            fits = np.flatnonzero((there <= slots[slot].minutes) & (worth > 0))
            best = fits[np.argsort(-worth[fits], kind="stable")[:_PLACES]]
            rows += [(one, int(slot), int(pool.posts[k]), float(worth[k])) for k in best]
    if not rows:
        raise ConfigError(
            f"{operation.kind}: no unit with the skill {skill} is on duty where "
            f"{operation.minutes:g} min fit into a round and such crashes are expected"
        )
    unit, slot, post = (np.array([row[i] for row in rows], np.int64) for i in range(3))
    value = np.array([row[3] for row in rows])
    shift = np.array([slots[one].shift for one in slot])
    groups = [
        _members(unit * len(slots) + slot, _SURE),
        _members(unit * len(slots) + shift, 1.0),
        # A place is worth coming back to at most every third time.
        _members(post, max(1.0, number / 3.0)),
        (sparse.csr_array(np.arange(len(units))[:, None] == unit[None, :]), most.astype(float)),
    ]
    found = linprog(
        -value / value.max(),
        A_ub=sparse.csr_array(sparse.vstack([matrix.astype(np.float64) for matrix, _ in groups])),
        b_ub=np.concatenate([limit for _, limit in groups]),
        A_eq=np.ones((1, len(rows))),
        b_eq=[float(number)],
        bounds=(0, 1),
        method="highs-ds",
    )
    if found.x is None:
        raise ConfigError(
            f"{operation.kind}: {number} operations do not fit: the units with the skill {skill} "
            "are on duty too seldom; ask for fewer"
        )
    chance = np.clip(found.x, 0.0, 1.0)
    kept = chance > 1e-9
    return Candidate(operation.kind, unit[kept], slot[kept], post[kept], value[kept], chance[kept])


def _members(key: Ints, limit: float) -> tuple[sparse.csr_array, Floats]:
    """Rows that say which candidates share a key, and their common limit."""
    _, which = np.unique(key, return_inverse=True)
    matrix = sparse.csr_array((np.ones(len(key)), (which, np.arange(len(key)))))
    return matrix, np.full(matrix.shape[0], limit)


def draw(found: Candidate, shift_of: Ints, rng: np.random.Generator) -> Ints:
    """Rows of the candidates that are held: as many as their chances sum to.

    shift_of : (slots,), shift of each slot. Candidates of one unit and shift lie side by side on
    a line and take up at most 1 of it, so that one step of 1 never falls into it twice.
    """
    key = found.unit * (int(shift_of.max()) + 1) + shift_of[found.slot]
    groups, which = np.unique(key, return_inverse=True)
    place = rng.permutation(len(groups))[which]
    order = np.lexsort((rng.random(len(key)), place))
    line = np.cumsum(found.chance[order])
    number = round(float(line[-1]))
    line *= number / line[-1]
    points = rng.random() + np.arange(number)
    return np.sort(order[np.searchsorted(line, points, side="right").clip(0, len(order) - 1)])
