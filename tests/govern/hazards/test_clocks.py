"""Reminders at 15, 7 and 1 working days, and up a level when late: each once."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from sizao.core.clock import SHANGHAI
from sizao.core.levels import CommandLevel
from sizao.core.workdays import Workdays, announced
from sizao.govern.hazards import clocks
from sizao.govern.hazards.records import Event, HazardState

from .test_life import ASSIGN, BRIGADE, MONDAY, PLAN, RECTIFY, assignment, walk

DAYS = announced()


def moment(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).timestamp()


def ring_all(hazard: HazardState, at_s: float) -> tuple[HazardState, list[Event]]:
    events = []
    while (rung := clocks.ring(hazard, at_s, DAYS)) is not None:
        hazard, event = rung
        events.append(event)
    return hazard, events


def considerable() -> HazardState:
    """30 working days from Monday 23 November 2026: Monday 4 January 2027."""
    return walk(("assign", BRIGADE, {"details": assignment("considerable")}))[0]


def test_the_deadline_is_the_end_of_a_working_day() -> None:
    hazard = walk(ASSIGN)[0]
    assert clocks.day_of(hazard.deadline_s or 0) == date(2026, 12, 14)
    assert clocks.day_of((hazard.deadline_s or 0) + 1) == date(2026, 12, 15)
    # The reminder for 15 days would be the very day of the assignment: it is past.
    assert [left for left, _ in hazard.reminders] == [7, 1]


def test_reminders_come_by_working_day() -> None:
    hazard = considerable()
    assert clocks.day_of(hazard.deadline_s or 0) == date(2027, 1, 4)
    told = []
    for day in range(60):
        at_s = MONDAY + day * 86_400 + 9 * 3600 + 1  # nine itself is in time
        hazard, events = ring_all(hazard, at_s)
        told += [
            (clocks.day_of(at_s).isoformat(), one.details["left"])
            for one in events
            if one.action == "remind"
        ]
    assert told == [("2026-12-14", 15), ("2026-12-24", 7), ("2027-01-01", 1)]


def test_without_the_calendar_the_reminder_would_fall_into_the_holiday() -> None:
    """The control. With the National Day week, the last reminder is on 30 September."""
    due = date(2026, 10, 8)
    known = clocks.moments(due, 0.0, DAYS).reminders
    bare = clocks.moments(due, 0.0, Workdays()).reminders
    assert clocks.day_of(known[-1][1]) == date(2026, 9, 30)
    assert clocks.day_of(bare[-1][1]) == date(2026, 10, 7)


def test_late_goes_up_a_level_once_and_again_after_a_span() -> None:
    hazard = walk(ASSIGN)[0]  # due on Monday 14 December
    assert ring_all(hazard, moment("2026-12-14T23:59:59"))[1][-1].action == "remind"
    hazard, events = ring_all(hazard, moment("2026-12-15T00:00:01"))
    assert [one.action for one in events] == ["escalate"]
    assert hazard.command_level is CommandLevel.BRIGADE
    assert ring_all(hazard, moment("2026-12-15T00:00:02"))[1] == []
    assert ring_all(hazard, moment("2026-12-22T23:59:00"))[1] == []
    hazard, events = ring_all(hazard, moment("2026-12-23T00:00:30"))
    assert hazard.command_level is CommandLevel.DETACHMENT
    assert hazard.escalations[-1][0] == "detachment"


def test_a_long_pause_rings_each_once() -> None:
    """The process was down over the deadline: one step up at restart, no stale reminders."""
    hazard = walk(ASSIGN)[0]
    hazard, events = ring_all(hazard, moment("2026-12-30T10:00:00"))
    assert [one.action for one in events] == ["escalate"]
    assert hazard.command_level is CommandLevel.BRIGADE
    assert clocks.next_s(hazard) == clocks.end_of(date(2027, 1, 6))


def test_missed_reminders_become_one() -> None:
    hazard = considerable()
    hazard, events = ring_all(hazard, moment("2026-12-28T08:00:00"))
    assert [(one.action, one.details["left"]) for one in events] == [("remind", 5)]
    assert [left for left, _ in hazard.reminders] == [1]


def test_at_the_city_it_stays_and_is_silent() -> None:
    hazard = walk(ASSIGN)[0]
    at_s = moment("2026-12-15T00:00:01")
    levels = []
    for _ in range(12):
        hazard, events = ring_all(hazard, at_s)
        levels += [one.details["command_level"] for one in events]
        at_s += 10 * 86_400
    assert levels == ["brigade", "detachment", "city", "city"]
    assert clocks.next_s(hazard) is None


@pytest.mark.parametrize("steps", [(ASSIGN, PLAN, RECTIFY), ()])
def test_no_clock_runs_when_it_is_not_the_duty_bodys_turn(steps: tuple) -> None:
    hazard = walk(*steps)[0]
    assert clocks.next_s(hazard) is None
    assert ring_all(hazard, moment("2028-01-01T00:00:00"))[1] == []
