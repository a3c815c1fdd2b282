"""Indicators over the ledger: their counts, their edges, and that they are in the reference."""

from __future__ import annotations

from pathlib import Path

import pytest

from sizao.govern.hazards.measures import HazardRecord
from sizao.govern.indicators import HAZARD_KPIS, definition
from sizao.govern.kpis.hazards_on_time import HazardsOnTime
from sizao.govern.kpis.hazards_open_age import HazardsOpenAge
from sizao.govern.kpis.hazards_reopened import HazardsReopened
from tests.govern.checks import QUOTA_WORDS

ROOT = Path(__file__).resolve().parents[3]
DAY = 86_400.0


@pytest.mark.parametrize("kpi", HAZARD_KPIS, ids=lambda kpi: kpi.id)
def test_nothing_is_not_zero_and_the_reference_has_it(kpi) -> None:
    found = kpi.compute([], at_s=0.0)
    assert found.value is None
    assert found.denominator == 0
    shown = definition(kpi)
    line = (
        f"| `{shown.id}` | {shown.version} | {shown.name_zh} | {shown.name_en} | {shown.unit} "
        f"| — | {shown.certainty} | {shown.formula_en} |"
    )
    page = (ROOT / "docs/reference/indicators.md").read_text(encoding="utf-8")
    assert line in page.splitlines(), line
    assert (ROOT / "src/sizao/govern/kpis" / f"{kpi.id}.py").exists()
    words = f"{shown.name_zh} {shown.name_en} {shown.formula_zh} {shown.formula_en}".lower()
    assert not [word for word in QUOTA_WORDS if word in words]


def test_on_time_counts_what_is_decided_by_the_first_deadline() -> None:
    records = [
        HazardRecord("in time", 0, 10 * DAY, 10 * DAY),
        HazardRecord("late", 0, 10 * DAY, 11 * DAY),
        HazardRecord("past it", 0, 10 * DAY),
        HazardRecord("waiting", 0, 30 * DAY),
        HazardRecord("nobody has it", 0),
    ]
    found = HazardsOnTime().compute(records, at_s=20 * DAY)
    assert (found.numerator, found.denominator) == (1, 3)
    assert "另有1件" in found.note_zh
    assert HazardsOnTime().compute(records, at_s=9 * DAY).denominator == 0


def test_reopened_within_ninety_days_of_the_delisting() -> None:
    records = [
        HazardRecord("back", 0, delisted_s=(DAY,), reopened_s=(91 * DAY,)),
        HazardRecord("back too late", 0, delisted_s=(DAY,), reopened_s=(91 * DAY + 1,)),
        HazardRecord("twice gone, once back", 0, delisted_s=(DAY, 9 * DAY), reopened_s=(5 * DAY,)),
    ]
    found = HazardsReopened().compute(records, at_s=400 * DAY)
    assert (found.numerator, found.denominator) == (2, 4)
    assert HazardsReopened().compute(records, at_s=2 * DAY).numerator == 0


def test_age_is_of_those_that_are_open() -> None:
    records = [
        HazardRecord("a", 0),
        HazardRecord("b", 2 * DAY),
        HazardRecord("gone", 0, closed_s=5 * DAY),
        HazardRecord("to come", 99 * DAY),
    ]
    found = HazardsOpenAge().compute(records, at_s=10 * DAY)
    assert (found.value, found.numerator, found.denominator) == (9 * DAY, 2, 3)
