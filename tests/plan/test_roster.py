"""Rosters keep every rule, whatever the force; what cannot be kept is said."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sizao.core.errors import ConfigError
from sizao.plan.covering import Cut
from sizao.plan.force import Force, force_of
from sizao.plan.roster import choose_roster, problems
from sizao.plan.week import Shift, lay_out

from .worlds import FORCE, LAT, LON, MONDAY


def some(number: int, **changes: object) -> Force:
    crews = [{"id": f"u{i}", "base": [LAT, LON], "vehicles": "pool"} for i in range(number)]
    rules = {"max_hours_week": 40, "min_on_duty": 0}
    return force_of(
        {
            **FORCE,
            "shifts": [],
            "rules": rules,
            "units": crews,
            "vehicles": {"pool": number},
            **changes,
        }
    )


def worth(force: Force, shifts: list[Shift], seed: int) -> list[list[Cut]]:
    rng = np.random.default_rng(seed)
    return [[Cut(rng.gamma(1.0, 1.0, len(force.units)), 0.0)] for _ in shifts]


@given(
    units=st.integers(1, 5),
    rest=st.sampled_from([0, 8, 11, 16, 24]),
    hours=st.sampled_from([8, 24, 40, 44]),
    nights=st.integers(0, 3),
    vehicles=st.integers(1, 3),
    seed=st.integers(0, 99),
)
@settings(max_examples=30, deadline=None)
def test_every_roster_keeps_the_rules(
    units: int, rest: int, hours: int, nights: int, vehicles: int, seed: int
) -> None:
    rules = {"min_rest_h": rest, "max_hours_week": hours, "max_nights_week": nights,
             "min_on_duty": 0}  # fmt: skip
    force = some(units, rules=rules, vehicles={"pool": vehicles})
    shifts, _ = lay_out(force, MONDAY, 7)
    cuts = worth(force, shifts, seed)
    found = choose_roster(force, shifts, cuts)
    assert problems(force, shifts, found.work) == []
    value = sum(cuts[s.number][0].price @ found.work[:, s.number] for s in shifts)
    assert value <= found.bound + 1e-6
    assert value >= 0.99 * found.bound - 1e-6


def test_days_away_and_rest_from_before_are_kept() -> None:
    units = [
        {"id": "a", "base": [LAT, LON], "away": [MONDAY + dt.timedelta(1)]},
        {"id": "b", "base": [LAT, LON], "free_from": dt.datetime.fromisoformat("2019-01-08 12:00")},
    ]
    force = some(2, units=units)
    shifts, _ = lay_out(force, MONDAY, 3)
    work = choose_roster(force, shifts, worth(force, shifts, 1)).work
    assert problems(force, shifts, work) == []
    # The night of Monday reaches into Tuesday.
    assert not work[0, 2:6].any()
    assert not work[1, :4].any()


def test_a_broken_rule_is_seen() -> None:
    force = some(1)
    shifts, _ = lay_out(force, MONDAY, 7)
    everything = np.ones((1, len(shifts)), bool)
    said = "\n".join(problems(force, shifts, everything))
    assert "0.0 h rest" in said
    assert "168 h in seven days" in said
    assert "7 nights" in said


@pytest.mark.parametrize(
    ("units", "rules", "says"),
    [
        (2, {"min_on_duty": 2}, "336 h in seven days; 2 units may work 88 h"),
        (
            4,
            {"min_on_duty": 1},
            "21 shifts have to be worked .* 4 units may work 5 each",
        ),
        (6, {"min_on_duty": 1, "max_nights_week": 1}, "7 nights in seven days; 6 units may work 6"),
        (
            3,
            {"min_on_duty": 1, "min_rest_h": 40, "max_hours_week": 168},
            "no roster keeps 40",
        ),
    ],
)
def test_what_cannot_be_kept_is_said(units: int, rules: dict[str, float], says: str) -> None:
    force = some(units, rules=rules)
    shifts, _ = lay_out(force, MONDAY, 7)
    with pytest.raises(ConfigError, match=says):
        choose_roster(force, shifts, worth(force, shifts, 0))


def test_nobody_there_is_said() -> None:
    unit = {"id": "a", "base": [LAT, LON], "away": [MONDAY]}
    force = some(1, units=[unit], rules={"min_on_duty": 1})
    shifts, _ = lay_out(force, MONDAY, 1)
    with pytest.raises(ConfigError, match="2019-01-07 early: 1 units must be on duty, 0"):
        choose_roster(force, shifts, worth(force, shifts, 0))
