"""The measures that a task's plan proposes, what became of each, and what a task takes away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sizao.core.errors import TransitionError
from sizao.respond.measure_kinds import KINDS
from sizao.respond.measures import MeasureState
from sizao.respond.plans.runs import TaskRun
from sizao.web.cases.projection import state_of
from sizao.web.response.models import PlanTask


def run_of(task: PlanTask) -> TaskRun | None:
    """The task as the case's state has it."""
    run = state_of(task.case).run(task.run)
    return run.task(task.task) if run else None


def proposed_by(task: PlanTask) -> tuple[Mapping[str, Any], ...]:
    """The measures that the plan proposed for the task when it was started."""
    told = run_of(task)
    return told.measures if told else ()


def to_lift(task: PlanTask) -> list[Any]:
    """Measures that stand and that this task takes away, oldest first."""
    told = run_of(task)
    if told is None or not told.lifts:
        return []
    others = PlanTask.every.filter(case=task.case_id, run=task.run, task__in=told.lifts)
    return list(task.case.measures.open().filter(task__in=others).order_by("ordered_at", "pk"))


def refuse_unfinished(task: PlanTask) -> None:
    """A task is not done while its own measure is not up, or one that it takes away stands.

    Raises TransitionError that names them. Who did it otherwise says so (``task_deviate``).
    """
    waiting = list(task.taken.filter(state=MeasureState.ORDERED))
    if waiting:
        raise TransitionError(
            f"措施还没有实施：{_named(waiting)}。实施后再报完成；改用其他办法的，请写明。",
            f"Not up yet: {_named(waiting)}. Finish the task when they are, or say what was done "
            "otherwise.",
            code="measures",
        )
    standing = to_lift(task)
    if standing:
        raise TransitionError(
            f"措施还没有解除：{_named(standing)}。解除后再报完成。",
            f"Still standing: {_named(standing)}. Lift them, then finish the task.",
            code="measures",
        )


def _named(measures: list[Any]) -> str:
    return "、".join(f"{one.number} {KINDS[one.kind].zh}（{one.place}）" for one in measures)
