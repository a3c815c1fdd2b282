"""Who sees treatments and who enters them."""

from __future__ import annotations

from sizao.web.imports.access import may_import
from sizao.web.units.models import User


def may_see(user: User) -> bool:
    """Whoever sees the sites that they are of."""
    return user.sees_risk


def may_enter(user: User) -> bool:
    """Who keeps the registers: operators and leaders of the detachment, and the administrator."""
    return may_import(user)
