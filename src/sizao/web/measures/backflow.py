"""Between a measure and the plan that asked for it: the task is taken up, the case hears of it."""

from __future__ import annotations

from typing import Any

from sizao.core.errors import TransitionError
from sizao.respond import case as machine
from sizao.respond.measure_kinds import KINDS
from sizao.respond.measures import Line
from sizao.respond.plans.runs import TaskState
from sizao.web.cases.models import Case
from sizao.web.cases.projection import actor_of, keep, project, state_of
from sizao.web.measures.models import ControlMeasure
from sizao.web.response import services as response
from sizao.web.response.models import PlanTask
from sizao.web.response.proposals import proposed_by
from sizao.web.units.models import User


def taken_up(user: User, case: Case | None, task: PlanTask, proposal: int | None) -> PlanTask:
    """The task as it is now, in hand: who orders its measure has taken it.

    Raises TransitionError if it is another case's, does not run, has no such proposal, or somebody
    ordered the same measure before.
    """
    task = PlanTask.every.select_related("case", "unit").get(pk=task.pk)
    if case is None or task.case_id != case.pk:
        raise TransitionError("这项任务不属于本案。", "The task is not of this case.")
    if not task.open:
        raise TransitionError(
            f"“{task.zh}”{TaskState(task.state).zh}，不能再为它下达措施。",
            f"“{task.en}” is {TaskState(task.state).en}: no measure can be ordered for it.",
            code="state",
        )
    if proposal is None or not 0 <= proposal < len(proposed_by(task)):
        raise TransitionError("预案没有建议这项措施。", "The plan proposes no such measure.")
    before = task.taken.open().filter(proposal=proposal).first()
    if before is not None:
        raise TransitionError(
            f"这项措施已由{before.ordered_by}下达（{before.number}）。",
            f"{before.ordered_by} has ordered it already ({before.number}).",
            code="taken",
        )
    if task.state == TaskState.ORDERED and response.may_answer(user, task):
        return response.answer(user, task.pk, "task_acknowledge", task.state)
    return task


def note(measure: ControlMeasure, line: Line, user: User | None) -> None:
    """Write a step of the measure into the timeline of its case, in the step's transaction."""
    if measure.case_id is None:
        return
    case = Case.every.select_for_update().get(pk=measure.case_id)
    kind = KINDS[measure.kind]
    state, event = machine.note(
        state_of(case), "measure", line.at_s,
        f"{kind.zh}（{measure.number}，{measure.place}）：{line.zh}",
        f"{kind.en.capitalize()} ({measure.number}, {measure.place}): {line.en}",
        by=actor_of(user) if user else None, details=_details(measure, line),
    )  # fmt: skip
    project(case, state)
    case.save()
    keep(case, event, user)


def _details(measure: ControlMeasure, line: Line) -> dict[str, Any]:
    found = {"measure": measure.number, "step": line.action, "state": measure.state}
    if measure.task is not None:
        found |= {"run": measure.task.run, "task": measure.task.task}
    return found
