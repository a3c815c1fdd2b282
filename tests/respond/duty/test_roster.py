"""What does not fit in a roster."""

from __future__ import annotations

from datetime import datetime

import pytest

from sizao.respond.duty.roster import LOCAL, Away, Duty, conflicts, gaps, limits, on_duty

RULES = limits()


def at(day: int, hour: int) -> float:
    return datetime(2026, 11, day, hour, tzinfo=LOCAL).timestamp()


def duty(
    number: int, begin: float, end: float, person: str = "甲", post: str = "commander"
) -> Duty:
    return Duty(number, person, "zd", post, begin, end)


def kinds(*duties: Duty, away: tuple[Away, ...] = ()) -> list[str]:
    return [one.kind for one in conflicts(duties, away, RULES)]


def test_a_good_week_has_nothing_to_say() -> None:
    days = [duty(day, at(day, 8), at(day, 18)) for day in range(2, 7)]
    assert kinds(*days) == []


@pytest.mark.parametrize(
    ("duties", "kind"),
    [
        ([duty(1, at(2, 8), at(2, 18)), duty(2, at(2, 17), at(2, 20))], "overlap"),
        ([duty(1, at(2, 8), at(2, 18)), duty(2, at(2, 22), at(3, 0))], "rest"),
        ([duty(1, at(2, 8), at(2, 20)), duty(2, at(2, 20), at(3, 12))], "long"),
    ],
)
def test_overlap_rest_and_length(duties: list[Duty], kind: str) -> None:
    assert kind in kinds(*duties)
    assert kind not in kinds(*(duty(one.id, one.start_s, one.end_s, str(one.id)) for one in duties))


def test_exactly_the_rest_is_enough() -> None:
    assert kinds(duty(1, at(2, 8), at(2, 16)), duty(2, at(3, 0), at(3, 2))) == []


def test_the_fourth_night_in_seven_days() -> None:
    nights = [duty(day, at(day, 20), at(day + 1, 6)) for day in (2, 4, 6, 8)]
    assert kinds(*nights[:3]) == []
    assert kinds(*nights) == ["nights"]


def test_who_is_not_available_is_said_without_why() -> None:
    found = conflicts([duty(1, at(2, 8), at(2, 18))], [Away("甲", at(2, 0), at(3, 0))], RULES)
    assert [one.zh for one in found] == ["甲 该时段不可排班"]
    touching = Away("甲", at(2, 18), at(3, 0))
    assert kinds(duty(1, at(2, 8), at(2, 18)), away=(touching,)) == []


def test_gaps_of_a_post_that_is_always_manned() -> None:
    duties = [duty(1, at(2, 0), at(2, 8)), duty(2, at(2, 10), at(2, 20))]
    found = gaps(duties, {"zd": ["commander"]}, at(2, 0), at(3, 0))
    assert [one.zh for one in found] == ["值班长空岗 2 小时", "值班长空岗 4 小时"]
    assert gaps([duty(1, at(1, 0), at(4, 0))], {"zd": ["commander"]}, at(2, 0), at(3, 0)) == []


def test_the_end_of_a_shift_is_the_next_ones() -> None:
    duties = [duty(1, at(2, 0), at(2, 8)), duty(2, at(2, 8), at(2, 16), "乙")]
    assert [one.person for one in on_duty(duties, at(2, 8))] == ["乙"]
