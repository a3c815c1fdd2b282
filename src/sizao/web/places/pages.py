"""The page on which a person issues a warning: fill in, look at it, send it."""

from __future__ import annotations

import json

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from sizao.core.errors import TransitionError
from sizao.web.cases.models import Case
from sizao.web.clock import feed_now
from sizao.web.pages import words
from sizao.web.pages.views.case import refused
from sizao.web.places import levels, manual
from sizao.web.tables.shown import command_levels

FIELDS = ("kind", "level", "command_level", "text", "text_en", "reason", "lat", "lon",
          "radius_km", "hours", "place")  # fmt: skip
FRESH = {"level": "yellow", "command_level": "brigade", "radius_km": "2", "hours": "2"}


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """The form; a post shows what would go out, and with ``step=issue`` sends it."""
    if not manual.may_issue(request.user):
        raise PermissionDenied
    if request.method != "POST":
        return _form(request, {**FRESH, **request.GET.dict()}, manual.new_key())
    given = request.POST
    try:
        draft = manual.check(request.user, given)
    except TransitionError as error:
        said = words.pick(error.zh, error.en)
        return _form(request, given.dict(), given.get("key", ""), notice=said, status=422)
    if given.get("step") == "issue":
        return redirect("case", manual.issue(request.user, draft).case_id)
    found = {
        "draft": draft,
        "level": draft.level.code,
        "kind": words.kind_word(draft.kind),
        "recipients": manual.recipients(draft, feed_now()),
        "outline": json.dumps(draft.outline),
        "fields": [(name, given.get(name, "")) for name in (*FIELDS, "key")],
    }
    return render(request, "places/preview.html", found)


@require_POST
def respond(request: HttpRequest, case_id: int) -> HttpResponse:
    """Propose a response level for a case, or decide the proposal that waits."""
    case = get_object_or_404(Case.every.for_user(request.user), pk=case_id)
    try:
        if decision := request.POST.get("decision"):
            remark = request.POST.get("remark", "")
            levels.decide(request.user, case, decision == "accept", remark)
        else:
            levels.ask(request.user, case, request.POST)
    except TransitionError as error:
        status = 403 if error.code == "role" else 422
        notice = {"kind": "refused", "text": words.pick(error.zh, error.en)}
        return refused(request, case.pk, notice, status)
    return redirect("case", case_id)


def _form(
    request: HttpRequest, given: dict[str, str], key: str, *, notice: str = "", status: int = 200
) -> HttpResponse:
    found = {
        "given": given,
        "key": key or manual.new_key(),
        "kinds": [(kind, words.kind_word(kind)) for kind in manual.KINDS],
        "levels": [(code, words.level_word(code)) for code in words.LEVEL_CODES],
        "command_levels": command_levels(),
        "notice": {"kind": "refused", "text": notice} if notice else None,
    }
    return render(request, "places/new.html", found, status=status)
