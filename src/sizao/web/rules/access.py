"""Who may see rules and who may change them."""

from __future__ import annotations

from sizao.web.units.models import User


def may_see(user: User) -> bool:
    """Everybody who may meet a detection: accounts with a unit, auditor, administrator."""
    return user.unit is not None or user.sees_all or user.reads_audit


def may_change(user: User) -> bool:
    """Operators and leaders of the detachment ask, and another of them decides."""
    return user.role in (User.Role.OPERATOR, User.Role.LEADER) and user.sees_all
