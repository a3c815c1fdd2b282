"""When a clock runs out: one command level up, once a clock, with a new deadline.

The rule book says so as a project default (``warning.handling_clock``, ``escalate_on_miss:
next_level_up``). The case keeps its state and its people; the next level sees it from now on and
gets the clock's whole span anew. At the top, the miss is recorded all the same.
"""

from __future__ import annotations

from sizao.respond.case import evolve, system_event
from sizao.respond.clocks import Deadline, due, limit_s, next_escalation
from sizao.respond.plans.runs import next_miss
from sizao.respond.plans.steps import miss
from sizao.respond.records import CaseState, Event


def escalate(case: CaseState, at_s: float) -> tuple[CaseState, Event, Deadline] | None:
    """Escalate the first clock that has run out by ``at_s``; None if there is none.

    Returns the next state, the event to append and the new deadline. Call again until None: after
    a pause of the desk several clocks may have run out.
    """
    missed = due(case, at_s)
    if missed is None:
        return None
    upper = case.command_level.up()
    new_at_s = max(at_s, case.updated_s) + limit_s(missed.clock, case.level)
    if upper is case.command_level:
        zh = f"{missed.zh}已过，已在{upper.zh}，继续督办"
        en = f"The clock to {missed.en} ran out; the case is already at the top ({upper.code})"
    else:
        zh = f"{missed.zh}已过，由{case.command_level.zh}升至{upper.zh}"
        en = (
            f"The clock to {missed.en} ran out: "
            f"escalated from {case.command_level.code} to {upper.code}"
        )
    details = {
        "clock": missed.clock,
        "missed_s": missed.at_s,
        "from_level": case.command_level.code,
        "command_level": upper.code,
        "deadline_s": new_at_s,
    }
    event = system_event(case, "escalate", at_s, zh, en, details)
    return evolve(case, event), event, Deadline(missed.clock, new_at_s, event.at_s, True)


def escalate_all(case: CaseState, at_s: float) -> tuple[CaseState, list[Event]]:
    """Escalate until nothing is due, clocks of the case first and then those of its tasks.

    Returns the state and the events, oldest first.
    """
    events: list[Event] = []
    while (step := escalate(case, at_s)) is not None:
        case, event, _ = step
        events.append(event)
    while (told := miss(case, at_s)) is not None:
        case, event = told
        events.append(event)
    return case, events


def next_s(case: CaseState) -> float | None:
    """When :func:`escalate_all` is next worth calling; None if no clock runs."""
    moments = []
    if (upward := next_escalation(case)) is not None:
        moments.append(upward.at_s)
    if case.is_open and (task := next_miss(case.plans)) is not None:
        moments.append(task.at_s)
    return min(moments, default=None)
