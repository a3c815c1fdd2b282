"""The case as a pure state machine: a state and a step in, the next state and an event out.

Nothing is stored and nobody is asked for the time here. The caller keeps the events (append
only) and the state, both in one transaction; :func:`replay` rebuilds the state from the events.

>>> from sizao.core.levels import CommandLevel, WarningLevel
>>> case, raised = open_case("7", WarningLevel.RED, CommandLevel.BRIGADE, at_s=0.0, warning="w1")
>>> case, signed = apply(case, "sign", Actor("u1", "operator", "王敏"), at_s=60.0)
>>> case.state, signed.zh
(<State.SIGNED: 'signed'>, '签收')
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sizao.core.errors import TransitionError
from sizao.core.levels import CommandLevel, WarningLevel
from sizao.respond.plans import steps as plan_steps
from sizao.respond.plans.model import PARTIES
from sizao.respond.records import NOTES, RUNGS, SYSTEM, Actor, CaseState, Event, State
from sizao.respond.steps import MEASURES, ROLE_NAMES, STEPS, Step
from sizao.respond.wording import joined, raised, said

__all__ = [
    "Actor",
    "CaseState",
    "Event",
    "NextStep",
    "State",
    "apply",
    "evolve",
    "join",
    "join_report",
    "next_steps",
    "open_case",
    "refusal",
    "replay",
    "system_event",
]


@dataclass(frozen=True)
class NextStep:
    """A step that this person may take now."""

    step: Step
    primary: bool


def open_case(
    case_id: str,
    level: WarningLevel,
    command_level: CommandLevel,
    *,
    at_s: float,
    warning: str = "",
    report: str = "",
    call: str = "",
    by: Actor | None = None,
) -> tuple[CaseState, Event]:
    """A new case for a warning issued, or a report or call taken up, at ``at_s``, and the first
    line of its timeline. Give the id of the one, or the number of the other and who took it up."""
    empty = CaseState(case_id, level, command_level, raised_s=at_s)
    zh, en = raised(level, command_level, report, call)
    details = {
        "case": case_id,
        "level": level.code,
        "command_level": command_level.code,
        **({"call": call} if call else _answers(warning, report)),
    }
    event = _by(system_event(empty, "raise", at_s, zh, en, details), by)
    return evolve(empty, event), event


def join(
    case: CaseState,
    *,
    warning: str,
    level: WarningLevel,
    command_level: CommandLevel,
    at_s: float,
) -> tuple[CaseState, Event]:
    """A worse warning that refers to an earlier one joins the case that answers that.

    The case takes the worse level and the higher command level of the two; it keeps its state,
    and every deadline stays or comes nearer. Raises TransitionError if the case is no longer
    open: the warning then needs a case of its own.
    """
    if not case.is_open:
        raise TransitionError(
            f"案件{case.state.zh}，不能再并入新预警，请另立新案。",
            f"The case is {case.state.en}; the warning needs a case of its own.",
            code="state",
        )
    new_level, new_command = max(case.level, level), max(case.command_level, command_level)
    zh, en = joined(case.level, new_level)
    details = {"warning": warning, "level": new_level.code, "command_level": new_command.code}
    event = system_event(case, "join", at_s, zh, en, details)
    return evolve(case, event), event


def join_report(case: CaseState, *, report: str, by: Actor, at_s: float) -> tuple[CaseState, Event]:
    """Somebody joins a report of what the case already answers; level and deadlines stay.

    Raises TransitionError if the case is no longer open: the report then needs another answer.
    """
    if not case.is_open:
        raise TransitionError(
            f"案件{case.state.zh}，不能再并入上报，请另立新案。",
            f"The case is {case.state.en}; the report needs a case of its own.",
            code="state",
        )
    zh, en = joined(case.level, case.level, report)
    details = {
        "level": case.level.code,
        "command_level": case.command_level.code,
        **_answers("", report),
    }
    event = _by(system_event(case, "join", at_s, zh, en, details), by)
    return evolve(case, event), event


def _by(event: Event, who: Actor | None) -> Event:
    """The event as a person's, if there is one."""
    if who is None:
        return event
    return replace(event, actor=who.id, actor_name=who.name, role=who.role)


def _answers(warning: str, report: str) -> dict[str, str]:
    return {"report": report} if report else {"warning": warning}


