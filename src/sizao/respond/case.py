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

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sizao.core.errors import TransitionError
from sizao.core.levels import CommandLevel, WarningLevel
from sizao.respond.allowed import named, refusal
from sizao.respond.evolution import evolve, replay
from sizao.respond.records import RUNGS, SYSTEM, Actor, CaseState, Event, State
from sizao.respond.steps import ROLE_NAMES, STEPS, Step
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
    "leave_report",
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


def leave_report(
    case: CaseState, *, report: str, by: Actor, at_s: float, reason: str
) -> tuple[CaseState, Event]:
    """Somebody takes a report or call that was joined by mistake out again; level and deadlines
    stay, because what was done was done by them. The line that joined it stays too.

    Raises TransitionError if the case does not answer it.
    """
    if report not in case.reports:
        raise TransitionError(
            f"{report} 没有并入本案。", f"{report} is not joined to this case.", code="target"
        )
    event = _by(
        system_event(
            case, "leave", at_s, f"{report} 移出本案：{reason}",
            f"{report} left this case: {reason}", {"report": report, "reason": reason},
        ),
        by,
    )  # fmt: skip
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
        kept["units"] = named(units)
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
