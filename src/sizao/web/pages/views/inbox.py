"""The inbox: what must I sign?"""

from __future__ import annotations

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from sizao.core.levels import WarningLevel
from sizao.web.cases.models import Case
from sizao.web.clock import feed_now
from sizao.web.pages import words
from sizao.web.pages.rows import case_rows, urgency
from sizao.web.storm import pages as storm_pages
from sizao.web.storm import services as storm
from sizao.web.units.models import Unit, under

PAGE = 200

STATES = ("raised", "active", "verify", "all")
"""Choices of the state filter: to sign, being worked on, to verify, all open."""


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """The inbox, or with ``?part=rows`` its rows alone."""
    part = request.GET.get("part") == "rows"
    return render(request, "inbox/_rows.html" if part else "inbox/inbox.html", found(request))


def found(request: HttpRequest) -> dict[str, object]:
    """The open cases that the filters leave, most urgent first."""
    query = request.POST if request.method == "POST" else request.GET
    every = Case.every.for_user(request.user).open()
    every = every.filter(Q(drill=None) | Q(drill__state="running"))
    cases, chosen = every, {}
    if query.get("level") in words.LEVEL_CODES:
        chosen["level"] = query["level"]
        cases = cases.filter(level=WarningLevel.parse(query["level"]).value)
    if query.get("kind") in words.kinds():
        chosen["kind"] = query["kind"]
        cases = cases.filter(kind=query["kind"])
    units = Unit.objects.for_user(request.user)
    unit = units.filter(code=query.get("unit", "")).first()
    if unit is not None:
        chosen["unit"] = unit.code
        cases = cases.filter(under(unit.path, "unit"))
    state = query.get("state", "all")
    state = state if state in STATES else "all"
    if state == "raised":
        cases = cases.filter(state="raised")
    elif state == "active":
        cases = cases.filter(state__in=("signed", "dispatched", "on_scene", "controlled"))
    elif state == "verify":
        cases = cases.filter(state__in=("resolved", "dismissed"))
    if state != "all":
        chosen["state"] = state
    if query.get("group"):
        members = storm_pages.members(request.user, query["group"])
        chosen["group"] = query["group"]
        cases = cases.filter(pk__in=members)
    spell = storm.current(request.user)
    if spell is not None and query.get("view") == "list":
        chosen["view"] = "list"
    grouped = spell is not None and not chosen
    return {
        **(storm_pages.shown(request.user, spell) if grouped else {"storm": spell}),
        "grouped": grouped,
        "rows": [] if grouped else case_rows(request.user, urgency(cases)[:PAGE]),
        "total": cases.count(),
        "chosen": chosen,
        "state": state,
        "filtered": bool(chosen),
        "query": "&".join(f"{key}={value}" for key, value in chosen.items()),
        "unsigned": every.filter(state="raised").count(),
        "overdue": every.filter(deadline__lt=feed_now()).count(),
        "open_count": every.count(),
        "kinds": [(kind, words.kind_word(kind)) for kind in words.kinds()],
        "levels": [(code, words.level_word(code)) for code in words.LEVEL_CODES],
        "units": [(one.code, words.pick(one.name_zh, one.name_en), one.level) for one in units],
        "page": PAGE,
    }
