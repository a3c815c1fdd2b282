"""The clocks of cases: sign, first action, feedback, verify, and those of tasks of their plans."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q

from sizao.respond.clocks import CLOCKS
from sizao.respond.plans.runs import CLOCKS as TASK_CLOCKS
from sizao.respond.plans.steps import OVERDUE
from sizao.web.cases.models import Case
from sizao.web.cases.projection import moment
from sizao.web.cases.services import escalate
from sizao.web.clocks.services import Ran


class CaseClocks:
    """A case whose clock ran out goes one command level up, once a clock; a task's is told to the
    unit above."""

    clocks = (
        *(f"case.{name}" for name in CLOCKS),
        *(f"task.{name}" for name in TASK_CLOCKS),
    )

    def overdue(self, now: datetime) -> Iterable[int]:
        rows = Case.every.open().filter(escalate_at__lt=now)
        rows = rows.filter(Q(drill=None) | Q(drill__state="running"))
        return rows.order_by("escalate_at").values_list("pk", flat=True)

    def fire(self, key: int, now: datetime) -> list[Ran]:
        number = Case.every.values_list("number", flat=True).get(pk=key)
        return [_ran(number, event.action, event.details) for event in escalate(key, now)]


def _ran(number: str, action: str, details: Mapping[str, Any]) -> Ran:
    due = moment(details["missed_s"])
    assert due is not None
    if action == OVERDUE:
        subject = f"task:{number}/{details['run']}/{details['task']}"
        return Ran(f"task.{details['clock']}", subject, due)
    return Ran(f"case.{details['clock']}", f"case:{number}", due)
