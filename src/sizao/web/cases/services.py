"""Acting on a case: one transaction, a version check, ``respond`` decides, all sides recorded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

from sizao.core.errors import TransitionError
from sizao.core.levels import CommandLevel, WarningLevel
from sizao.respond import case as machine
from sizao.respond import escalation
from sizao.respond.plans.steps import ACTIONS
from sizao.respond.records import NOTES, OPEN, Event
from sizao.web.cases.access import may_act
from sizao.web.cases.arrival import arrival_s
from sizao.web.cases.errors import CaseConflictError, NotAllowedError
from sizao.web.cases.models import Assignment, Case
from sizao.web.cases.projection import actor_of, commander, keep, project, state_of
from sizao.web.clock import feed_now
from sizao.web.drills.models import Drill
from sizao.web.gathered import memo, put
from sizao.web.hotlist.hits import refuse_unsure
from sizao.web.measures.services import refuse_while_standing
from sizao.web.measures.texts import order_for_case
from sizao.web.units.models import PatrolUnit, Unit, User
from sizao.web.units.states import take_state
from sizao.web.wake import wake_desk
from sizao.web.writing import write

TEXTS = {
    "speeding": "您已超速，请立即减速，按限速行驶。",
    "fatigue": "您已连续驾驶超过4小时，请到最近的服务区或停车区休息20分钟以上。",
    "coach_night_speed": "夜间客车车速不得超过日间限速的80%，请立即减速。",
    "coach_day_total": "您24小时内累计驾驶已超过8小时，请停车并由其他驾驶人接替。",
    "coach_week_total": "您7日内累计驾驶已超过44小时，请停车并由其他驾驶人接替。",
    "coach_curfew": "凌晨2时至5时客车应当停运，请到最近的服务区停车休息。",
    "coach_night_fatigue": "您夜间已连续驾驶超过2小时，请到最近的服务区休息20分钟以上。",
}
"""Words for the terminal by kind of warning: spoken to a driver, so short and without names."""

DEFAULT_TEXT = "请注意行车安全，减速慢行。"


def text_template(case: Case) -> str:
    """The words that the control panel offers."""
    return TEXTS.get(case.kind, DEFAULT_TEXT)


def act(
    user: User,
    case_id: int,
    action: str,
    expected_version: int,
    *,
    reason: str = "",
    units: Sequence[str] = (),
    measure: str = "terminal_text",
    text: str = "",
    left: str = "",
) -> Case:
    """Take one step for a user and return the case as it is then.

    expected_version : the version that the user saw
    units : call signs, for dispatch
    left : for resolve, why tasks of its plans that are open are not waited for
    measure, text : for control; a terminal text without words gets the template

    Raises Case.DoesNotExist if the user may not see it, NotAllowedError if not act on it,
    CaseConflictError if somebody was faster, TransitionError if the step is not possible now.
    Nothing is changed then.
    """
    with write():
        case = (
            Case.every.for_user(user)
            .select_related("unit", "local_unit")
            .select_for_update(of=("self",))
            .get(pk=case_id)
        )
        if not may_act(user, case):
            raise NotAllowedError(
                "您可以查看本案，但不能操作：本案不由您的单位处置。",
                "You may read this case but not act on it: it is not your unit's.",
            )
        check_version(case, expected_version)
        refuse_unsure(case, action)
        patrols = _patrols(user, case, units) if action == "dispatch" else []
        if action in ("resolve", "dismiss", "verify"):
            refuse_while_standing(case)
        if action == "control" and measure == "terminal_text":
            if not case.vehicle:
                raise TransitionError(
                    "本案没有车载终端，请选择其他控制措施。",
                    "There is no terminal in this case; choose another control measure.",
                    code="unknown_measure",
                )
            text = text.strip() or text_template(case)
        now = feed_now()
        state, event = machine.apply(
            state_of(case), action, actor_of(user), now.timestamp(),
            reason=reason, units=[patrol.call_sign for patrol in patrols],
            measure=measure, text=text, left=left,
        )  # fmt: skip
        project(case, state)
        if action == "sign":
            case.owner = user
        elif case.drill_id is not None:
            # Patrols stay free for what is real and nothing is sent: the timeline alone says who
            # was named and what was ordered.
            case.outcome = reason.strip() if action in ("resolve", "dismiss") else case.outcome
        elif action == "dispatch":
            _assign(case, patrols, now)
        elif action == "arrive":
            _arrive(case, user, now)
        elif action == "control" and measure == "terminal_text":
            order_for_case(case, user, text, state.version, now)
        elif action in ("resolve", "dismiss"):
            case.outcome = reason.strip()
            _release(case, now)
        case.save()
        keep(case, event, user)
    wake_desk()
    return case


def check_version(case: Case, expected_version: int) -> None:
    """Refuse if the case moved on since the user saw it. Raises CaseConflictError.

    What happens to tasks of a plan does not move the case, so it stands in nobody's way.
    """
    if case.version == expected_version:
        return
    since = list(case.events.filter(seq__gt=expected_version).order_by("seq"))
    if expected_version < 0 or not since or any(one.action not in ACTIONS | NOTES for one in since):
        raise CaseConflictError(case.version, since)


def escalate(case_id: int, now: datetime) -> list[Event]:
    """Escalate a case for every clock that has run out, within the caller's transaction.

    Returns the events, oldest first; none if somebody acted meanwhile.
    """
    case = Case.every.select_related("unit", "local_unit").get(pk=case_id)
    state, events = escalation.escalate_all(state_of(case), now.timestamp())
    if not events:
        return []
    project(case, state)
    case.unit = commander(case.unit, case.local_unit, state)
    case.add_reach(case.unit)
    case.save()
    for event in events:
        keep(case, event, None)
    return events


def open_case(
    user: User | None, *, origin: str, origin_ref: str, level: WarningLevel,
    command_level: CommandLevel, now: datetime, unit: Unit, local_unit: Unit,
    facts: dict[str, Any],
) -> Case:  # fmt: skip
    """Raise a case, within the caller's transaction.

    user : who took it up; None for what the system raised
    origin : key of ``respond.records.ORIGINS``; ``report`` and ``call`` raise a case without a
        warning, with anything else the caller saves the warning in the same transaction
    origin_ref : number of the report or call, else the id of the warning
    facts : columns of Case that describe the place, and the vehicle if there is one, with ``kind``,
        ``onset_at`` and ``fired_at``
    """
    named = {"report": "report", "call": "call"}.get(origin, "warning")
    drill = facts.get("drill")
    number = _next_number(now) if drill is None else _drill_number(drill)
    state, event = machine.open_case(
        number, level, command_level, at_s=now.timestamp(), by=actor_of(user) if user else None,
        **{named: origin_ref},
    )  # fmt: skip
    facts = {"origin": origin, "origin_ref": origin_ref, **facts}
    return _begin(state, event, user, now=now, unit=unit, local_unit=local_unit, facts=facts)


def add_note(
    case: Case, action: str, zh: str, en: str, *, user: User | None = None,
    details: dict[str, Any] | None = None,
) -> Case:  # fmt: skip
    """Append a line that moves nothing (``respond.records.NOTES``), in the caller's transaction."""
    state, event = machine.note(
        state_of(case), action, feed_now().timestamp(), zh, en,
        by=actor_of(user) if user else None, details=details or {},
    )  # fmt: skip
    project(case, state)
    case.save()
    keep(case, event, user)
    return case


