"""What an event makes of a case: the only place where one changes, and a timeline's replay."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sizao.core.errors import TransitionError
from sizao.core.levels import CommandLevel, WarningLevel
from sizao.respond.allowed import named
from sizao.respond.plans import steps as plan_steps
from sizao.respond.records import NOTES, CaseState, Event


def evolve(case: CaseState, event: Event) -> CaseState:
    """The state after an event that has happened. The only place where a case changes."""
    if event.action in plan_steps.ACTIONS:
        return plan_steps.evolve(case, event)
    if event.action in NOTES:
        return replace(case, updated_s=event.at_s, version=event.seq)
    at_s, details = event.at_s, event.details
    moved = replace(case, state=event.after, updated_s=at_s, version=event.seq)
    match event.action:
        case "raise" | "join":
            level = WarningLevel.parse(details["level"])
            gradings = case.gradings
            if not gradings or level > case.level:
                gradings = (*gradings, (at_s, level))
            return replace(
                moved,
                level=level,
                command_level=CommandLevel.parse(details["command_level"]),
                gradings=gradings,
                warnings=(*case.warnings, *named([details.get("warning", "")])),
                reports=(*case.reports, *named([details.get("report", "")])),
            )
        case "leave":
            rest = tuple(one for one in case.reports if one != details["report"])
            return replace(moved, reports=rest)
        case "escalate":
            return replace(
                moved,
                command_level=CommandLevel.parse(details["command_level"]),
                escalations=(*case.escalations, (details["clock"], at_s)),
            )
        case "sign":
            return replace(moved, signed_s=at_s, signed_by=event.actor)
        case "dispatch":
            units = tuple(dict.fromkeys((*case.units, *details["units"])))
            return replace(moved, dispatched_s=_first(case.dispatched_s, at_s), units=units)
        case "arrive":
            return replace(moved, on_scene_s=_first(case.on_scene_s, at_s))
        case "control":
            return replace(moved, controlled_s=_first(case.controlled_s, at_s))
        case "resolve" | "dismiss":
            return replace(
                moved,
                resolved_s=at_s,
                resolved_by=event.actor,
                false_alarm=event.action == "dismiss",
                plans=plan_steps.leave(case, event),
            )
        case "verify":
            return replace(moved, verified_s=at_s, verified_by=event.actor)
        case "reopen":
            return replace(
                moved,
                gradings=(*case.gradings, (at_s, case.level)),
                dispatched_s=None,
                on_scene_s=None,
                controlled_s=None,
                resolved_s=None,
                resolved_by="",
                verified_s=None,
                verified_by="",
                units=(),
                escalations=(),
                false_alarm=False,
                reopened=case.reopened + 1,
                reopened_s=at_s,
            )
    raise TransitionError(
        f"时间线中有未知事件“{event.action}”。",
        f"Unknown event {event.action!r} in the timeline.",
        code="unknown_action",
    )


def replay(events: Iterable[Event]) -> CaseState:
    """The state that a whole timeline leads to. Raises TransitionError if it has a gap."""
    case: CaseState | None = None
    for event in events:
        if case is None:
            case = CaseState(
                event.details.get("case", ""),
                WarningLevel.parse(event.details.get("level", "blue")),
                CommandLevel.parse(event.details.get("command_level", "squadron")),
                raised_s=event.at_s,
            )
        if event.seq != case.version + 1 or (event.seq == 1) != (event.action == "raise"):
            raise TransitionError(
                f"时间线不完整：应为第{case.version + 1}条，实为第{event.seq}条“{event.action}”。",
                f"Broken timeline: expected event {case.version + 1}, "
                f"found {event.seq} {event.action!r}.",
                code="timeline",
            )
        case = evolve(case, event)
    if case is None:
        raise TransitionError("时间线是空的。", "The timeline is empty.", code="timeline")
    return case


def _first(earlier: float | None, at_s: float) -> float:
    return at_s if earlier is None else earlier
