"""Lunar market days, holidays and what a wrong calendar is told."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from sizao.core.errors import ConfigError
from sizao.risk.day_calendar import read_calendar
from sizao.risk.lunar import lunar

NEW_YEARS = [
    *(
        "2011-02-03",
        "2012-01-23",
        "2013-02-10",
        "2014-01-31",
        "2015-02-19",
        "2016-02-08",
        "2017-01-28",
    ),
    *(
        "2018-02-16",
        "2019-02-05",
        "2020-01-25",
        "2021-02-12",
        "2022-02-01",
        "2023-01-22",
        "2024-02-10",
    ),
    *(
        "2025-01-29",
        "2026-02-17",
        "2027-02-06",
        "2028-01-26",
        "2029-02-13",
        "2030-02-03",
        "2031-01-23",
    ),
]


@pytest.mark.parametrize("day", NEW_YEARS)
def test_new_years_days(day: str) -> None:
    when = date.fromisoformat(day)
    assert lunar(when) == (when.year, 1, False, 1)


def test_months_between() -> None:
    # Mid-autumn, the fifteenth of the eighth month, and a leap month.
    for day in ("2023-09-29", "2024-09-17", "2025-10-06", "2026-09-25"):
        assert lunar(date.fromisoformat(day))[1:] == (8, False, 15)
    assert lunar(date(2023, 3, 22))[1:] == (2, True, 1)
    with pytest.raises(ConfigError, match="2010 to 2039"):
        lunar(date(2009, 5, 1))


def calendar(folder: Path, text: str):
    path = folder / "calendar.yaml"
    path.write_text(text, encoding="utf-8")
    return read_calendar(path)


def test_rules_ranges_and_bounds(tmp_path: Path) -> None:
    found = calendar(
        tmp_path,
        """
- {kind: holiday, name: 国庆节, dates: [2026-10-01..2026-10-07]}
- {kind: workday, dates: 2026-10-10}
- {kind: market, rule: {lunar_days: [1, 4, 7]}, lat: 26.2, lon: 101.8, until: 2026-12-31}
- {kind: event, rule: {weekdays: [6]}, from: 2026-11-01}
""",
    )
    assert found.like(date(2026, 10, 1)) == 6
    assert found.like(date(2026, 10, 10)) == 2
    assert found.like(date(2026, 10, 12)) == 0
    expected = {
        "2026-02-17": ["market"],
        "2026-02-18": [],
        "2026-02-27": ["market"],  # the eleventh
        "2026-11-07": ["event"],
        "2026-10-31": [],
        "2027-02-06": ["event"],  # lunar new year, but the market's entry has ended
    }
    for day, kinds in expected.items():
        assert [one.kind for one in found.on(date.fromisoformat(day))] == kinds, day


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kind: holiday", "is a list"),
        ("- {kind: fair, dates: 2026-10-01}", "entry 1: kind must be"),
        ("- {kind: holiday}", "either dates or rule"),
        ("- {kind: holiday, dates: 2026-13-01}", "month must be in"),
        ("- {kind: holiday, dates: soon}", "entry 1: Invalid isoformat"),
        ("- {kind: holiday, dates: 2026-10-03..2026-10-01}", "before the first"),
        ("- {kind: market, dates: 2026-10-01}", "a market needs them"),
        ("- {kind: event, rule: {weekdays: [0]}}", "from 1 to 7"),
        ("- {kind: event, rule: {moon: [1]}}", "rule must have one of"),
        ("- {kind: event, dates: 2026-10-01, ratio: 0}", "above 0"),
        ("- {kind: event, dates: 2026-10-01, colour: red}", "unknown colour"),
    ],
)
def test_a_wrong_calendar_says_which_entry(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        calendar(tmp_path, text)
