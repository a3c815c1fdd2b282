"""Who may import: the detachment's desk and the administrator of registers."""

from __future__ import annotations

from sizao.web.units.models import User


def may_import(user: User) -> bool:
    """Operators and leaders of the detachment (root unit), and administrators."""
    if user.role == User.Role.ADMIN or user.is_superuser:
        return True
    at_root = user.unit is not None and user.unit.parent_id is None
    return at_root and user.role in (User.Role.OPERATOR, User.Role.LEADER)


def may_look(user: User) -> bool:
    """Who imports, and the auditor: what came into the house is a thing to check."""
    return user.sees_imports
