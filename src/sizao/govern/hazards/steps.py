"""The table of steps: what a person may do with a hazard, when, and who may.

Each row is one step. ``life.apply`` reads nothing else for who and when, so a change of procedure
is a change of this table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sizao.govern.hazards.records import OPEN, State

OPERATOR, LEADER, OFFICER, PARTNER = "operator", "leader", "officer", "partner"
_ALL = frozenset({OPERATOR, LEADER, OFFICER})
_WORK = _ALL | {PARTNER}
"""Whoever does the work: a partner agency only where it is the duty body (``allowed.py``)."""
_DESK = frozenset({OPERATOR, LEADER})

ROLE_NAMES = {
    OPERATOR: ("指挥员", "operator"),
    LEADER: ("领导", "leader"),
    OFFICER: ("民警", "officer"),
    PARTNER: ("联动单位", "partner agency"),
    "auditor": ("审计员", "auditor"),
    "admin": ("管理员", "administrator"),
    "system": ("系统", "system"),
}

_OPEN = frozenset(OPEN)
_RUNNING = frozenset({State.ASSIGNED, State.RECTIFYING})
_UNTIL_DONE = frozenset({State.FOUND, State.ASSIGNED, State.RECTIFYING, State.RECTIFIED})
_CLOSED = frozenset({State.DELISTED, State.DISMISSED})


@dataclass(frozen=True)
class Step:
    """One row of the table."""

    action: str
    zh: str
    en: str
    before: frozenset[State]
    after: State | None
    """None leaves the state as it is."""
    roles: frozenset[str]
    needs_reason: bool = False
    """The words that say what was done or why."""
    needs: tuple[str, ...] = ()
    """Further values that it cannot do without."""
    needs_photo: bool = False
    by_another: bool = False
    """Not by who did the work or recorded it done, nor from the duty unit itself."""
    by_above: bool = False
    """By somebody of the level above the one in command."""
    destructive: bool = False


STEPS: Mapping[str, Step] = {
    step.action: step
    for step in (
        Step(
            "assign", "交办", "Assign", frozenset({State.FOUND}), State.ASSIGNED, _DESK,
            needs=("grade", "duty_kind", "duty_name", "deadline_s"),
        ),
        Step("receive", "接收", "Acknowledge", _RUNNING, None, frozenset({PARTNER})),
        Step(
            "protect", "落实临时防护", "Protect meanwhile", _UNTIL_DONE, None, _WORK,
            needs_reason=True, needs=("by",),
        ),
        Step("plan", "提交整改方案", "File the plan", _RUNNING, State.RECTIFYING, _WORK,
             needs_reason=True),
        Step(
            "rectify", "整改完成", "Record it done", _RUNNING, State.RECTIFIED, _WORK,
            needs_reason=True, needs=("by",), needs_photo=True,
        ),
        Step(
            "accept", "验收合格", "Accept", frozenset({State.RECTIFIED}), State.ACCEPTED, _ALL,
            needs_reason=True, by_another=True,
        ),
        Step(
            "return", "验收不合格，退回", "Send back", frozenset({State.RECTIFIED}),
            State.RECTIFYING, _ALL, needs_reason=True, by_another=True,
        ),
        Step(
            "delist", "销号", "Delist", frozenset({State.ACCEPTED}), State.DELISTED, _DESK,
            by_another=True,
        ),
        Step(
            "extend", "批准延期", "Extend", _RUNNING, None, _DESK,
            needs_reason=True, needs=("deadline_s",), by_above=True,
        ),
        Step(
            "ask", "申请延期", "Ask for an extension", _RUNNING, None, frozenset({PARTNER}),
            needs_reason=True, needs=("deadline_s",),
        ),
        Step(
            "deny", "不同意延期", "Refuse the extension", _RUNNING, None, _DESK,
            needs_reason=True, by_above=True,
        ),
        Step("note", "记一笔", "Add a note", _OPEN, None, _WORK, needs_reason=True),
        Step(
            "merge", "合并到另一隐患", "Merge into another", frozenset({State.FOUND} | _RUNNING),
            State.MERGED, _DESK, needs=("into",),
        ),
        Step("unmerge", "撤销合并", "Undo the merge", frozenset({State.MERGED}), None, _DESK,
             needs_reason=True),
        Step(
            "dismiss", "不属隐患", "Dismiss as no hazard", frozenset({State.FOUND}),
            State.DISMISSED, _DESK, needs_reason=True, destructive=True,
        ),
        Step(
            "reopen", "重新打开", "Reopen", _CLOSED | {State.ACCEPTED}, State.ASSIGNED, _DESK,
            needs_reason=True, destructive=True,
        ),
    )
}  # fmt: skip
"""Every step by its action, in the order of the work."""

PRIMARY: Mapping[State, tuple[str, ...]] = {
    State.FOUND: ("assign",),
    State.ASSIGNED: ("plan",),
    State.RECTIFYING: ("rectify",),
    State.RECTIFIED: ("accept",),
    State.ACCEPTED: ("delist",),
}
"""The step that should come next; without protection, :func:`life.wish` puts that first."""