def case_at_hand(user: User, number: str) -> Case:
    """A case that is not closed and is this person's to act on, by its number.

    Raises TransitionError for any other.
    """
    case = (
        Case.objects.for_user(user)
        .select_related("unit", "local_unit")
        .filter(number=number, state__in=[state.value for state in OPEN])
        .first()
    )
    if case is None or not may_act(user, case):
        raise TransitionError(
            "没有这件未结案件，或不由您处置。",
            "There is no such open case of yours.",
            code="target",
        )
    return case


def join_report(user: User, case: Case, *, report: str, now: datetime) -> Case:
    """Let an open case answer a report too, within the caller's transaction.

    Raises TransitionError if the case is not open any more.
    """
    state, event = machine.join_report(
        state_of(case), report=report, by=actor_of(user), at_s=now.timestamp()
    )
    project(case, state)
    case.save()
    keep(case, event, user)
    return case


def leave_report(user: User, case: Case, *, report: str, reason: str) -> Case:
    """Let a case no longer answer a report or call, within the caller's transaction.

    Raises TransitionError if it does not.
    """
    state, event = machine.leave_report(
        state_of(case), report=report, by=actor_of(user), at_s=feed_now().timestamp(),
        reason=reason,
    )  # fmt: skip
    project(case, state)
    case.save()
    keep(case, event, user)
    return case


