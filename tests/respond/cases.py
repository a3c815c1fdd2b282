"""Shared by the tests of respond: people, and a case brought to any state."""

from __future__ import annotations

from sizao.core.levels import CommandLevel, WarningLevel
from sizao.respond.case import Actor, CaseState, Event, apply, open_case
from sizao.respond.steps import STEPS

OPERATOR = Actor("u-op", "operator", "王敏", "brigade-1")
SECOND = Actor("u-op2", "operator", "赵刚", "brigade-1")
LEADER = Actor("u-lead", "leader", "李强", "detachment")
OFFICER = Actor("u-off", "officer", "陈明", "squadron-1")
AUDITOR = Actor("u-aud", "auditor", "审计", "detachment")
ADMIN = Actor("u-adm", "admin", "管理", "detachment")
EVERYBODY = (OPERATOR, SECOND, LEADER, OFFICER, AUDITOR, ADMIN)

PATHS = {
    "raised": (),
    "signed": ("sign",),
    "dispatched": ("sign", "dispatch"),
    "on_scene": ("sign", "dispatch", "arrive"),
    "controlled": ("sign", "control"),
    "resolved": ("sign", "control", "resolve"),
    "dismissed": ("sign", "dismiss"),
    "verified": ("sign", "control", "resolve", "verify"),
}
"""State to a shortest way to it."""


def raised(
    level: WarningLevel = WarningLevel.ORANGE,
    command_level: CommandLevel = CommandLevel.BRIGADE,
    at_s: float = 1000.0,
) -> tuple[CaseState, list[Event]]:
    case, event = open_case("20261123-0007", level, command_level, at_s=at_s, warning="w1")
    return case, [event]


def walk(
    case: CaseState, events: list[Event], actions: tuple[str, ...], *, step_s: float = 10.0
) -> tuple[CaseState, list[Event]]:
    """Take steps ten seconds apart: the leader verifies, the operator does the rest."""
    events = list(events)
    for action in actions:
        actor = LEADER if action == "verify" else OPERATOR
        reason = "已停车休息" if STEPS[action].needs_reason else ""
        at_s = case.updated_s + step_s
        case, event = apply(case, action, actor, at_s, reason=reason, units=("川D1012",))
        events.append(event)
    return case, events


def in_state(state: str) -> tuple[CaseState, list[Event]]:
    return walk(*raised(), PATHS[state])
