"""The page on which a measure is ordered: empty, from a case, or from a task of its plan."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from sizao.core.errors import TransitionError
from sizao.core.places import read_stake
from sizao.core.vehicles import KINDS as VEHICLE_KINDS
from sizao.respond.measure_kinds import KINDS, expected_s, grades
from sizao.respond.plans.filling import Filling, fill
from sizao.respond.plans.runs import TaskState
from sizao.web.cases.errors import NotAllowedError
from sizao.web.cases.models import Case
from sizao.web.clock import feed_now
from sizao.web.measures import access, services, words
from sizao.web.measures.models import ControlMeasure
from sizao.web.measures.places import locate, stake_of
from sizao.web.pages.mapdata import bounds
from sizao.web.pages.words import pick, vehicle_word
from sizao.web.response.models import PlanTask
from sizao.web.response.proposals import proposed_by, run_of

DEFAULT_TEXT = "前方交通管制，请减速慢行，注意避让。"


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Order a measure; ``?case=`` for a case, whose place is then offered; ``?task=&proposal=`` for
    a measure that a task of its plan proposes, which fills in the rest."""
    if not access.may_order(request.user):
        raise PermissionDenied
    task = _task(request)
    case = task.case if task else None
    wanted = request.POST.get("case") or request.GET.get("case", "")
    if case is None and wanted.isdigit():
        case = get_object_or_404(Case.objects.for_user(request.user), pk=int(wanted))
    if case is not None and not access.may_order(request.user, case):
        raise PermissionDenied
    proposal = _whole(request.POST.get("proposal") or request.GET.get("proposal", ""))
    if request.method != "POST":
        return _form(request, case, _offered(request, case, task, proposal), task, proposal)
    given = {key: request.POST.get(key, "") for key in request.POST}
    given["vehicles"] = request.POST.getlist("vehicles")
    try:
        measure = _ordered(request, case, given, task, proposal)
    except (TransitionError, NotAllowedError) as error:
        notice = {"kind": "refused", "text": pick(error.zh, error.en)}
        return _form(request, case, given, task, proposal, notice, 422)
    return redirect("measure", measure.pk)


def _task(request: HttpRequest) -> PlanTask | None:
    """The task it is for; nothing real is ordered from a drill."""
    wanted = request.POST.get("task") or request.GET.get("task", "")
    if not wanted.isdigit():
        return None
    found = PlanTask.objects.for_user(request.user).select_related("case__unit", "unit")
    return get_object_or_404(found, pk=int(wanted))


def _ordered(
    request: HttpRequest,
    case: Case | None,
    given: dict[str, Any],
    task: PlanTask | None,
    proposal: int | None,
) -> ControlMeasure:
    kind = given.get("kind", "")
    where = locate(
        kind,
        road=given.get("road", "").strip(),
        direction=given.get("direction", ""),
        stake_from_m=stake_of(given.get("stake_from", "")),
        stake_to_m=stake_of(given.get("stake_to", "")),
        lat=_number(given.get("lat", "")),
        lon=_number(given.get("lon", "")),
        ring=_ring(given.get("ring", "")),
        name=given.get("place", "").strip()[:120],
    )
    return services.order(
        request.user, kind, where,
        case=case,
        reason=given.get("reason", "")[:300],
        lanes=given.get("lanes", "") if KINDS.get(kind) and KINDS[kind].lanes else "",
        limit_kmh=_number(given.get("limit_kmh", "")),
        vehicles=",".join(one for one in given["vehicles"] if one in VEHICLE_KINDS),
        text=given.get("text", "") if KINDS.get(kind) and KINDS[kind].needs_text else "",
        grade=given.get("grade", ""),
        until_at=moment_of(given.get("until", "")),
        urgent=given.get("urgent") == "1",
        client_id=given.get("client_id") or None,
        task=task,
        proposal=proposal,
    )  # fmt: skip


def _offered(
    request: HttpRequest, case: Case | None, task: PlanTask | None, proposal: int | None
) -> dict[str, Any]:
    """What the form starts with: the case's road and a kilometre either side of it, or what the
    plan proposes there."""
    kind = request.GET.get("kind", "speed_limit")
    offered: dict[str, Any] = {"kind": kind if kind in KINDS else "speed_limit"}
    offered["text"] = DEFAULT_TEXT
    if case is not None:
        stake_m, direction = _where_of(case)
        offered |= {"road": case.road, "lat": case.lat, "lon": case.lon, "direction": direction}
        if stake_m is not None:
            offered |= {"stake_from": _stake(stake_m - 1000), "stake_to": _stake(stake_m + 1000)}
        if task is not None and proposal is not None:
            offered |= _filled(case, task, proposal, stake_m, direction)
    offered["until"] = _local(feed_now() + timedelta(seconds=expected_s(offered["kind"])))
    return offered


