"""Evidence: how much there is, how long it stays, what is held, what went; and single pieces."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from sizao.core.errors import TransitionError
from sizao.log.evidence import space
from sizao.web import audit
from sizao.web.cases.models import Case
from sizao.web.clock import feed_now
from sizao.web.evidence import access, holds, queries
from sizao.web.evidence.answer import evidence_answer
from sizao.web.evidence.models import Hold, Piece, Retained
from sizao.web.evidence.periods import referred
from sizao.web.evidence.retention import proofs
from sizao.web.evidence.wanted import active_holds
from sizao.web.pages import words
from sizao.web.pages.evidencewords import what_word, why_word
from sizao.web.pages.vehicles import may_look
from sizao.web.ports import ports
from sizao.web.units.models import User
from sizao.web.writing import write


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """Use, age, periods with their source, holds, deletions to come and deletions proven."""
    return _page(request)


def _page(request: HttpRequest, *, notice: str = "", status: int = 200) -> HttpResponse:
    if not access.may_see_store(request.user):
        raise PermissionDenied
    now = feed_now()
    today = timezone.localtime().date()
    every = Hold.objects.select_related("case", "set_by", "released_by")
    retained = Retained.objects.order_by("why").values_list("why").annotate(number=Count("pk"))
    return render(
        request,
        "evidence/evidence.html",
        {
            "space": space(ports().data.evidence),
            "uses": [(one, what_word(one.what)) for one in queries.uses(today)],
            "referred_days": referred().days,
            "coming": queries.coming(today),
            "holds": list(every.filter(active_holds(now))),
            "ended": list(every.exclude(active_holds(now))[:20]),
            "retained": [(why_word(why), number) for why, number in retained],
            "proofs": proofs(ports().data.evidence),
            "may_hold": access.may_hold(request.user),
            "notice": {"kind": "refused", "text": notice} if notice else None,
        },
        status=status,
    )


@require_POST
def hold(request: HttpRequest) -> HttpResponse:
    """Keep one piece by its number."""
    if not access.may_hold(request.user):
        raise PermissionDenied
    try:
        holds.set_hold(
            request.user,
            reason=request.POST.get("reason", ""),
            days=_days(request),
            evidence=request.POST.get("evidence", "").strip().lower(),
        )
    except TransitionError as error:
        return _page(request, notice=words.pick(error.zh, error.en), status=422)
    return redirect("evidence")


@require_POST
def hold_case(request: HttpRequest, case_id: int) -> HttpResponse:
    """Keep everything that belongs to a case."""
    case = get_object_or_404(Case.objects.for_user(request.user), pk=case_id)
    if not access.may_hold_case(request.user, case):
        raise PermissionDenied
    try:
        holds.set_hold(
            request.user, reason=request.POST.get("reason", ""), days=_days(request), case=case
        )
    except TransitionError as error:
        return HttpResponse(words.pick(error.zh, error.en), status=422, content_type="text/plain")
    return redirect("case", case_id)


@require_POST
def release(request: HttpRequest, hold_id: int) -> HttpResponse:
    """End a hold, with a reason."""
    found = get_object_or_404(Hold.objects.select_related("case"), pk=hold_id)
    if not may_release(request.user, found):
        raise PermissionDenied
    try:
        holds.release(request.user, found, request.POST.get("reason", ""))
    except TransitionError as error:
        if request.POST.get("from") == "case":
            return HttpResponse(
                words.pick(error.zh, error.en), status=422, content_type="text/plain"
            )
        return _page(request, notice=words.pick(error.zh, error.en), status=422)
    if request.POST.get("from") == "case" and found.case_id:
        return redirect("case", found.case_id)
    return redirect("evidence")


def may_release(user: User, found: Hold) -> bool:
    if access.may_hold(user):
        return True
    return found.case is not None and access.may_hold_case(user, found.case)


@require_safe
def of_case(request: HttpRequest, case_id: int, name: str) -> HttpResponse:
    """A piece of a case, for who may see the case; ``?small=1`` for a small copy."""
    case = get_object_or_404(Case.objects.for_user(request.user), pk=case_id)
    return _piece(request, queries.of_case(case, feed_now()).filter(evidence=name).first(), "case",
                  case.number)  # fmt: skip


@require_safe
def of_vehicle(request: HttpRequest, vehicle_id: str, name: str) -> HttpResponse:
    """A piece of a vehicle, for who may look at the vehicle."""
    if not may_look(request.user, vehicle_id):
        raise Http404
    found = queries.of_vehicle(vehicle_id, feed_now()).filter(evidence=name).first()
    return _piece(request, found, "vehicle", vehicle_id)


def _piece(request: HttpRequest, piece: Piece | None, where: str, key: str) -> HttpResponse:
    if piece is None:
        raise Http404
    small = request.GET.get("small") == "1"
    if not small:
        # A picture may show a face; the small copy hangs on the page, whose reading is noted.
        with write():
            about = {"where": where, "of": key}
            audit.record(request.user, "evidence.read", "evidence", piece.evidence, about)
    return evidence_answer(piece.evidence, piece.format, small=small)


def _days(request: HttpRequest) -> int:
    try:
        return int(request.POST.get("days", ""))
    except ValueError:
        return 0