def apply(
    case: CaseState,
    action: str,
    actor: Actor,
    at_s: float,
    *,
    reason: str = "",
    units: Sequence[str] = (),
    measure: str = "terminal_text",
    text: str = "",
    left: str = "",
    details: Mapping[str, Any] | None = None,
) -> tuple[CaseState, Event]:
    """Take one step.

    action : a key of ``steps.STEPS``
    at_s : feed time; a moment before the case's last event counts as that moment, so that a
        clock set back cannot turn the timeline round
    reason : why or what was done; resolve, dismiss and reopen need it, every step keeps it
    units : call signs or ids, for dispatch
    measure, text : for control: a key of ``steps.MEASURES``, and the words used
    left : why the case is reported resolved while tasks of its plans are open
    details : further JSON values to keep with the event

    Returns the next state and the event to append. Raises TransitionError, having changed
    nothing, with a message in both languages that says why not and what is possible now.
    """
    refused = refusal(case, action, actor, reason=reason, units=units, measure=measure, left=left)
    if refused is not None:
        raise refused
    step = STEPS[action]
    kept: dict[str, Any] = dict(details or {})
    if reason.strip():
        kept["reason"] = reason.strip()
    if action in ("resolve", "dismiss") and case.open_tasks and left.strip():
        kept["left"] = left.strip()
    if action == "dispatch":
        kept["units"] = _named(units)
    if action == "control":
        kept["measure"] = measure
        if text.strip():
            kept["text"] = text.strip()
    zh, en = said(step, kept)
    event = Event(
        seq=case.version + 1,
        action=action,
        at_s=max(at_s, case.updated_s),
        actor=actor.id,
        actor_name=actor.name,
        role=actor.role,
        before=case.state,
        after=_after(case.state, step),
        zh=zh,
        en=en,
        details=kept,
    )
    return evolve(case, event), event


def refusal(
    case: CaseState,
    action: str,
    actor: Actor,
    *,
    reason: str | None = None,
    units: Sequence[str] | None = None,
    measure: str | None = None,
    left: str | None = None,
) -> TransitionError | None:
    """Why this person may not take this step now, or None if they may.

    Leave ``reason``, ``units``, ``measure`` and ``left`` out to ask before the person has filled
    them in.
    """
    step = STEPS.get(action)
    if step is None:
        return TransitionError(
            f"没有“{action}”这一步。可用：{'、'.join(STEPS)}。",
            f"No step {action!r}. Steps: {', '.join(STEPS)}.",
            code="unknown_action",
        )
    if actor.role not in step.roles:
        role_zh, role_en = ROLE_NAMES.get(actor.role, (actor.role, actor.role))
        who_zh = "、".join(ROLE_NAMES[role][0] for role in _ordered(step.roles))
        who_en = ", ".join(ROLE_NAMES[role][1] for role in _ordered(step.roles))
        return TransitionError(
            f"{role_zh}不能{step.zh}，需由{who_zh}操作。",
            f"{role_en.capitalize()}: may not take the step “{step.en}”; it is for {who_en}.",
            code="role",
        )
    if case.state not in step.before or (action == "arrive" and case.dispatched_s is None):
        zh, en = _possible(case, actor)
        return TransitionError(
            f"案件{case.state.zh}，现在不能{step.zh}。{zh}",
            f"The case is {case.state.en}: “{step.en}” is not possible now. {en}",
            code="state",
        )
    if step.by_another and actor.id == case.resolved_by:
        return TransitionError(
            "处置结果由您上报，须由另一人核实。",
            "You reported the result, so another person has to verify it.",
            code="same_person",
        )
    if step.needs_reason and reason is not None and not reason.strip():
        return TransitionError(
            f"{step.zh}须填写情况说明。",
            f"“{step.en}” needs a few words on what was done or why.",
            code="missing_reason",
        )
    if step.needs_units and units is not None and not _named(units):
        return TransitionError(
            f"{step.zh}须至少选择一个警力单元。",
            f"“{step.en}” needs at least one unit.",
            code="missing_units",
        )
    if action == "resolve" and case.open_tasks and left is not None and not left.strip():
        # A false alarm says why by itself, and what was ordered for it is over.
        open_zh = "；".join(f"{PARTIES[one.party][0]}：{one.zh}" for one in case.open_tasks)
        open_en = "; ".join(f"{PARTIES[one.party][1]}: {one.en}" for one in case.open_tasks)
        return TransitionError(
            f"还有{len(case.open_tasks)}项任务没有结束：{open_zh}。请先办结，或写明为什么不再等。",
            f"{len(case.open_tasks)} tasks are open: {open_en}. End them, or say why you do not "
            "wait for them.",
            code="open_tasks",
        )
    if action == "control" and measure is not None and measure not in MEASURES:
        return TransitionError(
            f"没有控制措施“{measure}”。可用：{'、'.join(MEASURES)}。",
            f"No control measure {measure!r}. Measures: {', '.join(MEASURES)}.",
            code="unknown_measure",
        )
    return None


