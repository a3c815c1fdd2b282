"""The strategy of a small town: bound, gap, and that nothing is promised that cannot be driven."""

from __future__ import annotations

import numpy as np
import pytest

from sizao.core.errors import ConfigError
from sizao.plan import coverage
from sizao.plan.draw import Drawn, visits_of
from sizao.plan.strategy import build

from .worlds import LAT, LON, MONDAY, force, grid, strategy, week


def test_the_gap_is_proven_and_small() -> None:
    best = strategy().best
    assert 0 < best.value <= best.bound + 1e-9
    assert best.gap < 0.05


def test_the_best_plan_covers_what_it_says() -> None:
    plan = strategy()
    share = coverage.shares(plan.reach, visits_of(plan, Drawn(plan.best.rows, {})))
    assert coverage.covered(plan.weight, share).sum() == pytest.approx(plan.best.value)


def test_every_round_fits_into_the_shortest_slot() -> None:
    plan = strategy()
    room = min(slot.minutes for slot in plan.slots)
    for pool in plan.pools:
        assert len(set(pool.stops)) == len(pool)
        for stops in pool.stops:
            assert len(set(stops)) == len(stops)
            assert pool.legs(stops).sum() + 12.5 * len(stops) <= room + 1e-6


def test_more_units_cover_more() -> None:
    roads = grid()
    expected = week(roads)
    one = build(force(vehicles={"pool": 0}, rules={"min_on_duty": 0}), roads, expected, MONDAY, 7)
    assert one.best.value < strategy().best.value


def test_a_base_away_from_all_roads_is_named() -> None:
    roads = grid()
    far = force(units=[{"id": "a", "base": [LAT + 1, LON]}], vehicles={})
    with pytest.raises(ConfigError, match="km from the nearest road"):
        build(far, roads, week(roads), MONDAY, 1)


def test_an_expressway_unit_without_expressway_is_named() -> None:
    roads = grid()
    wrong = force(
        units=[{"id": "a", "base": [LAT, LON], "road_classes": ["expressway"]}], vehicles={}
    )
    with pytest.raises(ConfigError, match="anywhere a unit may stop"):
        build(wrong, roads, week(roads), MONDAY, 1)


def test_without_expected_crashes_there_is_nothing_to_plan_by() -> None:
    roads = grid()
    with pytest.raises(ConfigError, match="no crash is expected"):
        build(force(), roads, np.zeros((len(roads), 168)), MONDAY, 1)


def test_a_cap_that_cannot_be_kept_is_passed_by_little_and_plans_go_on() -> None:
    roads = grid()
    tight = build(force(mixture={"cap": 0.02}), roads, week(roads), MONDAY, 1)
    for chances in tight.chances:
        for chance in chances.values():
            assert chance.sum() == pytest.approx(1.0)