def _begin(
    state: Any, event: Any, user: User | None, *, now: datetime, unit: Unit, local_unit: Unit,
    facts: dict[str, Any],
) -> Case:  # fmt: skip
    number = state.id
    case = Case(number=number, unit=unit, local_unit=local_unit, raised_at=now, **facts)
    case.add_reach(unit, local_unit)
    project(case, state)
    put(case)
    keep(case, event, user)
    return case


def join_warning(
    case: Case, *, warning_id: str, level, command_level, now: datetime, unit: Unit,
    local_unit: Unit,
) -> Case:  # fmt: skip
    """Let a worse warning join an open case, within the caller's transaction.

    ``unit`` takes command if it stands higher than the present one. Raises TransitionError if
    the case is not open any more.
    """
    state, event = machine.join(
        state_of(case), warning=warning_id, level=level, command_level=command_level,
        at_s=now.timestamp(),
    )  # fmt: skip
    project(case, state)
    if unit.level > case.unit.level:
        case.unit = unit
    case.add_reach(unit, local_unit)
    put(case)
    keep(case, event, None)
    return case


def _next_number(now: datetime) -> str:
    day = timezone.localtime(now).strftime("%Y%m%d")
    known = memo()
    last = known.get((Case, day)) or (
        Case.objects.filter(number__startswith=f"{day}-")
        .order_by("-pk")
        .values_list("number", flat=True)
        .first()
    )
    count = int(last.partition("-")[2]) + 1 if last else 1
    known[Case, day] = f"{day}-{count:04d}"
    return known[Case, day]


def _drill_number(drill: Drill) -> str:
    """A case of a drill bears the drill's number, so that no list can take it for a real one."""
    return f"{drill.number}-{drill.cases.count() + 1}"


def _patrols(user: User, case: Case, units: Sequence[str]) -> list[PatrolUnit]:
    """The patrols named, all of the user's subtree and free (or already on this case)."""
    wanted = list(dict.fromkeys(units))
    found = {
        patrol.call_sign: patrol
        for patrol in PatrolUnit.objects.for_user(user)
        .select_related("unit")
        .filter(call_sign__in=wanted)
    }
    missing = [name for name in wanted if name not in found]
    if missing:
        raise TransitionError(
            f"没有可由您派出的警力：{'、'.join(missing)}。",
            f"No such patrol of yours: {', '.join(missing)}.",
            code="unknown_units",
        )
    mine = set(
        case.assignments.filter(released_at=None).values_list("patrol__call_sign", flat=True)
    )
    busy = [
        name
        for name in wanted
        if found[name].state != PatrolUnit.State.AVAILABLE and name not in mine
    ]
    if busy:
        raise TransitionError(
            f"警力现在不可派：{'、'.join(busy)}。",
            f"Not free now: {', '.join(busy)}.",
            code="busy_units",
        )
    return [found[name] for name in wanted]


def _assign(case: Case, patrols: list[PatrolUnit], now: datetime) -> None:
    promised = arrival_s(case, patrols)
    for patrol in patrols:
        _, new = Assignment.objects.get_or_create(
            case=case, patrol=patrol, released_at=None,
            defaults={"assigned_at": now, "eta_s": promised.get(patrol.pk)},
        )  # fmt: skip
        if new:
            take_state(patrol, PatrolUnit.State.ASSIGNED, now, why=case.number)
    case.add_reach(*(patrol.unit for patrol in patrols))


def _arrive(case: Case, user: User, now: datetime) -> None:
    """An officer reports for the own squadron's patrols, anybody else for all of them."""
    there = case.assignments.filter(released_at=None, arrived_at=None).select_related(
        "patrol__unit"
    )
    if user.role == User.Role.OFFICER:
        own = there.filter(patrol__unit__path__startswith=user.path)
        there = own if own.exists() else there
    for assignment in there:
        assignment.arrived_at = now
        assignment.save(update_fields=["arrived_at"])
        take_state(assignment.patrol, PatrolUnit.State.ON_SCENE, now, why=case.number)


def _release(case: Case, now: datetime) -> None:
    for assignment in case.assignments.filter(released_at=None).select_related("patrol__unit"):
        assignment.released_at = now
        assignment.save(update_fields=["released_at"])
        take_state(assignment.patrol, PatrolUnit.State.AVAILABLE, now, why=case.number)
    case.texts.filter(lifted_at=None).update(lifted_at=now)


__all__ = [
    "CaseConflictError",
    "NotAllowedError",
    "act",
    "check_version",
    "escalate",
    "join_report",
    "join_warning",
    "leave_report",
    "open_case",
    "text_template",
]
