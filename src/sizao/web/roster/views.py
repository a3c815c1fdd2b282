"""The roster by week and month. Views parse, call, render."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from sizao.core.errors import TransitionError
from sizao.core.rulebook import entry
from sizao.respond.duty.roster import POSTS
from sizao.web.clock import feed_now
from sizao.web.pages import words
from sizao.web.roster import access, services
from sizao.web.roster.importing import MOST_BYTES, Imported, plan_table
from sizao.web.roster.models import Shift, Swap
from sizao.web.units.models import Unit, User


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    return _page(request)


def _page(
    request: HttpRequest, problem: str = "", status: int = 200, imported: Imported | None = None
) -> HttpResponse:
    user = request.user
    if not access.may_see(user):
        raise PermissionDenied
    asked = request.POST if request.method == "POST" else request.GET
    units = Unit.objects.for_user(user)
    unit = units.filter(code=asked.get("unit", "")).first() or user.unit or units.first()
    view = "month" if asked.get("view") == "month" else "week"
    start, end = _span(asked.get("day", ""), view)
    rows = list(
        Shift.objects.standing()
        .filter(unit=unit, start__lt=_moment(end), end__gt=_moment(start))
        .select_related("person", "unit")
        .prefetch_related("swaps")
    )
    wrong = services.wrong(unit, _moment(start), _moment(end)) if unit else []
    marked = {number for one in wrong for number in one.duties}
    waiting = Swap.objects.filter(state=Swap.State.ASKED, shift__unit=unit).select_related(
        "shift__unit", "shift__person", "to", "asked_by"
    )
    found = {
        "unit": unit,
        "units": [(one.code, words.pick(one.name_zh, one.name_en), one.level) for one in units],
        "chosen": {"unit": unit.code if unit else ""},
        "view": view,
        "day": start,
        "before": start - timedelta(days=7 if view == "week" else 1),
        "after": end,
        "days": _days(rows, start, end, marked),
        "now": [(one, words.pick(*POSTS[one.post])) for one in _now(unit)],
        "wrong": [(words.pick(one.zh, one.en), _local(one.at_s)) for one in wrong],
        "waiting": [(one, access.may_decide(user, one)) for one in waiting],
        "may_plan": unit is not None and access.may_plan(user, unit),
        "posts": [(code, words.pick(*names)) for code, names in POSTS.items()],
        "people": User.objects.filter(
            unit__path__startswith=unit.path, is_active=True,
            role__in=[User.Role.OPERATOR, User.Role.LEADER, User.Role.OFFICER],
        ).order_by("unit__path", "username") if unit else [],
        "rest": entry("duty.rest"),
        "given": asked,
        "imported": imported,
        "notice": {"kind": "refused", "text": problem} if problem else None,
    }  # fmt: skip
    return render(request, "roster/roster.html", found, status=status)


def _now(unit: Unit | None) -> list[Shift]:
    return services.on_duty(unit, feed_now()) if unit is not None else []


def _span(text: str, view: str) -> tuple[date, date]:
    """First day shown and the day after the last."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = timezone.localdate(feed_now())
    if view == "month":
        first = day.replace(day=1)
        return first, (first + timedelta(days=32)).replace(day=1)
    first = day - timedelta(days=day.weekday())
    return first, first + timedelta(days=7)


def _moment(day: date) -> datetime:
    zone = timezone.get_current_timezone()
    return datetime(day.year, day.month, day.day, tzinfo=zone)


def _local(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, timezone.get_current_timezone())


def _days(rows: list[Shift], start: date, end: date, marked: set[int]) -> list[dict[str, Any]]:
    today = timezone.localdate(feed_now())
    found = []
    for number in range((end - start).days):
        day = start + timedelta(days=number)
        own = [one for one in rows if timezone.localtime(one.start).date() == day]
        found.append(
            {
                "day": day,
                "weekday": words.pick(
                    "周" + "一二三四五六日"[day.weekday()], f"{day:%a}"
                ),
                "today": day == today,
                "shifts": [
                    (one, words.pick(*POSTS[one.post]), one.pk in marked) for one in own
                ],
            }
        )  # fmt: skip
    return found


@require_POST
def act(request: HttpRequest) -> HttpResponse:
    """Add, cancel, swap, decide, note as not available."""
    if not access.may_see(request.user):
        raise PermissionDenied
    try:
        if request.POST.get("action") == "import":
            return _page(request, imported=_import(request))
        _act(request)
    except TransitionError as error:
        return _page(
            request, words.pick(error.zh, error.en), 403 if error.code == "role" else 422
        )  # fmt: skip
    kept = {name: request.POST.get(name, "") for name in ("unit", "view", "day")}
    query = "&".join(f"{name}={value}" for name, value in kept.items() if value)
    return redirect(f"/roster/?{query}" if query.isascii() and query else "/roster/")


def _import(request: HttpRequest) -> Imported:
    """Plan the rows of an uploaded table; the page that comes back names the bad ones."""
    unit = _unit(request.user, request.POST.get("unit", ""))
    file = request.FILES.get("file")
    if file is None or not access.may_plan(request.user, unit):
        code = "field" if file is None else "role"
        raise TransitionError("请选择文件。", "Choose a file.", code=code)
    return plan_table(request.user, unit, file.read(MOST_BYTES + 1))


def _act(request: HttpRequest) -> None:
    user, data = request.user, request.POST
    match data.get("action", ""):
        case "add":
            services.add(
                user, _unit(user, data.get("unit", "")), data.get("post", ""),
                _person(data.get("person", "")), _when(data.get("start", "")),
                _when(data.get("end", "")),
            )  # fmt: skip
        case "cancel":
            services.cancel(user, _number(data.get("shift", "")))
        case "swap":
            services.ask_swap(user, _number(data.get("shift", "")), _person(data.get("to", "")))
        case "accept" | "refuse" as word:
            services.decide_swap(user, _number(data.get("swap", "")), word == "accept")
        case "away":
            services.set_away(
                user, _person(data.get("person", "")), _when(data.get("start", "")),
                _when(data.get("end", "")),
            )  # fmt: skip
        case _:
            raise TransitionError("没有这一步。", "No such step.", code="unknown_action")


def _unit(user: User, code: str) -> Unit:
    found = Unit.objects.for_user(user).filter(code=code).first()
    if found is None:
        raise TransitionError("没有这个单位。", "There is no such unit.", code="role")
    return found


def _person(name: str) -> User:
    found = User.objects.select_related("unit").filter(username=name).first()
    if found is None:
        raise TransitionError("请选择人员。", "Choose a person.", code="field")
    return found


def _when(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise TransitionError("请填写起止时间。", "Give a beginning and an end.",
                              code="field") from error  # fmt: skip
    return at if at.tzinfo else at.replace(tzinfo=timezone.get_current_timezone())


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else -1
