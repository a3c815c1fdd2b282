"""Ordering a control measure and acting on it: one transaction, ``respond`` decides, all recorded.

Limits that detection goes by are in the file when the transaction has committed (``limits``).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone

from sizao.core.errors import ConfigError, ConflictError, TransitionError
from sizao.core.levels import CommandLevel
from sizao.respond import measures as machine
from sizao.respond.measure_kinds import KINDS, LONGEST_TEXT, basis, grades
from sizao.respond.measures import Clock, Line, Measure
from sizao.respond.sign_text import LINE, LINES, wrapped
from sizao.web import audit
from sizao.web.cases.errors import NotAllowedError
from sizao.web.cases.models import Case
from sizao.web.cases.projection import actor_of, moment
from sizao.web.clock import feed_now
from sizao.web.live import outbox
from sizao.web.measures import access, backflow, limits
from sizao.web.measures.models import ControlMeasure, MeasureEvent
from sizao.web.measures.places import Where
from sizao.web.response.models import PlanTask
from sizao.web.units.models import Unit, User
from sizao.web.units.territory import territory
from sizao.web.wake import wake_desk
from sizao.web.writing import write


class MeasureConflictError(ConflictError):
    """Somebody changed the measure since it was read: ``events`` says who, what and when."""

    def __init__(self, version: int, events: list[MeasureEvent]) -> None:
        self.version, self.events = version, events
        self.zh = "别人已先动了这项措施。" + "；".join(
            f"{timezone.localtime(one.at):%H:%M:%S} {one.actor_name or one.actor}：{one.text_zh}"
            for one in events
        )
        self.en = "The measure changed since you opened it. " + "; ".join(
            f"{timezone.localtime(one.at):%H:%M:%S} {one.actor}: {one.text_en}" for one in events
        )
        super().__init__(f"{self.zh} ({self.en})")


def order(user: User, kind: str, where: Where, **given: Any) -> ControlMeasure:
    """Order a measure and return it: :func:`order_within` in a transaction of its own."""
    with write():
        measure = order_within(user, kind, where, **given)
    published()
    return measure


def published() -> None:
    """What follows the commit of a change: the file that detection reads, and the desk's round."""
    limits.publish_if_stale()
    wake_desk()


def order_within(
    user: User,
    kind: str,
    where: Where,
    *,
    reason: str,
    case: Case | None = None,
    lanes: str = "",
    limit_kmh: float | None = None,
    vehicles: str = "",
    text: str = "",
    grade: str = "",
    plan: dict[str, Any] | None = None,
    from_at: datetime | None = None,
    until_at: datetime | None = None,
    urgent: bool = False,
    client_id: str | None = None,
    task: PlanTask | None = None,
    proposal: int | None = None,
) -> ControlMeasure:
    """Order a measure, within the caller's transaction; call :func:`published` after it. The same
    ``client_id`` again returns the first one.

    case : the case it serves; the caller may act on it
    urgent : it already stands at the scene
    task, proposal : the task of the case's plan that it carries out, and which of the measures
        proposed there it is

    Raises NotAllowedError, TransitionError. Nothing is changed then.
    """
    if not access.may_order(user, case):
        raise NotAllowedError(
            "您不能在这里下达管制措施。", "You may not order a control measure here."
        )
    _check(kind, reason=reason, limit_kmh=limit_kmh, text=text, grade=grade, lanes=lanes)
    now = feed_now()
    if client_id is not None:
        before = ControlMeasure.objects.filter(client_id=client_id).first()
        if before is not None:
            if before.ordered_by_id != user.pk:
                raise NotAllowedError("编号已被使用。", "That id is taken.")
            return before
    if case is not None:
        case = Case.objects.select_related("unit", "local_unit").get(pk=case.pk)
        if case.closed:
            raise TransitionError("案件已办结。", "The case is closed.", code="state")
    if task is not None:
        task = backflow.taken_up(user, case, task, proposal)
    standing, line = machine.order(
        kind, actor_of(user), now.timestamp(), whole=not lanes.strip(),
        from_s=from_at.timestamp() if from_at else None,
        until_s=until_at.timestamp() if until_at else None,
        urgent=urgent, command_level=_level(user, case),
    )  # fmt: skip
    measure = ControlMeasure(
        number=_next_number(now), kind=kind, case=case, task=task, proposal=proposal,
        unit=user.unit,
        reach=_reach(user.unit, case, where), lanes=lanes.strip(), limit_kmh=limit_kmh,
        vehicles=vehicles.strip(), text=text.strip(), grade=grade, basis=basis(grade).id,
        reason=reason.strip(), plan=plan or {}, ordered_by=user, ordered_at=now,
        client_id=client_id, **where.columns,
    )  # fmt: skip
    _project(measure, standing)
    measure.save()
    _keep(measure, line, user, {"kind": kind, "place": measure.place, "reason": reason.strip(),
                                "limit_kmh": limit_kmh, "urgent": urgent})  # fmt: skip
    limits.changed(measure)
    return measure


