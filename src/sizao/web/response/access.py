"""Who may start a plan, answer a task, change a plan's text: one place for all of it."""

from __future__ import annotations

from sizao.web.cases.access import may_act
from sizao.web.cases.models import Case
from sizao.web.response.models import PlanTask
from sizao.web.units.models import User


def may_look(user: User) -> bool:
    """Plans are no secret within the police; partners see their tasks, not the plans."""
    return user.sees_all or bool(user.path)


def may_see_tasks(user: User) -> bool:
    return user.is_partner or may_look(user)


def may_start(user: User, case: Case) -> bool:
    """Operators and leaders who may act on the case: a plan orders other people about."""
    return user.role in (User.Role.OPERATOR, User.Role.LEADER) and may_act(user, case)


def may_answer(user: User, task: PlanTask) -> bool:
    """Whoever is at the task's desk, the desks above it, and who commands the case: the desk
    writes down what a partner says by telephone."""
    if user.is_partner:
        return user.party is not None and task.unit_id == user.party.pk
    if not user.acts or not user.path:
        return False
    if task.unit.agency == "" and task.unit.path.startswith(user.path):
        return True
    return may_start(user, task.case)


def may_change(user: User) -> bool:
    """Operators and leaders of the detachment draft, and another of them approves."""
    return user.role in (User.Role.OPERATOR, User.Role.LEADER) and user.sees_all
