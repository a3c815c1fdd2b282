"""Who sees the calendar and who may change it."""

from __future__ import annotations

from sizao.web.imports.access import may_import
from sizao.web.units.models import User


def may_see(user: User) -> bool:
    """Whoever sees the forecast that rests on it."""
    return user.sees_risk


def may_change(user: User) -> bool:
    """Who keeps the registers: operators and leaders of the detachment, and the administrator."""
    return may_import(user)
