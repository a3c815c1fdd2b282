"""The after-action review's facts: promised and kept clocks, deviations, what was known when.

Made from the timeline alone, so that a review of last year is made of last year's lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sizao.respond.case import replay
from sizao.respond.clocks import CLOCKS, promised_s
from sizao.respond.plans.model import PARTIES
from sizao.respond.plans.runs import TaskRun, TaskState
from sizao.respond.records import CaseState, Event

KNOWN = frozenset({"raise", "join", "inject", "attach"})
"""Events by which something new became known."""


@dataclass(frozen=True)
class Kept:
    """A clock of the case: promised and done. ``done_s`` None: never."""

    clock: str
    zh: str
    en: str
    promised_s: float
    done_s: float | None

    @property
    def late_s(self) -> float | None:
        """Positive: too late; None: not done."""
        return None if self.done_s is None else self.done_s - self.promised_s


@dataclass(frozen=True)
class Facts:
    """What the timeline says for a review."""

    case: CaseState
    clocks: tuple[Kept, ...]
    known: tuple[Event, ...]
    deviations: tuple[tuple[str, TaskRun], ...]
    """Name of the plan, and the task that was not done as it says."""
    missed: tuple[Event, ...]
    """Clocks of the case and of tasks that ran out."""


def facts(events: Sequence[Event]) -> Facts:
    """The facts of a whole timeline. Raises TransitionError if it has a gap."""
    case = replay(events)
    first = {"sign": case.signed_s, "first_action": None, "feedback": None, "verify": None}
    for event in events:  # the first time it was done: a reopening launders nothing
        if event.action in ("dispatch", "control") and first["first_action"] is None:
            first["first_action"] = event.at_s
        if event.action in ("resolve", "dismiss"):
            first["feedback"] = event.at_s
        if event.action == "verify":
            first["verify"] = event.at_s
    clocks = tuple(
        Kept(clock, zh, en, promised, first[clock])
        for clock, (zh, en) in CLOCKS.items()
        if (promised := promised_s(case, clock)) is not None
    )
    return Facts(
        case=case,
        clocks=clocks,
        known=tuple(event for event in events if event.action in KNOWN),
        deviations=tuple(
            (run.zh, task)
            for run in case.plans
            for task in run.tasks
            if task.state in (TaskState.DEVIATED, TaskState.NOT_NEEDED, TaskState.LEFT)
        ),
        missed=tuple(event for event in events if event.action in ("escalate", "task_overdue")),
    )


def party_zh(task: TaskRun) -> str:
    return PARTIES[task.party][0]
