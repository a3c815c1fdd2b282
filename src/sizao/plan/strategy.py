"""From roads, expected crashes and a force to a strategy: posts, roster, best and mixed rounds.

roads + weights -> candidate posts -> rounds each unit can drive -> roster with bound
-> best rounds (the plan that can be learned) and mixed rounds (the plan that is drawn)
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy import sparse

from sizao.core.errors import ConfigError
from sizao.plan import coverage, covering, floors, mixing, operations, posts, roster
from sizao.plan.force import Force, Unit
from sizao.plan.roads import Roads, Travel, reach
from sizao.plan.rounds import Pool, build_pool
from sizao.plan.week import Shift, Slot, hours_of, lay_out
from sizao.plan.zones import Zones, groups_of, zones_of

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

GOAL_GAP = 0.01
"""Good enough: the roster is not improved further."""
PASSES = 2
_CREWS = (1, 2)
"""Crews on duty together for which the first bounds are made."""
_CLOSER = 4
"""Shifts looked at more closely between two rosters."""
_POOL_SEED = 20_190_107
"""Rounds are a property of the roads, not of the draw: the secret seed has no part in them."""


@dataclass(frozen=True, eq=False)
class Best:
    """The plan with most coverage. rows : (units, slots), round in the unit's pool, -1 off duty.

    value : weight covered; bound : no roster with any of the rounds covers more
    """

    rows: Ints
    value: float
    bound: float

    @property
    def gap(self) -> float:
        """Proven: how much more the bound allows, as a share of the bound."""
        return max(0.0, 1.0 - self.value / self.bound) if self.bound > 0 else 0.0


@dataclass(frozen=True, eq=False)
class Strategy:
    """Everything a week is drawn from; nothing in it is secret from the planner.

    weight : (slots, e), expected severity-weighted crashes of each edge in each slot
    nodes : (p,), node number of each post; reach : (p, e); minutes : (p, p) between posts
    work : bool (units, shifts); pools : by unit
    chances : chances[unit][slot] over the unit's pool, for its slots on duty
    """

    force: Force
    roads: Roads
    shifts: Sequence[Shift]
    slots: Sequence[Slot]
    weight: Floats
    nodes: Ints
    reach: sparse.csr_array
    zones: Zones
    pools: Sequence[Pool]
    work: npt.NDArray[np.bool_]
    floors: Sequence[floors.Floor]
    chances: Sequence[dict[int, Floats]]
    best: Best
    total: float
    """Weight of the whole network in the whole of the days, slots or not."""
    operations: Sequence[tuple[float, operations.Candidate]] = ()
    """Minutes and candidates of each operation."""

    @cached_property
    def steps(self) -> list[dict[int, Floats]]:
        """Cumulated probabilities of the rounds in a slot that is not the floor's."""
        found = []
        for unit, pool in enumerate(self.pools):
            number = len(self.slots_of(unit))
            floor = floors.fixed_part(pool, self.floors[unit], number, 0.0)
            left = {
                slot: np.maximum(all_ - floor, 0.0) for slot, all_ in self.chances[unit].items()
            }
            found.append({slot: np.cumsum(one) / one.sum() for slot, one in left.items()})
        return found

    def slots_of(self, unit: int) -> Ints:
        """Numbers of the slots in which a unit is on duty."""
        return np.array(
            [slot.number for slot in self.slots if self.work[unit, slot.shift]], np.int64
        )


