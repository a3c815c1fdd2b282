"""Who may see a case and who may act on it: one place for pages, API, streams and export."""

from __future__ import annotations

from django.db.models import Q

from sizao.web.units.models import NOTHING, PatrolUnit, Unit, User


def visible_cases(user: User, prefix: str = "") -> Q:
    """Condition on cases (or, with ``prefix``, on what hangs on them) that a user may see.

    A case is visible to a unit when it, or a unit below it, commands the case, is responsible
    for the place, or has sent a patrol. So a red warning commanded by the detachment is still
    seen by the squadron on whose road it happens.
    """
    if user.sees_all:
        return Q()
    if not user.path:
        return NOTHING
    return Q(**{f"{prefix}reach__contains": f"|{user.path}"})


def concerning(unit: Unit, prefix: str = "") -> Q:
    """Condition on cases that concern a unit or one below it, as ``visible_cases`` means it."""
    return Q(**{f"{prefix}reach__contains": f"|{unit.path}"})


def may_act(user: User, case) -> bool:
    """Whether the role and unit allow changing this case; which step is ``respond``'s to say.

    Operators and leaders act on every case they see. Officers act on cases commanded by their
    own squadron or to which one of its patrols was sent. Auditors and admins never do.
    """
    if not user.acts or not user.path:
        return False
    if not case.reachable_from(user.path) and not user.sees_all:
        return False
    if user.role != User.Role.OFFICER:
        return True
    if case.unit.path.startswith(user.path):
        return True
    if case.drill_id is not None:  # nobody is sent in a drill: its state says who was named
        named = PatrolUnit.objects.filter(call_sign__in=case.machine.get("units", ()))
        return named.filter(unit__path__startswith=user.path).exists()
    return case.assignments.filter(patrol__unit__path__startswith=user.path).exists()
