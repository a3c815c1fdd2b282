"""Operations: places and hours follow the causes; numbers are kept; nobody has two in a shift."""

from __future__ import annotations

import numpy as np
import pytest

from sizao.core.errors import ConfigError
from sizao.plan.draw import generator
from sizao.plan.force import Operation
from sizao.plan.operations import Candidate, candidates, cause_share, draw

from .worlds import force, strategy


def test_causes_decide_the_hours() -> None:
    rng = np.random.default_rng(1)
    hour = rng.integers(0, 168, 4000)
    late = (hour % 24 >= 22) | (hour % 24 < 2)
    cause = np.where(late & (rng.random(4000) < 0.4), "酒后驾驶", "未保持安全距离").tolist()
    classes = np.full(4000, "urban")
    share, known = cause_share("drink_driving", cause, classes, hour, np.array(["urban", "ramp"]))
    assert known
    assert share[0, 23] > 5 * share[0, 12]
    assert (share[1] == 0).all()  # nobody is stopped for a breath test on a ramp


def test_without_causes_it_is_a_stated_guess() -> None:
    none = np.zeros(0, np.int64)
    share, known = cause_share("drink_driving", [], none.astype(str), none, np.array(["urban"]))
    assert not known
    assert share[0, 22] > share[0, 12] > 0


def test_few_crashes_move_the_share_little() -> None:
    hour = np.array([12] * 3 + [23] * 300)
    cause = ["酒后驾驶"] * 3 + ["其他"] * 297 + ["酒后驾驶"] * 3
    share, _ = cause_share("drink_driving", cause, np.full(303, "urban"), hour, np.array(["urban"]))
    assert share[0, 12] < 0.1


def test_as_many_as_asked_are_held_each_with_its_chance() -> None:
    rng = np.random.default_rng(3)
    unit = np.repeat([0, 1], 12)
    slot = np.tile(np.arange(12), 2)
    chance = rng.random(24)
    chance = np.minimum(chance / chance.sum() * 4, 0.5)
    chance *= 4 / chance.sum()
    shift_of = np.arange(12) // 3
    found = Candidate("drink_driving", unit, slot, slot, chance, chance)
    count = np.zeros(24)
    for number in range(4000):
        rows = draw(found, shift_of, generator("x", number))
        assert len(rows) == 4
        pairs = {(int(unit[row]), int(shift_of[slot[row]])) for row in rows}
        assert len(pairs) == 4
        count[rows] += 1
    assert np.abs(count / 4000 - chance).max() < 0.04


def test_too_many_are_refused() -> None:
    plan = strategy()
    own = [plan.slots_of(unit) for unit in range(3)]
    with pytest.raises(ConfigError, match="40 operations do not fit"):
        candidates(
            Operation("drink_driving", 40, 60), plan.force.units, plan.pools, plan.slots, own,
            plan.reach, plan.weight, 40, np.array([9, 9, 9]),
        )  # fmt: skip


def test_only_the_skilled_are_sent() -> None:
    plan = strategy(True)
    assert force().units[0].skills == {"patrol", "alcohol"}
    for _, found in plan.operations:
        assert set(found.unit.tolist()) == {0}
        assert found.chance.sum() == pytest.approx(2.0)
        assert found.chance.max() <= 0.5 + 1e-9
