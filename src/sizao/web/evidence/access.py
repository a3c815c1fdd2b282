"""Who may see evidence, hold it, and see how much of it there is: one place for all of it."""

from __future__ import annotations

from sizao.web.cases.access import may_act
from sizao.web.cases.models import Case
from sizao.web.units.models import User


def may_see_store(user: User) -> bool:
    """Use, periods, holds and deletions: no pictures, but what is kept of whom."""
    return user.reads_audit or _detachment(user)


def may_hold(user: User) -> bool:
    """Holds on any piece: the administrator, and operators and leaders of the detachment."""
    return user.role == User.Role.ADMIN or user.is_superuser or _detachment(user)


def may_hold_case(user: User, case: Case) -> bool:
    """Holds on a case: whoever may work it at a desk."""
    return may_hold(user) or (
        user.role in (User.Role.OPERATOR, User.Role.LEADER) and may_act(user, case)
    )


def _detachment(user: User) -> bool:
    at_root = user.unit is not None and user.unit.parent_id is None
    return at_root and user.role in (User.Role.OPERATOR, User.Role.LEADER)
