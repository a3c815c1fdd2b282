"""Listed supervision (挂牌督办): levels, who may, deadlines, interim reports, the panel.

Source: the levels are found (rule ``supervision.levels``); deadlines, the interval of interim
reports and the size of a panel are proposed (``supervision.deadline_default``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sizao.core.errors import TransitionError
from sizao.core.levels import CommandLevel
from sizao.core.rulebook import entry
from sizao.core.workdays import Workdays
from sizao.govern.hazards.records import Actor, HazardState
from sizao.govern.hazards.steps import LEADER, OPERATOR

RULE = "supervision.deadline_default"

LEVELS = {
    "county": ("县级", "county"),
    "city": ("市级", "city"),
    "province": ("省级", "province"),
}
"""Levels of listed supervision in this system, the lowest first."""

_NEEDS = {
    "county": CommandLevel.BRIGADE,
    "city": CommandLevel.DETACHMENT,
    # The province decides; the detachment enters the decision it was sent.
    "province": CommandLevel.DETACHMENT,
}


def default_days(level: str) -> int:
    """Days that a level gives for rectification."""
    return int(entry(RULE).value(level))


def interim_days(first: date, last: date, days: Workdays) -> list[date]:
    """Days on which an interim report is due, before the deadline; each a working day."""
    step = timedelta(days=int(entry(RULE).value("interim_every")))
    found = []
    day = first + step
    while day < last:
        due = days.after(day, 0)
        if due < last:
            found.append(due)
        day += step
    return found


def may_ask(actor: Actor, level: str) -> TransitionError | None:
    """Why somebody may not ask for a listing of a level; None if they may."""
    return _level(actor, level, (OPERATOR, LEADER))


def may_decide(actor: Actor, level: str, asked_by: str) -> TransitionError | None:
    """Why somebody may not decide on it: a leader of the level, and another than who asked."""
    refused = _level(actor, level, (LEADER,))
    if refused is None and actor.id == asked_by:
        refused = TransitionError(
            "挂牌由您提请，须由另一位领导决定。",
            "You asked for the listing; another leader has to decide.",
            code="same_person",
        )
    return refused


def _level(actor: Actor, level: str, roles: Sequence[str]) -> TransitionError | None:
    if level not in LEVELS:
        return TransitionError("没有这个督办层级。", f"No level {level!r}.", code="level")
    if actor.role not in roles or actor.level < _NEEDS[level]:
        who = "领导" if tuple(roles) == (LEADER,) else "指挥员或领导"
        return TransitionError(
            f"{LEVELS[level][0]}挂牌督办由{_NEEDS[level].zh}及以上的{who}办理。",
            f"A {level} listing is for {' or '.join(roles)} of the {_NEEDS[level].code} or above.",
            code="role",
        )
    return None


@dataclass(frozen=True)
class Expert:
    """One member of the panel that accepts on site."""

    name: str
    post: str
    agrees: bool
    opinion: str = ""


def panel_fault(
    panel: Sequence[Expert], hazard: HazardState, recorder: Actor
) -> TransitionError | None:
    """Why a panel cannot accept; None if it can.

    Enough people, each once, none of whom did the work, recorded it done, or writes this down;
    and all of them agree.
    """
    least = int(entry(RULE).value("panel_min"))
    names = [one.name.strip() for one in panel if one.name.strip()]
    if len(set(names)) < least or len(set(names)) != len(names):
        return TransitionError(
            f"专家组至少 {least} 人，且不得重复。",
            f"A panel has at least {least} members, each once.",
            code="panel",
        )
    barred = {hazard.rectified_by, hazard.recorded_name, recorder.name} - {""}
    if caught := sorted(barred & set(names)):
        return TransitionError(
            f"{'、'.join(caught)}参与整改或经办，不能作为验收专家。",
            f"{', '.join(caught)} did the work or handles the file and cannot be on the panel.",
            code="panel",
        )
    if not all(one.agrees for one in panel):
        return TransitionError(
            "专家意见不一致，不能通过验收；请退回整改。",
            "The panel does not agree; send it back.",
            code="panel",
        )
    return None