def _where_of(case: Case) -> tuple[float | None, str]:
    """Stake in metres and direction of a case, from its last warning or its place in words."""
    warning = case.warnings.order_by("-issued").first()
    said = read_stake(case.place)
    stake_m = getattr(warning, "stake_m", None)
    if stake_m is None and said is not None and said.road == case.road:
        stake_m = said.stake_m
    return stake_m, said.direction if said is not None else ""


def _filled(
    case: Case, task: PlanTask, proposal: int, stake_m: float | None, direction: str
) -> dict[str, Any]:
    proposed = proposed_by(task)
    told = run_of(task)
    if not 0 <= proposal < len(proposed) or told is None:
        return {}
    before = PlanTask.every.filter(case=case, run=task.run, task__in=told.after)
    done = bool(told.after) and all(one.state == TaskState.DONE for one in before)
    at = None if case.lat is None or case.lon is None else (case.lat, case.lon)
    found: Filling = fill(
        proposed[proposal], stake_m=stake_m, direction=direction, at=at, before_done=done
    )
    notes = "，".join(("", *(zh for zh, _ in found.notes)))
    filled: dict[str, Any] = {
        "kind": found.kind,
        "stake_from": "" if found.stake_from_m is None else _stake(found.stake_from_m),
        "stake_to": "" if found.stake_to_m is None else _stake(found.stake_to_m),
        "ring": json.dumps([list(one) for one in found.ring]) if found.ring else "",
        "limit_kmh": "" if found.limit_kmh is None else f"{found.limit_kmh:g}",
        "grade": found.grade,
        "vehicles": list(found.vehicles),
        "reason": f"{task.zh}{notes}（{_plan_name(case, task)}）"[:300],
        "urgent": "1" if found.up else "",
    }
    return filled | ({"text": found.text} if found.text else {})


def _plan_name(case: Case, task: PlanTask) -> str:
    return next((run["zh"] for run in case.machine["plans"] if run["key"] == task.run), task.run)


def _form(
    request: HttpRequest,
    case: Case | None,
    given: dict[str, Any],
    task: PlanTask | None,
    proposal: int | None,
    notice: dict[str, object] | None = None,
    status: int = 200,
) -> HttpResponse:
    kinds = [
        {"code": one.code, "word": words.kind_word(one.code), "place": one.place,
         "fields": " ".join(_fields(one)), "minutes": int(expected_s(one.code) / 60)}
        for one in KINDS.values()
    ]  # fmt: skip
    return render(
        request,
        "measures/new.html",
        {
            "case": case,
            "task": task,
            "task_word": pick(task.zh, task.en) if task else "",
            "proposal": proposal,
            "given": given,
            "kinds": kinds,
            "vehicle_kinds": [(code, vehicle_word(code)) for code in VEHICLE_KINDS],
            "grades": [(one.code, pick(one.zh, one.en), one.limit_kmh) for one in grades()],
            "bounds": bounds(),
            "notice": notice,
        },
        status=status,
    )


def _fields(kind) -> list[str]:
    found = [kind.place]
    if kind.needs_limit:
        found.append("limit")
    if kind.needs_text:
        found.append("text")
    if kind.lanes:
        found.append("lanes")
    return found


def _stake(metres: float) -> str:
    kilometre, metre = divmod(max(int(metres), 0), 1000)
    return f"K{kilometre}+{metre:03d}"


def _local(at: datetime) -> str:
    return f"{timezone.localtime(at):%Y-%m-%dT%H:%M}"


def moment_of(text: str) -> datetime | None:
    """What a person entered as a time; None for nothing. Raises TransitionError."""
    if not text.strip():
        return None
    try:
        return timezone.make_aware(datetime.fromisoformat(text))
    except ValueError as error:
        raise TransitionError("时间无法识别。", "That is no time.") from error


def _number(text: Any) -> float | None:
    try:
        return float(text)
    except (TypeError, ValueError):
        return None


def _whole(text: str) -> int | None:
    return int(text) if text.isdigit() else None


def _ring(text: str) -> list[tuple[float, float]]:
    try:
        return [(float(lon), float(lat)) for lon, lat in json.loads(text or "[]")]
    except (TypeError, ValueError):
        return []
