"""What an event makes of a hazard, the only place where one changes; replay of a timeline."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from sizao.core.errors import TransitionError
from sizao.core.levels import CommandLevel
from sizao.govern.hazards.records import SYSTEM, Event, HazardState


def evolve(hazard: HazardState, event: Event) -> HazardState:
    """The state after an event that has happened. The only place where a hazard changes."""
    at_s, details = event.at_s, event.details
    people = hazard.people
    if event.role != SYSTEM and event.actor not in people:
        people = (*people, event.actor)
    moved = replace(hazard, state=event.after, updated_s=at_s, version=event.seq, people=people)
    match event.action:
        case "open":
            return replace(
                moved, command_level=CommandLevel.parse(details["command_level"]), found_s=at_s
            )
        case "assign":
            return replace(
                moved,
                **_clock(details),
                grade=details["grade"],
                duty_kind=details["duty_kind"],
                duty_unit=details.get("duty_unit", ""),
                duty_party=details.get("duty_party", ""),
                received_s=None,
                asked_s=None,
                duty_name=details["duty_name"],
                command_level=CommandLevel.parse(
                    details.get("command_level", hazard.command_level.code)
                ),
                assigned_s=at_s,
                promised_s=details["deadline_s"],
            )
        case "extend":
            return replace(moved, **_clock(details), extended=hazard.extended + 1, asked_s=None)
        case "receive":
            return replace(moved, received_s=at_s)
        case "ask":
            return replace(moved, asked_s=details["deadline_s"])
        case "deny":
            return replace(moved, asked_s=None)
        case "remind":
            left = [pair for pair in hazard.reminders if pair[1] > at_s]
            return replace(moved, reminders=tuple(left))
        case "escalate":
            return replace(
                moved,
                command_level=CommandLevel.parse(details["command_level"]),
                escalate_s=details.get("escalate_s"),
                escalations=(*hazard.escalations, (details["command_level"], at_s)),
                reminders=(),
            )
        case "protect":
            return replace(
                moved,
                protection=details["reason"],
                protection_by=details["by"],
                protection_until_s=details.get("until_s"),
            )
        case "plan":
            return replace(moved, plan=details["reason"])
        case "rectify":
            return replace(
                moved,
                rectified_s=at_s,
                rectified_by=details["by"],
                recorded_by=event.actor,
                recorded_name=event.actor_name,
            )
        case "return":
            return replace(
                moved, rectified_s=None, rectified_by="", recorded_by="", recorded_name=""
            )
        case "accept":
            return replace(moved, accepted_s=at_s, accepted_by=event.actor)
        case "delist" | "dismiss":
            first = at_s if hazard.first_closed_s is None else hazard.first_closed_s
            return replace(moved, closed_s=at_s, first_closed_s=first)
        case "merge":
            return replace(moved, closed_s=at_s, into=details["into"], was=event.before.value)
        case "unmerge":
            return replace(moved, closed_s=None, into="", was="")
        case "reopen":
            return replace(
                moved,
                **(_clock(details) if "deadline_s" in details else {}),
                extended=0,
                escalations=(),
                rectified_s=None,
                rectified_by="",
                recorded_by="",
                recorded_name="",
                accepted_s=None,
                accepted_by="",
                closed_s=None,
                protection="",
                protection_by="",
                protection_until_s=None,
                received_s=None,
                asked_s=None,
                reopened=hazard.reopened + 1,
                reopened_s=at_s,
            )
        case "list":
            clock = _clock(details) if "deadline_s" in details else {}
            return replace(moved, listed=details["level"], **clock)
        case "unlist":
            return replace(moved, listed="")
        case "absorb":
            return replace(moved, holds=(*hazard.holds, details["hazard"]))
        case "release":
            rest = tuple(one for one in hazard.holds if one != details["hazard"])
            return replace(moved, holds=rest)
        case "note" | "attach" | "interim":
            return moved
    raise TransitionError(
        f"时间线中有未知事件“{event.action}”。",
        f"Unknown event {event.action!r} in the timeline.",
        code="unknown_action",
    )


def _clock(details: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "deadline_s": details["deadline_s"],
        "reminders": tuple((left, at) for left, at in details.get("reminders", ())),
        "escalate_s": details.get("escalate_s", details["deadline_s"]),
    }


def replay(events: Iterable[Event]) -> HazardState:
    """The state that a whole timeline leads to. Raises TransitionError if it has a gap."""
    hazard: HazardState | None = None
    for event in events:
        if hazard is None:
            hazard = HazardState(
                str(event.details.get("hazard", "")), CommandLevel.SQUADRON, event.at_s
            )
        if event.seq != hazard.version + 1 or (event.seq == 1) != (event.action == "open"):
            raise TransitionError(
                f"时间线不完整：应为第{hazard.version + 1}条，实为第{event.seq}条。",
                f"Broken timeline: expected event {hazard.version + 1}, found {event.seq}.",
                code="timeline",
            )
        hazard = evolve(hazard, event)
    if hazard is None:
        raise TransitionError("时间线是空的。", "The timeline is empty.", code="timeline")
    return hazard
