"""The list that every indicator is put through. A new one joins by standing in ``KPIS``."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from sizao.govern.indicator import Indicator, Kpi
from sizao.govern.indicators import definition
from tests.govern.records import AT_S, RECORDS, record

ROOT = Path(__file__).resolve().parents[2]
Check = Callable[[Kpi], None]

# An indicator that rewards fines, stops or points makes people hunt for them: refused.
QUOTA_WORDS = (
    "罚款",
    "处罚",
    "记分",
    "拦停",
    "查处",
    "fine",
    "penalt",
    "ticket",
    "stops",
    "points",
)


def nothing_is_not_zero_and_not_all(kpi: Kpi) -> None:
    found = kpi.compute([], at_s=AT_S)
    assert found.denominator == found.numerator == found.n == 0
    if kpi.unit == "count":
        assert found.value == 0
    else:
        assert found.value is None
        assert found.met is None
        assert found.low is found.high is found.p95 is None


def value_agrees_with_its_parts(kpi: Kpi) -> None:
    found = kpi.compute(RECORDS, at_s=AT_S)
    assert (found.id, found.version, found.unit) == (kpi.id, kpi.version, kpi.unit)
    assert found.value is not None
    assert 0 < found.numerator <= found.denominator <= len(RECORDS)
    if kpi.unit == "ratio":
        assert found.value == found.numerator / found.denominator
        assert found.n == found.denominator
    else:
        assert found.n == found.numerator
    if kpi.unit == "count":
        assert found.value == found.numerator == sum(count for _, count in found.parts)


def interval_holds_the_value(kpi: Kpi) -> None:
    found = kpi.compute(RECORDS, at_s=AT_S)
    if kpi.unit == "count":
        assert found.low is found.high is None
        return
    assert found.low is not None
    assert found.high is not None
    assert found.value is not None
    assert found.low <= found.value <= found.high
    assert found.low < found.high
    if kpi.unit == "s":
        assert found.p95 is not None
        assert found.value <= found.p95


def order_does_not_matter(kpi: Kpi) -> None:
    assert kpi.compute(RECORDS[::-1], at_s=AT_S) == kpi.compute(RECORDS, at_s=AT_S)


def the_future_is_not_known(kpi: Kpi) -> None:
    """Computed for a past moment, it says what it would have said then."""
    for at_s in (0.0, 50.0, 130.0, 700.0, 5000.0):
        then = [_cut(one, at_s) for one in RECORDS if one.issued_s <= at_s]
        assert kpi.compute(RECORDS, at_s=at_s) == kpi.compute(then, at_s=at_s)


def few_cases_are_said(kpi: Kpi) -> None:
    few = kpi.compute(RECORDS[:3], at_s=AT_S)
    many = kpi.compute(RECORDS * 10, at_s=AT_S)
    if kpi.unit == "count":
        return
    assert "数值不稳定" in few.note_zh or few.n == 0
    assert "数值不稳定" not in many.note_zh
    assert bool(few.note_zh) == bool(few.note_en)


def it_survives_json(kpi: Kpi) -> None:
    found = kpi.compute(RECORDS, at_s=AT_S)
    raw = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    raw["parts"] = tuple(tuple(part) for part in raw["parts"])
    assert Indicator(**raw) == found
    assert all(not math.isnan(value) for value in raw.values() if isinstance(value, float))


def it_counts_cases_and_no_quota(kpi: Kpi) -> None:
    shown = definition(kpi)
    words = " ".join((shown.id, shown.name_zh, shown.name_en, shown.formula_zh, shown.formula_en))
    found = [word for word in QUOTA_WORDS if word in words.lower()]
    assert not found, f"{shown.id} speaks of {found}: quotas on fines or stops are refused"


def it_is_defined_in_the_rule_book(kpi: Kpi) -> None:
    shown = definition(kpi)
    assert shown.version >= 1
    assert shown.name_zh
    assert shown.name_en
    assert shown.formula_zh
    assert shown.formula_en
    assert shown.certainty_zh in ("已查证", "待核实", "项目默认")
    assert kpi.better in ("low", "high", "")
    assert (shown.target is None) or kpi.better, "a target needs a direction"
    assert re.fullmatch(r"[a-z0-9_]+", kpi.id)


def it_keeps_its_target_or_says_so(kpi: Kpi) -> None:
    found = kpi.compute(RECORDS, at_s=AT_S)
    assert found.target == definition(kpi).target
    if found.target is None or found.value is None:
        assert found.met is None
    elif kpi.better == "high":
        assert found.met is (found.value >= found.target)
    else:
        assert found.met is (found.value <= found.target)


def it_stands_in_the_reference(kpi: Kpi) -> None:
    shown = definition(kpi)
    target = "—" if shown.target is None else f"{shown.target:g}"
    line = (
        f"| `{shown.id}` | {shown.version} | {shown.name_zh} | {shown.name_en} | {shown.unit} "
        f"| {target} | {shown.certainty} | {shown.formula_en} |"
    )
    page = (ROOT / "docs" / "reference" / "indicators.md").read_text(encoding="utf-8")
    assert line in page.splitlines(), f"docs/reference/indicators.md needs:\n{line}"
    assert (ROOT / "src/sizao/govern/kpis" / f"{kpi.id}.py").exists(), "one file an indicator"


CHECKS: tuple[Check, ...] = (
    nothing_is_not_zero_and_not_all,
    value_agrees_with_its_parts,
    interval_holds_the_value,
    order_does_not_matter,
    the_future_is_not_known,
    few_cases_are_said,
    it_survives_json,
    it_counts_cases_and_no_quota,
    it_is_defined_in_the_rule_book,
    it_keeps_its_target_or_says_so,
    it_stands_in_the_reference,
)


def _cut(one, at_s: float):
    """The record as it was at a moment."""
    moments = ("signed_s", "controlled_s", "resolved_s", "verified_s")
    late = {name: None for name in moments if (at := getattr(one, name)) is not None and at > at_s}
    return replace(one, **late) if late else record(like=one)
