"""The forecasts that were made, and asking for one now."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from sizao.risk.schedule import Slot
from sizao.web.clock import feed_now
from sizao.web.exposure.models import FleetSum
from sizao.web.forecast import inputs, jobs, services, words
from sizao.web.forecast.models import Forecast
from sizao.web.risk.access import may_assess
from sizao.web.risk.views import for_lookers

PAGE = 25


@require_safe
@for_lookers
def show(request: HttpRequest) -> HttpResponse:
    """How the forecast is, and every one that was made."""
    return _show(request)


def _show(request: HttpRequest, problem: str = "", status: int = 200) -> HttpResponse:
    page = Paginator(Forecast.objects.select_related("assessment"), PAGE).get_page(
        request.GET.get("page")
    )
    found = services.condition()
    return render(
        request,
        "forecast/list.html",
        {
            "condition": found,
            "lead": words.lead(found),
            "schedule": services.schedule(),
            "stations": len(inputs.stations()),
            "fleet": FleetSum.objects.first(),
            "page_obj": page,
            "rows": [words.row(one) for one in page],
            "may_renew": may_assess(request.user) and found.state != "none",
            "problem": problem,
            "query": "",
        },
        status=status,
    )


@require_POST
@for_lookers
def renew(request: HttpRequest) -> HttpResponse:
    """Ask for a forecast now; the schedule's thread makes it. Two requests in a minute are one."""
    if not may_assess(request.user):
        raise PermissionDenied
    if not services.ready():
        return _show(request, _("需要先有道路和事故记录。"), 409)
    slot = Slot("person", f"person:{feed_now():%Y-%m-%dT%H:%M}")
    services.open_run(slot, request.user)
    jobs.look_now()
    return redirect("forecasts")
