"""From drawn rounds to who is where from when to when, to the minute.

Order, stays and the start within the slot are drawn too, so that a place seen at twenty past
once is not seen at twenty past again.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sizao.plan.draw import Drawn, generator
from sizao.plan.strategy import Strategy
from sizao.plan.week import Shift

PATROL, BREAK = "patrol", "break"


@dataclass(frozen=True)
class Entry:
    """One stay. post, node : of the plan and the network, -1 in a break; times are local.

    drive_min : driving before it; expected : severity-weighted crashes in its slot within reach
    """

    unit: int
    shift: int
    slot: int
    activity: str
    post: int
    node: int
    arrive: dt.datetime
    leave: dt.datetime
    drive_min: float
    expected: float


def timetable(strategy: Strategy, drawn: Drawn, seed: str) -> list[Entry]:
    """All stays of a plan, by unit and time."""
    rng = generator(seed, 2)
    near = (strategy.reach @ strategy.weight.T).T  # (slots, posts)
    found: list[Entry] = []
    for unit in range(len(strategy.pools)):
        for slot in strategy.slots_of(unit):
            found += _slot(strategy, drawn, unit, int(slot), near[slot], rng)
        for shift in strategy.shifts:
            if strategy.work[unit, shift.number]:
                found += _break(strategy, unit, shift)
    return sorted(found, key=lambda one: (one.unit, one.arrive))


def _slot(
    strategy: Strategy,
    drawn: Drawn,
    unit: int,
    slot: int,
    near: np.ndarray,
    rng: np.random.Generator,
) -> Iterator[Entry]:
    pool, window = strategy.pools[unit], strategy.slots[slot]
    if held := drawn.held.get((unit, slot)):
        stops: tuple[int, ...] = (int(np.flatnonzero(pool.posts == held.post)[0]),)
        activity, shortest, longest = held.kind, held.minutes, held.minutes
    elif (row := int(drawn.rounds[unit, slot])) >= 0:
        stops, activity = pool.stops[row], PATROL
        shortest, longest = strategy.force.visits.minutes
    else:
        return
    turned = stops[::-1]
    mean = (shortest + longest) / 2
    if rng.random() < 0.5 and pool.legs(turned).sum() + mean * len(stops) <= window.minutes:
        stops = turned
    legs = pool.legs(stops)
    stays = rng.uniform(shortest, longest, len(stops))
    spare = window.minutes - legs.sum() - shortest * len(stops)
    over = (stays - shortest).sum()
    if over > spare:
        stays = shortest + (stays - shortest) * max(spare, 0.0) / over
    idle = max(window.minutes - legs.sum() - stays.sum(), 0.0)
    at = window.start + dt.timedelta(minutes=float(rng.uniform(0.0, idle)))
    for stop, leg, stay in zip(stops, legs, stays, strict=False):
        at += dt.timedelta(minutes=float(leg))
        until = at + dt.timedelta(minutes=float(stay))
        post = int(pool.posts[stop])
        yield Entry(
            unit, window.shift, slot, activity, post, int(strategy.nodes[post]), at, until,
            round(float(leg), 1), float(near[post]),
        )  # fmt: skip
        at = until


def _break(strategy: Strategy, unit: int, shift: Shift) -> Iterator[Entry]:
    """The break lies between the two slots that are not side by side."""
    own = [slot for slot in strategy.slots if slot.shift == shift.number]
    for one, other in itertools.pairwise(own):
        if other.start > one.end:
            yield Entry(
                unit, shift.number, one.number, BREAK, -1, -1, one.end, other.start, 0.0, 0.0
            )


def problems(strategy: Strategy, entries: list[Entry]) -> list[str]:
    """What in a timetable cannot be driven or breaks the rules of visits; empty if nothing."""
    found = []
    shortest, longest = strategy.force.visits.minutes
    for one, other in itertools.pairwise(entries):
        if one.unit == other.unit and other.arrive < one.leave:
            found.append(f"unit {one.unit}: {other.arrive} is before {one.leave}")
    for one in entries:
        minutes = (one.leave - one.arrive).total_seconds() / 60.0
        window, shift = strategy.slots[one.slot], strategy.shifts[one.shift]
        if one.activity == PATROL and not shortest - 1e-6 <= minutes <= longest + 1e-6:
            found.append(f"unit {one.unit}: a stay of {minutes:.1f} min at {one.arrive}")
        inside = window if one.activity != BREAK else shift
        if one.arrive < inside.start or one.leave > inside.end:
            found.append(f"unit {one.unit}: {one.arrive} to {one.leave} is outside its time")
        if not strategy.work[one.unit, one.shift]:
            found.append(f"unit {one.unit}: off duty at {one.arrive}")
    return found
