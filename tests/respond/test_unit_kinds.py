"""What units can do, how fast they are, and when one counts as held up."""

from __future__ import annotations

import math

import pytest

from sizao.respond.unit_kinds import KINDS, SKILLS, STATES, held_up, skills_of, travel_s, wanted


def test_every_kind_has_known_skills_and_states_and_a_speed() -> None:
    for kind in KINDS.values():
        assert set(kind.skills) <= set(SKILLS)
        assert set(kind.states) <= set(STATES)
        assert travel_s(kind.code, 600.0, 5000.0) > 60


def test_a_unit_has_the_skills_of_its_kind_and_its_own() -> None:
    assert skills_of("patrol_car", ["weighing", "flying"]) == {"patrol", "weighing"}


def test_a_tow_truck_is_slower_and_on_foot_the_length_counts() -> None:
    assert travel_s("tow_truck", 600.0, None) > travel_s("patrol_car", 600.0, None)
    assert travel_s("foot", 1.0, 1000.0) == pytest.approx(60 + 720)
    assert math.isinf(travel_s("foot", 1.0, None))


def test_a_crash_wants_medical_aid_and_hazmat_its_expert() -> None:
    assert wanted("report_crash") == ("medical", "tow")
    assert wanted("speeding", "hazmat") == ("hazmat",)
    assert wanted("speeding") == ()


@pytest.mark.parametrize(
    ("promised", "passed", "late"),
    [(600.0, 700.0, None), (600.0, 899.0, None), (600.0, 900.0, 5), (60.0, 239.0, None),
     (60.0, 240.0, 3), (None, 9999.0, None)],
)  # fmt: skip
def test_held_up_is_half_again_and_three_minutes(
    promised: float | None, passed: float, late: int | None
) -> None:
    assert held_up(promised, passed) == late
