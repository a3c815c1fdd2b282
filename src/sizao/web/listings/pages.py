"""Pages of listed supervision: asking, deciding, reports, the panel, lifting, documents, public."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from sizao.core.errors import TransitionError
from sizao.govern.hazards.listing import LEVELS, Expert
from sizao.web import audit
from sizao.web.clock import feed_now
from sizao.web.config import config
from sizao.web.hazards.models import Hazard
from sizao.web.hazards.pages.hazard import find, refused
from sizao.web.hazards.words import kind_word, level_word, state_word
from sizao.web.listings import section, services
from sizao.web.listings.documents.official import Official
from sizao.web.listings.documents.pdf import pdf
from sizao.web.listings.documents.word import word
from sizao.web.listings.models import Listing
from sizao.web.reports.privacy import scrub
from sizao.web.writing import write

PAGE = 50
TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """Every listing that the reader may see, those in force first."""
    rows = (
        Listing.objects.filter(hazard__in=Hazard.objects.for_user(request.user))
        .select_related("hazard", "unit")
        .prefetch_related("interims", "documents")
        .order_by("state", "deadline", "-pk")
    )
    order = {"asked": 0, "in_force": 1, "lifted": 2, "refused": 3}
    found = sorted(rows, key=lambda one: (order[one.state], one.deadline))
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    now = feed_now()
    return render(
        request,
        "listings/listings.html",
        {
            "rows": [
                {
                    "listing": one,
                    "state": section.state_word(one.state),
                    "level": level_word(one.level),
                    "kind": kind_word(one.hazard.kind),
                    "stands": state_word(one.hazard.state),
                    "late": one.state == "in_force" and one.hazard.late_at(now),
                    "missing": sum(
                        i.at is None and i.due < now.date() for i in one.interims.all()
                    ) if one.state == "in_force" else 0,
                }
                for one in page.object_list
            ],
            "page_obj": page,
            "query": "",
            "in_force": sum(one.state == "in_force" for one in found),
            "asked": sum(one.state == "asked" for one in found),
        },
    )  # fmt: skip


def _day(request: HttpRequest, name: str) -> date:
    try:
        return date.fromisoformat(request.POST.get(name, ""))
    except ValueError:
        raise TransitionError("请填写日期。", "Give a day.", code="deadline") from None


@require_POST
def ask(request: HttpRequest, number: str) -> HttpResponse:
    """Ask for a listing of a hazard."""
    hazard = find(request, number)
    given = request.POST
    return _taken(
        request,
        hazard.number,
        lambda: services.ask(
            request.user, hazard.number, given.get("level", ""), reason=given.get("reason", ""),
            requirements=given.get("requirements", ""), deadline=_day(request, "deadline"),
            addressee=given.get("addressee", ""), copies=given.get("copies", ""),
            signer=given.get("signer", ""), outside_number=given.get("outside_number", ""),
        ),
    )  # fmt: skip


@require_POST
def act(request: HttpRequest, listing_id: int) -> HttpResponse:
    """Decide on a listing, record a report or the panel, lift it."""
    listing = _find(request, listing_id)
    given, user = request.POST, request.user
    actions: dict[str, Callable[[], Any]] = {
        "accept": lambda: services.decide(user, listing.pk, True, given.get("remark", "")),
        "refuse": lambda: services.decide(user, listing.pk, False, given.get("remark", "")),
        "report": lambda: services.report(user, listing.pk, given.get("text", "")),
        "panel": lambda: services.accept(
            user, listing.pk, _experts(request), given.get("opinion", ""), _day(request, "day")
        ),
        "lift": lambda: services.lift(user, listing.pk),
    }
    action = actions.get(given.get("action", ""))
    if action is None:
        raise Http404
    return _taken(request, listing.hazard.number, action)


def _experts(request: HttpRequest) -> list[Expert]:
    given = request.POST
    columns = (given.getlist(name) for name in ("expert", "post", "expert_opinion"))
    refusing = set(given.getlist("disagrees"))
    return [
        Expert(name.strip()[:32], post.strip()[:48], str(at) not in refusing, opinion.strip()[:200])
        for at, (name, post, opinion) in enumerate(zip(*columns, strict=False))
        if name.strip()
    ]


def _taken(request: HttpRequest, number: str, action: Callable[[], Any]) -> HttpResponse:
    """The hazard's page after the action, or as it is with why it was refused."""
    try:
        action()
    except TransitionError as error:
        return refused(request, number, error, 403 if error.code == "role" else 422)
    return redirect("hazard", number)


def _find(request: HttpRequest, listing_id: int) -> Listing:
    rows = Listing.objects.filter(hazard__in=Hazard.objects.for_user(request.user))
    return get_object_or_404(rows.select_related("hazard"), pk=listing_id)


@require_safe
def document(request: HttpRequest, listing_id: int, kind: str, ext: str) -> HttpResponse:
    """A document as it was issued, as PDF or Word. Names of experts are in it: the look is kept."""
    listing = _find(request, listing_id)
    issued = get_object_or_404(listing.documents, kind=kind)
    if ext not in TYPES:
        raise Http404
    with write():
        audit.record(
            request.user, "listing.document_read", "hazard", listing.hazard.number,
            {"number": issued.number, "format": ext},
        )  # fmt: skip
    made = Official.from_dict(issued.content)
    body = pdf(made) if ext == "pdf" else word(made)
    answer = HttpResponse(body, content_type=TYPES[ext])
    name = f"{listing.hazard.number}-{kind}.{ext}"
    answer["Content-Disposition"] = (
        f'{"inline" if ext == "pdf" else "attachment"}; filename="{name}"'
    )
    return answer


@login_not_required
@require_safe
def public(request: HttpRequest) -> HttpResponse:
    """What is under listed supervision, for everybody: places and offices, nobody's name.

    Where the page for reports is switched off, so is this one.
    """
    if not config.report_form.read():
        raise Http404
    rows = (
        Listing.objects.filter(state__in=["in_force", "lifted"])
        .select_related("hazard")
        .order_by("-decided_at")[:200]
    )
    return render(
        request,
        "listings/public.html",
        {
            "rows": [
                {
                    "place": scrub(one.hazard.place),
                    "kind": kind_word(one.hazard.kind),
                    "level": level_word(one.level),
                    "duty": one.hazard.duty_name,
                    "deadline": one.deadline,
                    "lifted": one.lifted_at,
                    "number": one.number,
                }
                for one in rows
            ],
            "levels": [level_word(code) for code in LEVELS],
        },
    )
