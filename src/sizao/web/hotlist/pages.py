"""Pages of the hot list. Views parse, call, render; whatever shows plates is audited."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from sizao.core.errors import TransitionError
from sizao.web import audit
from sizao.web.cases.models import Case
from sizao.web.clock import feed_now
from sizao.web.hotlist import access, files, services
from sizao.web.hotlist.checking import checked, moment
from sizao.web.hotlist.models import Entry, Hit, Request
from sizao.web.hotlist.reasons import reasons
from sizao.web.pages import words
from sizao.web.pages.export import csv_answer
from sizao.web.pages.rows import shown_plate
from sizao.web.ports import ports
from sizao.web.units.models import User
from sizao.web.writing import write

PAGE = 50
STATES = ("in_force", "all")


def _allow(request: HttpRequest) -> None:
    if not access.may_see(request.user):
        raise PermissionDenied


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """What is looked for, what waits; with ``?format=csv`` the same rows as a file."""
    _allow(request)
    return _list(request)


@require_POST
def ask(request: HttpRequest) -> HttpResponse:
    """Ask for one entry."""
    _allow(request)
    if not access.may_ask(request.user):
        raise PermissionDenied
    given = request.POST
    try:
        wanted = checked({key: given[key] for key in given}, feed_now())
        known = services.duplicates(wanted.plate, wanted.plate_colour, feed_now())
        if known:
            raise TransitionError(
                f"这副号牌已在控或待批准：{known[0].number}",
                f"This plate stands or waits already: {known[0].number}",
            )
        services.ask(request.user, [wanted], reason=wanted.details)
    except TransitionError as error:
        return _refused(request, error)
    return redirect("hotlist")


@require_POST
def load(request: HttpRequest) -> HttpResponse:
    """A file: what it holds row by row; with ``step=ask`` its good rows are asked for."""
    _allow(request)
    if not access.may_ask(request.user):
        raise PermissionDenied
    given = request.FILES.get("file")
    name = given.name if given else request.POST.get("name", "")
    try:
        text = files.decoded(given.read()) if given else request.POST.get("text", "")
        lines = files.read(text, feed_now())
        good = [line.wanted for line in lines if line.wanted is not None]
        if request.POST.get("step") == "ask":
            services.ask(
                request.user, good, kind=Request.Kind.FILE, file=name or "",
                reason=request.POST.get("reason", ""),
            )  # fmt: skip
            return redirect("hotlist")
    except TransitionError as error:
        return _refused(request, error)
    found = {
        "lines": lines,
        "good": len(good),
        "doubles": sum(line.duplicate for line in lines),
        "bad": sum(line.wanted is None and not line.duplicate for line in lines),
        "text": text,
        "name": name,
    }
    return render(request, "hotlist/preview.html", found)


@require_POST
def decide(request: HttpRequest, request_id: int) -> HttpResponse:
    """Approve, refuse or withdraw all entries of a request."""
    _allow(request)
    asked = get_object_or_404(_requests(request.user), pk=request_id)
    try:
        accept = request.POST.get("decision") == "accept"
        services.decide(request.user, asked, accept, request.POST.get("remark", ""))
    except TransitionError as error:
        return _refused(request, error, status=409)
    return redirect("hotlist")


@require_safe
def entry(request: HttpRequest, number: str) -> HttpResponse:
    """One entry with its history and hits."""
    _allow(request)
    return _one(request, _entry(request, number))


@require_POST
def act(request: HttpRequest, number: str) -> HttpResponse:
    """Renew or remove."""
    _allow(request)
    one = _entry(request, number)
    try:
        if request.POST.get("action") == "remove":
            services.remove(request.user, one, request.POST.get("why", ""))
        else:
            until = moment(request.POST.get("until", ""), end=True)
            services.renew(request.user, one, until, request.POST.get("why", ""))
    except TransitionError as error:
        status = 403 if error.code == "role" else 422
        return _one(request, one, words.pick(error.zh, error.en), status)
    return redirect("hotlist-entry", number)


@require_POST
def confirm(request: HttpRequest, hit_id: int) -> HttpResponse:
    """Say of a probable hit whether it is the vehicle: from its case, by who may act on that."""
    hit = get_object_or_404(Hit.objects.select_related("entry"), pk=hit_id)
    case = (
        Case.objects.for_user(request.user)
        .filter(Q(warnings__detection=hit.detection)
                | Q(warnings__repeats__detection=hit.detection))
        .first()
    )  # fmt: skip
    if case is None:
        return HttpResponse(status=404)
    if not request.user.acts:
        raise PermissionDenied
    from sizao.web.pages.views.case import refused  # that page shows our card

    try:
        services.confirm(
            request.user, hit, request.POST.get("same") == "yes", request.POST.get("remark", "")
        )
    except TransitionError as error:
        notice = {"kind": "refused", "text": words.pick(error.zh, error.en)}
        return refused(request, case.pk, notice, 409 if error.code == "state" else 422)
    return redirect("case", case.pk)


def _entries(user: User) -> QuerySet[Entry]:
    return Entry.objects.for_user(user).select_related(
        "request__asked_by", "request__decided_by", "request__unit", "removed_by", "renews"
    )


def _requests(user: User) -> QuerySet[Request]:
    rows = Request.objects.select_related("asked_by", "unit").prefetch_related("entries")
    return rows if user.sees_all else rows.filter(unit__path__startswith=user.path)


def _entry(request: HttpRequest, number: str) -> Entry:
    return get_object_or_404(_entries(request.user), number=number)


def _refused(request: HttpRequest, error: TransitionError, status: int = 422) -> HttpResponse:
    status = 403 if error.code == "role" else status
    return _list(request, words.pick(error.zh, error.en), status)


def _list(request: HttpRequest, problem: str = "", status: int = 200) -> HttpResponse:
    now, user = feed_now(), request.user
    chosen = {key: request.GET.get(key, "").strip() for key in ("q", "reason", "state")}
    state = chosen["state"] if chosen["state"] in STATES else "in_force"
    rows = _entries(user).annotate(hit_count=Count("hits"))
    rows = rows.standing(now) if state == "in_force" else rows
    if chosen["reason"] in reasons():
        rows = rows.filter(reason=chosen["reason"])
    if chosen["q"]:
        text = chosen["q"].upper()
        # The auditor reads no plates, so may not find one by trying either.
        match = Q(case_number__icontains=text) | Q(number__icontains=text)
        rows = rows.filter(match | Q(plate__contains=text) if user.acts else match)
    if request.GET.get("format") == "csv":
        return _export(request, rows)
    page = Paginator(rows.order_by("until", "pk"), PAGE).get_page(request.GET.get("page"))
    waiting = list(_requests(user).filter(state=Request.State.ASKED))
    with write():
        audit.record(
            user, "hotlist.read", "hotlist", "list",
            {"rows": len(page.object_list), "waiting": len(waiting), **chosen},
        )  # fmt: skip
    keep = request.GET.copy()
    keep.pop("page", None)
    return render(
        request,
        "hotlist/list.html",
        {
            "rows": [_row(user, one) for one in page],
            "page_obj": page,
            "query": keep.urlencode(),
            "waiting": [
                {
                    "one": one,
                    "kind": words.pick(one.get_kind_display(), one.kind),
                    "rows": [_row(user, entry) for entry in one.entries.all()],
                    "own": one.asked_by_id == user.pk,
                    "may_decide": access.may_decide(user) or one.asked_by_id == user.pk,
                }
                for one in waiting
            ],
            "state": state,
            "chosen": {key: value for key, value in chosen.items() if value},
            "reasons": _reasons(),
            "handlings": [
                (code, words.pick(zh, Entry.HANDLINGS_EN[code]))
                for code, zh in Entry.Handling.choices
            ],
            "may_ask": access.may_ask(user),
            "broken": services.broken(ports().data) if user.sees_all else "",
            "by_hand": len(services.by_hand(ports().data, now)) if user.sees_all else 0,
            "given": request.POST,
            "notice": {"kind": "refused", "text": problem} if problem else None,
        },
        status=status,
    )


def _reasons() -> list[dict[str, Any]]:
    return [
        {
            "code": code,
            "name": words.pick(one.zh, one.en),
            "citation": words.citation(one.source.citation()),
            "certainty": one.source.certainty,
            "days": one.days,
        }
        for code, one in reasons().items()
    ]


def _row(user: User, one: Entry) -> dict[str, Any]:
    reason = reasons()[one.reason]
    return {
        "one": one,
        "plate": shown_plate(user, one.plate),
        "reason": words.pick(reason.zh, reason.en),
        "state": _state(one.state(feed_now())),
        "code": one.state(feed_now()),
        "handling": words.pick(*one.handling_words),
        "hits": getattr(one, "hit_count", 0),
    }


def _state(code: str) -> str:
    return {
        "asked": _("待批准"), "refused": _("未批准"), "withdrawn": _("已撤回"),
        "removed": _("已撤控"), "over": _("已到期"), "later": _("未开始"), "in_force": _("在控"),
    }[code]  # fmt: skip


def _one(request: HttpRequest, one: Entry, problem: str = "", status: int = 200) -> HttpResponse:
    user, reason = request.user, reasons()[one.reason]
    with write():
        audit.record(user, "hotlist.read", "hotlist", one.number, {})
    hits = one.hits.select_related("confirmation__by")[:100]
    code = one.state(feed_now())
    return render(
        request,
        "hotlist/entry.html",
        {
            **_row(user, one),
            "asked": one.request,
            "source": {
                "citation": words.citation(reason.source.citation()),
                "certainty": reason.source.certainty,
            },
            "days": reason.days,
            "hits": hits,
            "renewals": [
                (next_one, _state(next_one.state(feed_now())))
                for next_one in one.renewals.select_related("request")
            ],
            "may_renew": access.may_ask(user) and code in ("in_force", "later", "over"),
            "may_remove": access.may_ask(user) and code in ("in_force", "later"),
            "notice": {"kind": "refused", "text": problem} if problem else None,
        },
        status=status,
    )


def _export(request: HttpRequest, rows: QuerySet[Entry]) -> HttpResponse:
    user = request.user
    header = (_("编号"), *files.COLUMNS, _("申请人"), _("批准人"), _("状态"), _("命中"))
    return csv_answer(
        request,
        "hotlist",
        header,
        (
            (
                one.number, shown_plate(user, one.plate), one.plate_colour or "",
                reasons()[one.reason].zh, one.details, one.case_number, _local(one.since),
                _local(one.until), one.get_handling_display(), one.instruction,
                str(one.request.asked_by), str(one.request.decided_by or ""),
                _state(one.state(feed_now())), one.hit_count,
            )
            for one in rows.order_by("until", "pk")
        ),
    )  # fmt: skip


def _local(at: Any) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}"
