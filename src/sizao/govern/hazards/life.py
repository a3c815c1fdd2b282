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

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sizao.core.errors import TransitionError
from sizao.core.levels import CommandLevel
from sizao.core.rulebook import entry
from sizao.govern.hazards.records import (
    DUE,
    DUTY_KINDS,
    GRADES,
    SYSTEM,
    Actor,
    Event,
    HazardState,
    State,
)
from sizao.govern.hazards.steps import LEADER, PRIMARY, ROLE_NAMES, STEPS, Step

RULE = "hazard.clock"


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


def refusal(
    hazard: HazardState,
    action: str,
    actor: Actor,
    *,
    reason: str | None = None,
    details: Mapping[str, Any] | None = None,
    photos: int | None = None,
) -> TransitionError | None:
    """Why this person may not take this step now, or None if they may.

    Leave ``reason``, ``details`` and ``photos`` out to ask before the person has filled them in.
    """
    step = STEPS.get(action)
    if step is None:
        return TransitionError(
            f"没有“{action}”这一步。", f"No step {action!r}.", code="unknown_action"
        )
    if actor.role not in step.roles:
        role_zh, role_en = ROLE_NAMES.get(actor.role, (actor.role, actor.role))
        return TransitionError(
            f"{role_zh}不能{step.zh}。", f"{role_en.capitalize()}: may not “{step.en}”.",
            code="role",
        )  # fmt: skip
    if hazard.state not in step.before:
        return TransitionError(
            f"隐患{hazard.state.zh}，现在不能{step.zh}。",
            f"The hazard is {hazard.state.en}: “{step.en}” is not possible now.",
            code="state",
        )
    return (
        _not_this_person(hazard, step, actor)
        or _not_now(hazard, action, details or {})
        or _missing(step, reason, details, photos)
    )


def _not_this_person(
    hazard: HazardState, step: Step, actor: Actor
) -> TransitionError | None:  # fmt: skip
    if step.by_another:
        same = actor.id == hazard.recorded_by or (
            bool(actor.name) and actor.name in (hazard.rectified_by, hazard.recorded_name)
        )
        if same:
            return TransitionError(
                f"整改由您完成或登记，须由另一人{step.zh}。",
                f"You did the work or recorded it done: “{step.en}” is for another person.",
                code="same_person",
            )
        own = hazard.duty_kind == "unit" and actor.unit == hazard.duty_unit
        if own and actor.level < CommandLevel.DETACHMENT:
            return TransitionError(
                f"您的单位就是整改责任单位，须由其他单位的人{step.zh}。",
                f"Your unit had to rectify it: “{step.en}” is for another unit.",
                code="same_unit",
            )
    # Nobody in this system is above the detachment: there it is the leader's decision.
    top = actor.level >= CommandLevel.DETACHMENT and actor.role == LEADER
    if step.by_above and actor.level <= hazard.command_level and not top:
        return TransitionError(
            f"{step.zh}须由{hazard.command_level.zh}的上一级决定。",
            f"“{step.en}” is for the level above the {hazard.command_level.code}.",
            code="level",
        )
    return None


def _not_now(
    hazard: HazardState, action: str, details: Mapping[str, Any]
) -> TransitionError | None:
    if action == "accept" and hazard.listed and not details.get("panel"):
        return TransitionError(
            "隐患正在挂牌督办，须由专家组现场验收。",
            "It is under listed supervision: a panel of experts accepts it on site.",
            code="panel",
        )
    most = int(entry(RULE).value("extensions_max"))
    if action == "extend" and hazard.extended >= most:
        return TransitionError(
            f"已延期 {hazard.extended} 次，不能再延期。",
            f"It was extended {hazard.extended} time(s); no further extension.",
            code="extended",
        )
    if action in ("delist", "merge", "dismiss") and hazard.listed:
        return TransitionError(
            "隐患正在挂牌督办，须先由督办单位解除挂牌。",
            "It is under listed supervision; the listing has to be lifted first.",
            code="listed",
        )
    if action == "merge" and hazard.holds:
        return TransitionError(
            "已有其他隐患合并到本条，请把对方合并过来。",
            "Others were merged into this one; merge the other way round.",
            code="holds",
        )
    return None


_WORDS = {
    "grade": ("隐患等级", "a grade"),
    "duty_kind": ("责任单位类别", "the kind of duty body"),
    "duty_name": ("责任单位", "a duty body"),
    "deadline_s": ("整改期限", "a deadline"),
    "by": ("责任人", "who did it"),
    "into": ("合并到哪一条", "the hazard to merge into"),
}


def _missing(
    step: Step,
    reason: str | None,
    details: Mapping[str, Any] | None,
    photos: int | None,
) -> TransitionError | None:
    if step.needs_reason and reason is not None and not reason.strip():
        return TransitionError(
            f"{step.zh}须填写情况说明。", f"“{step.en}” needs a few words.", code="missing_reason"
        )
    if details is not None:
        for name in step.needs:
            if not details.get(name):
                zh, en = _WORDS[name]
                return TransitionError(
                    f"{step.zh}须填写{zh}。", f"“{step.en}” needs {en}.", code=f"missing_{name}"
                )
        if details.get("grade", "ordinary") not in GRADES:
            return TransitionError("没有这个隐患等级。", "No such grade.", code="missing_grade")
        if details.get("duty_kind", "unit") not in DUTY_KINDS:
            return TransitionError(
                "没有这类责任单位。", "No such kind of duty body.", code="missing_duty_kind"
            )
    if step.needs_photo and photos is not None and not photos:
        return TransitionError(
            f"{step.zh}须附照片。", f"“{step.en}” needs a photo.", code="missing_photo"
        )
    return None


def next_steps(hazard: HazardState, actor: Actor, at_s: float) -> tuple[NextStep, ...]:
    """The steps this person may take now, the primary one first; empty if none."""
    allowed = [step for step in STEPS.values() if refusal(hazard, step.action, actor) is None]
    names = {step.action for step in allowed}
    primary = next((one for one in wish(hazard, at_s) if one in names), None)
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
                duty_name=details["duty_name"],
                command_level=CommandLevel.parse(
                    details.get("command_level", hazard.command_level.code)
                ),
                assigned_s=at_s,
                promised_s=details["deadline_s"],
            )
        case "extend":
            return replace(moved, **_clock(details), extended=hazard.extended + 1)
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
        case "merge":
            return f"合并到 {kept['into']}", f"Merged into {kept['into']}"
    return (f"{step.zh}：{reason}", f"{step.en}: {reason}") if reason else (step.zh, step.en)
