"""The risk pages: views parse, call a service, render."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from sizao.web.imports.models import Crash
from sizao.web.ports import installed, ports
from sizao.web.risk import jobs, services
from sizao.web.risk.access import may_assess, may_look
from sizao.web.risk.models import Assessment

View = Callable[..., HttpResponse]


def for_lookers(view: View) -> View:
    """Refuse who may not look."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not may_look(request.user):
            raise PermissionDenied
        jobs.mend_once()
        return view(request, *args, **kwargs)

    return checked


def with_run(view: View) -> View:
    """Give the view the run that ``?run=`` names, else the newest; without any, say what to do."""

    @wraps(view)
    @for_lookers
    def given(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        run = services.chosen(request.GET.get("run", ""))
        if run is None:
            return render(request, "risk/empty.html", missing(request))
        return view(request, run, *args, **kwargs)

    return given


def missing(request: HttpRequest) -> dict[str, Any]:
    """What stands between this installation and its first assessment."""
    return {
        "crashes": Crash.objects.count(),
        "roads": installed() and ports().network is not None,
        "busy": Assessment.objects.filter(state__in=Assessment.BUSY).first(),
        "failed": Assessment.objects.filter(state=Assessment.State.FAILED).first(),
        "may_assess": may_assess(request.user),
    }


def run_of(number: int) -> Assessment:
    """A finished run by its number. Raises Http404."""
    found = Assessment.objects.filter(pk=number, state=Assessment.State.DONE).first()
    if found is None:
        raise Http404
    return found
