"""The forecast of the date of zero: right where it can be known, honest where it cannot."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from sizao.govern.hazards.clearance import Week, forecast, weeks_of

TODAY = date(2026, 11, 26)
"""A Thursday."""


def weeks(*pairs: tuple[int, int], stock: int = 20) -> list[Week]:
    monday = TODAY - timedelta(days=TODAY.weekday())
    return [
        Week(monday - timedelta(weeks=len(pairs) - at), opened, closed, stock)
        for at, (opened, closed) in enumerate(pairs)
    ]


def test_a_steady_rate_gives_the_date_that_division_gives() -> None:
    found = forecast(weeks(*[(1, 3)] * 8), 20, TODAY)
    assert found.verdict == "date"
    assert found.day == found.low == found.high == TODAY + timedelta(weeks=10)
    assert (found.opened, found.closed, found.arriving) == (1.0, 3.0, 1.0)


def test_an_uneven_rate_gives_an_interval_around_it() -> None:
    found = forecast(
        weeks((0, 6), (4, 2), (1, 3), (2, 8), (3, 0), (0, 5), (6, 4), (1, 2)), 20, TODAY
    )
    assert found.day is not None
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.day < found.high
    assert found == forecast(
        weeks((0, 6), (4, 2), (1, 3), (2, 8), (3, 0), (0, 5), (6, 4), (1, 2)), 20, TODAY
    )


@pytest.mark.parametrize("pairs", [[(3, 1)] * 8, [(2, 2)] * 8, [(0, 0)] * 8])
def test_not_at_this_rate(pairs: list[tuple[int, int]]) -> None:
    found = forecast(weeks(*pairs), 20, TODAY)
    assert (found.verdict, found.day, found.low, found.high) == ("never", None, None, None)


def test_a_coin_toss_is_not_given_a_date_for_all_paths() -> None:
    found = forecast(weeks(*[(4, 0), (0, 4)] * 4), 4, TODAY)
    assert 0.5 < found.arriving < 1.0
    assert found.verdict == "date"
    assert found.high is None


def test_too_little_and_nothing_open() -> None:
    assert forecast(weeks((1, 3), (1, 3), (1, 3)), 20, TODAY).verdict == "unknown"
    assert forecast([], 0, TODAY).verdict == "zero"
    # Weeks before the ledger was begun are not weeks without hazards.
    young = [*weeks(*[(0, 0)] * 6, stock=0)[:3], *weeks(*[(0, 0)] * 3, (5, 1), (3, 1), (1, 1))[3:]]
    assert forecast(young, 6, TODAY).verdict == "unknown"


def test_weeks_are_counted_from_spans() -> None:
    spans = [
        (date(2026, 11, 2), date(2026, 11, 10)),
        (date(2026, 11, 11), None),
        (date(2026, 11, 24), date(2026, 11, 25)),
        (date(2026, 1, 5), None),
    ]
    found = weeks_of(spans, TODAY, count=4)
    assert [week.monday.day for week in found] == [26, 2, 9, 16, 23]
    assert [(week.opened, week.closed, week.stock) for week in found] == [
        (0, 0, 1), (1, 0, 2), (1, 1, 2), (0, 0, 2), (1, 1, 2),
    ]  # fmt: skip
