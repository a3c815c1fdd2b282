"""The table of steps: what a person may do with a case, when, and who may.

Each row is one step. ``case.apply`` reads nothing else, so a change of procedure is a change of
this table (and of its golden test).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sizao.respond.records import State

OPERATOR, LEADER, OFFICER = "operator", "leader", "officer"

_ALL = frozenset({OPERATOR, LEADER, OFFICER})
_DESK = frozenset({OPERATOR, LEADER})

ROLE_NAMES = {
    OPERATOR: ("指挥中心值班员", "operator"),
    LEADER: ("带班领导", "leader"),
    OFFICER: ("中队民警", "squadron officer"),
    "auditor": ("审计员", "auditor"),
    "admin": ("系统管理员", "administrator"),
    "system": ("系统", "system"),
}
"""Role to Chinese and English name."""

MEASURES: Mapping[str, tuple[str, str]] = {
    "terminal_text": ("向车载终端下发提示", "text to the vehicle's terminal"),
    "enterprise_call": ("通知企业监控员", "call to the enterprise's monitor"),
    "roadside_stop": ("路面拦停检查", "roadside stop"),
    "escort": ("警车带离", "escort off the road"),
    "road_control": ("路段交通管制", "traffic control of the section"),
    "other": ("其他措施", "other measure"),
}
"""Control measures, code to Chinese and English name."""


@dataclass(frozen=True)
class Step:
    """One row of the table."""

    action: str
    zh: str
    en: str
    key: str
    """Keyboard key; empty for steps that undo or throw away, which ask first."""
    before: frozenset[State]
    after: State
    roles: frozenset[str]
    needs_reason: bool = False
    needs_units: bool = False
    by_another: bool = False
    """Not by the person who reported the case resolved."""
    destructive: bool = False
    """The page asks, with ``consequence``, before it does it."""
    consequence_zh: str = ""
    consequence_en: str = ""


def _in(*states: State) -> frozenset[State]:
    return frozenset(states)


_ACTIVE = _in(State.SIGNED, State.DISPATCHED, State.ON_SCENE, State.CONTROLLED)
_REPORTED = _in(State.RESOLVED, State.DISMISSED)

STEPS: Mapping[str, Step] = {
    step.action: step
    for step in (
        Step("sign", "签收", "Sign", "s", _in(State.RAISED), State.SIGNED, _ALL),
        Step(
            "dispatch", "派警", "Dispatch", "d", _ACTIVE, State.DISPATCHED, _DESK, needs_units=True
        ),
        Step("arrive", "到场", "Arrive", "a", _ACTIVE - {State.SIGNED}, State.ON_SCENE, _ALL),
        Step("control", "控制", "Control", "c", _ACTIVE, State.CONTROLLED, _ALL),
        Step(
            "resolve",
            "处置完毕",
            "Resolve",
            "r",
            _ACTIVE - {State.DISPATCHED},
            State.RESOLVED,
            _ALL,
            needs_reason=True,
        ),
        Step(
            "verify",
            "核实办结",
            "Verify",
            "v",
            _REPORTED,
            State.VERIFIED,
            _DESK,
            by_another=True,
        ),
        Step(
            "dismiss",
            "判为误报",
            "Dismiss as false alarm",
            "",
            _ACTIVE,
            State.DISMISSED,
            _DESK,
            needs_reason=True,
            destructive=True,
            consequence_zh="本案将按误报停止处置，并由另一人核实。",
            consequence_en="Handling stops as a false alarm, and another person verifies that.",
        ),
        Step(
            "reopen",
            "重新打开",
            "Reopen",
            "",
            _REPORTED | {State.VERIFIED},
            State.SIGNED,
            _DESK,
            needs_reason=True,
            destructive=True,
            consequence_zh="本案将回到已签收状态，处置时限从现在重新计算。",
            consequence_en="The case goes back to signed and its clocks start again now.",
        ),
    )
}
"""Every step by its action, in the order of the work."""
