"""The clocks: the numbers of the rule book, both sides of each edge, and what stops them."""

from __future__ import annotations

import pytest

from sizao.core.levels import CommandLevel, WarningLevel
from sizao.core.rulebook import entry
from sizao.respond.case import apply, join
from sizao.respond.clocks import (
    CLOCKS,
    RULE,
    deadline,
    deadlines,
    due,
    limit_s,
    next_escalation,
    promised_s,
    remaining,
    unmet,
)
from sizao.respond.escalation import escalate_all
from sizao.respond.records import CaseState
from tests.respond.cases import LEADER, OPERATOR, PATHS, in_state, raised, walk

MINUTES = {
    "sign": (3, 5, 10, 30),
    "first_action": (10, 15, 30, 120),
    "feedback": (30, 60, 120, 480),
    "verify": (120, 240, 720, 1440),
}


@pytest.mark.parametrize("clock", CLOCKS)
def test_limits_are_those_of_the_rule_book(clock: str) -> None:
    worst_first = sorted(WarningLevel, reverse=True)
    assert tuple(limit_s(clock, level) / 60 for level in worst_first) == MINUTES[clock]
    assert entry(RULE).certainty == "proposed", "no source was found, and the page has to say so"


@pytest.mark.parametrize("level", WarningLevel)
def test_a_case_has_time_for_each_step_and_less_the_worse_it_is(level: WarningLevel) -> None:
    limits = [limit_s(clock, level) for clock in CLOCKS]
    assert limits == sorted(limits)
    if level is not WarningLevel.RED:
        worse = [limit_s(clock, WarningLevel(level + 1)) for clock in CLOCKS]
        assert all(hard < easy for hard, easy in zip(worse, limits, strict=True))


def test_which_clocks_run_in_each_state() -> None:
    running = {state: unmet(in_state(state)[0]) for state in PATHS}
    assert running == {
        "raised": ("sign", "first_action", "feedback"),
        "signed": ("first_action", "feedback"),
        "dispatched": ("feedback",),
        "on_scene": ("feedback",),
        "controlled": ("feedback",),
        "resolved": ("verify",),
        "dismissed": ("verify",),
        "verified": (),
    }


def test_both_sides_of_the_edge() -> None:
    case, _ = raised(WarningLevel.RED, at_s=1000.0)
    first = deadline(case)
    assert first is not None
    assert (first.clock, first.at_s, first.zh) == ("sign", 1180.0, "签收时限")
    assert due(case, 1179.9) is None
    assert due(case, 1180.0) is None, "signed at the very deadline is in time"
    late = due(case, 1180.1)
    assert late is not None
    assert late.clock == "sign"


@pytest.mark.parametrize(
    ("at_s", "left_s", "phase"),
    [
        (1000.0, 180.0, "normal"),
        (1134.9, 45.1, "normal"),
        (1135.0, 45.0, "soon"),
        (1180.0, 0.0, "soon"),
        (1180.1, -0.1, "late"),
    ],
)
def test_the_last_quarter_is_soon_and_after_it_is_late(
    at_s: float, left_s: float, phase: str
) -> None:
    case, _ = raised(WarningLevel.RED, at_s=1000.0)
    left = remaining(case, at_s)
    assert left is not None
    assert left.left_s == pytest.approx(left_s)
    assert left.phase == phase


def test_a_closed_case_has_no_clock() -> None:
    case, _ = in_state("verified")
    assert deadline(case) is None
    assert remaining(case, 1e12) is None
    assert due(case, 1e12) is None


def test_a_control_measure_or_a_dispatch_stops_the_first_action_clock() -> None:
    for action in ("dispatch", "control"):
        case, _ = walk(*in_state("signed"), (action,))
        assert due(case, 1000.0 + 59 * 60) is None
        late = due(case, 1000.0 + 61 * 60)
        assert late is not None
        assert late.clock == "feedback"


def test_getting_worse_never_buys_time() -> None:
    case, _ = raised(WarningLevel.YELLOW, at_s=1000.0)
    soon, _ = join(
        case, warning="w2", level=WarningLevel.RED, command_level=CommandLevel.CITY, at_s=1060.0
    )
    assert promised_s(soon, "sign") == 1060.0 + 180.0
    late, _ = join(
        case, warning="w2", level=WarningLevel.RED, command_level=CommandLevel.CITY, at_s=1590.0
    )
    assert promised_s(case, "sign") == 1600.0
    assert promised_s(late, "sign") == 1600.0, "red from 1590 would give until 1770"


def test_reopening_gives_new_deadlines_to_work_by_but_moves_no_promise() -> None:
    before, _ = in_state("resolved")
    case, _ = apply(before, "reopen", LEADER, 50_000.0, reason="再次超速")
    assert unmet(case) == ("first_action", "feedback"), "it stays signed"
    assert [one.at_s for one in deadlines(case)] == [50_000.0 + 15 * 60, 50_000.0 + 60 * 60]
    for clock in ("sign", "first_action", "feedback"):
        assert promised_s(case, clock) == promised_s(before, clock)
    assert promised_s(case, "verify") is None


def test_a_late_signature_stays_late_after_reopening() -> None:
    case, _ = raised(WarningLevel.RED, at_s=1000.0)
    for action in ("sign", "control", "resolve", "reopen"):
        case, _ = apply(case, action, OPERATOR, 1500.0, reason="x")
    promised = promised_s(case, "sign")
    assert promised is not None
    assert case.signed_s is not None
    assert case.signed_s > promised == 1180.0


def test_a_worse_warning_after_reopening_still_brings_the_deadline_nearer() -> None:
    case, _ = in_state("resolved")
    case, _ = apply(case, "reopen", LEADER, 50_000.0, reason="再次超速")
    case, _ = join(
        case, warning="w2", level=WarningLevel.RED, command_level=CommandLevel.CITY, at_s=50_060.0
    )
    assert [one.at_s for one in deadlines(case)] == [50_660.0, 50_060.0 + 30 * 60]


def test_what_escalates_next_is_not_what_is_shown_once_it_has_escalated() -> None:
    """The desk looks for cases by this moment; by the shown one it would ask in vain for ever."""
    case, _ = raised(WarningLevel.RED, at_s=1000.0)
    ahead = next_escalation(case)
    assert ahead is not None
    assert ahead.at_s == 1180.0
    case, _ = escalate_all(case, 1181.0)
    shown, ahead = deadline(case), next_escalation(case)
    assert shown is not None
    assert ahead is not None
    assert (shown.clock, shown.at_s) == ("sign", 1361.0)
    assert (ahead.clock, ahead.at_s) == ("first_action", 1600.0)
    case, _ = escalate_all(case, 1e6)
    assert next_escalation(case) is None


def test_verification_runs_from_the_report() -> None:
    case, _ = in_state("controlled")
    case, _ = apply(case, "resolve", OPERATOR, 3000.0, reason="已停车")
    assert [(one.clock, one.at_s) for one in deadlines(case)] == [("verify", 3000.0 + 240 * 60)]


def test_a_case_without_its_grading_is_a_programming_error() -> None:
    bare = CaseState("1", WarningLevel.RED, CommandLevel.CITY, raised_s=0.0)
    with pytest.raises(ValueError, match="min"):
        promised_s(bare, "sign")
