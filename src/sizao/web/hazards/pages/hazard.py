"""One hazard: what is wrong, who has it, what protects meanwhile, and working it."""

from __future__ import annotations

from datetime import date
from itertools import groupby
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from sizao.core.errors import TransitionError
from sizao.govern.hazards import clocks
from sizao.govern.hazards.records import DUTY_KINDS, GRADES
from sizao.web.clock import feed_now
from sizao.web.evidence.answer import evidence_answer
from sizao.web.hazards import services, telling, words
from sizao.web.hazards.access import may_act
from sizao.web.hazards.errors import HazardConflictError
from sizao.web.hazards.intake import alike, spot_of
from sizao.web.hazards.models import Hazard, HazardNotice
from sizao.web.hazards.projection import moment, state_of
from sizao.web.hazards.workdays import workdays
from sizao.web.listings.section import section_of
from sizao.web.pages.words import pick
from sizao.web.reports.photos import MAX_BYTES, MAX_PHOTOS
from sizao.web.units.models import Unit

VALUES = ("grade", "duty_kind", "duty_unit", "duty_name", "deadline", "by", "until", "into")


def find(request: HttpRequest, number: str) -> Hazard:
    """The hazard, or 404 for whoever may not see it."""
    rows = Hazard.objects.for_user(request.user).select_related(
        "unit", "local_unit", "duty_unit", "merged_into", "report"
    )
    return get_object_or_404(rows, number=number)


@require_safe
def show(request: HttpRequest, number: str) -> HttpResponse:
    return page(request, find(request, number))


def page(
    request: HttpRequest, hazard: Hazard, status: int = 200, **extra: Any
) -> HttpResponse:  # fmt: skip
    """The page of a hazard; ``extra`` carries a notice after a refused step."""
    user, now = request.user, feed_now()
    steps = services.next_steps(user, hazard)
    actions = {found.step.action for found in steps}
    state = state_of(hazard)
    photos = sorted(hazard.photos.all(), key=lambda one: list(words.STAGES).index(one.stage))
    due = timezone.localtime(hazard.deadline).date() if hazard.deadline else None
    today = timezone.localtime(now).date()
    mine = HazardNotice.objects.filter(telling.for_user(user), hazard=hazard, read_at=None)
    found = {
        "hazard": hazard,
        "row": words.row_of(hazard, now),
        "origin": words.origin_word(hazard.origin),
        "state": state,
        "received": moment(state.received_s),
        "asked": moment(state.asked_s),
        "act_url": reverse("hazard-act", args=(hazard.number,)),
        "primary": next((one.step for one in steps if one.primary), None),
        "others": [one.step for one in steps if not one.primary and one.step.action != "merge"],
        "steps": [one.step for one in steps],
        "actions": actions,
        "may_act": may_act(user, hazard),
        "photos": [
            (words.stage_word(stage), list(some))
            for stage, some in groupby(photos, key=lambda one: one.stage)
        ],
        "events": list(hazard.events.order_by("-seq")),
        "alike": alike(user, spot_of(hazard)) if "merge" in actions else [],
        "merged": list(hazard.merged.order_by("number")),
        "told": list(hazard.notices.select_related("user", "unit", "sent")[:20]),
        "mine": list(mine),
        "days_left": abs(workdays().between(today, due)) if due and not hazard.closed else None,
        "days_known": due is None or workdays().knows(due),
        "grades": [(code, words.grade_word(code), _due(code, now)) for code in GRADES],
        "duty_kinds": [(code, words.duty_kind_word(code)) for code in DUTY_KINDS],
        "duty_names": _duty_names(request),
        "units": [(one.code, pick(one.name_zh, one.name_en)) for one in _units(request)],
        "today": today,
        "last_extension": _last_extension(hazard),
        "default_deadline": _due(hazard.grade or "ordinary", now),
        "protections": [
            _("锥桶、爆闪灯警示"),
            _("限速、警示标志"),
            _("派员值守"),
            _("临时封闭，绕行提示"),
        ],
        "most_photos": MAX_PHOTOS,
        **section_of(user, hazard),
        **extra,
    }
    return render(request, "hazards/hazard.html", found, status=status)


def _due(grade: str, now) -> date:
    return clocks.due_day(grade, now.timestamp(), workdays())


def _last_extension(hazard: Hazard) -> date | None:
    if hazard.deadline is None:
        return None
    return clocks.longest_extension(hazard.deadline.timestamp(), workdays())


def _duty_names(request: HttpRequest) -> list[str]:
    """Partner agencies, and whoever had something to do before: for the list of the field."""
    rows = Hazard.objects.for_user(request.user).exclude(duty_kind__in=["", "unit"])
    partners = Unit.parties.values_list("name_zh", flat=True)
    return sorted({*rows.values_list("duty_name", flat=True), *partners})


def _units(request: HttpRequest):
    return Unit.objects.for_user(request.user)


@require_POST
def act(request: HttpRequest, number: str) -> HttpResponse:
    """Take one step; a refusal comes back as the page as it now is, with the reason on top.

    409 when somebody else was first, 422 when the step is not possible, 403 when not theirs.
    """
    hazard = find(request, number)
    try:
        version = int(request.POST.get("version", ""))
    except ValueError:
        version = -1
    photos = request.FILES.getlist("photos")[: MAX_PHOTOS + 1]
    try:
        services.act(
            request.user, hazard.number, request.POST.get("action", ""), version,
            reason=request.POST.get("reason", ""),
            values={name: request.POST.get(name, "") for name in VALUES},
            photos=[file.read(MAX_BYTES + 1) for file in photos],
        )  # fmt: skip
    except HazardConflictError as error:
        return refused(request, number, error, 409)
    except TransitionError as error:
        return refused(request, number, error, 403 if error.code == "role" else 422)
    return redirect("hazard", number)


def refused(
    request: HttpRequest, number: str, error: TransitionError | HazardConflictError, status: int
) -> HttpResponse:
    """The page as it now is, with why the step was not taken."""
    notice = {"kind": "refused", "text": pick(error.zh, error.en)}
    return page(request, find(request, number), status, notice=notice)


@require_safe
def photo(request: HttpRequest, number: str, which: int) -> HttpResponse:
    """A photo, for who may see the hazard; ``?small=1`` a small copy."""
    found = get_object_or_404(find(request, number).photos, number=which)
    return evidence_answer(found.evidence, found.format, small=request.GET.get("small") == "1")


@require_POST
def read(request: HttpRequest, notice_id: int) -> HttpResponse:
    """A notice was read, or the party outside was told."""
    get_object_or_404(HazardNotice.objects.filter(telling.for_user(request.user)), pk=notice_id)
    notice = telling.read(request.user, notice_id)
    return redirect("hazard", notice.hazard.number)
