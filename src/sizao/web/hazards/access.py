"""Who may see a hazard and who may act on it: one place for pages, API and export."""

from __future__ import annotations

from django.db.models import Q

from sizao.web.units.models import NOTHING, Unit, User


def visible_hazards(user: User, prefix: str = "") -> Q:
    """Condition on hazards (or, with ``prefix``, on what hangs on them) that a user may see.

    A hazard is visible to a unit when it, or a unit below it, is responsible for the place, is in
    command, or has to rectify it; to a partner agency only when it is the duty body.
    """
    if user.sees_all:
        return Q()
    if user.party is not None:
        return Q(**{f"{prefix}duty_party": user.party})
    if not user.path:
        return NOTHING
    return Q(**{f"{prefix}reach__contains": f"|{user.path}"})


def concerning(unit: Unit, prefix: str = "") -> Q:
    """Condition on hazards that concern a unit or one below it."""
    return Q(**{f"{prefix}reach__contains": f"|{unit.path}"})


def may_enter(user: User) -> bool:
    """Whether somebody may enter a hazard: who acts on cases may."""
    return user.acts and bool(user.path)


def may_act(user: User, hazard) -> bool:
    """Whether role and unit allow changing this hazard; which step is ``govern``'s to say."""
    if user.party is not None:
        return hazard.duty_party_id == user.party.pk
    return may_enter(user) and (user.sees_all or f"|{user.path}" in hazard.reach)
