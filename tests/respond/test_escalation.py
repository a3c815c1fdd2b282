"""A missed clock goes one command level up, once, with a new deadline."""

from __future__ import annotations

from sizao.core.levels import CommandLevel, WarningLevel
from sizao.respond.case import apply, replay
from sizao.respond.clocks import deadline, due
from sizao.respond.escalation import escalate, escalate_all
from tests.respond.cases import LEADER, in_state, raised


def test_nothing_is_due_nothing_happens() -> None:
    case, _ = raised(WarningLevel.RED)
    assert escalate(case, 1180.0) is None
    assert escalate_all(case, 1180.0) == (case, [])


def test_one_level_up_with_the_whole_span_anew() -> None:
    case, events = raised(WarningLevel.RED, CommandLevel.BRIGADE)
    step = escalate(case, 1185.0)
    assert step is not None
    after, event, new = step
    assert after.command_level is CommandLevel.DETACHMENT
    assert after.state == case.state, "who has it keeps it; the next level sees it"
    assert (new.clock, new.at_s, new.escalated) == ("sign", 1185.0 + 180.0, True)
    assert deadline(after) == new
    assert event.zh == "签收时限已过，由大队升至支队"
    assert event.details["missed_s"] == 1180.0
    assert event.role == "system"
    assert replay([*events, event]) == after


def test_once_a_clock() -> None:
    case, _ = raised(WarningLevel.RED, CommandLevel.SQUADRON)
    case, events = escalate_all(case, 1185.0)
    assert len(events) == 1
    assert due(case, 1400.0) is None, "the second sign deadline passed, but sign has had its turn"
    case, events = escalate_all(case, 1000.0 + 601.0)
    assert [event.details["clock"] for event in events] == ["first_action"]
    case, events = escalate_all(case, 1000.0 + 1801.0)
    assert [event.details["clock"] for event in events] == ["feedback"]
    assert case.command_level is CommandLevel.CITY
    assert escalate(case, 1e9) is None


def test_after_a_pause_every_clock_that_ran_out_is_recorded_in_order() -> None:
    case, _ = raised(WarningLevel.RED, CommandLevel.SQUADRON)
    case, events = escalate_all(case, 1e6)
    assert [event.details["clock"] for event in events] == ["sign", "first_action", "feedback"]
    assert [event.details["command_level"] for event in events] == [
        "brigade",
        "detachment",
        "city",
    ]


def test_at_the_top_the_miss_is_recorded_all_the_same() -> None:
    case, _ = raised(WarningLevel.RED, CommandLevel.CITY)
    after, events = escalate_all(case, 1185.0)
    assert after.command_level is CommandLevel.CITY
    assert events[0].zh == "签收时限已过，已在市级，继续督办"
    assert after.escalations == (("sign", 1185.0),)


def test_an_unverified_report_escalates_too() -> None:
    case, _ = in_state("resolved")
    assert case.resolved_s is not None
    _, events = escalate_all(case, case.resolved_s + 240 * 60 + 1)
    assert [event.details["clock"] for event in events] == ["verify"]


def test_reopening_gives_every_clock_its_turn_again() -> None:
    case, _ = raised(WarningLevel.RED, CommandLevel.SQUADRON)
    case, _ = escalate_all(case, 1185.0)
    for action, actor in (("sign", LEADER), ("control", LEADER), ("resolve", LEADER)):
        case, _ = apply(case, action, actor, 1200.0, reason="x")
    case, _ = apply(case, "reopen", LEADER, 2000.0, reason="x")
    assert case.escalations == ()
    _, events = escalate_all(case, 2000.0 + 601.0)
    assert [event.details["clock"] for event in events] == ["first_action"]
