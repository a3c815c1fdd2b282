"""The wall: the state of the city for a whole room, without chrome and without personal data."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from sizao.web.cases.models import Case
from sizao.web.clock import feed_now
from sizao.web.hazards.models import Hazard
from sizao.web.pages.mapdata import bounds
from sizao.web.pages.views.indicators import measured
from sizao.web.pages.views.map import live
from sizao.web.pages.words import pick
from sizao.web.units.models import PatrolUnit, Unit, under

LISTED = 12


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """The wall, or with ``?part=live`` what changes on it. Plates and names never go into it."""
    found = live(request)
    found["rows"] = found["rows"][:LISTED]
    if request.GET.get("part") == "live":
        return render(request, "wall/_live.html", found)
    return render(
        request,
        "wall/wall.html",
        {
            **found,
            "bounds": bounds(),
            "cards": measured(request, "24h"),
            "unit_rows": unit_rows(request),
            "hazards": hazards(request),
        },
    )


def hazards(request: HttpRequest) -> dict[str, int]:
    """The clearance of hazards in three numbers."""
    rows, now = Hazard.objects.for_user(request.user).open(), feed_now()
    return {"open": rows.count(), "late": rows.late(now).count(), "bare": rows.bare(now).count()}


def unit_rows(request: HttpRequest) -> list[dict[str, object]]:
    """Open and overdue cases and free patrols of each brigade the user sees."""
    rows = []
    for unit in Unit.objects.for_user(request.user).filter(level=Unit.Level.BRIGADE):
        cases = Case.objects.for_user(request.user).open().filter(under(unit.path, "local_unit"))
        patrols = PatrolUnit.objects.filter(under(unit.path, "unit")).exclude(state="off_duty")
        rows.append(
            {
                "name": pick(unit.name_zh, unit.name_en),
                "open": cases.count(),
                "overdue": cases.filter(deadline__lt=feed_now()).count(),
                "free": patrols.filter(state="available").count(),
                "patrols": patrols.count(),
            }
        )
    return rows
