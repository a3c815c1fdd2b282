"""The delivery page: who was told what, by which channel, when it arrived, what failed and why."""

from __future__ import annotations

from datetime import timedelta

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from sizao.respond.routing import CHANNELS
from sizao.web import audit
from sizao.web.channels import outbox
from sizao.web.channels.access import may_look_at_deliveries, may_retry
from sizao.web.channels.endpoints import endpoints
from sizao.web.channels.models import Delivery, Notice
from sizao.web.channels.telling import table
from sizao.web.clock import feed_now
from sizao.web.pages import words
from sizao.web.ports import installed, ports
from sizao.web.units.models import User
from sizao.web.writing import write

PAGE = 50
SINCE = timedelta(days=7)
_TONES = {"failed": "late", "waiting": "amber", "sending": "amber", "clearing": "amber"}


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """Deliveries of the last week, the newest first."""
    if not may_look_at_deliveries(request.user):
        raise PermissionDenied
    every = _visible(request.user).filter(made_at__gte=feed_now() - SINCE)
    shown, chosen = every, {}
    if request.GET.get("channel") in CHANNELS:
        chosen["channel"] = request.GET["channel"]
        shown = shown.filter(channel=chosen["channel"])
    if request.GET.get("state") in Delivery.State.values:
        chosen["state"] = request.GET["state"]
        shown = shown.filter(state=chosen["state"])
    counts = dict(every.order_by().values_list("state").annotate(n=Count("pk")))
    rows = shown.select_related("notice__party", "notice__acknowledged_by")
    page = Paginator(rows.prefetch_related("tries").order_by("-made_at", "-pk"), PAGE)
    found = page.get_page(request.GET.get("page"))
    known, problem = endpoints(ports().data.channels) if installed() else ({}, "")
    return render(
        request,
        "channels/deliveries.html",
        {
            "page_obj": found,
            "rows": [_row(one, request.user) for one in found],
            "chosen": chosen,
            "query": "&".join(f"{key}={value}" for key, value in chosen.items()),
            "channels": [(code, channel_word(code)) for code in CHANNELS],
            "states": [(code, state_word(code)) for code in Delivery.State.values],
            "failed": counts.get("failed", 0),
            "open": sum(counts.get(state, 0) for state in ("waiting", "sending", "clearing")),
            "total": sum(counts.values()),
            "endpoints": [
                {"one": one, "channel": channel_word(one.channel)} for one in known.values()
            ],
            "problem": problem if request.user.sees_all or request.user.reads_audit else "",
            "routes": table(),
        },
    )


@require_POST
def retry(request: HttpRequest, delivery_id: int) -> HttpResponse:
    """Try a failed delivery once more."""
    if not may_retry(request.user):
        raise PermissionDenied
    with write():
        delivery = _visible(request.user).select_for_update(of=("self",)).filter(pk=delivery_id)
        found = delivery.first()
        if found is None:
            raise Http404
        if found.state == Delivery.State.FAILED:
            outbox.try_again(found, feed_now())
            audit.record(
                request.user, "delivery.retry", "notice", found.notice_id,
                {"channel": found.channel, "endpoint": found.endpoint},
            )  # fmt: skip
    return redirect("deliveries")


def _visible(user: User) -> QuerySet[Delivery]:
    if user.reads_audit:
        return Delivery.objects.all()
    return Delivery.objects.filter(notice__in=Notice.objects.for_user(user))


def _row(delivery: Delivery, user: User) -> dict[str, object]:
    notice = delivery.notice
    tries = list(delivery.tries.all())
    return {
        "one": delivery,
        "title": words.pick(notice.title_zh, notice.title_en),
        "channel": channel_word(delivery.channel),
        "state": state_word(delivery.state),
        "tone": _TONES.get(delivery.state, ""),
        "tries": tries,
        "twice": any(one.perhaps_twice for one in tries),
        "retry": delivery.state == Delivery.State.FAILED and may_retry(user),
    }


def channel_word(code: str) -> str:
    zh, en = CHANNELS[code]
    return words.pick(zh, en[:1].upper() + en[1:])


def state_word(code: str) -> str:
    return {
        "held": _("备用"),
        "waiting": _("待发送"),
        "sending": _("发送中"),
        "sent": _("已发出"),
        "delivered": _("已送达"),
        "read": _("已读"),
        "failed": _("未送达"),
        "clearing": _("撤除中"),
        "cancelled": _("已撤销"),
    }[code]
