"""The filters that the board, the ledger, the map and the exports share."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from sizao.govern.hazards.kinds import kinds
from sizao.govern.hazards.listing import LEVELS
from sizao.govern.hazards.records import GRADES, State
from sizao.web.hazards.access import concerning
from sizao.web.hazards.models import ORIGINS, Hazard, HazardQuerySet
from sizao.web.units.models import Unit, User

FILTERS = (
    "q", "state", "kind", "grade", "origin", "listed", "unit", "area", "junction", "duty", "only",
)  # fmt: skip
ONLY = ("open", "late", "week", "bare", "reopened")


def chosen(request: HttpRequest) -> dict[str, str]:
    """The filters that were given."""
    return {key: value for key in FILTERS if (value := request.GET.get(key, "").strip())}


def week_end(now: datetime) -> datetime:
    """The end of this week's Sunday."""
    local = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    return local + timedelta(days=7 - local.weekday())


def narrowed(user: User, given: dict[str, str], now: datetime) -> HazardQuerySet:
    """The hazards the user may see that fit; a value that is none is left out of ``given``."""
    rows: Any = Hazard.objects.for_user(user)
    if "q" in given:
        text = given["q"]
        rows = rows.filter(
            Q(number__icontains=text) | Q(place__icontains=text) | Q(text__icontains=text)
            | Q(junction__icontains=text) | Q(duty_name__icontains=text)
            | Q(enterprise__icontains=text)
        )  # fmt: skip
    allowed: dict[str, Any] = {
        "state": {one.value for one in State}, "kind": kinds(), "grade": GRADES, "origin": ORIGINS,
    }  # fmt: skip
    for name, values in allowed.items():
        if given.get(name) in values:
            rows = rows.filter(**{name: given[name]})
        else:
            given.pop(name, None)
    if given.get("listed") in LEVELS:
        rows = rows.filter(listed=given["listed"])
    elif given.get("listed") == "any":
        rows = rows.exclude(listed="")
    else:
        given.pop("listed", None)
    for name, column in (("area", "area"), ("junction", "junction"), ("duty", "duty_name")):
        if name in given:
            rows = rows.filter(**{column: given[name]})
    unit = Unit.objects.for_user(user).filter(code=given.get("unit", "")).first()
    if unit is not None:
        rows = rows.filter(concerning(unit))
    else:
        given.pop("unit", None)
    return only(rows, given.get("only", ""), now)


def only(rows: HazardQuerySet, which: str, now: datetime) -> HazardQuerySet:
    """One of the board's numbers as a list."""
    match which:
        case "open":
            return rows.open()
        case "late":
            return rows.late(now)
        case "week":
            return rows.filter(
                state__in=["assigned", "rectifying"], deadline__gte=now,
                deadline__lt=week_end(now),
            )  # fmt: skip
        case "bare":
            return rows.bare(now)
        case "reopened":
            return rows.filter(reopened__gt=0)
    return rows
