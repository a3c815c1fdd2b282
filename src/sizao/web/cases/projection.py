"""Between the rows of the database and the values of ``respond``: no rule of its own."""

from __future__ import annotations

from datetime import UTC, datetime

from django.dispatch import Signal

from sizao.respond import clocks, escalation
from sizao.respond.records import Actor, CaseState, Event, State
from sizao.web import audit
from sizao.web.audit.chain import stored
from sizao.web.cases import timeline
from sizao.web.cases.models import Case, CaseEvent
from sizao.web.live import outbox
from sizao.web.units.models import Unit, User

kept = Signal()
"""An event was appended: ``case`` and ``event``, within its transaction."""


def moment(seconds: float | None) -> datetime | None:
    """Seconds since the epoch as an aware datetime; None stays None."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def actor_of(user: User) -> Actor:
    """The person as ``respond`` knows one. The account name decides who is the same person."""
    return Actor(
        id=user.username,
        role=user.role,
        name=str(user),
        unit=user.unit.code if user.unit else "",
    )


def state_of(case: Case) -> CaseState:
    """The state as it was last committed."""
    return CaseState.from_dict(case.machine)


def commander(case_unit: Unit, local_unit: Unit, state: CaseState) -> Unit:
    """The unit that commands at the state's command level: an ancestor of the local unit.

    The expressway's own brigade stays in command of its cases: as long as the commanding unit
    has the right level it is kept.
    """
    level = min(state.command_level.value, Unit.Level.DETACHMENT)
    unit = case_unit
    while unit.level < level and unit.parent is not None:
        unit = unit.parent
    return unit


def project(case: Case, state: CaseState) -> None:
    """Copy a state into the row's columns (not saved)."""
    ahead = clocks.deadline(state)
    case.machine = state.to_dict()
    case.version = state.version
    case.state = state.state.value
    case.closed = state.state is State.VERIFIED
    case.level = state.level.value
    case.command_level = state.command_level.value
    case.signed_at = moment(state.signed_s)
    case.first_action_at = moment(state.first_action_s)
    case.dispatched_at = moment(state.dispatched_s)
    case.on_scene_at = moment(state.on_scene_s)
    case.controlled_at = moment(state.controlled_s)
    case.resolved_at = moment(state.resolved_s)
    case.verified_at = moment(state.verified_s)
    case.resolved_by = state.resolved_by
    case.clock = ahead.clock if ahead else ""
    case.deadline = moment(ahead.at_s) if ahead else None
    case.escalate_at = moment(escalation.next_s(state))
    case.escalations = len(state.escalations)
    case.changed_at = moment(state.updated_s)
    case.first_deadlines = {
        clock: promised
        for clock in clocks.CLOCKS
        if (promised := clocks.promised_s(state, clock)) is not None
    }


def keep(case: Case, event: Event, user: User | None) -> CaseEvent:
    """Append an event to the timeline, the audit log and the outbox; the row is saved by then."""
    row = CaseEvent(
        case=case,
        seq=event.seq,
        at=moment(event.at_s),
        actor=event.actor,
        actor_name=event.actor_name,
        action=event.action,
        from_state=event.before.value,
        to_state=event.after.value,
        text_zh=event.zh,
        text_en=event.en,
        data=stored(event.to_dict()),
    )
    timeline.append(row)
    audit.record(
        user,
        f"case.{event.action}",
        "case",
        case.number,
        {
            "from": event.before.value,
            "to": event.after.value,
            "version": event.seq,
            **event.details,
            "hash": row.hash,
        },
    )
    outbox.case_event(case, event.action)
    kept.send(CaseEvent, case=case, event=event)
    return row
