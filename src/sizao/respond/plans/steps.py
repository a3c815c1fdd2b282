"""Starting a plan on a case and answering its tasks: a state and a step in, the next state and an
event out, as in ``respond.case``.

The event of a start holds every task with its spans, so that the timeline alone says what was
ordered, whatever becomes of the plan's text later. A task is ordered at the moment when the last of
its predecessors ends, and its clocks run from there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sizao.core.errors import TransitionError
from sizao.respond.plans.model import PARTIES, Plan
from sizao.respond.plans.runs import (
    CLOCKS,
    ENDS,
    PlanRun,
    TaskRun,
    TaskState,
    changed,
    next_miss,
    ordered,
)
from sizao.respond.records import SYSTEM, Actor, CaseState, Event
from sizao.respond.steps import ROLE_NAMES

START, OVERDUE = "plan_start", "task_overdue"

ANSWERS: Mapping[str, tuple[TaskState, str, str]] = {
    "task_acknowledge": (TaskState.ACKNOWLEDGED, "接收任务", "acknowledged"),
    "task_finish": (TaskState.DONE, "完成任务", "finished"),
    "task_not_needed": (TaskState.NOT_NEEDED, "认为无须办理", "not needed"),
    "task_deviate": (TaskState.DEVIATED, "未按预案办理", "done otherwise"),
}
"""A person's answers to a task: the state after it, and its words."""

NEED_REASON = frozenset({"task_not_needed", "task_deviate"})

ACTIONS = frozenset({START, OVERDUE, *ANSWERS})
"""Events that leave the case's own state as it is."""


def start(
    case: CaseState,
    plan: Plan,
    tasks: Sequence[TaskRun],
    actor: Actor,
    at_s: float,
    *,
    facts: Sequence[str] = (),
) -> tuple[CaseState, Event]:
    """Start a plan with the tasks that ``runs.laid_out`` gave.

    Raises TransitionError if the case is over, nobody has signed it, the plan runs already, or no
    task applies.
    """
    if not case.is_open:
        raise TransitionError(
            f"案件{case.state.zh}，不能启动预案。",
            f"The case is {case.state.en}; no plan can be started.",
            code="state",
        )
    if case.signed_s is None:
        raise TransitionError(
            "案件还没有签收，请先签收再启动预案。",
            "Nobody has signed the case yet; sign it, then start the plan.",
            code="state",
        )
    before = [run for run in case.plans if run.plan == plan.id]
    if any(run.started_s >= (case.reopened_s or 0.0) for run in before):
        raise TransitionError(
            f"“{plan.zh}”已由{before[-1].by}启动。",
            f"“{plan.en}” was already started by {before[-1].by}.",
            code="started",
        )
    if not tasks:
        raise TransitionError(
            f"按所选情况，“{plan.zh}”没有要下达的任务。",
            f"With these answers “{plan.en}” orders nothing.",
            code="empty",
        )
    moment = max(at_s, case.updated_s)
    run = PlanRun(
        key=plan.id if not before else f"{plan.id}-{len(before) + 1}",
        plan=plan.id,
        version=plan.version,
        zh=plan.zh,
        en=plan.en,
        level=case.level.code,
        facts=tuple(facts),
        started_s=moment,
        by=actor.name or actor.id,
        tasks=tuple(tasks),
    )
    parties = dict.fromkeys(task.party for task in tasks)
    zh = "、".join(PARTIES[party][0] for party in parties)
    en = ", ".join(PARTIES[party][1] for party in parties)
    event = _event(
        case, START, actor, moment,
        f"启动“{plan.zh}”，向{zh}下达{len(tasks)}项任务",
        f"Started “{plan.en}” (tasks: {len(tasks)}) for {en}",
        {"run": run.to_dict()},
    )  # fmt: skip
    return evolve(case, event), event


