"""Which enterprises an account sees: those at home in its area, the whole city from the detachment.

A brigade without a county of its own (an expressway's) meets everybody's vehicles and sees all.
"""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.urls import reverse

from sizao.web.enterprises.models import Review
from sizao.web.fleet.models import Enterprise
from sizao.web.units.models import Unit, User


def may_look(user: User) -> bool:
    """Every account that has a unit, the auditor and the administrator; no partner."""
    return user.sees_risk


def visible(user: User) -> QuerySet[Enterprise]:
    """The enterprises whose assessment the account may read."""
    if not may_look(user):
        return Enterprise.objects.none()
    if user.sees_all or user.reads_audit:
        return Enterprise.objects.all()
    brigade = _brigade(user)
    if brigade.roads or not brigade.area:
        return Enterprise.objects.all()
    # Where the register does not say, home is where its vehicles are registered.
    at_home = Q(area=brigade.area) | Q(area="", vehicles__area=brigade.area)
    return Enterprise.objects.filter(pk__in=Enterprise.objects.filter(at_home).values("pk"))


def link_of(user: User, firm: Enterprise | None) -> str:
    """Address of an enterprise's page; empty if there is none or the account may not read it."""
    if firm is None or not visible(user).filter(pk=firm.pk).exists():
        return ""
    newest = Review.objects.only("summary").first()
    known = newest is not None and firm.pk in newest.summary["firms"]
    return reverse("enterprise", args=[firm.pk]) if known else ""


def _brigade(user: User) -> Unit:
    unit = user.unit
    while unit.level < Unit.Level.BRIGADE and unit.parent is not None:
        unit = unit.parent
    return unit
