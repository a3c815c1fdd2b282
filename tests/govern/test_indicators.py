"""Every indicator through the shared list, then each by hand."""

from __future__ import annotations

import pytest

from sizao.core.errors import ConfigError
from sizao.core.levels import WarningLevel
from sizao.govern.indicator import Kpi
from sizao.govern.indicators import KPIS, compute, compute_all, definitions, find
from tests.govern.checks import CHECKS, Check, it_counts_cases_and_no_quota
from tests.govern.records import AT_S, RECORDS, record


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("kpi", KPIS, ids=lambda kpi: kpi.id)
def test_every_indicator(kpi: Kpi, check: Check) -> None:
    check(kpi)


def test_the_registry() -> None:
    ids = [kpi.id for kpi in KPIS]
    assert len(set(ids)) == len(ids)
    assert [one.id for one in definitions()] == ids
    assert [one.id for one in compute_all(RECORDS, at_s=AT_S)] == ids
    assert find(ids[0]) is KPIS[0]
    with pytest.raises(ConfigError, match="no indicator 'fines'; known: onset_to_warning"):
        compute("fines", [], at_s=0.0)


def test_a_quota_on_fines_is_refused() -> None:
    """The check itself has to be able to fail."""

    class Quota(type(KPIS[0])):
        formula_zh = "本月罚款笔数÷目标笔数"

    with pytest.raises(AssertionError, match="罚款"):
        it_counts_cases_and_no_quota(Quota())


def test_onset_is_where_the_rule_could_first_tell() -> None:
    """Four hours of lawful driving before a fatigue warning are not the system's delay."""
    fatigue = record(kind="fatigue", onset_s=0.0, fired_s=14_401.0, issued_s=14_403.0)
    assert compute("onset_to_warning", [fatigue], at_s=AT_S).value == 2.0


def test_median_p95_and_coverage() -> None:
    cases = [record(signed_s=32.0 + span) for span in range(1, 21)]
    waiting = record(case="w")
    found = compute("warning_to_signature", [*cases, waiting], at_s=AT_S)
    assert found.value == 10.5
    assert found.p95 == 19.0
    assert (found.low, found.high) == (6.0, 15.0)
    assert (found.numerator, found.denominator) == (20, 21)
    assert found.note_zh == "另有1件尚未走到这一步，未计入"
    assert found.met is True


def test_times_in_reverse_are_left_out_and_said() -> None:
    found = compute(
        "warning_to_signature", [record(signed_s=1.0), record(signed_s=92.0)], at_s=AT_S
    )
    assert found.value == 60.0
    assert "1件时间先后颠倒，疑为时钟故障，未计入" in found.note_zh
    assert "clock fault" in found.note_en


@pytest.mark.parametrize(
    ("signed_s", "at_s", "expected"),
    [
        (632.0, AT_S, (1, 1)),  # at the very deadline
        (632.1, AT_S, (0, 1)),
        (None, 632.0, (0, 0)),  # still has time
        (None, 632.1, (0, 1)),
        (600.0, 500.0, (0, 0)),  # signed later than the moment we ask about
        (600.0, 600.0, (1, 1)),
    ],
)
def test_both_sides_of_the_deadline(signed_s, at_s: float, expected: tuple[int, int]) -> None:
    found = compute("signed_on_time", [record(signed_s=signed_s)], at_s=at_s)
    assert (found.numerator, found.denominator) == expected
    assert found.value == (None if expected[1] == 0 else expected[0] / expected[1])


def test_waiting_cases_are_said_not_counted() -> None:
    found = compute("signed_on_time", [record(), record(signed_s=50.0)], at_s=100.0)
    assert found.value == 1.0
    assert found.note_zh == "另有1件尚在时限内，未计入；仅1件，数值不稳定"
    assert found.low is not None
    assert found.low == pytest.approx(0.2065, abs=1e-4), "one of one is not certainty"


def test_a_case_without_a_deadline_is_left_out() -> None:
    found = compute("resolved_on_time", [record(resolve_deadline_s=None)], at_s=AT_S)
    assert (found.value, found.denominator) == (None, 0)


def test_false_alarms_count_once_verified() -> None:
    cases = [
        record(resolved_s=100.0, verified_s=200.0, false_alarm=True),
        record(resolved_s=100.0, verified_s=200.0),
        record(resolved_s=100.0, false_alarm=True),
    ]
    found = compute("false_alarms", cases, at_s=AT_S)
    assert (found.numerator, found.denominator, found.value) == (1, 2, 0.5)


def test_levels_worst_first() -> None:
    cases = [record(level=WarningLevel.RED), record(), record(), record(issued_s=AT_S + 1)]
    found = compute("warnings_by_level", cases, at_s=AT_S)
    assert found.parts == (("red", 1), ("orange", 0), ("yellow", 2), ("blue", 0))
    assert found.value == 3.0