def answer(
    case: CaseState,
    key: str,
    task: str,
    action: str,
    actor: Actor,
    at_s: float,
    *,
    reason: str = "",
    on_behalf: bool = False,
) -> tuple[CaseState, Event]:
    """Answer a task: a key of ``ANSWERS``.

    on_behalf : the desk writes down what another unit said by telephone

    A task may be finished without having been acknowledged: who is at work does not press keys.
    Raises TransitionError for a task that waits for others, has ended, or lacks its reason.
    """
    run = case.run(key)
    found = run.task(task) if run else None
    if action not in ANSWERS or found is None:
        raise TransitionError("没有这项任务。", "There is no such task.", code="unknown_action")
    state, zh, en = ANSWERS[action]
    if found.state is TaskState.WAITING and action in ("task_acknowledge", "task_finish"):
        before = "、".join(_name(run, one) for one in found.after)
        raise TransitionError(
            f"这项任务要等前置任务结束：{before}。",
            f"This task waits for: {', '.join(found.after)}.",
            code="waiting",
        )
    if not found.open or (state is TaskState.ACKNOWLEDGED and found.state is state):
        raise TransitionError(
            f"“{found.zh}”{found.state.zh}（{found.by}）。",
            f"“{found.en}” is {found.state.en} ({found.by}).",
            code="state",
        )
    if action in NEED_REASON and not reason.strip():
        raise TransitionError(f"{zh}须写明原因。", "Say why in a few words.", code="missing_reason")
    who_zh, who_en = PARTIES[found.party]
    said = f"：{reason.strip()}" if reason.strip() else ""
    noted = ("（由指挥中心代记）", " (noted by the command centre)") if on_behalf else ("", "")
    event = _event(
        case, action, actor, at_s,
        f"{who_zh}{zh}“{found.zh}”{noted[0]}{said}",
        f"{who_en}: {en} “{found.en}”{noted[1]}{said.replace('：', ': ')}",
        {"run": key, "task": task, "reason": reason.strip(), "on_behalf": on_behalf},
    )  # fmt: skip
    return evolve(case, event), event


def miss(case: CaseState, at_s: float) -> tuple[CaseState, Event] | None:
    """Tell the first clock of a task that has run out by ``at_s``; None if there is none.

    A task whose clock runs out goes to the eyes of the next higher desk, once a clock; it stays
    with whoever has it, and the case keeps its level.
    """
    missed = next_miss(case.plans) if case.is_open else None
    if missed is None or at_s <= missed.at_s:
        return None
    task, (clock_zh, clock_en) = missed.task, CLOCKS[missed.clock]
    who_zh, who_en = PARTIES[task.party]
    event = _event(
        case, OVERDUE, Actor(SYSTEM, SYSTEM, ROLE_NAMES[SYSTEM][0]), at_s,
        f"{who_zh}的任务“{task.zh}”{clock_zh}已过，报上一级",
        f"{who_en}: the clock to {clock_en} “{task.en}” ran out; told to the next level",
        {"run": missed.run.key, "task": task.id, "clock": missed.clock, "missed_s": missed.at_s},
    )  # fmt: skip
    return evolve(case, event), event


def evolve(case: CaseState, event: Event) -> CaseState:
    """The case after an event of a plan."""
    moved = replace(case, updated_s=event.at_s, version=event.seq)
    if event.action == START:
        begun = ordered(PlanRun.from_dict(event.details["run"]), event.at_s)
        return replace(moved, plans=(*case.plans, begun))
    key, name = event.details["run"], event.details["task"]
    run = case.run(key)
    task = run.task(name) if run else None
    if run is None or task is None:
        raise TransitionError(
            f"时间线中有未知任务“{key} {name}”。",
            f"Unknown task {key} {name} in the timeline.",
            code="timeline",
        )
    if event.action == OVERDUE:
        run = changed(run, name, missed=(*task.missed, event.details["clock"]))
    else:
        state = ANSWERS[event.action][0]
        values: dict[str, Any] = {
            "state": state,
            "by": event.actor_name or event.actor,
            "reason": event.details.get("reason", ""),
        }
        if state in ENDS:
            values["ended_s"] = event.at_s
        if task.acknowledged_s is None and task.ordered_s is not None:
            values["acknowledged_s"] = event.at_s
        run = ordered(changed(run, name, **values), event.at_s)
    return replace(moved, plans=tuple(run if one.key == key else one for one in case.plans))


def leave(case: CaseState, event: Event) -> tuple[PlanRun, ...]:
    """The plans after the case ended with tasks open: each is left, with the reason given."""
    reason = event.details.get("left") or event.details.get("reason", "")
    by = event.actor_name or event.actor
    return tuple(
        replace(
            run,
            tasks=tuple(
                replace(task, state=TaskState.LEFT, ended_s=event.at_s, by=by, reason=reason)
                if task.open
                else task
                for task in run.tasks
            ),
        )
        for run in case.plans
    )


def _name(run: PlanRun | None, task: str) -> str:
    found = run.task(task) if run else None
    return found.zh if found else task


def _event(
    case: CaseState, action: str, actor: Actor, at_s: float, zh: str, en: str,
    details: Mapping[str, Any],
) -> Event:  # fmt: skip
    return Event(
        seq=case.version + 1,
        action=action,
        at_s=max(at_s, case.updated_s),
        actor=actor.id,
        actor_name=actor.name,
        role=actor.role,
        before=case.state,
        after=case.state,
        zh=zh,
        en=en,
        details=dict(details),
    )
