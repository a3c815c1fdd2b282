"""The state machine, step by step; ``test_case_properties.py`` looks at any sequence."""

from __future__ import annotations

import json

import pytest

from sizao.core.errors import TransitionError
from sizao.core.levels import CommandLevel, WarningLevel
from sizao.respond.case import apply, evolve, join, next_steps, refusal, replay, system_event
from sizao.respond.records import CaseState, Event, State
from sizao.respond.steps import STEPS
from tests.respond.cases import (
    ADMIN,
    AUDITOR,
    EVERYBODY,
    LEADER,
    OFFICER,
    OPERATOR,
    PATHS,
    SECOND,
    in_state,
    raised,
    walk,
)

# Which step leads where; what is not here is refused. A golden table, written by hand: a change
# of procedure has to be made here as well as in steps.py.
TABLE = {
    ("raised", "sign"): "signed",
    ("signed", "dispatch"): "dispatched",
    ("signed", "control"): "controlled",
    ("signed", "resolve"): "resolved",
    ("signed", "dismiss"): "dismissed",
    ("dispatched", "dispatch"): "dispatched",
    ("dispatched", "arrive"): "on_scene",
    ("dispatched", "control"): "controlled",
    ("dispatched", "dismiss"): "dismissed",
    ("on_scene", "dispatch"): "on_scene",
    ("on_scene", "arrive"): "on_scene",
    ("on_scene", "control"): "controlled",
    ("on_scene", "resolve"): "resolved",
    ("on_scene", "dismiss"): "dismissed",
    ("controlled", "dispatch"): "controlled",
    ("controlled", "control"): "controlled",
    ("controlled", "resolve"): "resolved",
    ("controlled", "dismiss"): "dismissed",
    ("resolved", "verify"): "verified",
    ("resolved", "reopen"): "signed",
    ("dismissed", "verify"): "verified",
    ("dismissed", "reopen"): "signed",
    ("verified", "reopen"): "signed",
}

ROLES = {
    "sign": "operator leader officer",
    "dispatch": "operator leader",
    "arrive": "operator leader officer",
    "control": "operator leader officer",
    "resolve": "operator leader officer",
    "verify": "operator leader",
    "dismiss": "operator leader",
    "reopen": "operator leader",
}


@pytest.mark.parametrize("state", PATHS)
@pytest.mark.parametrize("action", STEPS)
def test_every_step_from_every_state(state: str, action: str) -> None:
    case, _ = in_state(state)
    assert case.state == state
    expected = TABLE.get((state, action))
    if expected is None:
        with pytest.raises(TransitionError) as refused:
            apply(case, action, LEADER, 2000.0, reason="x", units=("u",))
        assert refused.value.code == "state"
        assert case.state.zh in refused.value.zh
    else:
        after, event = apply(case, action, LEADER, 2000.0, reason="x", units=("u",))
        assert after.state == expected
        assert (event.before, event.after) == (state, expected)
        assert after.version == case.version + 1 == event.seq


@pytest.mark.parametrize("action", STEPS)
@pytest.mark.parametrize("actor", EVERYBODY, ids=lambda actor: actor.role + actor.id)
def test_every_step_by_every_role(action: str, actor) -> None:
    state = next(state for state, step in TABLE if step == action)
    case, _ = in_state(state)
    if actor.id == case.resolved_by and action == "verify":
        actor = SECOND
    refused = refusal(case, action, actor, reason="x", units=("u",))
    if actor.role in ROLES[action].split():
        assert refused is None
    else:
        assert refused is not None
        assert refused.code == "role"


def test_a_refusal_says_what_is_possible_now() -> None:
    case, _ = in_state("signed")
    refused = refusal(case, "verify", OPERATOR)
    assert refused is not None
    assert refused.zh == "案件已签收，现在不能核实办结。现在可以：派警、控制、处置完毕、判为误报。"
    assert "Possible now: Dispatch, Control, Resolve" in refused.en
    raised_case, _ = in_state("raised")
    waits = refusal(raised_case, "control", OFFICER)
    assert waits is not None
    assert waits.zh == "案件待签收，现在不能控制。现在可以：签收。"


def test_a_refusal_by_role_says_whose_step_it_is() -> None:
    case, _ = in_state("signed")
    refused = refusal(case, "dispatch", OFFICER)
    assert refused is not None
    assert refused.zh == "中队民警不能派警，需由指挥中心值班员、带班领导操作。"


