"""Cases that a report from people raised, or joined."""

from __future__ import annotations

import pytest

from sizao.core.errors import TransitionError
from sizao.core.levels import CommandLevel, WarningLevel
from sizao.respond.case import join_report, open_case, replay
from sizao.respond.records import CaseState
from tests.respond.cases import OPERATOR, in_state, raised


def test_a_report_raises_a_case_in_somebodys_name() -> None:
    case, event = open_case(
        "7", WarningLevel.ORANGE, CommandLevel.BRIGADE, at_s=5.0, report="R1", by=OPERATOR
    )
    assert (case.reports, case.warnings) == (("R1",), ())
    assert (event.actor, event.role) == (OPERATOR.id, OPERATOR.role)
    assert "R1" in event.zh
    assert "R1" in event.en
    assert replay([event]) == case
    assert CaseState.from_dict(case.to_dict()) == case


def test_a_report_joins_an_open_case_and_changes_no_deadline() -> None:
    case, events = raised(WarningLevel.RED)
    joined, event = join_report(case, report="R2", by=OPERATOR, at_s=case.updated_s + 5)
    assert joined.reports == ("R2",)
    assert joined.warnings == case.warnings
    assert (joined.level, joined.gradings) == (case.level, case.gradings)
    assert replay([*events, event]) == joined


def test_a_closed_case_takes_no_report() -> None:
    with pytest.raises(TransitionError) as refused:
        join_report(in_state("resolved")[0], report="R2", by=OPERATOR, at_s=9e9)
    assert refused.value.code == "state"


def test_a_state_kept_before_there_were_reports_is_read() -> None:
    case, _ = raised(WarningLevel.RED)
    old = case.to_dict()
    del old["reports"]
    assert CaseState.from_dict(old) == case
