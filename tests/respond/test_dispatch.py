"""Proposals: by travel time, with reasons, the same list for the same facts."""

from __future__ import annotations

import math
from itertools import permutations

from sizao.respond.dispatch import Candidate, missing, propose

NEAR = Candidate("1", "G5-01", "available", 240.0, 3100.0)
FAR = Candidate("2", "G5-02", "available", 900.0, 14_000.0, own_area=False)
BUSY = Candidate("3", "G5-03", "assigned", 60.0, 500.0)
LOST = Candidate("4", "G5-04", "available", None)
CUT_OFF = Candidate("5", "G5-05", "available", math.inf, math.inf)


def test_available_by_time_then_the_rest_with_why() -> None:
    found = propose([LOST, BUSY, FAR, CUT_OFF, NEAR])
    assert [(one.candidate.id, one.rank) for one in found] == [
        ("1", 1),
        ("2", 2),
        ("3", None),
        ("4", None),
        ("5", None),
    ]
    assert found[0].zh == "待命，约4分钟到场（3.1公里）"
    assert found[1].zh == "待命，约15分钟到场（14.0公里），跨辖区"
    assert found[2].zh == "已有任务，约1分钟到场（0.5公里）"
    assert found[3].zh == "待命，无法到达或位置不明"
    assert found[1].en == "available, about 15 min away (14.0 km), from another area"


def test_the_order_of_the_question_does_not_matter() -> None:
    units = [NEAR, FAR, BUSY, LOST]
    expected = propose(units)
    assert all(propose(order) == expected for order in permutations(units))


def test_equal_times_go_to_the_own_area_then_the_shorter_way() -> None:
    other = Candidate("0", "A", "available", 240.0, 10.0, own_area=False)
    longer = Candidate("9", "B", "available", 240.0, 9000.0)
    assert [one.candidate.id for one in propose([other, longer, NEAR])] == ["1", "9", "0"]


def test_limit_counts_only_units_that_can_go() -> None:
    found = propose([NEAR, FAR, BUSY], limit=1)
    assert [one.candidate.id for one in found] == ["1", "3"]
    assert propose([], limit=3) == ()


def test_an_old_position_is_said() -> None:
    old = Candidate("1", "A", "available", 61.0, position_age_s=600.0)
    assert propose([old])[0].zh == "待命，约2分钟到场，位置为10分钟前"


TOW = Candidate(
    "6", "清障1", "available", 600.0, 9000.0, kind="tow_truck", skills=frozenset({"tow"})
)
TOW_2 = Candidate(
    "7", "清障2", "available", 300.0, 4000.0, kind="tow_truck", skills=frozenset({"tow"})
)


def test_what_a_case_wants_is_offered_beside_the_patrol() -> None:
    found = propose([NEAR, TOW, TOW_2], wanted=("medical", "tow"))
    assert [(one.candidate.id, one.rank, one.fits) for one in found] == [
        ("1", 1, ()),
        ("7", 2, ("tow",)),
        ("6", 3, ("tow",)),
    ]
    assert found[1].zh == "清障车，待命，约5分钟到场（4.0公里）"
    assert missing(found, ("medical", "tow")) == ("medical",)


def test_a_nearer_tow_truck_is_no_patrol() -> None:
    assert propose([TOW_2, NEAR])[0].candidate.id == "1"


def test_who_goes_off_duty_soon_is_said_and_whose_shift_is_over_cannot_go() -> None:
    soon = Candidate("1", "A", "available", 60.0, shift_left_s=600.0)
    over = Candidate("2", "B", "available", 60.0, shift_left_s=-1.0)
    found = propose([soon, over])
    assert [one.rank for one in found] == [1, None]
    assert found[0].zh == "待命，约1分钟到场，10分钟后下班"
    assert found[1].zh.endswith("班次已结束")
