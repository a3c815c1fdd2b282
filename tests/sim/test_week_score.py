"""The week's hours are judged although the scored span is shorter than a week."""

from __future__ import annotations

import numpy as np
import pytest

from sizao.core.vehicles import COACHES, KIND_CODES
from sizao.sim import score, week_score
from sizao.sim.city import City

T0 = score.START_S


def test_all_are_coaches_and_everything_of_them_is_taken_along(city: City) -> None:
    cars = week_score.coaches(city, 9, seed=4)
    assert len(cars) == 9
    assert set(cars.kind.tolist()) <= {KIND_CODES[kind] for kind in COACHES}
    rows = cars.register.to_pylist()
    assert [row["vehicle"] for row in rows] == cars.phone
    assert [KIND_CODES[row["kind"]] for row in rows] == cars.kind.tolist()
    assert len(cars.home) == len(cars.interval_s) == len(cars.curfew) == 9


def test_a_small_fleet_has_no_week_before_it(city: City) -> None:
    assert week_score.run(city, 1, 60, T0, 60, lambda rows: None) is None


@pytest.mark.parametrize(
    ("before_s", "judged"),
    [pytest.param(week_score.BEFORE_S, True, marks=pytest.mark.slow), (0, False)],
)
def test_the_days_before_are_what_there_is_to_judge(
    city: City, monkeypatch: pytest.MonkeyPatch, before_s: int, judged: bool
) -> None:
    """Control: begun with the scored span itself, nobody can have driven 44 h."""
    monkeypatch.setattr(week_score, "BEFORE_S", before_s)
    found = score.Found()
    week = week_score.run(city, 2, 1_500, T0, 24 * 3600, found.take)
    assert week is not None
    cars, fault = week.fleet, week.fault
    own = score.compare(week.offences, found.episodes(), cars, fault, T0)[week_score.RULE]
    assert (own.expected > 0) == (own.detections > 0) == judged
    assert own.right == own.detections
    assert own.found == own.expected
    # What fired in the days before is known, or an offence that goes on would be a false alarm.
    assert any(one.start_s < T0 for one in week.offences) == judged
    whole = score.compare(week.offences, found.episodes(), cars, fault)[week_score.RULE]
    assert (whole.offences > own.offences) == judged
    assert np.all([one.limit == 44 * 60 for one in week.offences])