@pytest.mark.parametrize("end", ["resolve", "dismiss"])
def test_who_reported_does_not_verify(end: str) -> None:
    case, events = walk(*in_state("signed"), (end,))
    with pytest.raises(TransitionError) as refused:
        apply(case, "verify", OPERATOR, 2000.0)
    assert refused.value.code == "same_person"
    assert next_steps(case, OPERATOR)[0].step.action == "reopen"
    assert not next_steps(case, OPERATOR)[0].primary
    closed, event = apply(case, "verify", SECOND, 2000.0)
    assert closed.state is State.VERIFIED
    assert closed.false_alarm is (end == "dismiss")
    assert replay([*events, event]) == closed


def test_after_reopening_the_new_reporter_may_not_verify_but_the_old_one_may() -> None:
    case, _ = in_state("resolved")
    case, _ = apply(case, "reopen", LEADER, 2000.0, reason="车辆再次超速")
    case, _ = apply(case, "resolve", LEADER, 2100.0, reason="已拦停")
    assert refusal(case, "verify", LEADER) is not None
    assert refusal(case, "verify", OPERATOR) is None


def test_reopening_begins_the_work_anew() -> None:
    case, _ = walk(*in_state("on_scene"), ("control", "resolve", "verify"))
    after, event = apply(case, "reopen", LEADER, 2000.0, reason="车辆再次超速")
    assert event.zh == "重新打开：车辆再次超速"
    assert after.state is State.SIGNED
    assert (after.units, after.resolved_by, after.verified_by) == ((), "", "")
    moments = (after.dispatched_s, after.on_scene_s, after.controlled_s)
    assert (*moments, after.resolved_s, after.verified_s) == (None,) * 5
    assert (after.signed_s, after.signed_by) == (case.signed_s, "u-op"), "somebody still has it"
    assert (after.reopened, after.reopened_s) == (1, 2000.0)


@pytest.mark.parametrize("action", ["resolve", "dismiss", "reopen"])
@pytest.mark.parametrize("reason", ["", "  \n"])
def test_steps_that_need_words(action: str, reason: str) -> None:
    case, _ = in_state("resolved" if action == "reopen" else "signed")
    with pytest.raises(TransitionError) as refused:
        apply(case, action, OPERATOR, 2000.0, reason=reason)
    assert refused.value.code == "missing_reason"


def test_dispatch_needs_a_unit_and_counts_it_once() -> None:
    case, _ = in_state("signed")
    for nobody in ((), ("",), (" ",)):
        with pytest.raises(TransitionError) as refused:
            apply(case, "dispatch", OPERATOR, 2000.0, units=nobody)
        assert refused.value.code == "missing_units"
    case, event = apply(case, "dispatch", OPERATOR, 2000.0, units=("川D1012", "川D1012"))
    assert event.details["units"] == ["川D1012"]
    case, _ = apply(case, "dispatch", OPERATOR, 2050.0, units=("川D1013", "川D1012"))
    assert case.units == ("川D1012", "川D1013")
    assert case.dispatched_s == 2000.0, (
        "the first dispatch stops the clock, a second does not move it"
    )


def test_nobody_arrives_who_was_not_sent() -> None:
    case, _ = in_state("controlled")
    assert case.dispatched_s is None
    with pytest.raises(TransitionError) as refused:
        apply(case, "arrive", OFFICER, 2000.0)
    assert refused.value.code == "state"
    case, _ = apply(case, "dispatch", OPERATOR, 2000.0, units=("川D1012",))
    case, _ = apply(case, "arrive", OFFICER, 2100.0)
    assert case.state is State.CONTROLLED
    assert case.on_scene_s == 2100.0


def test_an_unknown_measure_or_step_is_refused_by_name() -> None:
    case, _ = in_state("signed")
    with pytest.raises(TransitionError, match="烟花") as refused:
        apply(case, "control", OPERATOR, 2000.0, measure="烟花")
    assert refused.value.code == "unknown_measure"
    with pytest.raises(TransitionError, match="close") as refused:
        apply(case, "close", OPERATOR, 2000.0)
    assert refused.value.code == "unknown_action"


