"""Data sources: who sends what, how well, and who must be called?"""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from sizao.core.errors import TransitionError
from sizao.core.sources import HOUR_S, KINDS
from sizao.web.clock import feed_now
from sizao.web.pages import sourcewords, words
from sizao.web.pages.exchange import exchange
from sizao.web.pages.export import csv_answer
from sizao.web.pages.sourcecharts import charts, spark
from sizao.web.platforms import services as platforms
from sizao.web.platforms.access import may_order
from sizao.web.platforms.models import Message
from sizao.web.sources import access, services
from sizao.web.sources.models import SourceEvent
from sizao.web.sources.services import SourceRow

SORTS = {
    "state": lambda row: services.STATES.index(row.state),
    "name": lambda row: row.id,
    "last": lambda row: row.last.timestamp() if row.last else 0.0,
    "received": lambda row: row.today.received,
    "accepted": lambda row: row.today.accepted_total,
    "quarantined": lambda row: row.today.quarantined_total,
    "delay": lambda row: row.day.delay(0.95) or 0.0,
    "complete": lambda row: -1.0 if row.day.completeness is None else row.day.completeness,
}

PERIODS = {"48h": (48, 1), "7d": (7 * 24, 3), "30d": (30 * 24, 24)}
"""Hours shown, and hours a bar."""


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """Every source, or with ``?format=csv`` the same rows as a file."""
    if not access.may_see(request.user):
        raise PermissionDenied
    every = services.source_rows()
    chosen = {
        key: value for key in ("state", "kind", "q") if (value := request.GET.get(key, "").strip())
    }
    rows = [row for row in every if _fits(row, chosen)]
    sort = request.GET.get("sort", "state")
    order = SORTS.get(sort.lstrip("-"), SORTS["state"])
    rows.sort(key=order, reverse=sort.startswith("-"))
    if request.GET.get("format") == "csv":
        return _export(request, rows)
    hour = int(feed_now().timestamp()) // HOUR_S
    keep = request.GET.copy()
    keep.pop("sort", None)
    counts = {state: sum(row.state == state for row in every) for state in services.STATES}
    return render(
        request,
        "sources/sources.html",
        {
            "rows": [(row, spark(row, hour)) for row in rows],
            "problem": services.book().problem,
            "silences": [(one, sourcewords.name_of(one.source)) for one in _open(request)],
            "may_acknowledge": access.may_acknowledge(request.user),
            "may_quarantine": access.may_read_raw(request.user) or request.user.reads_audit,
            "every": len(every),
            "counts": counts,
            "pressing": sum(counts[state] for state in services.PRESSING),
            "chosen": chosen,
            "sort": sort,
            "query": keep.urlencode(),
            "states": [(state, sourcewords.state_word(state)) for state in services.STATES],
            "kinds": [
                (kind, sourcewords.kind_name(kind))
                for kind in KINDS
                if any(row.kind == kind for row in every)
            ],
            "columns": [
                ("state", _("状态"), ""),
                ("name", _("数据源"), ""),
                ("last", _("最近一条"), ""),
                ("received", _("今日收到"), "sz-num"),
                ("accepted", _("采用"), "sz-num"),
                ("quarantined", _("隔离"), "sz-num"),
                ("delay", _("延迟 P50 / P95 / P99（秒）"), "sz-num"),
                ("complete", _("完整率"), "sz-num"),
                ("", _("近 48 小时"), ""),
            ],
        },
    )


@require_safe
def source(request: HttpRequest, source_id: str) -> HttpResponse:
    """One source: its hours, what was wrong, its contract, its keys, its silences."""
    return _page(request, source_id)


@require_POST
def act(request: HttpRequest, source_id: str) -> HttpResponse:
    """Take note of a silence, switch on or off, make or revoke keys. A new key is shown in the
    answer and never again."""
    action = request.POST.get("action", "")
    if action == "acknowledge":
        if not access.may_acknowledge(request.user):
            raise PermissionDenied
        event = SourceEvent.objects.filter(
            pk=request.POST.get("event", ""), source=source_id
        ).first()
        if event is None:
            raise Http404
        services.acknowledge(request.user, event.pk, request.POST.get("note", ""))
        return redirect(
            "sources" if request.POST.get("from") == "list" else "source",
            **({} if request.POST.get("from") == "list" else {"source_id": source_id}),
        )
    if not access.may_manage(request.user):
        raise PermissionDenied
    if services.source_row(source_id) is None:
        raise Http404
    try:
        if action in ("on", "off"):
            services.switch(
                request.user, source_id, on=action == "on", reason=request.POST.get("reason", "")
            )
        elif action in ("key", "revoke"):
            # The second look: typing the id means having read it.
            if request.POST.get("confirm", "").strip() != source_id:
                text = _("没有生效：请照写数据源编号 %(source)s 以确认。") % {"source": source_id}
                return _page(request, source_id, notice=text, status=422)
            if action == "revoke":
                services.revoke_keys(request.user, source_id)
            else:
                keep = {"0": 0.0, "1": 1.0, "24": 24.0, "168": 168.0}
                hours = keep.get(request.POST.get("keep", "0"), 0.0)
                key = services.rotate_key(request.user, source_id, keep_old_h=hours)
                answer = _page(request, source_id, key=key)
                answer["Cache-Control"] = "no-store"
                return answer
        else:
            raise Http404
    except TransitionError as error:
        return _page(request, source_id, notice=words.pick(error.zh, error.en), status=422)
    return redirect("source", source_id=source_id)


