"""The clocks of a case: by when it must be signed, acted on, resolved and verified.

The limits are data (rule ``warning.handling_clock``, all ``proposed``: no regulation with such
numbers was found). ``sign``, ``first_action`` and ``feedback`` run from the moment the warning
was issued, ``verify`` from the report that the case was resolved.

If a worse warning joins the case, each clock runs from both gradings and the earlier deadline
holds: getting worse never buys time.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from sizao.core.levels import WarningLevel
from sizao.core.rulebook import entry
from sizao.respond.records import CaseState, State

RULE = "warning.handling_clock"

CLOCKS = {
    "sign": ("签收时限", "sign"),
    "first_action": ("首次行动时限", "first action"),
    "feedback": ("处置反馈时限", "resolve"),
    "verify": ("核实时限", "verify"),
}
"""Clock to Chinese and English name, in the order in which they run out."""


@dataclass(frozen=True)
class Deadline:
    """A moment by which something must have happened."""

    clock: str
    at_s: float
    start_s: float
    """From where the present span runs; ``at_s - start_s`` is its length."""
    escalated: bool
    """The clock had run out once and was given anew to the next level."""

    @property
    def zh(self) -> str:
        return CLOCKS[self.clock][0]

    @property
    def en(self) -> str:
        return CLOCKS[self.clock][1]


@dataclass(frozen=True)
class Remaining:
    """How a deadline stands at a moment."""

    deadline: Deadline
    left_s: float
    """Negative: how late."""
    phase: str
    """``normal``, ``soon`` (the last quarter) or ``late``."""


@cache
def limit_s(clock: str, level: WarningLevel) -> float:
    """Seconds that the rule book gives. Raises ConfigError if it has no such clock."""
    minutes = entry(RULE).value(clock)[level.code]
    return float(minutes) * 60.0


def promised_s(case: CaseState, clock: str) -> float | None:
    """The deadline that was promised; on-time shares count against it.

    Neither an escalation nor a reopening moves it: a late signature stays late, and a hasty
    report that is sent back gains no time. None if the clock has not started: ``verify`` before
    somebody reports.
    """
    if clock == "verify":
        return None if case.resolved_s is None else case.resolved_s + limit_s(clock, case.level)
    return min(at_s + limit_s(clock, level) for at_s, level in case.gradings)


def _working_s(case: CaseState, clock: str) -> float:
    """The deadline of a running clock before any escalation: as promised, or since reopening."""
    if clock == "verify":
        assert case.resolved_s is not None  # unmet() only names clocks that have started
        return case.resolved_s + limit_s(clock, case.level)
    since = case.raised_s if case.reopened_s is None else case.reopened_s
    return min(at_s + limit_s(clock, level) for at_s, level in case.gradings if at_s >= since)


def unmet(case: CaseState) -> tuple[str, ...]:
    """The clocks that are running, in the order in which they run out."""
    if case.state is State.VERIFIED:
        return ()
    if case.resolved_s is not None:
        return ("verify",)
    running = []
    if case.signed_s is None:
        running.append("sign")
    if case.first_action_s is None:
        running.append("first_action")
    return (*running, "feedback")


def deadlines(case: CaseState) -> tuple[Deadline, ...]:
    """The deadline of every running clock, escalations counted."""
    escalated = dict(case.escalations)
    found = []
    for clock in unmet(case):
        limit = limit_s(clock, case.level)
        if clock in escalated:
            start = escalated[clock]
            found.append(Deadline(clock, start + limit, start, True))
        else:
            at_s = _working_s(case, clock)
            found.append(Deadline(clock, at_s, at_s - limit, False))
    return tuple(found)


def deadline(case: CaseState) -> Deadline | None:
    """The deadline that comes first, None once the case is closed."""
    return min(deadlines(case), key=lambda found: found.at_s, default=None)


def remaining(case: CaseState, at_s: float) -> Remaining | None:
    """How the first deadline stands at ``at_s``, None once the case is closed."""
    ahead = deadline(case)
    if ahead is None:
        return None
    left = ahead.at_s - at_s
    span = ahead.at_s - ahead.start_s
    phase = "late" if left < 0 else "soon" if left <= span / 4 else "normal"
    return Remaining(ahead, left, phase)


def next_escalation(case: CaseState) -> Deadline | None:
    """The first deadline whose passing will escalate the case; None if none is left.

    Keep its moment in an indexed column to find the cases that :func:`due` is worth asking about.
    """
    ahead = (one for one in deadlines(case) if not one.escalated)
    return min(ahead, key=lambda one: one.at_s, default=None)


def due(case: CaseState, at_s: float) -> Deadline | None:
    """The first clock that has run out by ``at_s`` and was not escalated yet.

    A deadline is kept if the step is taken at that very moment; it has run out after it.
    """
    ahead = next_escalation(case)
    return ahead if ahead is not None and at_s > ahead.at_s else None