def test_the_timeline_reads_as_sentences() -> None:
    case, events = in_state("signed")
    case, event = apply(
        case, "control", OFFICER, 2000.0, measure="terminal_text", text="您已超速，请减速。"
    )
    events.append(event)
    assert [event.zh for event in events] == [
        "橙色预警立案，由大队处置",
        "签收",
        "采取控制措施：向车载终端下发提示“您已超速，请减速。”",
    ]
    assert (event.actor, event.actor_name, event.role) == ("u-off", "陈明", "officer")


def test_a_clock_set_back_cannot_turn_the_timeline_round() -> None:
    case, _ = in_state("controlled")
    after, event = apply(case, "resolve", OPERATOR, 3.0, reason="x")
    assert event.at_s == case.updated_s == after.resolved_s


def test_next_steps_put_the_legal_next_step_first() -> None:
    def primary(state: str, actor, level: WarningLevel = WarningLevel.ORANGE) -> str | None:
        case, _ = walk(*raised(level), PATHS[state])
        steps = next_steps(case, actor)
        assert sum(step.primary for step in steps) <= 1
        assert all(not step.primary for step in steps[1:])
        return steps[0].step.action if steps and steps[0].primary else None

    assert primary("raised", OFFICER) == "sign"
    assert primary("signed", OPERATOR) == "dispatch"
    assert primary("signed", OPERATOR, WarningLevel.BLUE) == "control"
    assert primary("signed", OFFICER) == "control"
    assert primary("dispatched", OFFICER) == "arrive"
    assert primary("on_scene", OFFICER) == "control"
    assert primary("controlled", OFFICER) == "resolve"
    assert primary("resolved", LEADER) == "verify"
    assert primary("resolved", OFFICER) is None
    assert primary("verified", LEADER) is None
    for state in PATHS:
        assert next_steps(in_state(state)[0], AUDITOR) == ()
        assert next_steps(in_state(state)[0], ADMIN) == ()


def test_keys_are_one_a_step_and_destructive_steps_have_none() -> None:
    keys = {step.action: step.key for step in STEPS.values() if step.key}
    assert keys == {
        "sign": "s",
        "dispatch": "d",
        "arrive": "a",
        "control": "c",
        "resolve": "r",
        "verify": "v",
    }
    for step in STEPS.values():
        assert step.destructive == (step.key == "")
        assert step.destructive == bool(step.consequence_zh and step.consequence_en)


def test_a_worse_warning_joins_and_a_lesser_one_does_not_lower() -> None:
    case, _ = in_state("signed")
    worse, event = join(
        case, warning="w2", level=WarningLevel.RED, command_level=CommandLevel.DETACHMENT, at_s=1500
    )
    assert (worse.level, worse.command_level) == (WarningLevel.RED, CommandLevel.DETACHMENT)
    assert worse.warnings == ("w1", "w2")
    assert worse.state is State.SIGNED
    assert event.zh == "后续预警并入本案，由橙色升为红色"
    lesser, _ = join(
        worse, warning="w3", level=WarningLevel.BLUE, command_level=CommandLevel.SQUADRON, at_s=1600
    )
    assert (lesser.level, lesser.command_level) == (worse.level, worse.command_level)
    assert lesser.gradings == worse.gradings


@pytest.mark.parametrize("state", ["resolved", "dismissed", "verified"])
def test_a_case_that_is_no_longer_open_takes_no_further_warning(state: str) -> None:
    case, _ = in_state(state)
    assert not case.is_open
    with pytest.raises(TransitionError, match="另立新案"):
        join(case, warning="w2", level=WarningLevel.RED, command_level=CommandLevel.CITY, at_s=2e3)


@pytest.mark.parametrize("state", PATHS)
def test_state_and_timeline_survive_json(state: str) -> None:
    case, events = in_state(state)
    stored = json.dumps([event.to_dict() for event in events])
    assert replay(Event.from_dict(raw) for raw in json.loads(stored)) == case
    assert CaseState.from_dict(json.loads(json.dumps(case.to_dict()))) == case


def test_a_timeline_with_a_gap_is_not_believed() -> None:
    _, events = in_state("verified")
    for broken in (events[1:], [*events[:2], *events[3:]], [events[0], *events], []):
        with pytest.raises(TransitionError) as refused:
            replay(broken)
        assert refused.value.code == "timeline"
    case, _ = in_state("signed")
    with pytest.raises(TransitionError, match="fly"):
        evolve(case, system_event(case, "fly", 5000.0, "飞", "fly", {}))
