"""The tasks' rows follow the case, and each desk hears of a task when it is ordered."""

from __future__ import annotations

from django.dispatch import receiver

from sizao.respond.plans.model import PARTIES
from sizao.respond.plans.runs import PlanRun, TaskRun, TaskState
from sizao.web.cases.models import Case
from sizao.web.cases.projection import kept, moment, state_of
from sizao.web.channels.telling import tell
from sizao.web.response.models import PlanTask
from sizao.web.units.models import Unit


@receiver(kept, dispatch_uid="response-tasks")
def follow(sender, case: Case, event, **_) -> None:
    """Bring the rows up to the state, within the transaction of the event."""
    state = state_of(case)
    if not state.plans:
        return
    known = {(one.run, one.task): one for one in PlanTask.every.filter(case=case)}
    units: dict[str, Unit] = {}
    for run in state.plans:
        for order, task in enumerate(run.tasks):
            row = known.get((run.key, task.id))
            before = row.state if row else None
            missed = row.missed if row else 0
            if row is not None and before == task.state and missed == len(task.missed):
                continue
            if task.unit not in units:
                units[task.unit] = Unit.everyone.get(code=task.unit)
            row = _project(row, case, run, order, task, units[task.unit])
            if task.state is TaskState.ORDERED and before != TaskState.ORDERED:
                _tell(row)
            if len(task.missed) > missed:
                _tell_above(row)


def _project(
    row: PlanTask | None, case: Case, run: PlanRun, order: int, task: TaskRun, unit: Unit
) -> PlanTask:
    row = row or PlanTask(case=case, run=run.key, task=task.id)
    row.order, row.party, row.unit, row.zh, row.en = order, task.party, unit, task.zh, task.en
    row.state = task.state.value
    row.ordered_at = moment(task.ordered_s)
    row.acknowledge_by = moment(task.due_s("acknowledge"))
    row.finish_by = moment(task.due_s("finish"))
    row.acknowledged_at, row.ended_at = moment(task.acknowledged_s), moment(task.ended_s)
    row.by, row.reason, row.missed = task.by, task.reason, len(task.missed)
    row.save()
    return row


def _tell(row: PlanTask) -> None:
    case = row.case
    tell(
        row.unit,
        key=("task", case.number, row.run, row.task),
        title=(f"预案任务：{row.zh[:120]}", f"Task: {row.en[:140]}"),
        text=(
            f"案件 {case.number}，由{PARTIES[row.party][0]}办理。",
            f"Case {case.number}, for: {PARTIES[row.party][1]}.",
        ),
        case=case,
        about=f"task:{row.pk}",
        level=case.level,
        place=case.place,
        at=(case.lat, case.lon),
        channels=("inbox", "browser"),
        exercise=case.drill_id is not None,
    )


def _tell_above(row: PlanTask) -> None:
    """A clock ran out: the unit above hears of it; for an agency, the police unit it works with."""
    above = row.unit.parent or row.case.unit
    tell(
        above,
        key=("task-missed", row.case.number, row.run, row.task, row.missed),
        title=(
            f"任务超时：{row.unit.name_zh}，{row.zh[:100]}",
            f"Task overdue: {row.unit.name_en}, {row.en[:100]}",
        ),
        text=("请督促承办单位，必要时另行指派。", "Press the unit, or give the task to another."),
        case=row.case,
        about=f"task:{row.pk}",
        level=row.case.level,
        place=row.case.place,
        channels=("inbox", "browser"),
        exercise=row.case.drill_id is not None,
    )
