"""Who may look at assessments, and who may start one."""

from __future__ import annotations

from sizao.web.imports.access import may_import
from sizao.web.units.models import User


def may_look(user: User) -> bool:
    """Everybody with a unit, the auditor and the administrator: places, never persons."""
    return user.sees_risk


def may_assess(user: User) -> bool:
    """Who may import the records may have them assessed."""
    return may_import(user)
