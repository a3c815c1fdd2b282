"""Starting a plan and answering its tasks: one transaction, ``respond`` decides, all recorded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sizao.core.errors import ConflictError, TransitionError
from sizao.core.levels import WarningLevel
from sizao.respond.plans import steps
from sizao.respond.plans.model import QUESTIONS, Plan
from sizao.respond.plans.runs import TaskRun, TaskState, laid_out
from sizao.web.cases.errors import NotAllowedError
from sizao.web.cases.models import Case
from sizao.web.cases.projection import actor_of, keep, project, state_of
from sizao.web.clock import feed_now
from sizao.web.response import book
from sizao.web.response.access import may_answer, may_start
from sizao.web.response.models import PlanTask
from sizao.web.response.parties import desks
from sizao.web.response.proposals import refuse_unfinished
from sizao.web.units.models import Unit, User
from sizao.web.wake import wake_desk
from sizao.web.writing import write


class TaskConflictError(ConflictError):
    """Somebody answered the task since it was read."""

    def __init__(self, task: PlanTask) -> None:
        state = TaskState(task.state)
        self.zh = f"别人已先办了这项任务：{state.zh}（{task.by or '系统'}）。"
        self.en = f"Somebody was first: the task is {state.en} ({task.by or 'system'})."
        super().__init__(f"{self.zh} ({self.en})")


@dataclass(frozen=True)
class Order:
    """What a start would order, and of whom."""

    plan: Plan
    facts: frozenset[str]
    tasks: tuple[TaskRun, ...]
    units: dict[str, Unit]
    """Party to the desk its tasks go to."""


def order_of(case: Case, plan_id: str, facts: Iterable[str]) -> Order:
    """What starting a plan with these answers would order. Raises KeyError for no such plan."""
    plan = book.in_force()[plan_id]
    given = frozenset(facts) & QUESTIONS.keys()
    units = desks(case)
    tasks = laid_out(
        plan,
        WarningLevel(case.level),
        book.road_class(case),
        given,
        {party: unit.code for party, unit in units.items()},
    )
    return Order(plan, given, tasks, units)


def start(user: User, case_id: int, plan_id: str, facts: Iterable[str], seen: str) -> Case:
    """Start a plan.

    seen : version and level that the person confirmed, ``2026-11-01 red``; if either is another by
        now, other tasks or minutes would be ordered than were read

    Raises Case.DoesNotExist, NotAllowedError, TransitionError, KeyError for no such plan.
    """
    with write():
        case = (
            Case.every.for_user(user)
            .select_related("unit", "local_unit")
            .select_for_update(of=("self",))
            .get(pk=case_id)
        )
        if not may_start(user, case):
            raise NotAllowedError(
                "启动预案由指挥员和领导操作。", "Plans are started by operators and leaders."
            )
        order = order_of(case, plan_id, facts)
        if seen != f"{order.plan.version} {case.level_code}":
            raise TransitionError(
                "确认之后，案件等级或预案文本有了变化，请按现在的内容再确认一次。",
                "The level of the case or the text of the plan changed; confirm what it says now.",
                code="changed",
            )
        state, event = steps.start(
            state_of(case), order.plan, order.tasks, actor_of(user), feed_now().timestamp(),
            facts=sorted(order.facts),
        )  # fmt: skip
        project(case, state)
        case.save()
        keep(case, event, user)
    wake_desk()
    return case


def answer(user: User, task_id: int, action: str, seen: str, reason: str = "") -> PlanTask:
    """Answer a task: acknowledge, finish, not needed, done otherwise.

    seen : the state in which the person saw it

    Raises PlanTask.DoesNotExist if the user may not see it, NotAllowedError, TaskConflictError if
    somebody was faster, TransitionError if the step is not possible.
    """
    with write():
        task = (
            PlanTask.every.for_user(user)
            .select_related("case__unit", "case__local_unit", "unit")
            .get(pk=task_id)
        )
        if not may_answer(user, task):
            raise NotAllowedError(
                "这项任务不由您的单位办理。", "This task is not your unit's to answer."
            )
        case = Case.every.select_for_update().get(pk=task.case_id)
        if task.state != seen:
            raise TaskConflictError(task)
        if action == "task_finish":
            refuse_unfinished(task)
        state, event = steps.answer(
            state_of(case), task.run, task.task, action, actor_of(user), feed_now().timestamp(),
            reason=reason[:400], on_behalf=bool(task.unit.agency) and not user.is_partner,
        )  # fmt: skip
        project(case, state)
        case.save()
        keep(case, event, user)
        task.refresh_from_db()
    wake_desk()
    return task
