"""A scenario for every clock: how it begins, how it is kept, what follows when it is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sizao.core.levels import WarningLevel
from sizao.govern.hazards.clocks import end_of
from sizao.respond.clocks import limit_s
from sizao.web.calls import services as calls
from sizao.web.calls import upward
from sizao.web.calls.models import Call, CallEvent, Told
from sizao.web.cases import services as cases
from sizao.web.cases.models import Case, CaseEvent
from sizao.web.channels import services as channels
from sizao.web.channels.models import Notice
from sizao.web.channels.telling import tell
from sizao.web.evidence import holds
from sizao.web.evidence.models import Hold
from sizao.web.hazards import services as hazards
from sizao.web.hazards.intake import Finding, enter
from sizao.web.hazards.models import Hazard, HazardEvent, HazardNotice
from sizao.web.hazards.projection import moment
from sizao.web.listings import services as listings
from sizao.web.listings.models import Listing
from sizao.web.measures import services as measures
from sizao.web.measures.models import ControlMeasure
from sizao.web.measures.places import locate
from sizao.web.reports import services as reports
from sizao.web.reports.models import Report
from sizao.web.reports.submit import Given, submit
from sizao.web.response import services as response
from sizao.web.response.models import PlanTask
from sizao.web.review import services as review
from sizao.web.review.models import Finding as ReviewFinding
from sizao.web.writing import write
from tests.web.conftest import EAST, World
from tests.web.reports.conftest import png


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
        missed = ["late", "unanswered", "untold"]
        assert told == CallEvent.objects.filter(action__in=missed).count()
        return CallEvent.objects.filter(action=action).count()

    return Scenario(begin, keep, effects)


def _telling() -> Scenario:
    """A fatal crash of which one party was not told, all others were."""

    def begin(world: World) -> datetime:
        given = {"kind": "crash", "dead": "1", "address": "某处"}
        call = calls.take(world.user("op-dd"), given, [])
        last, *others = call.told.order_by("-due_at")
        for one in others:
            calls.tell(world.user("op-dd"), call.number, one.resource)
        return last.due_at

    def keep(world: World) -> None:
        one = Told.objects.get(told_at=None)
        calls.tell(world.user("op-dd"), one.call.number, one.resource)

    return Scenario(begin, keep, lambda world: CallEvent.objects.filter(action="untold").count())


def _callback() -> Scenario:
    """A caller who left a number and whose call was closed."""

    def begin(world: World) -> datetime:
        given = {"kind": "breakdown", "address": "某处", "phone": "10000000000"}
        call = calls.take(world.user("op-dd"), given, [])
        return calls.close(world.user("op-dd"), call.number, "已拖离", call.version).callback_due

    def keep(world: World) -> None:
        call = Call.objects.get()
        calls.call_back(world.user("op-dd"), call.number, "已告知结果", call.version)

    return Scenario(begin, keep, lambda world: CallEvent.objects.filter(action="uncalled").count())


def _hazard(world: World, **values: str) -> Hazard:
    """A hazard that an agency has to put right."""
    found = enter(
        world.user("off-dd1"),
        Finding(kind="barrier", text="护栏缺失", lat=EAST[0], lon=EAST[1], place="弯道",
                photos=[png()]),
    )  # fmt: skip
    given = {"grade": "considerable", "duty_kind": "agency", "duty_name": "虚构养护段", **values}
    return hazard_step(world, found, "assign", "lead-dd", values=given)


def hazard_step(world: World, hazard: Hazard, action: str, who: str, **more: Any) -> Hazard:
    version = Hazard.objects.get(pk=hazard.pk).version
    return hazards.act(
        world.user(who), hazard.number, action, version, reason="如实办理", **more
    )  # fmt: skip


def rectify(world: World) -> None:
    hazard_step(
        world, Hazard.objects.get(), "rectify", "off-dd1", values={"by": "养护工"},
        photos=[png(shade=10)],
    )  # fmt: skip


def _rectify(clock: str) -> Scenario:
    """Of a hazard nobody does anything; the reminder comes 15 working days before its day."""

    def begin(world: World) -> datetime:
        hazard = _hazard(world)
        return hazard.rings_at if clock == "remind" else hazard.deadline

    def effects(world: World) -> int:
        events = HazardEvent.objects.filter(action=clock)
        return events.count()

    return Scenario(begin, rectify, effects)


def _protect() -> Scenario:
    """The cones stand until a day, and the hazard is not accepted by then."""

    def begin(world: World) -> datetime:
        _hazard(world)
        return protect(world, "2026-11-27").protected_until

    def protect(world: World, until: str) -> Hazard:
        given = {"by": "东区一中队", "until": until}
        return hazard_step(world, Hazard.objects.get(), "protect", "off-dd1", values=given)

    def effects(world: World) -> int:
        return HazardNotice.objects.filter(action="bare").count()

    return Scenario(begin, lambda world: protect(world, "2026-12-31"), effects)


def _interim() -> Scenario:
    """A listed hazard of which nobody reports how it stands."""

    def begin(world: World) -> datetime:
        hazard = _hazard(world)
        asked = listings.ask(
            world.user("op-zd"), hazard.number, "city", reason="临崖", requirements="补装护栏",
            deadline=date(2026, 12, 20), copies="", signer="张某某",
        )  # fmt: skip
        listing = listings.decide(world.user("lead-zd"), asked.pk, True, "同意")
        return moment(end_of(listing.interims.order_by("due")[0].due))

    def keep(world: World) -> None:
        listing = Listing.objects.get()
        for _ in listing.interims.all():
            listings.report(world.user("lead-dd"), listing.pk, "正在施工")

    def effects(world: World) -> int:
        first = Listing.objects.get().interims.order_by("due")[0]
        return HazardNotice.objects.filter(action="interim", text_zh__startswith=first.due).count()

    return Scenario(begin, keep, effects)


def _finding() -> Scenario:
    """What a review wants done by a day."""

    def begin(world: World) -> datetime:
        world.raise_case()
        due = date(2026, 12, 1)
        review.find(
            world.user("lead-dd"), Case.objects.get(), "警戒不足", "配发警示牌", "东区大队", due
        )
        return moment(end_of(due))

    def keep(world: World) -> None:
        review.finish(world.user("lead-dd"), ReviewFinding.objects.get(), "已配发")

    return Scenario(
        begin, keep, lambda world: Notice.objects.filter(about__startswith="finding:").count()
    )


def _report_answer() -> Scenario:
    """A citizen was promised an answer."""

    def begin(world: World) -> datetime:
        given = Given(service="hazard", lat=str(EAST[0]), lon=str(EAST[1]), text="护栏缺了一段",
                      photos=[png()])  # fmt: skip
        return submit(given, channel="citizen", source="reports").expected_at

    def keep(world: World) -> None:
        report = Report.objects.get()
        reports.act(world.user("lead-dd"), report.number, "reject", report.version, reason="不属实")

    return Scenario(
        begin, keep, lambda world: Notice.objects.filter(about__startswith="report:").count()
    )


def _hold() -> Scenario:
    """The evidence of a case is kept for some days more."""

    def begin(world: World) -> datetime:
        world.raise_case()
        user = world.user("lead-dd")
        return holds.set_hold(user, reason="复议", days=2, case=Case.objects.get()).until

    def keep(world: World) -> None:
        holds.release(world.user("lead-dd"), Hold.objects.get(), "已结案")

    return Scenario(
        begin, keep, lambda world: Notice.objects.filter(about__startswith="hold:").count()
    )


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
    "call.tell": _telling(),
    "call.callback": _callback(),
    "notice.acknowledge": _notice(),
    "hazard.remind": _rectify("remind"),
    "hazard.rectify": _rectify("escalate"),
    "hazard.protect": _protect(),
    "listing.interim": _interim(),
    "review.finding": _finding(),
    "report.answer": _report_answer(),
    "evidence.hold": _hold(),
}
