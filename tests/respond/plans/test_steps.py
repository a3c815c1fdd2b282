"""A plan on a case: order, clocks, deviations, ends; and that the timeline alone gives it again."""

from __future__ import annotations

import json
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sizao.core.errors import TransitionError
from sizao.core.levels import WarningLevel
from sizao.respond.case import apply, evolve, replay
from sizao.respond.escalation import escalate_all, next_s
from sizao.respond.plans import steps
from sizao.respond.plans.book import in_force, plans
from sizao.respond.plans.model import PARTIES
from sizao.respond.plans.runs import TaskState, laid_out
from sizao.respond.plans.steps import ANSWERS, answer, start
from sizao.respond.records import CaseState, Event
from tests.respond.cases import LEADER, OFFICER, OPERATOR, in_state, raised, walk

PLAN = in_force(plans(), date(2026, 11, 26))["landslide"]
TASKS = laid_out(
    PLAN, WarningLevel.ORANGE, "county", frozenset({"injured"}), {one: one for one in PARTIES}
)


def started():
    case, events = in_state("signed")
    case, event = start(case, PLAN, TASKS, OPERATOR, case.updated_s + 1, facts=("injured",))
    return case, [*events, event]


def states(case: CaseState) -> dict[str, str]:
    return {task.id: task.state.value for task in case.plans[0].tasks}


def test_what_waits_for_nothing_is_ordered_at_once():
    case, events = started()
    assert states(case)["guard"] == states(case)["ambulance"] == "ordered"
    assert states(case)["close"] == states(case)["clear"] == "waiting"
    assert "消防" in events[-1].zh
    assert "下达" in events[-1].zh
    assert case.plans[0].task("close").due_s("finish") is None


def test_the_next_is_ordered_when_the_last_before_it_ends():
    case, _ = started()
    case, _ = answer(case, "landslide", "guard", "task_finish", OFFICER, case.updated_s + 60)
    assert states(case)["close"] == states(case)["geology"] == "ordered"
    assert case.plans[0].task("close").ordered_s == case.updated_s
    case, _ = answer(
        case, "landslide", "close", "task_not_needed", OPERATOR, case.updated_s + 1, reason="x"
    )
    assert states(case)["clear"] == "waiting", "geology has not ended"
    case, _ = answer(case, "landslide", "geology", "task_finish", OFFICER, case.updated_s + 1)
    assert states(case)["clear"] == "ordered"


def refused(code, *args, **kwargs):
    with pytest.raises(TransitionError) as found:
        answer(*args, **kwargs)
    assert found.value.code == code
    return found.value.zh


def test_refusals_say_why():
    case, _ = started()
    at = case.updated_s + 1
    assert "设置警戒" in refused("waiting", case, "landslide", "close", "task_finish", OPERATOR, at)
    refused("missing_reason", case, "landslide", "guard", "task_deviate", OPERATOR, at)
    refused("unknown_action", case, "landslide", "nothing", "task_finish", OPERATOR, at)
    refused("unknown_action", case, "landslide", "guard", "task_dance", OPERATOR, at)
    case, _ = answer(case, "landslide", "guard", "task_acknowledge", OFFICER, at)
    refused("state", case, "landslide", "guard", "task_acknowledge", OPERATOR, at)
    case, _ = answer(case, "landslide", "guard", "task_finish", OFFICER, at)
    assert OFFICER.name in refused("state", case, "landslide", "guard", "task_finish", LEADER, at)


def test_a_plan_starts_once_and_only_on_an_open_signed_case():
    case, _ = started()
    for state, code in (("raised", "state"), ("resolved", "state")):
        with pytest.raises(TransitionError) as found:
            start(in_state(state)[0], PLAN, TASKS, OPERATOR, 5000.0)
        assert found.value.code == code
    with pytest.raises(TransitionError) as found:
        start(case, PLAN, TASKS, LEADER, 5000.0)
    assert found.value.code == "started"
    assert OPERATOR.name in found.value.zh
    with pytest.raises(TransitionError) as found:
        start(in_state("signed")[0], PLAN, (), OPERATOR, 5000.0)
    assert found.value.code == "empty"


def test_a_case_is_not_resolved_over_open_tasks_unless_said_why():
    case, _ = started()
    case, _ = walk(case, [], ("control",))
    with pytest.raises(TransitionError) as found:
        apply(case, "resolve", OPERATOR, case.updated_s + 1, reason="r")
    assert found.value.code == "open_tasks"
    assert "消防救援" not in found.value.zh.split("：")[0]
    assert "设置警戒" in found.value.zh
    case, event = apply(
        case, "resolve", OPERATOR, case.updated_s + 1, reason="r", left="移交交通局"
    )
    assert case.open_tasks == ()
    assert set(states(case).values()) == {"left"}
    assert case.plans[0].tasks[0].reason == "移交交通局"
    assert event.details["left"] == "移交交通局"


