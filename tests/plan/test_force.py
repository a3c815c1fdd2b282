"""The units file: what is read, what is refused and in which words."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from sizao.core.errors import ConfigError
from sizao.plan.force import SHIFTS, force_of, read_force

from .worlds import FORCE

UNIT = {"id": "a", "base": [26.58, 101.7]}


def test_defaults() -> None:
    force = force_of({"units": [UNIT]})
    assert force.shifts == SHIFTS
    assert force.units[0].name == "a"
    assert force.units[0].skills == {"patrol"}
    assert force.visits.minutes == (10.0, 15.0)


def test_yaml_reads_times_and_days_as_people_write_them(tmp_path: Path) -> None:
    file = tmp_path / "units.yaml"
    file.write_text(
        "units: [{id: a, base: [26.5, 101.7], away: [2019-01-09],\n"
        "         free_from: 2019-01-07 06:00:00}]\n"
        "shifts: [{id: x, start: 07:30, hours: 6}, {id: y, start: '22:00'}]\n"
    )
    force = read_force(file)
    assert [shift.start_min for shift in force.shifts] == [450, 1320]
    assert [shift.night for shift in force.shifts] == [False, True]
    assert force.units[0].away == {dt.date(2019, 1, 9)}
    assert force.units[0].free_from == dt.datetime.fromisoformat("2019-01-07 06:00")


@pytest.mark.parametrize(
    "extra",
    [
        {"quota": 5},
        {"operations": [{"kind": "drink_driving", "per_week": 1, "fines": 20}]},
        {"operations": [{"kind": "drink_driving", "per_week": 1, "min_stops": 30}]},
        {"rules": {"tickets_per_shift": 3}},
        {"units": [{**UNIT, "查处数": 10}]},
        {"visits": {"拦车任务数": 4}},
    ],
)
def test_a_quota_is_refused_wherever_it_stands(extra: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="never sets a number of fines, stops"):
        force_of({"units": [UNIT], **extra})


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ([], "not a mapping"),
        ({"units": []}, "no units"),
        ({"units": [{"id": "a"}]}, r"units\[0\]: base must be"),
        ({"units": [{"id": "a", "base": [126, 101]}]}, "lat must be a number from -90"),
        ({"units": [UNIT, UNIT]}, "unit a appears twice"),
        ({"units": [{**UNIT, "skills": ["fly"]}]}, "skills"),
        ({"units": [{**UNIT, "vehicles": "x"}]}, "no vehicles 'x'"),
        ({"units": [UNIT], "shifts": [{"id": "x", "start": "25:00"}]}, "start like"),
        ({"units": [UNIT], "mixture": {"cap": 2}}, "cap must be a number"),
        ({"units": [UNIT], "rule": {}}, "unknown rule"),
        ({"units": [UNIT], "operations": [{"kind": "x"}]}, "kind must be one of"),
        (
            {"units": [UNIT], "operations": [{"kind": "drink_driving", "per_week": 1}]},
            "needs a unit with the skill alcohol",
        ),
    ],
)
def test_a_wrong_entry_is_named(raw: Any, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        force_of(raw)


def test_the_small_town_is_a_good_file() -> None:
    assert len(force_of(FORCE).units) == 3
