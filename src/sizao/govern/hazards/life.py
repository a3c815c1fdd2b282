"""The life of a hazard as a pure state machine: a state and a step in, the next and an event out.

Nothing is stored and nobody is asked for the time or the calendar here: moments of deadlines,
reminders and escalations come in with the step (``clocks.py`` counts them in working days) and
stay in the event, so that a calendar entered later never changes what was promised.

>>> from sizao.core.levels import CommandLevel
>>> hazard, found = open_hazard("7", CommandLevel.BRIGADE, at_s=0.0, by=Actor("u1", "officer"))
>>> hazard.state, found.zh
(<State.FOUND: 'found'>, '登记隐患')
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sizao.core.levels import CommandLevel
from sizao.govern.hazards.allowed import RULE, refusal
from sizao.govern.hazards.evolution import evolve, replay
from sizao.govern.hazards.records import DUE, GRADES, SYSTEM, Actor, Event, HazardState, State
from sizao.govern.hazards.steps import PARTNER, PRIMARY, ROLE_NAMES, STEPS, Step

__all__ = [
    "RULE",
    "NextStep",
    "apply",
    "evolve",
    "next_steps",
    "note_event",
    "open_hazard",
    "refusal",
    "replay",
    "system_event",
    "wish",
]


@dataclass(frozen=True)
class NextStep:
    """A step that this person may take now."""

    step: Step
    primary: bool


def open_hazard(
    hazard_id: str,
    command_level: CommandLevel,
    *,
    at_s: float,
    by: Actor,
    details: Mapping[str, Any] | None = None,
) -> tuple[HazardState, Event]:
    """A hazard found at ``at_s`` and the first line of its timeline.

    details : JSON values that say from where it came; kept with the event
    """
    empty = HazardState(hazard_id, command_level, at_s)
    kept = {**(details or {}), "hazard": hazard_id, "command_level": command_level.code}
    event = _event(empty, "open", by, at_s, State.FOUND, "登记隐患", "Entered in the ledger", kept)
    return evolve(empty, event), event


def apply(
    hazard: HazardState,
    action: str,
    actor: Actor,
    at_s: float,
    *,
    reason: str = "",
    details: Mapping[str, Any] | None = None,
    photos: int = 0,
) -> tuple[HazardState, Event]:
    """Take one step.

    action : a key of ``steps.STEPS``
    at_s : feed time; a moment before the last event counts as that moment
    reason : what was done, or why
    details : values of the step, JSON: see ``steps.Step.needs``; with ``assign``, ``extend`` and
        ``reopen`` also ``reminders`` and ``escalate_s`` of ``clocks.moments``
    photos : how many photos come with it

    Returns the next state and the event to append. Raises TransitionError, having changed
    nothing, that says in both languages why not.
    """
    given = {key: value for key, value in (details or {}).items() if value not in ("", None)}
    refused = refusal(hazard, action, actor, reason=reason, details=given, photos=photos)
    if refused is not None:
        raise refused
    step = STEPS[action]
    kept = dict(given)
    if reason.strip():
        kept["reason"] = reason.strip()
    if photos:
        kept["photos"] = photos
    said_zh, said_en = _said(step, kept)
    event = _event(hazard, action, actor, at_s, _after(hazard, step), said_zh, said_en, kept)
    return evolve(hazard, event), event


def next_steps(hazard: HazardState, actor: Actor, at_s: float) -> tuple[NextStep, ...]:
    """The steps this person may take now, the primary one first; empty if none."""
    allowed = [step for step in STEPS.values() if refusal(hazard, step.action, actor) is None]
    names = {step.action for step in allowed}
    wanted = (("receive",) if actor.role == PARTNER else ()) + wish(hazard, at_s)
    primary = next((one for one in wanted if one in names), None)
    allowed.sort(key=lambda step: step.action != primary)
    return tuple(NextStep(step, step.action == primary) for step in allowed)


def wish(hazard: HazardState, at_s: float) -> tuple[str, ...]:
    """What should come next, best first: people must be safe before the works begin."""
    bare = hazard.state in DUE and not hazard.protected_at(at_s)
    return (("protect",) if bare else ()) + tuple(PRIMARY.get(hazard.state, ()))


def system_event(
    hazard: HazardState, action: str, at_s: float, zh: str, en: str, details: Mapping[str, Any]
) -> Event:
    """An event that no person caused; the state stays."""
    who = Actor(SYSTEM, SYSTEM, ROLE_NAMES[SYSTEM][0])
    return _event(hazard, action, who, at_s, hazard.state, zh, en, details)


def note_event(
    hazard: HazardState,
    action: str,
    actor: Actor,
    at_s: float,
    zh: str,
    en: str,
    details: Mapping[str, Any],
) -> tuple[HazardState, Event]:
    """What happened beside the steps: ``list``, ``unlist``, ``absorb``, ``release``, ``attach``."""
    event = _event(hazard, action, actor, at_s, hazard.state, zh, en, details)
    return evolve(hazard, event), event


def _event(
    hazard: HazardState,
    action: str,
    actor: Actor,
    at_s: float,
    after: State,
    zh: str,
    en: str,
    details: Mapping[str, Any],
) -> Event:
    return Event(
        seq=hazard.version + 1,
        action=action,
        # A clock set back must not turn the timeline round.
        at_s=max(at_s, hazard.updated_s),
        actor=actor.id,
        actor_name=actor.name,
        role=actor.role,
        before=hazard.state,
        after=after,
        zh=zh,
        en=en,
        details=dict(details),
    )


def _after(hazard: HazardState, step: Step) -> State:
    if step.action == "unmerge":
        return State(hazard.was)
    if step.action == "reopen" and not hazard.duty_name:
        return State.FOUND  # it was dismissed before anybody had it
    return hazard.state if step.after is None else step.after


def _said(step: Step, kept: Mapping[str, Any]) -> tuple[str, str]:
    """The line of the timeline."""
    reason = kept.get("reason", "")
    match step.action:
        case "assign":
            zh = f"交办{kept['duty_name']}，{GRADES[kept['grade']][0]}"
            en = f"Assigned to {kept['duty_name']}, {GRADES[kept['grade']][1]}"
            return (f"{zh}：{reason}", f"{en}: {reason}") if reason else (zh, en)
        case "protect":
            return (
                f"落实临时防护（{kept['by']}）：{reason}",
                f"Protected meanwhile by {kept['by']}: {reason}",
            )
        case "rectify":
            return f"整改完成（{kept['by']}）：{reason}", f"Done by {kept['by']}: {reason}"
        case "ask":
            until = kept.get("until", "")
            return f"申请延期至 {until}：{reason}", f"Asked for an extension to {until}: {reason}"
        case "merge":
            return f"合并到 {kept['into']}", f"Merged into {kept['into']}"
    return (f"{step.zh}：{reason}", f"{step.en}: {reason}") if reason else (step.zh, step.en)
