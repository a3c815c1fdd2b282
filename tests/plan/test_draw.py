"""Every plan that can be drawn keeps rules and floor; over many plans the chances hold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sizao.plan.draw import commitment, draw
from sizao.plan.floors import Floor
from sizao.plan.roster import problems as roster_problems
from sizao.plan.strategy import Strategy
from sizao.plan.timetable import BREAK, problems, timetable

from .worlds import strategy


def visited(plan: Strategy, seed: str, unit: int) -> set[int]:
    drawn = draw(plan, seed)
    rows = drawn.rounds[unit][drawn.rounds[unit] >= 0]
    return {stop for row in rows for stop in plan.pools[unit].stops[row]}


@given(st.text(max_size=12), st.booleans())
@settings(max_examples=30, deadline=None)
def test_every_plan_keeps_rules_and_floor(seed: str, with_operations: bool) -> None:
    plan = strategy(with_operations)
    assert roster_problems(plan.force, plan.shifts, plan.work) == []
    drawn = draw(plan, seed)
    for unit in range(len(plan.pools)):
        on = np.isin(np.arange(len(plan.slots)), plan.slots_of(unit))
        has = drawn.rounds[unit] >= 0
        held = np.array([(unit, slot) in drawn.held for slot in range(len(plan.slots))])
        assert not (has & held).any()
        np.testing.assert_array_equal(has | held, on)
        assert set(plan.floors[unit].posts.tolist()) <= visited(plan, seed, unit)
    assert problems(plan, timetable(plan, drawn, seed)) == []
    for unit, slot in drawn.held:
        assert "alcohol" in plan.force.units[unit].skills
        shift = plan.slots[slot].shift
        assert sum(u == unit and plan.slots[s].shift == shift for u, s in drawn.held) == 1
    assert len(drawn.held) == (2 if with_operations else 0)


def test_the_floor_is_worth_having_and_without_it_weeks_miss_places() -> None:
    plan = strategy()
    assert all(len(floor.posts) >= 5 for floor in plan.floors)
    bare = replace(plan, floors=[Floor(floor.posts, ()) for floor in plan.floors])
    missed = sum(
        not set(plan.floors[unit].posts.tolist()) <= visited(bare, str(seed), unit)
        for seed in range(20)
        for unit in range(len(plan.pools))
    )
    assert missed > 0


def test_over_many_plans_each_round_comes_as_often_as_its_chance() -> None:
    plan = strategy()
    plans = 1500
    count = [np.zeros((len(plan.slots), len(pool))) for pool in plan.pools]
    for number in range(plans):
        rounds = draw(plan, "marginals", number).rounds
        for unit in range(len(plan.pools)):
            on = np.flatnonzero(rounds[unit] >= 0)
            count[unit][on, rounds[unit][on]] += 1
    worst = 0.0
    for unit in range(len(plan.pools)):
        for slot, chance in plan.chances[unit].items():
            assert np.isclose(chance.sum(), 1.0)
            sigma = np.sqrt(plans * chance * (1 - chance)) + 1.0
            worst = max(worst, float((np.abs(count[unit][slot] - plans * chance) / sigma).max()))
    # Some 60,000 numbers are compared; chance alone gives a largest of about 4.5.
    assert worst < 6.0


def test_no_post_is_visited_more_often_than_the_cap() -> None:
    plan = strategy()
    for unit, pool in enumerate(plan.pools):
        for chance in plan.chances[unit].values():
            visits = chance @ pool.passes
            fixed = plan.force.mixture.cap
            assert visits.max() <= fixed + 1e-6


def test_the_same_seed_is_the_same_plan_and_another_is_not() -> None:
    plan = strategy(True)
    one, again, other = (timetable(plan, draw(plan, seed), seed) for seed in ("x", "x", "y"))
    assert one == again
    assert one != other
    assert commitment("x") == commitment("x") != commitment("y")


def test_times_of_a_place_do_not_repeat_to_the_minute() -> None:
    plan = strategy()
    entries = timetable(plan, draw(plan, "minutes"), "minutes")
    stays = [one for one in entries if one.activity != BREAK]
    assert len({one.arrive.minute for one in stays}) > 30
    lengths = np.array([(one.leave - one.arrive).total_seconds() / 60 for one in stays])
    assert lengths.min() >= 10.0 - 1e-6
    assert lengths.max() <= 15.0 + 1e-6
    assert lengths.std() > 0.8