def test_a_false_alarm_says_why_for_its_tasks_too():
    case, _ = started()
    case, _ = apply(case, "dismiss", OPERATOR, case.updated_s + 1, reason="查无塌方")
    assert case.open_tasks == ()
    assert case.plans[0].tasks[0].reason == "查无塌方"


def test_after_a_reopening_the_plan_may_be_started_again():
    case, _ = started()
    case, _ = apply(case, "dismiss", OPERATOR, case.updated_s + 1, reason="r")
    case, _ = apply(case, "reopen", LEADER, case.updated_s + 1, reason="又塌")
    case, event = start(case, PLAN, TASKS, OPERATOR, case.updated_s + 1)
    assert [run.key for run in case.plans] == ["landslide", "landslide-2"]
    assert evolve(replay_before(case, event), event) == case


def replay_before(case: CaseState, event: Event) -> CaseState:
    from dataclasses import replace

    return replace(case, plans=case.plans[:1], updated_s=event.at_s, version=event.seq - 1)


def test_a_clock_of_a_task_runs_out_once_and_is_told():
    case, _ = started()
    guard = case.plans[0].task("guard")
    due = guard.due_s("acknowledge")
    assert next_s(case) <= due
    _, early = escalate_all(case, due)
    assert not [one for one in early if one.details.get("task") == "guard"], "at the very deadline"
    case, events = escalate_all(case, due + 1)
    told = [one for one in events if one.action == "task_overdue"]
    assert "guard" in {one.details["task"] for one in told}
    assert escalate_all(case, due + 1)[1] == []
    assert case.plans[0].task("guard").missed == ("acknowledge",)
    later, events = escalate_all(case, due + 100_000)
    guards = [one for one in events if one.details.get("task") == "guard"]
    assert [one.details["clock"] for one in guards] == ["finish"]
    assert later.plans[0].task("guard").state is TaskState.ORDERED, "it stays with who has it"


def test_nothing_is_told_after_the_case():
    case, _ = started()
    case, _ = apply(case, "dismiss", OPERATOR, case.updated_s + 1, reason="r")
    _, events = escalate_all(case, case.updated_s + 1_000_000)
    assert not [one for one in events if one.action == "task_overdue"]


NAMES = [task.id for task in TASKS]
moves = st.lists(
    st.tuples(
        st.sampled_from([*ANSWERS, "tick", "resolve", "reopen", "start", "control"]),
        st.sampled_from(NAMES),
        st.floats(0, 4000),
    ),
    max_size=30,
)


def play(wanted):
    case, events = started()
    for action, name, later in wanted:
        at = case.updated_s + later
        try:
            if action == "tick":
                case, new = escalate_all(case, at)
            elif action == "start":
                case, one = start(case, PLAN, TASKS, LEADER, at)
                new = [one]
            elif action in ANSWERS:
                key = case.plans[-1].key
                case, one = answer(case, key, name, action, OFFICER, at, reason="r")
                new = [one]
            else:
                case, one = apply(case, action, OPERATOR, at, reason="r", left="l")
                new = [one]
        except TransitionError:
            continue
        events.extend(new)
        yield case, list(events)


@given(moves)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_timeline_alone_gives_every_task_again(wanted):
    for case, events in play(wanted):
        stored = json.loads(json.dumps([event.to_dict() for event in events]))
        assert replay(Event.from_dict(raw) for raw in stored) == case
        assert CaseState.from_dict(json.loads(json.dumps(case.to_dict()))) == case


@given(moves)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_task_is_ordered_before_its_turn_and_none_is_forgotten(wanted):
    for case, _ in play(wanted):
        for run in case.plans:
            by_id = {task.id: task for task in run.tasks}
            for task in run.tasks:
                ended = all(not by_id[one].open for one in task.after)
                if task.state is TaskState.WAITING:
                    assert not ended, "its turn has come"
                elif task.ordered_s is not None:
                    assert ended
                    assert all(by_id[one].ended_s <= task.ordered_s for one in task.after)
                assert task.open or task.ended_s is not None
        assert case.is_open or not case.open_tasks


def test_order_control(monkeypatch):
    """With the order switched off, a task is ordered before its turn."""
    monkeypatch.setattr(steps, "ordered", lambda run, at_s: everything(run, at_s))
    case, _ = started()
    assert states(case)["clear"] == "ordered"


def everything(run, at_s):
    from dataclasses import replace

    return replace(
        run,
        tasks=tuple(
            replace(task, state=TaskState.ORDERED, ordered_s=at_s)
            if task.state is TaskState.WAITING
            else task
            for task in run.tasks
        ),
    )


def test_an_unsigned_case_has_no_plan_but_its_clocks():
    case, _ = raised()
    assert next_s(case) is not None
