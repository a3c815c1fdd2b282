"""A scenario for every clock: how it begins, how it is kept, what follows when it is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sizao.core.levels import WarningLevel
from sizao.respond.clocks import limit_s
from sizao.web.calls import services as calls
from sizao.web.calls import upward
from sizao.web.calls.models import Call, CallEvent
from sizao.web.cases import services as cases
from sizao.web.cases.models import Case, CaseEvent
from sizao.web.channels import services as channels
from sizao.web.channels.models import Notice
from sizao.web.channels.telling import tell
from sizao.web.measures import services as measures
from sizao.web.measures.models import ControlMeasure
from sizao.web.measures.places import locate
from sizao.web.response import services as response
from sizao.web.response.models import PlanTask
from sizao.web.writing import write
from tests.web.conftest import World


@dataclass(frozen=True)
class Scenario:
    """``begin`` starts the clock and returns its first deadline, ``keep`` does in time what is
    asked, ``effects`` counts what followed from that deadline's miss."""

    begin: Callable[[World], datetime]
    keep: Callable[[World], Any]
    effects: Callable[[World], int]


def _case(clock: str) -> Scenario:
    """A case that has come as far as to wait for ``clock`` next."""
    before = {"sign": (), "first_action": ("sign",), "feedback": ("sign", "control"),
              "verify": ("sign", "control", "resolve")}[clock]  # fmt: skip
    step = {"sign": "sign", "first_action": "control", "feedback": "resolve",
            "verify": "verify"}[clock]  # fmt: skip

    def begin(world: World) -> datetime:
        world.raise_case(severity="ge70", measured=120.0)
        for action in before:
            take(world, action)
        case = Case.objects.get()
        since = case.resolved_at if clock == "verify" else case.raised_at
        return since + timedelta(seconds=limit_s(clock, WarningLevel(case.level)))

    def take(world: World, action: str, user: str = "op-zd") -> None:
        case = Case.objects.get()
        cases.act(world.user(user), case.pk, action, case.version, reason="已处置",
                  measure="enterprise_call")  # fmt: skip

    def effects(world: World) -> int:
        events = CaseEvent.objects.filter(action="escalate")
        return sum(event.data["details"]["clock"] == clock for event in events)

    return Scenario(begin, lambda world: take(world, step, "lead-zd"), effects)


def _notice() -> Scenario:
    """An agency that is told and asked, with no channel in reserve."""

    def begin(world: World) -> datetime:
        with write():
            notice = tell(
                world.unit("gs"), key=("scenario",), title=("通报", "Notice"), acknowledge_s=900
            )
        return notice.acknowledge_by

    def keep(world: World) -> None:
        notice = Notice.objects.get()
        channels.acknowledge(world.user("pa-gs"), notice.pk, notice.version)

    return Scenario(begin, keep, lambda world: Notice.objects.filter(party__code="zd").count())


def _task(clock: str) -> Scenario:
    """A landslide's plan with one squadron's task that nobody touches, or that nobody ends."""
    state = {"acknowledge": "ordered", "finish": "acknowledged"}[clock]
    step = {"acknowledge": "task_acknowledge", "finish": "task_finish"}[clock]

    def begin(world: World) -> datetime:
        world.raise_case(severity="ge70", measured=120.0)
        case = Case.objects.get()
        cases.act(world.user("op-zd"), case.pk, "sign", case.version)
        seen = f"2026-11-01 {case.level_code}"
        response.start(world.user("op-zd"), case.pk, "landslide", (), seen)
        task = PlanTask.every.get(task="guard")
        if clock == "finish":
            response.answer(world.user("off-dd1"), task.pk, "task_acknowledge", "ordered")
        return task.acknowledge_by if clock == "acknowledge" else task.finish_by

    def keep(world: World) -> None:
        task = PlanTask.every.get(task="guard")
        response.answer(world.user("off-dd1"), task.pk, step, state)

    def effects(world: World) -> int:
        events = CaseEvent.objects.filter(action="task_overdue")
        return sum(
            (event.data["details"]["task"], event.data["details"]["clock"]) == ("guard", clock)
            for event in events
        )

    return Scenario(begin, keep, effects)


def _measure(clock: str) -> Scenario:
    """A measure that waits for its approval, to be put up, or to be lifted."""
    kind, who, urgent = {
        "approve": ("closure", "op-dd", False),
        "begin": ("speed_limit", "op-dd", False),
        "lift": ("speed_limit", "op-dd", True),
    }[clock]

    def begin(world: World) -> datetime:
        where = locate(kind, road="G353", stake_from_m=1000.0)
        limit = 40.0 if kind == "speed_limit" else None
        one = measures.order(world.user(who), kind, where, reason="结冰", limit_kmh=limit,
                             urgent=urgent)  # fmt: skip
        return one.deadline

    def keep(world: World) -> None:
        one = ControlMeasure.objects.get()
        measures.act(world.user("lead-dd"), one.pk, clock, one.version, reason="好")

    def effects(world: World) -> int:
        missed = ControlMeasure.objects.get().standing.missed
        return sum(name == clock for name, _ in missed)

    return Scenario(begin, keep, effects)


def _report(clock: str) -> Scenario:
    """A fatal crash that a brigade's desk has to report; told to its detachment."""
    sent = clock == "call.receipt"

    def begin(world: World) -> datetime:
        given = {"kind": "crash", "dead": "1", "address": "某处"}
        call = calls.take(world.user("op-dd"), given, [])
        if sent:
            send(world)
        notice = call.notices.get()
        return notice.receipt_due if sent else notice.due_at

    def send(world: World) -> None:
        call = Call.objects.get()
        upward.send(world.user("op-dd"), call.number, call.notices.get().pk, {}, call.version)

    def keep(world: World) -> None:
        if not sent:
            send(world)
        call = Call.objects.get()
        upward.receipt(
            world.user("op-dd"), call.number, call.notices.get().pk, "值班员", call.version
        )

    def effects(world: World) -> int:
        action = "unanswered" if sent else "late"
        told = Notice.objects.filter(party__code="zd").count()
        assert told == CallEvent.objects.filter(action__in=["late", "unanswered"]).count()
        return CallEvent.objects.filter(action=action).count()

    return Scenario(begin, keep, effects)


SCENARIOS: dict[str, Scenario] = {
    "case.sign": _case("sign"),
    "case.first_action": _case("first_action"),
    "case.feedback": _case("feedback"),
    "case.verify": _case("verify"),
    "task.acknowledge": _task("acknowledge"),
    "task.finish": _task("finish"),
    "measure.approve": _measure("approve"),
    "measure.begin": _measure("begin"),
    "measure.lift": _measure("lift"),
    "call.report": _report("call.report"),
    "call.receipt": _report("call.receipt"),
    "notice.acknowledge": _notice(),
}