def build(
    force: Force,
    roads: Roads,
    week: Floats,
    first: dt.date,
    days: int,
    *,
    by_kind: Mapping[str, Floats] | None = None,
    passes: int = PASSES,
    done: Callable[[str, str], None] = lambda step, detail: None,
) -> Strategy:
    """Find the strategy of some days.

    week : (e, 168), expected severity-weighted crashes of an average week, Monday 00:00 first
    by_kind : the same for crashes of each kind of operation in the force
    passes : rosters tried, at most, each against better bounds
    done : told about each step as it ends
    Raises ConfigError if no roster keeps the rules or a base is nowhere near a road.
    """
    shifts, slots = lay_out(force, first, days)
    weight = hours_of(slots) @ week.T
    total = float(week.sum()) * days / 7.0
    travel = Travel(roads)
    allowed = [_stoppable(roads, travel, unit) for unit in force.units]
    together = np.unique(np.concatenate(allowed))
    seen = reach(roads, together, force.visits.reach_m)
    kept = posts.choose(seen, weight.sum(axis=0), force.visits.posts)
    if not len(kept):
        raise ConfigError("no crash is expected anywhere a unit may stop: nothing to plan by")
    nodes, seen = together[kept], sparse.csr_array(seen[kept])
    done("posts", f"{len(nodes)} candidates of {len(together):,} junctions")

    bases = np.array(
        [roads.nearest_node(unit.lat, unit.lon, travel.drivable) for unit in force.units], np.int64
    )
    minutes = travel.minutes(np.concatenate((bases, nodes)))
    zones = zones_of(seen, minutes[len(bases) :, len(bases) :])
    pools = _pools(force, slots, weight, allowed, nodes, seen, minutes)
    done("rounds", f"{sum(map(len, pools)):,} that can be driven")

    unit = np.repeat(np.arange(len(pools)), [len(pool) for pool in pools])
    shares = sparse.csr_array(sparse.vstack([pool.shares for pool in pools]))
    cover = covering.Cover(unit, shares)
    group = groups_of(seen)
    work, best = _roster(force, shifts, slots, cover, weight, group, passes)
    best = replace(best, value=_value(best.rows, pools, seen, weight))
    done("roster", f"gap {best.gap:.2%} proven")

    rng = np.random.default_rng(_POOL_SEED)
    zone_weight = zones.weight(weight.sum(axis=0))
    of_unit: list[floors.Floor] = []
    fixed: list[Floats] = []
    for number, pool in enumerate(pools):
        rounds = int(sum(work[number, slot.shift] for slot in slots))
        most = int(force.mixture.floor_rounds * rounds)
        of_unit.append(floors.floor_of(pool, zone_weight[pool.posts], most, rng))
        fixed.append(floors.fixed_part(pool, of_unit[-1], rounds, force.mixture.everywhere))
    game = mixing.Game(cover, group, pools, fixed, zones, force.mixture.cap, force.mixture.robust)
    chances: list[dict[int, Floats]] = [{} for _ in pools]
    for shift in shifts:
        on = [number for number in range(len(pools)) if work[number, shift.number]]
        own = [slot.number for slot in slots if slot.shift == shift.number]
        # Two slots at a time: within four hours the weights are nearly those of one.
        for pair in (own[at : at + 2] for at in range(0, len(own) if on else 0, 2)):
            mixed = game.mix(on, weight[pair].sum(axis=0))
            for number, chance in zip(on, mixed, strict=True):
                chances[number].update(dict.fromkeys(pair, chance))
    done("mixed rounds", "")
    found = Strategy(
        force, roads, shifts, slots, weight, nodes, seen, zones, pools, work, of_unit,
        chances, best, total,
    )  # fmt: skip
    if not force.operations:
        return found
    held = _operations(found, by_kind or {}, days)
    done("operations", ", ".join(one.kind for _, one in held))
    return replace(found, operations=held)


def _value(rows: Ints, pools: Sequence[Pool], seen: sparse.csr_array, weight: Floats) -> float:
    """Weight covered, a post that two units visit counted once; the bound counts it twice."""
    visits: list[set[int]] = [set() for _ in weight]
    for pool, of_unit in zip(pools, rows, strict=True):
        for slot in np.flatnonzero(of_unit >= 0):
            visits[slot] |= {int(pool.posts[stop]) for stop in pool.stops[of_unit[slot]]}
    return float(coverage.covered(weight, coverage.shares(seen, visits)).sum())


def _operations(
    found: Strategy, by_kind: Mapping[str, Floats], days: int
) -> list[tuple[float, operations.Candidate]]:
    """Candidates of each operation; together they leave every unit the floor's slots."""
    units = range(len(found.pools))
    own = [found.slots_of(unit) for unit in units]
    spare = np.array([len(own[unit]) - found.floors[unit].size for unit in units])
    share = spare // max(len(found.force.operations), 1)
    held = []
    for one in found.force.operations:
        weight = hours_of(found.slots) @ by_kind[one.kind].T
        number = max(1, round(one.per_week * days / 7.0))
        held.append(
            (
                one.minutes,
                operations.candidates(
                    one, found.force.units, found.pools, found.slots, own, found.reach, weight,
                    number, share,
                ),
            )
        )  # fmt: skip
    return held


