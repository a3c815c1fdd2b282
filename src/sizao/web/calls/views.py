"""The pages of calls: the list, the intake, one call. Views parse, call, render."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from sizao.core.coordinates import DATUMS
from sizao.core.errors import TransitionError
from sizao.core.rulebook import entry
from sizao.respond.calls.reporting import CONTENT, LEVELS
from sizao.web.calls import intake, joining, services, upward, wording
from sizao.web.calls.access import may_take, may_work
from sizao.web.calls.errors import CallConflictError
from sizao.web.calls.models import Call
from sizao.web.clock import feed_now
from sizao.web.pages import words
from sizao.web.pages.export import csv_answer
from sizao.web.reports.privacy import scrub
from sizao.web.units.models import Unit, under

PAGE = 50


@require_safe
def show_all(request: HttpRequest) -> HttpResponse:
    """The list; with ``?part=rows`` the rows alone, with ``?format=csv`` as a file."""
    user = request.user
    rows = Call.objects.for_user(user)
    open_now = rows.open().count()
    back = rows.filter(callback_due__isnull=False, callback_at=None).count()
    chosen = {
        key: value
        for key in ("state", "kind", "unit", "q")
        if (value := request.GET.get(key, "").strip())
    }
    rows, units = _narrow(request, rows, chosen)
    if request.GET.get("format") == "csv":
        return _export(request, rows)
    rows = rows.select_related("unit", "desk", "case", "joined_to").prefetch_related("notices")
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    keep = request.GET.copy()
    for key in ("page", "part"):
        keep.pop(key, None)
    found = {
        "rows": [wording.row_of(call) for call in page.object_list],
        "page_obj": page,
        "open_now": open_now,
        "back": back,
        "chosen": chosen,
        "query": keep.urlencode(),
        "states": [*wording.states(), ("callback", _("待回访"))],
        "kinds": wording.kinds(),
        "units": [(one.code, words.pick(one.name_zh, one.name_en), one.level) for one in units],
        "may_take": may_take(user),
    }
    part = request.GET.get("part") == "rows"
    return render(request, "calls/_rows.html" if part else "calls/calls.html", found)


def _narrow(request: HttpRequest, rows, chosen: dict[str, str]):
    state = chosen.get("state", "")
    if state == "callback":
        rows = rows.filter(callback_due__isnull=False, callback_at=None)
    elif state in Call.State.values:
        rows = rows.filter(state=state)
    if "kind" in chosen:
        rows = rows.filter(kind=chosen["kind"])
    units = Unit.objects.for_user(request.user)
    unit = units.filter(code=chosen.get("unit", "")).first()
    if unit is not None:
        rows = rows.filter(under(unit.path, "unit"))
    if "q" in chosen:
        text = chosen["q"]
        rows = rows.filter(
            Q(number__icontains=text) | Q(place__icontains=text)
            | Q(address__icontains=text) | Q(text__icontains=text)
        )  # fmt: skip
    return rows, units


def _export(request: HttpRequest, rows) -> HttpResponse:
    """The rows as CSV, without the caller and without phone numbers and plates in the words."""
    header = [
        _("编号"), _("类别"), _("地点"), _("等级"), _("状态"), _("属地"), _("案件"), _("受伤"),
        _("死亡"), _("来电时间"), _("简要情况"),
    ]  # fmt: skip
    kept = rows.select_related("unit", "case")
    lines = (
        [
            one.number, wording.kind_word(one.kind), scrub(one.where),
            words.level_word(one.level_code), wording.state_word(one.state),
            words.pick(one.unit.name_zh, one.unit.name_en), one.case.number if one.case else "",
            one.injured, one.dead, f"{timezone.localtime(one.received_at):%Y-%m-%d %H:%M:%S}",
            scrub(one.text),
        ]
        for one in kept.iterator(chunk_size=500)
    )  # fmt: skip
    return csv_answer(request, "calls", header, lines)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """The intake; a post takes the call and opens it."""
    if not may_take(request.user):
        raise PermissionDenied
    problem = ""
    if request.method == "POST":
        try:
            call = services.take(
                request.user, request.POST.dict(), request.POST.getlist("involved"),
                join=request.POST.get("join", ""),
            )  # fmt: skip
        except TransitionError as error:
            problem = words.pick(error.zh, error.en)
        else:
            return redirect("call", call.joined_to.number if call.joined_to else call.number)
    found = {
        **_form(request),
        "notice": {"kind": "refused", "text": problem} if problem else None,
        "look": intake.look(
            request.user, request.POST.dict(), request.POST.getlist("involved"), feed_now()
        ),
    }
    return render(request, "calls/new.html", found, status=422 if problem else 200)


def _form(request: HttpRequest) -> dict[str, object]:
    table = intake.table_now(feed_now())
    return {
        "kinds": [(one.code, one.key, words.pick(one.zh, one.en)) for one in table.kinds.values()],
        "involved": [(one.code, words.pick(one.zh, one.en)) for one in table.involved.values()],
        "datums": [(code, words.pick(zh, en)) for code, (zh, en) in DATUMS.items()],
        "given": request.POST,
        "ticked": request.POST.getlist("involved"),
        "now": feed_now(),
    }


@require_POST
def look(request: HttpRequest) -> HttpResponse:
    """What the form says so far. Writes nothing; the caller's number is not sent here."""
    if not may_take(request.user):
        raise PermissionDenied
    found = intake.look(
        request.user, request.POST.dict(), request.POST.getlist("involved"), feed_now()
    )
    return render(request, "calls/_look.html", {"look": found})


