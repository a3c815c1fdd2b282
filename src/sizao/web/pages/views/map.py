"""The command-centre map: where is what, now?"""

from __future__ import annotations

import json

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from sizao.web.cases.models import Case
from sizao.web.clock import feed_now
from sizao.web.pages.mapdata import bounds, context_features
from sizao.web.pages.rows import case_rows, level_counts, urgency
from sizao.web.units.models import PatrolUnit

LISTED = 100
"""Cases beside the map; the worst come first, the inbox has them all."""


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """The map, or with ``?part=live`` what beside it changes."""
    found = {**live(request), "bounds": bounds()}
    # A drill that runs is on the map, marked; counts and the wall are of what is real.
    drilled = Case.every.for_user(request.user).open().filter(drill__state="running")
    found["rows"] = [*case_rows(request.user, urgency(drilled)), *found["rows"]]
    part = request.GET.get("part") == "live"
    return render(request, "map/_live.html" if part else "map/map.html", found)


def live(request: HttpRequest) -> dict[str, object]:
    """Counts and the list of open cases, for map and wall."""
    cases = Case.objects.for_user(request.user).open()
    patrols = PatrolUnit.objects.for_user(request.user)
    return {
        "rows": case_rows(request.user, urgency(cases)[:LISTED]),
        "levels": level_counts(cases),
        "open_count": cases.count(),
        "unsigned": cases.filter(state="raised").count(),
        "overdue": cases.filter(deadline__lt=feed_now()).count(),
        "patrols_free": patrols.filter(state="available").count(),
        "patrols": patrols.exclude(state="off_duty").count(),
    }


@require_safe
def context(request: HttpRequest) -> HttpResponse:
    """What the map shows beside roads: river, places, stations, police posts. GeoJSON."""
    answer = HttpResponse(
        json.dumps(context_features(request.user), ensure_ascii=False),
        content_type="application/geo+json",
    )
    answer["Cache-Control"] = "private, max-age=300"
    return answer
