"""The calendar pages: the days ahead and all entries, one with its history, the form."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from sizao.core import workdays
from sizao.core.errors import ConfigError, TransitionError
from sizao.risk.day_calendar import Calendar, announced
from sizao.web.calendar import forms, services, words
from sizao.web.calendar.access import may_change, may_see
from sizao.web.calendar.models import CalendarChange
from sizao.web.clock import feed_now
from sizao.web.pages.mapdata import bounds
from sizao.web.pages.words import refusal

AHEAD = 14


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """The days ahead, changes that wait, and all entries. ``?kind=`` and ``?q=`` choose."""
    _allow(request)
    chosen = {name: request.GET.get(name, "").strip() for name in ("q", "kind")}
    try:
        standing, calendar, problem = services.standing(), services.calendar(), ""
    except ConfigError as error:
        standing, calendar, problem = {}, announced(), str(error)
    rows = [words.row(number, entry) for number, entry in standing.items()]
    today = timezone.localtime(feed_now()).date()
    return render(
        request,
        "calendar/list.html",
        {
            "days": words.days(calendar, today, AHEAD),
            "rows": [
                row
                for row in rows
                if chosen["kind"] in ("", row["kind"])
                and chosen["q"].lower() in f"{row['name']} {row['basis']}".lower()
            ],
            "many": len(rows),
            "waiting": CalendarChange.objects.filter(
                state=CalendarChange.State.ASKED
            ).select_related("asked_by"),
            "missing_years": _missing_years(today.year, calendar),
            "no_terms": not any(one.kind == "school_term" for one in calendar.entries),
            "no_markets": not any(one.kind == "market" for one in calendar.entries),
            "kinds": words.kinds(),
            "chosen": {name: value for name, value in chosen.items() if value},
            "may_change": may_change(request.user),
            "problem": problem,
        },
    )


def _missing_years(year: int, calendar: Calendar) -> list[int]:
    """This year and the next, where neither rule book nor calendar has a holiday of them."""
    known = workdays.announced().years | {
        day.year for one in calendar.entries if one.kind == "holiday" for day in one.days
    }
    return [one for one in (year, year + 1) if one not in known]


@require_safe
def entry(request: HttpRequest, number: int) -> HttpResponse:
    """One entry and its history."""
    return _page(request, number)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Ask for a new entry."""
    return _form(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, number: int) -> HttpResponse:
    """Ask for an entry to be otherwise."""
    return _form(request, number)


@require_POST
def end(request: HttpRequest, number: int) -> HttpResponse:
    """Ask for a mistaken entry to go."""
    _allow(request, change=True)
    try:
        services.ask(request.user, number, None, request.POST.get("reason", ""))
    except TransitionError as error:
        return _page(request, number, notice=refusal(error), status=422)
    return redirect("calendar-entry", number)


@require_POST
def decide(request: HttpRequest, change_id: int) -> HttpResponse:
    """Accept, refuse or withdraw a change that waits."""
    _allow(request, change=True)
    asked = get_object_or_404(CalendarChange, pk=change_id)
    try:
        accept = request.POST.get("decision") == "accept"
        services.decide(request.user, asked, accept, request.POST.get("remark", ""))
    except TransitionError as error:
        return _page(request, asked.number, notice=refusal(error), status=409)
    return redirect("calendar-entry", asked.number)


def _page(
    request: HttpRequest, number: int, *, notice: str = "", status: int = 200
) -> HttpResponse:
    _allow(request)
    history = list(
        CalendarChange.objects.filter(number=number).select_related("asked_by", "decided_by")
    )
    standing = services.standing().get(number)
    if standing is None and not history:
        raise Http404
    waiting = next((one for one in history if one.state == CalendarChange.State.ASKED), None)
    shown = standing or next((one.entry for one in history if one.entry), None)
    return render(
        request,
        "calendar/entry.html",
        {
            "number": number,
            "standing": standing is not None,
            "row": words.row(number, shown) if shown else None,
            "waiting": waiting,
            "wanted": words.row(number, waiting.entry) if waiting and waiting.entry else None,
            "history": [one for one in history if one.state != CalendarChange.State.ASKED],
            "own": waiting is not None and waiting.asked_by_id == request.user.pk,
            "may_change": may_change(request.user),
            "notice": {"kind": "refused", "text": notice} if notice else None,
        },
        status=status,
    )


def _form(request: HttpRequest, number: int | None) -> HttpResponse:
    _allow(request, change=True)
    before: dict[str, Any] | None = services.standing().get(number) if number is not None else None
    if number is not None and before is None:
        raise Http404
    notice = ""
    given = forms.fields_of(before or {"kind": "market", "rule": {"lunar_days": []}})
    if request.method == "POST":
        given = forms.echoed(request.POST)
        try:
            asked = services.ask(
                request.user, number, forms.entry_of(given), request.POST.get("reason", "")
            )
            return redirect("calendar-entry", asked.number)
        except TransitionError as error:
            notice = refusal(error)
    return render(
        request,
        "calendar/form.html",
        {
            "number": number,
            "given": given,
            "kinds": words.kinds(),
            "rules": words.rules(),
            "reason": request.POST.get("reason", ""),
            "notice": {"kind": "refused", "text": notice} if notice else None,
            "bounds": bounds(),
        },
        status=422 if notice else 200,
    )


def _allow(request: HttpRequest, *, change: bool = False) -> None:
    if not (may_change(request.user) if change else may_see(request.user)):
        raise PermissionDenied
