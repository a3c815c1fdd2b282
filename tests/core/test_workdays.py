"""Working days, with the traps of a Chinese calendar."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sizao.core.workdays import Workdays, announced

DAYS = st.dates(date(2025, 1, 1), date(2026, 12, 31))


@pytest.mark.parametrize(
    ("day", "count", "due"),
    [
        ("2026-11-23", 1, "2026-11-24"),
        ("2026-11-27", 1, "2026-11-30"),  # Friday to Monday
        ("2026-11-28", 1, "2026-11-30"),  # assigned on a Saturday
        ("2026-02-13", 1, "2026-02-14"),  # the Saturday before the Spring Festival is worked
        ("2026-02-14", 1, "2026-02-24"),
        ("2026-09-30", 3, "2026-10-10"),  # 8 and 9 October, then a Saturday worked instead
        ("2026-10-01", 0, "2026-10-08"),
        ("2026-11-23", 0, "2026-11-23"),
    ],
)  # fmt: skip
def test_deadlines_skip_what_is_no_working_day(day: str, count: int, due: str) -> None:
    assert announced().after(date.fromisoformat(day), count) == date.fromisoformat(due)


def test_without_the_calendar_the_holiday_week_would_count() -> None:
    """The control: weekends alone give a deadline within the National Day week."""
    assert Workdays().after(date(2026, 9, 30), 1) == date(2026, 10, 1)


@given(DAYS, st.integers(1, 80))
def test_forward_and_back_agree(day: date, count: int) -> None:
    days = announced()
    due = days.after(day, count)
    assert days.is_working(due)
    assert days.between(day, due) == count
    assert days.between(due, day) == -count
    left = days.before(due, count)
    assert days.between(left, due) == count


def test_a_year_nobody_entered_is_said() -> None:
    days = announced()
    assert days.knows(date(2026, 3, 1))
    assert not days.knows(date(2026, 3, 1), date(2027, 1, 4))
    more = days.with_days([date(2027, 1, 1)], [])
    assert more.knows(date(2027, 1, 4))
    assert more.after(date(2026, 12, 31), 1) == date(2027, 1, 4)


def test_every_weekend_worked_is_a_weekend_and_no_holiday() -> None:
    days = announced()
    assert all(day.weekday() >= 5 for day in days.worked)
    assert not days.worked & days.holidays
    with pytest.raises(ValueError, match="forward"):
        days.after(date(2026, 1, 5), -1)
