"""When a forecast is due: each night once, what was missed once, through the day on news."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from sizao.core.clock import SHANGHAI
from sizao.risk.schedule import Seen, due, in_force, is_stale, schedules

PLAN = in_force(date(2026, 11, 26))
NOON = datetime(2026, 11, 26, 12, 0, tzinfo=SHANGHAI)


def fresh(**over) -> Seen:
    """The night's forecast is there, made from assessment 4."""
    given = {"last": NOON - timedelta(hours=2), "taken": {"night:2026-11-26"}, "assessment": 4,
             "rests_on": 4}  # fmt: skip
    return Seen(**{**given, **over})


def test_the_rows_are_dated_and_the_newest_before_a_day_holds() -> None:
    assert in_force(date(2020, 1, 1)) == schedules()[0]
    assert PLAN.certainty == "proposed"


def test_a_night_that_was_missed_is_made_up_for_once() -> None:
    slot = due(PLAN, NOON, Seen(None, ()))
    assert slot is not None
    assert slot.name == "night:2026-11-26"
    assert due(PLAN, NOON.replace(hour=1), Seen(None, ())).name == "night:2026-11-25"
    week_later = NOON + timedelta(days=7)
    slot = due(PLAN, week_later, fresh())
    assert slot.name == "night:2026-12-03"
    assert due(PLAN, week_later, fresh(last=week_later, taken={slot.name})) is None


def test_nothing_new_nothing_due() -> None:
    assert due(PLAN, NOON, fresh()) is None
    assert due(PLAN, NOON, fresh(news=NOON - timedelta(hours=3))) is None, "older than the last"


def test_news_of_the_day_waits_for_the_gap() -> None:
    news = NOON - timedelta(minutes=5)
    assert due(PLAN, NOON, fresh(last=NOON - timedelta(minutes=30), news=news)) is None
    slot = due(PLAN, NOON, fresh(news=news))
    assert slot is not None
    assert slot.cause == "day"
    assert due(PLAN, NOON, fresh(news=news, taken={"night:2026-11-26", slot.name})) is None


def test_a_new_assessment_and_a_changed_calendar_do_not_wait() -> None:
    assert due(PLAN, NOON, fresh(assessment=5)).name == "assessment:5"
    changed = NOON - timedelta(minutes=1)
    assert due(PLAN, NOON, fresh(last=NOON - timedelta(minutes=2), calendar=changed)).cause == (
        "calendar"
    )


def test_stale_means_older_than_the_limit_or_none() -> None:
    assert is_stale(PLAN, NOON, None)
    assert not is_stale(PLAN, NOON, NOON - PLAN.stale)
    assert is_stale(PLAN, NOON, NOON - PLAN.stale - timedelta(seconds=1))


@given(st.lists(st.integers(0, 60 * 24 * 3), min_size=1, max_size=60))
def test_however_often_it_is_asked_each_night_is_made_once(minutes: list[int]) -> None:
    """Stops and starts at any moments: an occasion's name is given out once."""
    taken: list[str] = []
    last = None
    for minute in sorted(minutes):
        now = NOON + timedelta(minutes=minute)
        slot = due(PLAN, now, Seen(last, set(taken)))
        if slot is not None:
            taken.append(slot.name)
            last = now
    assert len(taken) == len(set(taken))
    nights = {NOON.date() + timedelta(days=d) for d in range(4)}
    assert {name.removeprefix("night:") for name in taken} <= {str(day) for day in nights}
