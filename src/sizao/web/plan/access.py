"""Who may order a plan, approve it, and see which part of it when: one place for all of it.

A plan is a secret until it is worked: whoever is in it sees its own part, whoever answers for it
sees all, everybody else of the unit sees what is over.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, QuerySet

from sizao.web.plan.models import Plan, Stay
from sizao.web.units.models import NOTHING, Unit, User


def _commands(user: User) -> bool:
    return user.role in (User.Role.OPERATOR, User.Role.LEADER) and user.unit is not None


def may_plan(user: User) -> bool:
    """Operators and leaders of brigades and of the detachment."""
    return _commands(user) and user.unit.level >= Unit.Level.BRIGADE


def sees_whole(user: User, plan: Plan) -> bool:
    """Operators and leaders at or above the plan's unit."""
    return may_plan(user) and plan.unit.path.startswith(user.path)


def may_approve(user: User, plan: Plan) -> bool:
    """A leader who answers for it, or the command above; not who ordered or changed it last."""
    return (
        (user.role == User.Role.LEADER or user.path != plan.unit.path)
        and sees_whole(user, plan)
        and plan.state == Plan.State.DRAFT
        and user.get_username() not in (plan.by, plan.summary.get("changed_by"))
    )


def visible(user: User) -> QuerySet[Plan]:
    """Plans a user may open at all."""
    every = Plan.objects.select_related("unit")
    if user.role == User.Role.AUDITOR:
        return every.filter(state__in=(Plan.State.APPROVED, Plan.State.WITHDRAWN))
    if user.unit is None or user.role == User.Role.ADMIN:
        return every.filter(NOTHING)
    inside = Q(unit__path__startswith=user.path) if may_plan(user) else Q(pk__in=[])
    # Those below the plan's unit see it once it is approved.
    above = [int(one) for one in user.path.strip("/").split("/")]
    return every.filter(inside | Q(unit__in=above, state=Plan.State.APPROVED))


def stays_for(user: User, plan: Plan, now: datetime) -> QuerySet[Stay]:
    """The stays of a plan that a user may see now."""
    stays = plan.stays.all()
    if sees_whole(user, plan):
        return stays
    over = Q(shift_end__lte=now)
    if user.role == User.Role.AUDITOR:
        return stays.filter(over)
    own = Unit.objects.filter(path__startswith=user.path).values_list("code", flat=True)
    return stays.filter(over | Q(crew__in=list(own)))
