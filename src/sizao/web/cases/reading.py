"""Who opened a case, and since when: the first time a person does is kept and audited."""

from __future__ import annotations

from sizao.web import audit
from sizao.web.cases.models import Case, Receipt
from sizao.web.clock import feed_now
from sizao.web.units.models import User
from sizao.web.writing import write


def opened(user: User, case: Case, task: str = "") -> None:
    """Remember that a person opened a case, or a task of it; later times change nothing."""
    if Receipt.objects.filter(case=case, task=task, user=user).exists():
        return
    with write():
        _, new = Receipt.objects.get_or_create(
            case=case, task=task, user=user, defaults={"unit": user.unit, "at": feed_now()}
        )
        if new:
            audit.record(user, "case.read", "case", case.number, {"task": task} if task else {})
