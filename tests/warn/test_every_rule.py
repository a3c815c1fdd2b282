"""Every rule's detections explain themselves: a sentence, its sources, what would have kept it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sizao.core.rulebook import rulebook
from sizao.warn.explain import explain
from sizao.warn.facts import Facts
from sizao.warn.rule_text import rule_text
from sizao.warn.table import grade
from sizao.warn.unless import unless
from sizao.warn.words import RULES

NOON = 1_793_347_200.0
FACTS = Facts(
    detection="d",
    rule="speeding",
    severity="20-50",
    vehicle="10001",
    measured=120.0,
    limit=80.0,
    measured_unit="km/h",
    start_s=NOON,
    end_s=NOON + 600,
    fired_s=NOON + 60,
    vehicle_kind="tour_coach",
    road="G5",
    stake_m=120_000.0,
    road_class="expressway",
)
CASES = {
    "section_speed": ("20-50", 120.0, 80.0, "km/h", ("service_area", "instant_too")),
    "passage_unreported": ("silent", 21.0, 0.0, "min", ()),
    "drink_driving": ("drunk", 92.0, 80.0, "mg/100mL", ("blood_pending",)),
    "over_capacity": ("seats_20_50", 50.0, 39.0, "count", ("children_unknown",)),
    "slow_traffic": ("queue_end", 3.0, 100.0, "km/h", ("length_km=2",)),
    "capacity_alarm": ("device_over_capacity", 3.0, 2.0, "count", ()),
    "dsm_fatigue": ("dsm_level_2", 2.0, 2.0, "count", ()),
    "fatigue": ("withdrawn", 250.0, 240.0, "min", ("unknown_min=5", "rest_min=9", "corrected")),
    "speeding": ("20-50", 120.0, 80.0, "km/h", ("limit_temporary=GZ1",)),
}


@pytest.mark.parametrize("rule", RULES)
def test_a_sentence_a_grade_and_edges_in_both_languages(rule):
    severity, measured, limit, unit, quality = CASES.get(rule, ("20-50", 120.0, 80.0, "km/h", ()))
    facts = replace(
        FACTS,
        rule=rule,
        severity=severity,
        measured=measured,
        limit=limit,
        measured_unit=unit,
        quality=quality,
    )
    told = explain(facts, grade(facts))
    assert told.what_zh.endswith("。")
    assert told.what_en.endswith(".")
    assert rule not in told.what_zh, "a code instead of a word"
    assert len(told.quality_zh) == len(told.quality_en) == len(quality)
    assert not any("=" in text or text in quality for text in told.quality_zh)
    edges = unless(facts)
    assert edges
    assert all(edge.zh and edge.en for edge in edges)
    own = f"detect.{rule}"
    if own in rulebook():
        zh, en, certainty = rule_text(rulebook()[own], facts)
        assert all((zh, en, certainty))
