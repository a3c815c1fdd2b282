"""Who may speak to another platform for this one."""

from __future__ import annotations

from sizao.web.units.models import User


def may_order(user: User) -> bool:
    """Operators and leaders of the detachment: the platform speaks with one voice."""
    return user.role in (User.Role.OPERATOR, User.Role.LEADER) and user.sees_all