def next_steps(case: CaseState, actor: Actor) -> tuple[NextStep, ...]:
    """The steps this person may take now, the primary one first; empty if none."""
    allowed = [step for step in STEPS.values() if refusal(case, step.action, actor) is None]
    wanted = [action for action in _wish(case) if action in {step.action for step in allowed}]
    primary = wanted[0] if wanted else None
    allowed.sort(key=lambda step: step.action != primary)
    return tuple(NextStep(step, step.action == primary) for step in allowed)


def system_event(
    case: CaseState, action: str, at_s: float, zh: str, en: str, details: Mapping[str, Any]
) -> Event:
    """An event that no person caused; the state stays."""
    return Event(
        seq=case.version + 1,
        action=action,
        at_s=max(at_s, case.updated_s),
        actor=SYSTEM,
        actor_name=ROLE_NAMES[SYSTEM][0],
        role=SYSTEM,
        before=case.state,
        after=case.state,
        zh=zh,
        en=en,
        details=dict(details),
    )


def note(
    case: CaseState, action: str, at_s: float, zh: str, en: str, *, by: Actor | None = None,
    details: Mapping[str, Any],
) -> tuple[CaseState, Event]:  # fmt: skip
    """Append a line that moves nothing: an action of NOTES, in any state of the case."""
    event = _by(system_event(case, action, at_s, zh, en, details), by)
    return evolve(case, event), event


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
                warnings=(*case.warnings, *_named([details.get("warning", "")])),
                reports=(*case.reports, *_named([details.get("report", "")])),
            )
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


def _named(units: Sequence[str]) -> list[str]:
    """Each unit once, blank form fields left out."""
    return list(dict.fromkeys(unit.strip() for unit in units if unit.strip()))


def _first(earlier: float | None, at_s: float) -> float:
    return at_s if earlier is None else earlier


def _after(before: State, step: Step) -> State:
    """The step's state, or the present one if that is further up the ladder."""
    if step.action == "reopen" or step.after not in RUNGS:
        return step.after
    return max(before, step.after, key=RUNGS.index)


def _wish(case: CaseState) -> tuple[str, ...]:
    """What should come next, best first; the first that the person may do is primary."""
    match case.state:
        case State.RAISED:
            return ("sign",)
        case State.SIGNED:
            # A word to the driver is quickest; a bad case needs people on the road as well.
            return ("dispatch", "control") if case.level >= WarningLevel.ORANGE else ("control",)
        case State.DISPATCHED:
            return ("arrive", "control")
        case State.ON_SCENE:
            return ("control", "resolve")
        case State.CONTROLLED:
            return ("resolve",)
        case State.RESOLVED | State.DISMISSED:
            return ("verify",)
        case State.VERIFIED:
            return ()


def _possible(case: CaseState, actor: Actor) -> tuple[str, str]:
    """What can be done now, in words: for this person, else for whom."""
    mine = [step for step in STEPS.values() if _may(case, step, actor)]
    if mine:
        return (
            f"现在可以：{'、'.join(step.zh for step in mine)}。",
            f"Possible now: {', '.join(step.en for step in mine)}.",
        )
    if case.state in STEPS["verify"].before:
        return "请等待另一人核实。", "It waits for another person to verify it."
    return "您现在无须操作。", "There is nothing for you to do now."


def _may(case: CaseState, step: Step, actor: Actor) -> bool:
    return (
        actor.role in step.roles
        and case.state in step.before
        and not (step.action == "arrive" and case.dispatched_s is None)
        and not (step.by_another and actor.id == case.resolved_by)
    )


def _ordered(roles: frozenset[str]) -> list[str]:
    return [role for role in ROLE_NAMES if role in roles]
