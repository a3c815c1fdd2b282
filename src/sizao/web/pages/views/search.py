"""The search box: a case number, a plate, a terminal, or a place on a road."""

from __future__ import annotations

import re

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from sizao.core.errors import ConfigError
from sizao.web.cases.models import Case
from sizao.web.pages.rows import case_rows
from sizao.web.ports import installed, ports

_STAKE = re.compile(r"^\s*([A-Za-z]\d{1,4})\s*[Kk]?\s*(\d{1,4})(?:\s*\+\s*(\d{1,3}))?\s*$")
FOUND = 30


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """Go straight to the one thing meant, else list what was found and say what can be asked.

    A plate finds cases only: looking at a vehicle without a case is the map's business, where the
    look is written to the audit log.
    """
    wanted = request.GET.get("q", "").strip()
    place = stake_place(wanted)
    if place is not None:
        lat, lon = place
        return redirect(f"{reverse('map')}?{urlencode({'lat': f'{lat:.6f}', 'lon': f'{lon:.6f}'})}")
    cases = Case.objects.for_user(request.user)
    by_number = list(cases.filter(number__iendswith=wanted)[:2]) if len(wanted) >= 4 else []
    if len(by_number) == 1:
        return redirect("case", by_number[0].pk)
    rows = []
    if len(wanted) >= 2:
        by_plate = cases.none()
        if request.user.acts:
            by_plate = cases.filter(plate__icontains=wanted)
        by_place = cases.filter(place__icontains=wanted)
        found = (by_plate | by_place | cases.filter(number__icontains=wanted)).order_by(
            "-raised_at"
        )
        rows = case_rows(request.user, found[:FOUND])
    return render(request, "search.html", {"wanted": wanted, "rows": rows})


def stake_place(text: str) -> tuple[float, float] | None:
    """Latitude and longitude of ``G5 K2650+300``; None if it is no stake or no such road."""
    match = _STAKE.match(text)
    if match is None or not installed() or ports().network is None:
        return None
    road, kilometre, metre = match.groups()
    try:
        found = ports().network.locate(road.upper(), int(kilometre) * 1000 + int(metre or 0))
    except ConfigError:
        return None
    return found[2], found[3]
