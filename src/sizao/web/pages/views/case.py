"""One case: what happened, why this grade, who has it, by when, what next; and acting on it."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from sizao.core.errors import TransitionError
from sizao.respond.dispatch import missing
from sizao.respond.steps import MEASURES
from sizao.web.basis.shown import of_case as basis_of
from sizao.web.calls.wording import calls_of
from sizao.web.calls.wording import row_of as call_row
from sizao.web.cases import services, timeline
from sizao.web.cases.access import may_act
from sizao.web.cases.errors import CaseConflictError, NotAllowedError
from sizao.web.cases.models import Assignment, Case
from sizao.web.cases.projection import moment
from sizao.web.cases.queries import (
    late_minutes,
    next_steps,
    propose_units,
    running_clocks,
    wanted_by,
)
from sizao.web.cases.reading import opened
from sizao.web.clock import feed_now
from sizao.web.evidence import queries
from sizao.web.evidence.access import may_hold_case
from sizao.web.evidence.wanted import active_holds
from sizao.web.field.record import of_case
from sizao.web.fleet.models import Vehicle
from sizao.web.hazards.access import may_enter
from sizao.web.hotlist.shown import of_case as hits_of
from sizao.web.measures.models import ControlMeasure
from sizao.web.measures.words import row as measure_row
from sizao.web.pages import words
from sizao.web.pages.evidencewords import tiles
from sizao.web.pages.explained import Explained
from sizao.web.pages.ladder import ladder
from sizao.web.pages.rows import case_row, shown_plate, with_warnings
from sizao.web.pages.views import inbox
from sizao.web.places import events, levels
from sizao.web.reports.models import Report
from sizao.web.reports.rows import row_of as report_row
from sizao.web.response.rows import of_case as response_of

BEFORE = timedelta(minutes=30)
AFTER = timedelta(minutes=5)
"""The track drawn on a case page: this much before the onset and after the last observation."""

PROPOSED = 5
"""Patrols that the dispatch dialog offers, the soonest first."""

DIALOGS = {"dispatch", "control", "resolve", "dismiss", "reopen"}
"""Steps that ask for something first."""


@require_safe
def show(request: HttpRequest, case_id: int) -> HttpResponse:
    """The page, or with ``?part=live`` what changes on it, or ``?part=units`` the proposals."""
    case = _case(request, case_id)
    part = request.GET.get("part")
    if part == "units":
        return render(
            request,
            "case/_units.html",
            _proposals(request, case),
        )
    opened(request.user, case)
    found = live(request, case)
    if part == "live":
        return render(request, "case/_live.html", found)
    return render(request, "case/case.html", {**found, **story(request, case)})


def _proposals(request: HttpRequest, case: Case) -> dict[str, object]:
    proposals = propose_units(request.user, case, limit=PROPOSED)
    return {
        "proposals": proposals,
        "lacking": missing(proposals, wanted_by(case)),
        "closures": ControlMeasure.objects.in_force().filter(kind="closure", lanes="").count(),
    }


def _case(request: HttpRequest, case_id: int) -> Case:
    return get_object_or_404(with_warnings(Case.every.for_user(request.user)), pk=case_id)


def live(request: HttpRequest, case: Case, **extra: object) -> dict[str, object]:
    """Everything on the page that can change while somebody looks at it."""
    steps = next_steps(request.user, case)
    primary = next((one.step for one in steps if one.primary), None)
    clocks = running_clocks(case)
    return {
        "case": case,
        "row": case_row(request.user, case),
        "explained": Explained.of(case),
        "primary": primary,
        "others": [one.step for one in steps if not one.primary and not one.step.destructive],
        "rare": [one.step for one in steps if one.step.destructive],
        "dialogs": DIALOGS,
        "may_act": may_act(request.user, case),
        "clocks": [(words.clock_word(one.clock), one) for one in clocks],
        "ladder": ladder(case, primary.action if primary else ""),
        "events": list(case.events.all()),
        "standing": [
            measure_row(one, feed_now())
            for one in case.measures.select_related("unit", "case").order_by("-ordered_at")
        ],
        "field_actions": of_case(case),
        "controls": list(case.texts.select_related("ordered_by")),
        "chain": timeline.check(case),
        "response": response_of(request.user, case),
        "basis": basis_of(request.user, case),
        "hotlist": hits_of(request.user, case),
        "assignments": [
            (one, late_minutes(one), _due(one))
            for one in case.assignments.select_related("patrol__unit")
        ],
        **extra,
    }


def _due(one: Assignment) -> float | None:
    """When a unit under way promised to be there, seconds since the epoch."""
    if one.arrived_at is not None or one.released_at is not None or one.eta_s is None:
        return None
    return one.assigned_at.timestamp() + one.eta_s


def story(request: HttpRequest, case: Case) -> dict[str, object]:
    """What happened and why: fixed once the warning is out."""
    explained = Explained.of(case)
    last = explained.last or case.fired_at
    window = {
        "start": (case.onset_at - BEFORE).isoformat(),
        "end": (last + AFTER).isoformat(),
        # A run of four hours is longer than what one may look at without a ground: here is one.
        "purpose": "violation",
        "case": case.number,
    }
    return {
        "track_url": f"/api/v1/vehicles/{case.vehicle}/track?{urlencode(window)}"
        if case.vehicle
        else "",
        "vehicle": Vehicle.objects.filter(pk=case.vehicle).select_related("enterprise").first(),
        "plate": shown_plate(request.user, case.plate),
        "reports": [
            report_row(request.user, report)
            for report in Report.objects.for_user(request.user)
            .filter(case=case)
            .select_related("unit", "case")
            .prefetch_related("photos")
        ],
        "calls": [call_row(call) for call in calls_of(request.user, case)],
        "may_enter_hazard": may_enter(request.user) and case.drill_id is None,
        "tiles": tiles(queries.of_case(case, feed_now()), "case-evidence", case.pk),
        "holds": list(case.holds.filter(active_holds(feed_now())).select_related("set_by")),
        "may_hold": may_hold_case(request.user, case),
        **_event(request, case),
        "response_level": levels.shown(request.user, case),
        "text_template": services.text_template(case) if case.vehicle else "",
        "measures": [
            (code, words.pick(*names))
            for code, names in MEASURES.items()
            if case.vehicle or code != "terminal_text"
        ],
        "last": last,
    }


def _event(request: HttpRequest, case: Case) -> dict[str, object]:
    found = events.shown(request.user, case)
    if found is None:
        return {"event": None}
    return {
        "event": found,
        "event_start": moment(found.event.start_s),
        "event_end": moment(found.event.end_s),
    }


@require_POST
def act(request: HttpRequest, case_id: int) -> HttpResponse:
    """Take one step. Refusals come back as the page as it now is, with the reason on top.

    409 when somebody else was first, 422 when the step is not possible, 403 when it is not the
    user's to take.
    """
    case = get_object_or_404(Case.every.for_user(request.user), pk=case_id)
    status, notice = 200, None
    try:
        version = int(request.POST.get("version", ""))
    except ValueError:
        version = -1
    try:
        services.act(
            request.user,
            case.pk,
            request.POST.get("action", ""),
            version,
            reason=request.POST.get("reason", ""),
            units=request.POST.getlist("units"),
            measure=request.POST.get("measure") or "terminal_text",
            text=request.POST.get("text", ""),
            left=request.POST.get("left", ""),
        )
    except CaseConflictError as error:
        status, notice = 409, {"kind": "conflict", "error": error}
    except TransitionError as error:
        status, notice = 422, {"kind": "refused", "text": words.pick(error.zh, error.en)}
    except NotAllowedError as error:
        status, notice = 403, {"kind": "refused", "text": words.pick(error.zh, error.en)}
    if request.POST.get("from") == "inbox":
        return _inbox(request, case, status, notice)
    if request.htmx:
        found = live(request, _case(request, case_id), notice=notice)
        return render(request, "case/_live.html", found, status=409 if status == 403 else status)
    if notice is None:
        return redirect("case", case_id)
    return refused(request, case_id, notice, status)


def refused(
    request: HttpRequest, case_id: int, notice: dict[str, object], status: int
) -> HttpResponse:
    """The page as it now is, with why a step was not taken on top."""
    case = _case(request, case_id)
    found = {**live(request, case, notice=notice), **story(request, case)}
    return render(request, "case/case.html", found, status=status)


def _inbox(
    request: HttpRequest, case: Case, status: int, notice: dict[str, object] | None
) -> HttpResponse:
    if not request.htmx:
        return redirect(reverse("inbox"))
    done = _("案件 %(number)s 已签收。") % {"number": case.number} if notice is None else ""
    found = {**inbox.found(request), "notice": notice, "done": done, "acted": case}
    return render(request, "inbox/_rows.html", found, status=409 if status == 403 else status)
