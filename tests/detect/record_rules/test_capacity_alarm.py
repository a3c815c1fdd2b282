"""A coach that says that it is too full: at the edge of number, pause and speed."""

from __future__ import annotations

from typing import Any

import pytest

from sizao.warn.merge import family
from tests.detect.judging import START, judge
from tests.detect.record_rules.test_dsm_fatigue import alarm


def full(second: float, **values: Any) -> dict[str, Any]:
    return alarm(second, kind="video.over_capacity", level=None, alarm_key=None, **values)


LATER = full(7200, vehicle="10009")


@pytest.mark.parametrize(
    ("seconds", "revisions"),
    [([0, 30], []), ([0, 30, 60], [0, 1]), ([0, 600, 1200], [0, 1]), ([0, 600, 1201], [])],
)
def test_three_reports_within_the_gap(seconds: list[int], revisions: list[int]) -> None:
    found = judge("capacity_alarm", *[full(second) for second in seconds], LATER)
    assert [row["revision"] for row in found] == revisions
    assert {row["severity"] for row in found} <= {"device_over_capacity"}
    if found:
        assert found[0]["start"] == START
        assert found[-1]["measured"] == 3


def test_who_stands_up_at_a_stop_does_not_count() -> None:
    rows = [full(0), full(30, speed_kmh=0.0), full(60)]
    assert judge("capacity_alarm", *rows, LATER) == []


def test_alarms_of_the_other_rule_are_not_taken() -> None:
    assert judge("capacity_alarm", *[alarm(second) for second in (0, 30, 60)], LATER) == []
    assert judge("dsm_fatigue", *[full(second) for second in (0, 30, 60)], LATER) == []


def test_it_joins_the_warning_of_a_count() -> None:
    assert family("capacity_alarm") == family("over_capacity")