def _stoppable(roads: Roads, travel: Travel, unit: Unit) -> Ints:
    """Nodes where a unit may stop: where a road of its classes passes.

    Nobody stands on an expressway but who works there.
    """
    if unit.road_classes:
        fits = np.isin(roads.road_class, sorted(unit.road_classes))
    else:
        fits = ~np.isin(roads.road_class, ["expressway", "ramp"])
    ends = np.unique(np.concatenate((roads.a[fits], roads.b[fits])))
    return np.intersect1d(ends, travel.drivable).astype(np.int64)


def _pools(
    force: Force,
    slots: Sequence[Slot],
    weight: Floats,
    allowed: Sequence[Ints],
    nodes: Ints,
    seen: sparse.csr_array,
    minutes: Floats,
) -> list[Pool]:
    room = min(slot.minutes for slot in slots)
    stay = sum(force.visits.minutes) / 2
    units = len(force.units)
    found = []
    for number, unit in enumerate(force.units):
        own = np.flatnonzero(np.isin(nodes, allowed[number]))
        rows = np.concatenate(([number], units + own))
        rng = np.random.default_rng([_POOL_SEED, number])
        pool = build_pool(own, minutes[np.ix_(rows, rows)], seen[own], weight, stay, room, rng)
        if not len(pool):
            raise ConfigError(
                f"unit {unit.id} ({unit.name}): no post can be reached from its base and back "
                f"within a round of {room:.0f} min; is the base right, and its road_classes?"
            )
        found.append(pool)
    return found


def _roster(
    force: Force,
    shifts: Sequence[Shift],
    slots: Sequence[Slot],
    cover: covering.Cover,
    weight: Floats,
    group: Ints,
    passes: int,
) -> tuple[npt.NDArray[np.bool_], Best]:
    """Rosters against ever better bounds, until the gap is small.

    Counted in passes and not in seconds, so that the same inputs give the same plan anywhere.
    """
    units = len(force.units)
    of_shift: list[list[int]] = [[] for _ in shifts]
    for slot in slots:
        of_shift[slot.shift].append(slot.number)
    cuts: list[list[covering.Cut]] = [[] for _ in shifts]

    def bounded_by(ratio: Floats) -> None:
        each = covering.bound_by(cover, weight, ratio)
        for shift, numbers in enumerate(of_shift):
            price = np.sum([each[number].price for number in numbers], axis=0)
            constant = sum(each[number].constant for number in numbers)
            cuts[shift].append(covering.Cut(price, constant))

    bounded_by(np.ones(weight.shape[1]))
    average = weight.mean(axis=0)
    for crews in _CREWS:
        level = min(1.0, crews / units)
        bounded_by(covering.prices(cover, average, np.full(units, level), group))
    best: Best | None = None
    work = np.zeros((units, len(shifts)), np.bool_)
    bound = np.inf
    known: dict[tuple[int, tuple[int, ...]], tuple[Ints, float]] = {}
    for left in reversed(range(passes)):
        proposed = roster.choose_roster(force, shifts, cuts)
        bound = min(bound, proposed.bound)
        rows = np.full((units, len(slots)), -1, np.int64)
        value = np.zeros(len(shifts))
        for slot in slots:
            on = tuple(np.flatnonzero(proposed.work[:, slot.shift]).tolist())
            key = slot.number, on
            if key not in known:
                known[key] = covering.best_rounds(cover, weight[slot.number], on)
            chosen, covered = known[key]
            rows[list(on), slot.number] = chosen - cover.start[list(on)]
            value[slot.shift] += covered
        if best is None or value.sum() > best.value:
            best, work = Best(rows, float(value.sum()), bound), proposed.work
        best = Best(best.rows, best.value, bound)
        if best.gap <= GOAL_GAP or not left:
            break
        # Where the bound promised most more than there is, look closer.
        missing = proposed.worth - value
        loose = np.flatnonzero(missing > GOAL_GAP / 2 * np.maximum(value, 1e-12))
        if not len(loose):
            break
        for shift in loose[np.argsort(-missing[loose], kind="stable")][:_CLOSER]:
            middle = weight[of_shift[shift]].sum(axis=0)
            at = proposed.work[:, shift].astype(np.float64)
            bounded_by(covering.prices(cover, middle, at, group))
    assert best is not None
    return work, best
