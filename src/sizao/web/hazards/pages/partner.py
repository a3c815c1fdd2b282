"""A partner agency's own pages: the hazards that it has to put right, and working one."""

from __future__ import annotations

from itertools import groupby

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from sizao.core.errors import TransitionError
from sizao.govern.hazards import clocks
from sizao.web.clock import feed_now
from sizao.web.evidence.answer import evidence_answer
from sizao.web.hazards import partners, services, telling, words
from sizao.web.hazards.errors import HazardConflictError
from sizao.web.hazards.models import Hazard, HazardNotice
from sizao.web.hazards.projection import state_of
from sizao.web.hazards.workdays import workdays
from sizao.web.pages.words import pick
from sizao.web.reports.photos import MAX_BYTES, MAX_PHOTOS

PAGE = 25
VALUES = ("deadline", "by", "until")
STATES = ("open", "all")


def _find(request: HttpRequest, number: str) -> Hazard:
    if not partners.may_look(request.user):
        raise PermissionDenied
    rows = Hazard.objects.for_user(request.user).select_related("unit", "duty_party")
    return get_object_or_404(rows, number=number)


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """The agency's hazards, the soonest deadline first."""
    if not partners.may_look(request.user):
        raise PermissionDenied
    every = Hazard.objects.for_user(request.user)
    state = request.GET.get("state", "open")
    state = state if state in STATES else "open"
    shown = every.open() if state == "open" else every
    now = feed_now()
    page = Paginator(
        shown.prefetch_related("photos").order_by("closed", "deadline", "pk"), PAGE
    ).get_page(request.GET.get("page"))
    return render(
        request,
        "hazards/partner_list.html",
        {
            "page_obj": page,
            "rows": [words.row_of(one, now) for one in page],
            "open": every.open().count(),
            "late": every.late(now).count(),
            "state": state,
            "query": f"state={state}",
        },
    )


@require_safe
def one(request: HttpRequest, number: str) -> HttpResponse:
    """One hazard; opening it is the receipt of its notices."""
    hazard = _find(request, number)
    unread = HazardNotice.objects.filter(
        telling.for_user(request.user), hazard=hazard, read_at=None
    )
    for notice in unread:
        telling.read(request.user, notice.pk)
    return _page(request, hazard)


def _page(
    request: HttpRequest, hazard: Hazard, status: int = 200, notice: dict | None = None
) -> HttpResponse:
    now = feed_now()
    steps = services.next_steps(request.user, hazard)
    photos = sorted(hazard.photos.all(), key=lambda one: list(words.STAGES).index(one.stage))
    last = None
    if hazard.deadline is not None:
        last = clocks.longest_extension(hazard.deadline.timestamp(), workdays())
    state = state_of(hazard)
    return render(
        request,
        "hazards/partner.html",
        {
            "hazard": hazard,
            "row": words.row_of(hazard, now),
            "state": state,
            "received": partners.moment(state.received_s),
            "asked": partners.moment(state.asked_s),
            "primary": next((one.step for one in steps if one.primary), None),
            "others": [one.step for one in steps if not one.primary],
            "steps": [one.step for one in steps],
            "photos": [
                (words.stage_word(stage), list(some))
                for stage, some in groupby(photos, key=lambda one: one.stage)
            ],
            "lines": partners.lines(request.user, hazard),
            "act_url": reverse("partner-hazard-act", args=(hazard.number,)),
            "by": str(request.user.party),
            "today": timezone.localtime(now).date(),
            "last_extension": last,
            "protections": [_("锥桶、爆闪灯警示"), _("限速、警示标志"), _("派员值守")],
            "notice": notice,
        },
        status=status,
    )


@require_POST
def act(request: HttpRequest, number: str) -> HttpResponse:
    """Take one step. 409 when somebody was first, 422 not possible, 403 not the agency's."""
    hazard = _find(request, number)
    given = request.POST.get("version", "")
    photos = request.FILES.getlist("photos")[: MAX_PHOTOS + 1]
    try:
        services.act(
            request.user, hazard.number, request.POST.get("action", ""),
            int(given) if given.isdigit() else -1,
            reason=request.POST.get("reason", ""),
            values={name: request.POST.get(name, "") for name in VALUES},
            photos=[file.read(MAX_BYTES + 1) for file in photos],
        )  # fmt: skip
    except HazardConflictError as error:
        problem, status = error, 409
    except TransitionError as error:
        problem, status = error, 403 if error.code == "role" else 422
    else:
        return redirect("partner-hazard", number)
    notice = {"kind": "refused", "text": pick(problem.zh, problem.en)}
    return _page(request, _find(request, number), status, notice)


@require_safe
def photo(request: HttpRequest, number: str, which: int) -> HttpResponse:
    """A photo of a hazard of the agency."""
    found = get_object_or_404(_find(request, number).photos, number=which)
    return evidence_answer(found.evidence, found.format, small=request.GET.get("small") == "1")
