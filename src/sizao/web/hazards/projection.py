"""Between the rows of the database and the values of ``govern``: no rule of its own."""

from __future__ import annotations

from datetime import UTC, datetime

from sizao.core.levels import CommandLevel
from sizao.govern.hazards import clocks
from sizao.govern.hazards.records import Actor, Event, HazardState
from sizao.web import audit
from sizao.web.hazards.models import Hazard, HazardEvent
from sizao.web.live import outbox
from sizao.web.units.models import Unit, User


def moment(seconds: float | None) -> datetime | None:
    """Seconds since the epoch as an aware datetime; None stays None."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def actor_of(user: User) -> Actor:
    """The person as ``govern`` knows one."""
    unit = user.unit
    return Actor(
        id=user.username,
        role=user.role,
        name=str(user),
        unit=unit.code if unit else "",
        level=unit.command_level if unit and not unit.agency else CommandLevel.SQUADRON,
    )


def state_of(hazard: Hazard) -> HazardState:
    """The state as it was last committed."""
    return HazardState.from_dict(hazard.machine)


def commander(unit: Unit, level: CommandLevel) -> Unit:
    """The unit that commands at a level: the unit itself or an ancestor; the city's is the root."""
    wanted = min(level.value, Unit.Level.DETACHMENT)
    while unit.level < wanted and unit.parent is not None:
        unit = unit.parent
    return unit


def project(hazard: Hazard, state: HazardState) -> None:
    """Copy a state into the row's columns (not saved)."""
    hazard.machine = state.to_dict()
    hazard.version = state.version
    hazard.state = state.state.value
    hazard.closed = not state.is_open
    hazard.grade = state.grade
    hazard.command_level = state.command_level.value
    hazard.unit = commander(hazard.local_unit, state.command_level)
    hazard.duty_kind = state.duty_kind
    hazard.duty_name = state.duty_name
    hazard.deadline = moment(state.deadline_s)
    hazard.promised = moment(state.promised_s)
    hazard.rings_at = moment(clocks.next_s(state))
    hazard.protection = state.protection
    hazard.protection_by = state.protection_by
    hazard.protected_until = moment(state.protection_until_s)
    hazard.listed = state.listed
    hazard.escalations = len(state.escalations)
    hazard.extended = state.extended
    hazard.reopened = state.reopened
    hazard.found_at = moment(state.found_s)
    hazard.rectified_at = moment(state.rectified_s)
    hazard.accepted_at = moment(state.accepted_s)
    hazard.closed_at = moment(state.closed_s)
    hazard.reopened_at = moment(state.reopened_s)
    hazard.changed_at = moment(state.updated_s)
    hazard.add_reach(hazard.unit, hazard.local_unit, hazard.duty_unit)


def keep(hazard: Hazard, event: Event, user: User | None) -> HazardEvent:
    """Append an event to the timeline, the audit log and the outbox; the row is saved by then."""
    row = HazardEvent(
        hazard=hazard,
        seq=event.seq,
        at=moment(event.at_s),
        actor=event.actor,
        actor_name=event.actor_name,
        action=event.action,
        from_state=event.before.value,
        to_state=event.after.value,
        text_zh=event.zh,
        text_en=event.en,
        data=event.to_dict(),
    )
    row.save()
    audit.record(
        user,
        f"hazard.{event.action}",
        "hazard",
        hazard.number,
        {"from": event.before.value, "to": event.after.value, "version": event.seq,
         **event.details},
    )  # fmt: skip
    outbox.publish(
        "hazard",
        hazard.reach,
        {"number": hazard.number, "state": hazard.state, "action": event.action},
    )
    return row
