"""How much somebody who watched a month can avoid.

He knows the zones, the hours and everything that happened in four weeks of plans; he then keeps
out of the way in weeks he has not seen. What he expects of each zone and slot comes from

    place       how often each zone was covered
    time        ... at this time of the day
    week        ... in this slot of the week (four observations)
    sequence    ... at this time, given whether it was covered in the slot before, or earlier in
                the same shift, and how many days ago it was covered last

Three questions are asked of the best of these methods, in weighted place-hours (expected crashes):

    predicted how much of the rise and fall of coverage from hour to hour at a place he foresees
              (1 - squared error / variance): 1 if the plan repeats itself, 0 if its hours cannot
              be learned
    avoided   he stays away from as many place-hours as the plan covers, those where he expects a
              patrol most. Which share of the coverage was there? All of it if the plan repeats
              itself; no more than his share of place-hours (``blind``) if nothing can be learned.
    left      everybody, everywhere, moves to the zone within ten minutes' drive where he expects
              least, at no cost. How much coverage is left? The worst case of the security game.

Both are measured on plans drawn for the purpose, beside the plan with most coverage repeated
every week and beside rounds drawn evenly over all posts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sizao.plan import coverage, floors
from sizao.plan.draw import Drawn, draw, generator, visits_of
from sizao.plan.strategy import Strategy

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

WATCHED = 4
"""Weeks he watched."""
LATER = 12
"""Weeks on which he is measured."""
METHODS = ("place", "time", "week", "sequence")
_PRIOR = 3.0
"""Observations as which the broader average counts against the narrower one."""


@dataclass(frozen=True)
class Exploit:
    """Of one way to plan, shares of 1.

    coverage : of the network's weight that is covered
    predicted : by method, of the variance over the hours; below 0 he would do better not to guess
    avoided : by method, of the coverage that he avoids; blind : what chance would avoid
    left : of the network's weight still covered when everybody moves by the best method
    """

    coverage: float
    predicted: dict[str, float]
    avoided: dict[str, float]
    blind: float
    left: float

    @property
    def timetable(self) -> float:
        """Share of the changes over the hours that the best method foresees."""
        return max(0.0, *self.predicted.values())

    @property
    def exploitability(self) -> float:
        """Share of the coverage avoided by the best method."""
        return max(self.avoided.values())


def evaluate(strategy: Strategy, seed: str, weeks: int = LATER) -> dict[str, Exploit]:
    """``drawn``, ``repeated`` (the best plan, the same every week) and ``even`` (rounds drawn
    evenly over all posts, no floor), measured in the same way."""
    total = WATCHED + weeks

    def repeated(_: int) -> Drawn:
        return Drawn(strategy.best.rows, {})

    def evenly(week: int) -> Drawn:
        rng = generator(seed, 1, week)
        rows = np.full(strategy.best.rows.shape, -1, np.int64)
        for unit, pool in enumerate(strategy.pools):
            chance = floors.everywhere(pool)
            own = strategy.slots_of(unit)
            rows[unit, own] = rng.choice(len(pool), len(own), p=chance)
        return Drawn(rows, {})

    ways: dict[str, Callable[[int], Drawn]] = {
        "drawn": lambda week: draw(strategy, seed, 1000 + week),
        "repeated": repeated,
        "even": evenly,
    }
    return {
        name: _measure(strategy, [way(week) for week in range(total)]) for name, way in ways.items()
    }


def _measure(strategy: Strategy, plans: Sequence[Drawn]) -> Exploit:
    seen = np.array([zone_coverage(strategy, plan) for plan in plans])
    weight = np.array([strategy.zones.weight(row) for row in strategy.weight])
    watched, later = seen[:WATCHED], seen[WATCHED:]
    base = float((later * weight).sum() / len(later))
    within = np.zeros(len(strategy.zones), np.bool_)
    for pool in strategy.pools:
        within[pool.posts] = True
    room = base / max(float(weight[:, within].sum()), 1e-12)
    avoided: dict[str, float] = {}
    predicted: dict[str, float] = {}
    left: list[float] = []
    around = later - later.mean(axis=(0, 1))
    for method in METHODS:
        expects = _expect(method, strategy, watched, later)
        error = float(((later - expects) ** 2 * weight).sum())
        predicted[method] = 1.0 - error / max(float((around**2 * weight).sum()), 1e-12)
        avoided[method] = _avoided(expects, later, weight, base)
        met = _met(strategy, expects, later)
        left.append(float((met * weight).sum() / len(later)))
    return Exploit(base / strategy.total, predicted, avoided, room, min(left) / strategy.total)


def _avoided(expects: Floats, later: Floats, weight: Floats, room: float) -> float:
    """Share of the coverage in the place-hours where he expects most, ``room`` of weight a week."""
    escaped = 0.0
    for expected, real in zip(expects, later, strict=True):
        order = np.argsort(-expected, axis=None, kind="stable")
        each, there = weight.ravel()[order], real.ravel()[order]
        before = np.cumsum(each) - each
        part = np.clip((room - before) / np.maximum(each, 1e-300), 0.0, 1.0)
        escaped += float((part * each * there).sum())
    total = float((later * weight).sum())
    return escaped / total if total > 0 else 0.0


def zone_coverage(strategy: Strategy, plan: Drawn) -> Floats:
    """Mean share covered of each zone in each slot: (slots, zones)."""
    share = coverage.shares(strategy.reach, visits_of(strategy, plan))
    found = np.empty((len(share), len(strategy.zones)))
    mean = strategy.zones.mean_over(strategy.weight.mean(axis=0))
    for slot, row in enumerate(share):
        found[slot] = mean @ row
    return found


def _expect(method: str, strategy: Strategy, watched: Floats, later: Floats) -> Floats:
    """Expected coverage of each zone and slot, for each later week: (weeks, slots, zones)."""
    kind = _time_of_day(strategy)
    place = watched.mean(axis=(0, 1))
    time = np.empty(watched.shape[1:])
    for one in np.unique(kind):
        rows = kind == one
        time[rows] = _shrunk(watched[:, rows].sum(axis=(0, 1)), WATCHED * rows.sum(), place)
    if method == "place":
        fixed = np.tile(place, (watched.shape[1], 1))
    elif method == "time":
        fixed = time
    else:
        # Unshrunk: a plan that repeats itself is known after one week.
        fixed = watched.mean(axis=0) + 1e-6 * time
    if method != "sequence":
        return np.broadcast_to(fixed, later.shape)
    states = _states(strategy, watched)
    now = _states(strategy, later)
    found = np.broadcast_to(time, later.shape).copy()
    overall = max(float(time.mean()), 1e-9)
    for state in range(_STATES):
        mine = states == state
        number = mine.sum(axis=(0, 1))
        # What the state alone says, anywhere, as a factor on the time of day; then by zone.
        if not mine.any():
            continue
        usual = float(np.broadcast_to(time, watched.shape)[mine].mean())
        lift = float(watched[mine].mean()) / max(usual, 1e-9)
        by_zone = _shrunk((watched * mine).sum(axis=(0, 1)), number, lift * place)
        factor = by_zone / np.maximum(place, 1e-3 * overall)
        found = np.where(now == state, time * factor, found)
    return found


_STATES = 5


def _states(strategy: Strategy, seen: Floats) -> Ints:
    """What was seen of a zone before a slot: 0 covered in the slot before, 1 earlier in the same
    shift, 2 within a day, 3 within three days, 4 longer ago or never: (weeks, slots, zones)."""
    weeks, slots, zones = seen.shape
    start = np.array([slot.start.timestamp() for slot in strategy.slots]) / 3600.0
    shift = [slot.shift for slot in strategy.slots]
    found = np.full(seen.shape, 4, np.int64)
    for week in range(weeks):
        last = np.full(zones, -1, np.int64)
        for slot in range(slots):
            known = last >= 0
            ago = np.where(known, start[slot] - start[np.maximum(last, 0)], np.inf)
            same = known & (np.array(shift)[np.maximum(last, 0)] == shift[slot])
            state = np.where(ago <= 24, 2, np.where(ago <= 72, 3, 4))
            state = np.where(same, 1, state)
            found[week, slot] = np.where(known & (last == slot - 1), 0, state)
            last = np.where(seen[week, slot] > 0.5, slot, last)
    return found


def _shrunk(total: Floats, number: Floats | float, towards: Floats) -> Floats:
    found: Floats = (total + _PRIOR * towards) / (number + _PRIOR)
    return found


def _time_of_day(strategy: Strategy) -> Ints:
    return np.array([slot.start.hour * 60 + slot.start.minute for slot in strategy.slots])


def _met(strategy: Strategy, expects: Floats, later: Floats) -> Floats:
    """Coverage met by whoever set out in each zone and went where he expects least."""
    others = strategy.zones.others
    best = np.full(later.shape, np.inf)
    met = np.zeros(later.shape)
    for to in others.T:
        expected = np.where(to >= 0, expects[:, :, np.maximum(to, 0)], np.inf)
        better = expected < best - 1e-12
        best = np.where(better, expected, best)
        met = np.where(better, later[:, :, np.maximum(to, 0)], met)
    return met