def _check(
    kind: str, *, reason: str, limit_kmh: float | None, text: str, grade: str, lanes: str
) -> None:
    known = KINDS.get(kind)
    if known is None:
        raise TransitionError(f"没有这种管制措施：{kind}。", f"No such measure: {kind}.")
    if not reason.strip():
        raise TransitionError("请写明原因。", "Say why.", code="missing_reason")
    if known.needs_limit and (limit_kmh is None or not 5 <= limit_kmh <= 120):
        raise TransitionError("限速须在 5 到 120 km/h 之间。", "A limit is 5 to 120 km/h.")
    if known.needs_text and not text.strip():
        raise TransitionError("请写明文字内容。", "Give the words.")
    if kind == "sign_text" and not wrapped(text):
        raise TransitionError(
            f"情报板最多 {LINES} 行，每行 {LINE} 字，请写短些。",
            f"A sign has {LINES} lines of {LINE} characters; make it shorter.",
            code="long",
        )
    if len(text.strip()) > LONGEST_TEXT:
        raise TransitionError(
            f"文字最多 {LONGEST_TEXT} 字。", f"At most {LONGEST_TEXT} characters."
        )
    if grade and grade not in {one.code for one in grades()}:
        raise TransitionError("没有这个管制等级。", "No such control grade.")
    if lanes.strip() and not known.lanes:
        raise TransitionError("这种措施不分车道。", "This measure is not for single lanes.")
    if any(not part.strip().isdigit() or int(part) < 1 for part in lanes.split(",") if lanes):
        raise TransitionError("车道写成 1,2，自左向右数。", "Lanes are numbers from the left: 1,2.")


def act(
    user: User,
    measure_id: int,
    action: str,
    expected_version: int,
    *,
    reason: str = "",
    until_at: datetime | None = None,
) -> ControlMeasure:
    """Take one step of ``respond.measures.STEPS`` and return the measure as it is then.

    Raises ControlMeasure.DoesNotExist, NotAllowedError, MeasureConflictError, TransitionError.
    Nothing is changed then.
    """
    with write():
        measure = (
            ControlMeasure.objects.for_user(user)
            .select_related("unit", "case__unit")
            .select_for_update(of=("self",))
            .get(pk=measure_id)
        )
        if not access.may_act(user, measure):
            raise NotAllowedError(
                "您可以查看这项措施，但不能操作：它不由您的单位管。",
                "You may read this measure but not act on it: it is not your unit's.",
            )
        check_version(measure, expected_version)
        standing, line = machine.apply(
            measure.standing, action, actor_of(user), feed_now().timestamp(),
            reason=reason, until_s=until_at.timestamp() if until_at else None,
        )  # fmt: skip
        _project(measure, standing)
        measure.save()
        _keep(measure, line, user, {"reason": reason.strip()} if reason.strip() else {})
        limits.changed(measure)
        if not standing.open:
            measure.texts.filter(lifted_at=None).update(lifted_at=measure.ended_at)
    published()
    return measure


def check_version(measure: ControlMeasure, expected_version: int) -> None:
    """Refuse if the measure moved on since it was read. Raises MeasureConflictError."""
    if measure.version != expected_version:
        raise MeasureConflictError(
            measure.version,
            list(measure.events.filter(seq__gt=expected_version).order_by("seq")),
        )


def begin_due(now: datetime) -> int:
    """Begin what begins by itself at its time; a transaction each. Returns how many did."""
    by_itself = [kind.code for kind in KINDS.values() if kind.acts_at_once]
    due = ControlMeasure.objects.filter(
        state="ordered", kind__in=by_itself, from_at__lte=now
    ).exclude(approval="waiting")
    return sum(_begin(pk, now) for pk in list(due.values_list("pk", flat=True)))


