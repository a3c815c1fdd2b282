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


def test_edges_are_of_rules_that_exist() -> None:
    assert set(EDGES) <= set(RULES)