def _call(request: HttpRequest, number: str) -> Call:
    rows = Call.objects.for_user(request.user).select_related("unit", "desk", "case", "joined_to")
    return get_object_or_404(rows, number=number)


@require_safe
def show(request: HttpRequest, number: str) -> HttpResponse:
    return _page(request, _call(request, number))


def _page(request: HttpRequest, call: Call, status: int = 200, **extra) -> HttpResponse:
    user = request.user
    table = intake.table_now(call.received_at)
    at_work = may_work(user, call)
    is_open = call.state == Call.State.OPEN
    place = wording.place_of_call(call)
    alike = intake.likes(user, place, call.kind, call.received_at, table, but=call.number)
    waiting = [one for one in call.notices.all() if one.sent_at is None]
    found = {
        **_form(request),
        "call": call,
        "row": wording.row_of(call),
        "facts": wording.facts(call),
        "reasons": wording.reasons(call),
        "plans": wording.plans(call),
        "told": wording.told(call),
        "notices": wording.notices(call),
        "draft": upward.draft(call) if waiting else None,
        "content": [(code, words.pick(zh, en)) for code, (zh, en) in CONTENT.items()],
        "levels": {code: words.pick(zh, en) for code, (zh, en) in LEVELS.items()},
        "reporting": _rule("severity.reporting"),
        "reaching": _rule("severity.reporting_reach"),
        "upward": [words.pick(zh, en) for zh, en in upward.why(call)],
        "tolls": wording.tolls(call),
        "last_toll": call.tolls.order_by("-pk").first(),
        "events": list(call.events.order_by("seq")),
        "joined": list(call.joined.order_by("pk").select_related("unit")),
        "likes": [
            one for one in alike
            if is_open and not (isinstance(one.thing, Call) and one.thing.pk == call.joined_to_id)
        ],
        "may_work": at_work,
        "is_open": is_open,
        "may_leave": at_work and joining.may_leave(request.user, call),
        "masked": call.contact.masked if at_work and hasattr(call, "contact") else "",
        "has_contact": hasattr(call, "contact"),
        **extra,
    }  # fmt: skip
    return render(request, "calls/call.html", found, status=status)


def _rule(name: str) -> dict[str, str]:
    """A rule's source, and how sure it is, for its badge."""
    rule = entry(name)
    return {"citation": words.citation(rule.citation()), "certainty": rule.certainty}


@require_POST
def act(request: HttpRequest, number: str) -> HttpResponse:
    """Take one step; a refusal comes back as the page as it now is, with the reason on top.

    409 when somebody else was first, 422 when the step is not possible, 403 when not theirs.
    """
    call = _call(request, number)
    try:
        version = int(request.POST.get("version", ""))
    except ValueError:
        version = -1
    step = _STEPS.get(request.POST.get("action", ""))
    try:
        if step is None:
            raise TransitionError("没有这一步。", "No such step.", code="unknown_action")
        call = step(request, call.number, version)
    except CallConflictError as error:
        status, said = 409, words.pick(error.zh, error.en)
    except TransitionError as error:
        status, said = (403 if error.code == "role" else 422), words.pick(error.zh, error.en)
    else:
        return redirect("call", call.number)
    notice = {"kind": "refused", "text": said}
    return _page(request, _call(request, number), status, notice=notice)


_Step = Callable[[HttpRequest, str, int], Call]


def _notice_id(request: HttpRequest) -> int:
    try:
        return int(request.POST.get("notice", ""))
    except ValueError:
        return -1


_STEPS: dict[str, _Step] = {
    "join": lambda r, n, v: joining.join(r.user, n, r.POST.get("target", ""), v),
    "unjoin": lambda r, n, v: joining.unjoin(r.user, n, v),
    "leave": lambda r, n, v: joining.leave_case(r.user, n, r.POST.get("reason", ""), v),
    "case": lambda r, n, v: services.raise_case(r.user, n, v),
    "amend": lambda r, n, v: services.amend(
        r.user, n, r.POST.dict(), r.POST.getlist("involved"), v
    ),
    "tell": lambda r, n, v: services.tell(r.user, n, r.POST.get("resource", "")),
    "arrived": lambda r, n, v: services.tell(r.user, n, r.POST.get("resource", ""), arrived=True),
    "toll": lambda r, n, v: services.set_toll(r.user, n, r.POST.dict(), v),
    "send": lambda r, n, v: upward.send(r.user, n, _notice_id(r), r.POST.dict(), v),
    "receipt": lambda r, n, v: upward.receipt(r.user, n, _notice_id(r), r.POST.get("by", ""), v),
    "close": lambda r, n, v: services.close(r.user, n, r.POST.get("reason", ""), v),
    "callback": lambda r, n, v: services.call_back(r.user, n, r.POST.get("reason", ""), v),
}
"""Step to what it calls with the request, the call's number and the version that was seen."""


@require_POST
def contact(request: HttpRequest, number: str) -> HttpResponse:
    """Show the caller's number; the look is an audit entry."""
    call = _call(request, number)
    try:
        found = services.reveal_contact(request.user, call.number)
    except TransitionError as error:
        notice = {"kind": "refused", "text": words.pick(error.zh, error.en)}
        return _page(request, call, 403, notice=notice)
    return _page(request, call, contact=found, looked=True)