def _begin(measure_id: int, now: datetime) -> bool:
    with write():
        measure = ControlMeasure.objects.select_related("unit", "case").get(pk=measure_id)
        found = machine.start_due(measure.standing, now.timestamp())
        if found is None:
            return False
        _take_over(measure, *found)
    return True


def shown(measure_id: int, where: str, now: datetime) -> bool:
    """A sign says that it shows the text: the measure is in force, if it was not yet."""
    with write():
        measure = ControlMeasure.objects.select_related("unit", "case").get(pk=measure_id)
        found = machine.shown(measure.standing, now.timestamp(), where)
        if found is None:
            return False
        _take_over(measure, *found)
    return True


def escalate(measure_id: int, now: datetime) -> tuple[ControlMeasure, Clock] | None:
    """Take a measure whose clock ran out one level up, within the caller's transaction.

    Returns it with the clock that ran out; None if somebody acted meanwhile.
    """
    measure = ControlMeasure.objects.select_related("unit", "case").get(pk=measure_id)
    ahead = measure.clock
    found = machine.escalate(measure.standing, now.timestamp())
    if found is None or ahead is None:
        return None
    above = territory().commanding(measure.unit, found[0].command_level)
    if f"|{above.path}|" not in measure.reach:
        measure.reach += f"{above.path}|"
    _take_over(measure, *found)
    return measure, ahead


def _take_over(measure: ControlMeasure, standing: Measure, line: Line) -> None:
    _project(measure, standing)
    measure.save()
    _keep(measure, line, None, {"command_level": standing.command_level.code})
    limits.changed(measure)


def refuse_while_standing(case: Case) -> None:
    """A case does not end while a measure of it stands. Raises TransitionError that names them."""
    standing = list(case.measures.open())
    if not standing:
        return
    names_zh = "、".join(f"{one.number} {KINDS[one.kind].zh}（{one.place}）" for one in standing)
    names_en = ", ".join(f"{one.number} {KINDS[one.kind].en} ({one.place})" for one in standing)
    raise TransitionError(
        f"本案还有管制措施没有解除：{names_zh}。请先解除，再结束处置。",
        f"Measures of this case still stand: {names_en}. Lift them first.",
        code="measures",
    )


def _level(user: User, case: Case | None) -> CommandLevel:
    return CommandLevel(case.command_level) if case is not None else user.unit.command_level


def _reach(unit: Unit, case: Case | None, where: Where) -> str:
    paths = dict.fromkeys([*(case.paths if case is not None else ()), unit.path])
    try:
        local = territory().squadron(
            where.area, where.columns.get("road_class", ""), where.lat, where.lon
        )
        paths[local.path] = None
    except ConfigError:  # no units but this one
        pass
    return f"|{'|'.join(paths)}|"


def _project(measure: ControlMeasure, standing: Measure) -> None:
    ahead = machine.clock(standing)
    measure.machine = standing.to_dict()
    measure.version = standing.version
    measure.state = standing.state.value
    measure.approval = standing.approval.value
    measure.command_level = standing.command_level.value
    measure.from_at = moment(standing.from_s)
    measure.until_at = moment(standing.until_s)
    measure.begun_at = moment(standing.begun_s)
    measure.ended_at = moment(standing.ended_s)
    measure.deadline = moment(ahead.at_s) if ahead else None
    measure.changed_at = feed_now()


def _keep(measure: ControlMeasure, line: Line, user: User | None, details: dict[str, Any]) -> None:
    MeasureEvent(
        measure=measure, seq=measure.version, at=moment(line.at_s), actor=line.actor,
        actor_name=line.actor_name, action=line.action, text_zh=line.zh, text_en=line.en,
    ).save()  # fmt: skip
    audit.record(
        user, f"measure.{line.action}", "measure", measure.number,
        {"case": measure.case.number if measure.case else "", "state": measure.state,
         "version": measure.version, **details},
    )  # fmt: skip
    outbox.publish(
        "measure",
        measure.reach,
        {"id": measure.pk, "number": measure.number, "kind": measure.kind,
         "state": measure.state, "case": measure.case_id, "version": measure.version,
         "action": line.action},
    )  # fmt: skip
    backflow.note(measure, line, user)


def _next_number(now: datetime) -> str:
    day = timezone.localtime(now).strftime("%Y%m%d")
    last = ControlMeasure.objects.filter(number__startswith=f"GZ{day}-").order_by("-pk").first()
    count = int(last.number.rpartition("-")[2]) + 1 if last else 1
    return f"GZ{day}-{count:03d}"
