"""What would have kept a detection silent, by rule and for one that says nothing of its own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sizao.warn.facts import Facts
from sizao.warn.unless import unless
from sizao.warn.unless.registry import EDGES
from sizao.warn.words import RULES

SPEEDING = Facts("d", "speeding", "20-50", "1", 75.0, 60.0, "km/h", 0.0, 40.0, 40.0)
FATIGUE = Facts("d", "fatigue", "over_limit", "1", 262.0, 240.0, "min", 0.0, 15_720.0, 14_400.0)
ALARM = Facts("d", "terminal_alarm", "collision", "1", 1.0, 1.0, "bit", 0.0, 0.0, 0.0)


def test_speeding_names_the_speed_the_limit_and_the_time() -> None:
    speed, limit, time = unless(SPEEDING)
    # The rule adds 1 km/h for the receiver's own error.
    assert (speed.needed, speed.was, speed.margin) == (61.0, 75.0, 14.0)
    assert (limit.needed, limit.was, limit.margin) == (74.0, 60.0, 14.0)
    assert (time.needed, time.was, time.margin) == (30.0, 40.0, 10.0)


def test_fatigue_names_the_rest_and_the_other_driver() -> None:
    driven, rest, driver = unless(FATIGUE)
    assert (driven.needed, driven.margin, driven.unit) == (240.0, 22.0, "min")
    assert (rest.needed, rest.margin) == (20.0, None)
    assert driver.needed is None


def test_a_rule_without_edges_of_its_own_gets_value_against_limit() -> None:
    (edge,) = unless(replace(ALARM, rule="not written yet", measured=3.0))
    assert (edge.needed, edge.was, edge.margin) == (1.0, 3.0, 2.0)


@pytest.mark.parametrize("facts", [SPEEDING, FATIGUE, ALARM], ids=lambda facts: facts.rule)
def test_every_edge_has_words_in_both_languages(facts: Facts) -> None:
    edges = unless(facts)
    assert edges
    for edge in edges:
        assert edge.zh
        assert edge.en
        assert edge.zh != edge.en


def test_every_rule_has_edges_of_its_own() -> None:
    assert set(EDGES) == set(RULES)


@pytest.mark.parametrize(
    ("rule", "severity", "measured", "limit", "unit", "quality", "edge", "past"),
    [
        ("area_limit", "20-50", 40.0, 30.0, "km/h", (), 31.0, 9.0),
        ("coach_night_speed", "20-50", 90.0, 64.0, "km/h", (), 65.0, 25.0),
        ("coach_day_total", "over_limit", 500.0, 480.0, "min", (), 480.0, 20.0),
        ("coach_curfew", "curfew", 30.0, 0.0, "min", (), 5.0, 25.0),
        ("over_road_limit", "lt30", 50_000.0, 49_000.0, "kg", (), 49_000.0, 1_000.0),
        # 5 % may be the scale's error in motion: 49 t are 51.58 t as weighed.
        ("over_road_limit", "lt30", 60_000.0, 49_000.0, "kg", ("weighed_in_motion",), 51_579, 8421),
        ("over_dimensions", "height", 4.3, 4.0, "m", (), 4.05, 0.25),
        ("overload_repeat", "vehicle", 4.0, 3.0, "count", (), 3.0, 1.0),
        ("stopped_on_expressway", "standing", 12.0, 0.0, "min", (), 120.0, 600.0),
        ("impossible_jump", "jump", 900.0, 200.0, "km/h", (), 200.0, 700.0),
        ("offline_moving", "offline", 45.0, 10.0, "min", (), 10.0, 35.0),
        ("cloned_plate", "impossible", 260.0, 200.0, "km/h", (), 200.0, 60.0),
    ],
)
def test_the_first_edge_by_hand(rule, severity, measured, limit, unit, quality, edge, past) -> None:
    first = unless(
        replace(
            SPEEDING,
            **{"rule": rule, "severity": severity, "measured": measured, "limit": limit},
            **{"measured_unit": unit, "quality": quality},
        )
    )[0]
    assert first.needed == pytest.approx(edge, abs=0.5 if edge > 1000 else 1e-6)
    assert first.margin == pytest.approx(past, abs=0.5 if edge > 1000 else 1e-6)
