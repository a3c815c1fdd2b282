"""Pages of whoever was told: its notices, one of them, and the answer."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from sizao.core.errors import TransitionError
from sizao.web.basis.shown import of_notice
from sizao.web.channels import services
from sizao.web.channels.access import may_answer, may_look
from sizao.web.channels.links import link_of
from sizao.web.channels.models import Notice
from sizao.web.clock import feed_now
from sizao.web.pages import words
from sizao.web.units.models import User

PAGE = 25
STATES = ("open", "all")


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """What the own unit or agency was told, what must be acknowledged first."""
    if not may_look(request.user):
        raise PermissionDenied
    every = Notice.objects.addressed(request.user)
    state = request.GET.get("state", "open")
    state = state if state in STATES else "open"
    shown = every.filter(lifted_at=None) if state == "open" else every
    # What waits to be acknowledged comes first, the worst of it before the newest.
    first = F("acknowledged_at").asc(nulls_first=True)
    order = (first, "-level", "-told_at", "-pk") if state == "open" else ("-told_at", "-pk")
    page = Paginator(shown.select_related("party", "acknowledged_by").order_by(*order), PAGE)
    found = page.get_page(request.GET.get("page"))
    waiting = every.filter(
        acknowledged_at=None, lifted_at=None, acknowledge_by__isnull=False
    )  # fmt: skip
    return render(
        request,
        "channels/_list.html" if request.GET.get("part") == "list" else "channels/list.html",
        {
            "page_obj": found,
            "rows": [_row(request.user, one) for one in found],
            "waiting": waiting.count(),
            "late": waiting.filter(acknowledge_by__lt=feed_now()).count(),
            "state": state,
            "query": f"state={state}",
            "everything": every.exists(),
        },
    )


@require_safe
def one(request: HttpRequest, notice_id: int) -> HttpResponse:
    """One notice; opening it is its receipt."""
    return _one(request, notice_id)


@require_POST
def act(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Acknowledge or reply."""
    try:
        if request.POST.get("action") == "reply":
            services.reply(request.user, notice_id, request.POST.get("text", ""))
        else:
            version = request.POST.get("version", "")
            services.acknowledge(
                request.user, notice_id, int(version) if version.isdigit() else 0
            )  # fmt: skip
    except Notice.DoesNotExist:
        raise Http404 from None
    except TransitionError as error:
        status = {"role": 403, "state": 409}.get(error.code, 422)
        return _one(request, notice_id, words.pick(error.zh, error.en), status)
    return redirect("partner-notice", notice_id)


def _one(
    request: HttpRequest, notice_id: int, problem: str = "", status: int = 200
) -> HttpResponse:
    try:
        notice = services.read(request.user, notice_id)
    except Notice.DoesNotExist:
        raise Http404 from None
    part = request.GET.get("part") == "live"
    return render(
        request,
        "channels/_notice.html" if part else "channels/notice.html",
        {
            **_row(request.user, notice),
            "replies": notice.replies.select_related("by__unit"),
            "notice": {"kind": "refused", "text": problem} if problem else None,
            "text": request.POST.get("text", "") if problem else "",
            "longest": services.LONGEST,
        },
        status=status,
    )


def _row(user: User, notice: Notice) -> dict[str, object]:
    waiting = notice.acknowledge_by is not None and notice.acknowledged_at is None
    return {
        "told": notice,
        "title": words.pick(notice.title_zh, notice.title_en),
        "body": words.pick(notice.text_zh, notice.text_en),
        "basis": of_notice(notice),
        "link": link_of(user, notice),
        "waiting": waiting and notice.lifted_at is None,
        "deadline_s": notice.acknowledge_by.timestamp() if notice.acknowledge_by else None,
        "start_s": notice.told_at.timestamp(),
        "may_answer": may_answer(user, notice),
    }