def _page(
    request: HttpRequest, source_id: str, *, key: str = "", notice: str = "", status: int = 200
) -> HttpResponse:
    if not access.may_see(request.user):
        raise PermissionDenied
    row = services.source_row(source_id)
    if row is None:
        raise Http404
    period = request.GET.get("period", "48h")
    period = period if period in PERIODS else "48h"
    length, step = PERIODS[period]
    hour = int(feed_now().timestamp()) // HOUR_S
    # Bars end on whole steps of local time, so that a reload does not shift them.
    first = hour - length + 1
    first -= (first + 8) % step
    hours = services.figures(first, hour).get(source_id, {})
    reasons: dict[str, int] = {}
    for one in hours.values():
        for reason, number in one.quarantined.items():
            reasons[reason] = reasons.get(reason, 0) + number
    manage = access.may_manage(request.user)
    now_s = feed_now().timestamp()
    return render(
        request,
        "sources/source.html",
        {
            "row": row,
            "charts": charts(row, hours, range(first, hour + 1, step), step),
            "period": period,
            "periods": [("48h", _("48 小时")), ("7d", _("7 天")), ("30d", _("30 天"))],
            "reasons": [
                (reason, sourcewords.reason_word(reason), number)
                for reason, number in sorted(reasons.items(), key=lambda item: -item[1])
            ],
            "promises": [
                (sourcewords.topic_word(one.topic), words.pick(*services.promise_words(one)))
                for one in (row.entry.contract if row.entry else ())
            ],
            "missed": [sourcewords.missed_word(code) for code in row.missed],
            "keys": [(one, one.until_s is None or one.until_s > now_s) for one in
                     services.keys_of(source_id)],
            "silences": services.silences(source_id),
            "platform": exchange(request.user, source_id),
            "may_manage": manage,
            "may_acknowledge": access.may_acknowledge(request.user),
            "may_quarantine": manage or request.user.reads_audit,
            "new_key": key,
            "notice": {"kind": "refused", "text": notice} if notice else None,
        },
        status=status,
    )  # fmt: skip


@require_POST
def platform(request: HttpRequest, source_id: str) -> HttpResponse:
    """Say something to the platform at the other end of a link."""
    if not may_order(request.user):
        raise PermissionDenied
    kind, _colon, link = source_id.partition(":")
    if kind != "jt809" or not platforms.role_of(link):
        raise Http404
    words_given = request.POST.get("content", "")
    try:
        if request.POST.get("action") == "duty":
            platforms.check_duty(request.user, link, words_given)
        elif request.POST.get("action") == "answer":
            message = get_object_or_404(Message, pk=request.POST.get("message", ""), link=link)
            platforms.answer_duty(request.user, message, words_given)
        else:
            platforms.send_text(request.user, link, words_given)
    except TransitionError as error:
        return _page(request, source_id, notice=words.pick(error.zh, error.en), status=422)
    return redirect("source", source_id=source_id)


def _fits(row: SourceRow, chosen: dict[str, str]) -> bool:
    if chosen.get("state", row.state) != row.state or chosen.get("kind", row.kind) != row.kind:
        return False
    entry = row.entry
    text = " ".join([row.id, *([entry.name_zh, entry.name_en, entry.owner.party] if entry else [])])
    return chosen.get("q", "").lower() in text.lower()


def _open(request: HttpRequest) -> list[SourceEvent]:
    return services.open_silences()


def _export(request: HttpRequest, rows: list[SourceRow]) -> HttpResponse:
    header = [
        _("数据源"), _("名称"), _("状态"), _("责任单位"), _("最近一条"), _("今日收到"), _("采用"),
        _("隔离"), _("P50 延迟（秒）"), _("P95 延迟（秒）"), _("P99 延迟（秒）"), _("完整率"),
    ]  # fmt: skip
    lines = (
        [
            row.id, sourcewords.name_of(row.id), sourcewords.state_word(row.state),
            row.entry.owner.party if row.entry else "",
            f"{timezone.localtime(row.last):%Y-%m-%d %H:%M:%S}" if row.last else "",
            row.today.received, row.today.accepted_total, row.today.quarantined_total,
            *(_round(row.day.delay(share)) for share in (0.5, 0.95, 0.99)),
            _round(row.day.completeness, 4),
        ]
        for row in rows
    )  # fmt: skip
    return csv_answer(request, "sources", header, lines)


def _round(value: float | None, digits: int = 1) -> float | str:
    return "" if value is None else round(value, digits)
