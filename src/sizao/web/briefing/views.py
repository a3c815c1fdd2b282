"""The pages of the morning briefing. Views parse, call, render."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from sizao.core.errors import TransitionError
from sizao.web.briefing import services, sheet
from sizao.web.briefing.models import Briefing
from sizao.web.clock import feed_now
from sizao.web.pages import words

PAGE = 20


@require_safe
def show_all(request: HttpRequest) -> HttpResponse:
    """What would be issued now, and the briefings that were."""
    return _page(request)


def _page(request: HttpRequest, problem: str = "", status: int = 200) -> HttpResponse:
    user = request.user
    if not services.may_see(user):
        raise PermissionDenied
    rows = Briefing.objects.for_user(user).select_related("unit", "issued_by", "corrects")
    unit = user.unit
    may_issue = unit is not None and services.may_issue(user, unit)
    found = {
        "page_obj": Paginator(rows, PAGE).get_page(request.GET.get("page")),
        "query": "",
        "unit": unit,
        "may_issue": may_issue,
        "sections": _sections(services.draft(unit)) if may_issue else [],
        "now": feed_now(),
        "given": request.POST,
        "notice": {"kind": "refused", "text": problem} if problem else None,
    }
    return render(request, "briefing/briefings.html", found, status=status)


def _sections(content: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The sections in the reader's language."""
    return [
        {
            "code": one["code"],
            "title": words.pick(one["zh"], one["en"]),
            "lines": [(words.pick(line["zh"], line["en"]), line["url"]) for line in one["lines"]],
            "head": [words.pick(*cell) for cell in one["table"][0]] if one["table"] else [],
            "table": [[words.pick(*cell) for cell in row] for row in one["table"][1:]],
        }
        for one in content
    ]


@require_POST
def issue(request: HttpRequest) -> HttpResponse:
    """Issue the own unit's briefing as it is now, or a correction of one."""
    user = request.user
    if user.unit is None or not services.may_issue(user, user.unit):
        raise PermissionDenied
    try:
        made = services.issue(
            user, user.unit, request.POST.get("words", ""),
            corrects=request.POST.get("corrects", ""), why=request.POST.get("why", ""),
        )  # fmt: skip
    except TransitionError as error:
        return _page(request, words.pick(error.zh, error.en), 422)
    return redirect("briefing", made.number)


def _one(request: HttpRequest, number: str) -> Briefing:
    rows = Briefing.objects.for_user(request.user).select_related("unit", "issued_by", "corrects")
    return get_object_or_404(rows, number=number)


@require_safe
def show(request: HttpRequest, number: str) -> HttpResponse:
    """One briefing as it was issued."""
    if not services.may_see(request.user):
        raise PermissionDenied
    one = _one(request, number)
    found = {
        "briefing": one,
        "sections": _sections(one.content),
        "corrections": list(one.corrections.order_by("pk")),
        "may_issue": services.may_issue(request.user, one.unit),
    }
    return render(request, "briefing/briefing.html", found)


@require_safe
def as_pdf(request: HttpRequest, number: str) -> HttpResponse:
    """The briefing on one page A4."""
    if not services.may_see(request.user):
        raise PermissionDenied
    one = _one(request, number)
    answer = HttpResponse(sheet.pdf(services.paper(one)), content_type="application/pdf")
    answer.headers["Content-Disposition"] = f'inline; filename="briefing-{one.number}.pdf"'
    return answer
