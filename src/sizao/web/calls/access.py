"""Who may see a call, take one, and work one."""

from __future__ import annotations

from django.db.models import Q

from sizao.web.units.models import NOTHING, User, under


def visible(user: User) -> Q:
    """Calls of places that a user's unit is responsible for, and calls that its desk took."""
    if user.sees_all:
        return Q()
    return under(user.path, "unit", "desk") if user.path else NOTHING


def may_take(user: User) -> bool:
    """Whoever acts on cases takes calls: a squadron's telephone rings too."""
    return user.acts and bool(user.path)


def may_work(user: User, call) -> bool:
    """Whether the role and unit allow working this call."""
    if not may_take(user):
        return False
    paths = (call.unit.path, call.desk.path)
    return user.sees_all or any(path.startswith(user.path) for path in paths)
