"""What a case is made of: states, actors, events, and the state of one case.

Everything here is a value. A case changes only by an :class:`Event`, and
``case.replay(events)`` builds the same :class:`CaseState` again from the timeline alone.
All times are seconds since the epoch of the feed clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any

from sizao.core.levels import CommandLevel, WarningLevel
from sizao.respond.plans.runs import PlanRun, TaskRun


class State(StrEnum):
    """The furthest rung a case has reached; only ``reopen`` leads back."""

    RAISED = "raised"
    SIGNED = "signed"
    DISPATCHED = "dispatched"
    ON_SCENE = "on_scene"
    CONTROLLED = "controlled"
    RESOLVED = "resolved"
    DISMISSED = "dismissed"
    VERIFIED = "verified"

    @property
    def zh(self) -> str:
        return _STATE_NAMES[self.value][0]

    @property
    def en(self) -> str:
        return _STATE_NAMES[self.value][1]


_STATE_NAMES = {
    "raised": ("待签收", "to be signed"),
    "signed": ("已签收", "signed"),
    "dispatched": ("已派警", "dispatched"),
    "on_scene": ("已到场", "on scene"),
    "controlled": ("已控制", "controlled"),
    "resolved": ("已处置，待核实", "resolved, to be verified"),
    "dismissed": ("误报，待核实", "false alarm, to be verified"),
    "verified": ("已核实办结", "verified and closed"),
}

ORIGINS: Mapping[str, tuple[str, str]] = {
    "detection": ("检测", "detection"),
    "forecast": ("风险预报", "risk forecast"),
    "weather": ("气象", "weather"),
    "report": ("群众上报", "report"),
    "neighbour": ("相邻单位通报", "neighbour's notice"),
    "manual": ("人工发布", "manual"),
    "call": ("接警", "call"),
}
"""What a warning or a case was made from, code to Chinese and English name."""

RUNGS = (State.RAISED, State.SIGNED, State.DISPATCHED, State.ON_SCENE, State.CONTROLLED)
"""The ladder of an open case. A step never moves a case down it."""

OPEN = frozenset(RUNGS)
"""States in which somebody still has to act on the road."""

NOTES = frozenset({"inject", "attach", "finding", "measure", "basis"})
"""Lines that move nothing: what a drill plays in, a file that was attached, a finding of the
review, what became of a control measure of the case, a change of what a warning rests on and the
answer to it."""

SYSTEM = "system"
"""Role of what no person did: raising, escalating, joining a later warning."""


@dataclass(frozen=True)
class Actor:
    """Who acts. ``id`` decides whether two actors are the same person."""

    id: str
    role: str
    """operator, leader, officer, auditor, admin or system."""
    name: str = ""
    unit: str = ""


@dataclass(frozen=True)
class Event:
    """One line of a case's timeline. Appended, never changed."""

    seq: int
    """1, 2, 3 ... within the case, without gaps."""
    action: str
    """A person's step (``steps.STEPS``), a step of a plan (``plans.steps``), or ``raise``,
    ``escalate``, ``join``."""
    at_s: float
    actor: str
    actor_name: str
    role: str
    before: State
    after: State
    zh: str
    en: str
    details: Mapping[str, Any] = field(default_factory=dict)
    """Values that JSON can hold; all that ``case.evolve`` needs beside the columns above."""

    def to_dict(self) -> dict[str, Any]:
        """Values that JSON can hold."""
        return asdict(self) | {"before": self.before.value, "after": self.after.value}

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Event:
        """The event of :meth:`to_dict`."""
        return cls(**{**raw, "before": State(raw["before"]), "after": State(raw["after"])})


@dataclass(frozen=True)
class CaseState:
    """Where a case stands. ``None`` means that the step has not been taken."""

    id: str
    level: WarningLevel
    command_level: CommandLevel
    raised_s: float
    state: State = State.RAISED
    gradings: tuple[tuple[float, WarningLevel], ...] = ()
    """When the case got which level, and when it was reopened; the clocks run from here."""
    signed_s: float | None = None
    dispatched_s: float | None = None
    on_scene_s: float | None = None
    controlled_s: float | None = None
    resolved_s: float | None = None
    """When it was reported resolved, or dismissed as a false alarm."""
    verified_s: float | None = None
    signed_by: str = ""
    resolved_by: str = ""
    verified_by: str = ""
    units: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    """Ids of the warnings that this case answers, first one first."""
    reports: tuple[str, ...] = ()
    """Numbers of the reports from people that it answers."""
    escalations: tuple[tuple[str, float], ...] = ()
    """Clock name and moment, at most one a clock (a reopening starts anew)."""
    false_alarm: bool = False
    reopened: int = 0
    reopened_s: float | None = None
    """The last reopening: working deadlines run from it, promised ones do not move."""
    plans: tuple[PlanRun, ...] = ()
    """The response plans that were started, first one first."""
    updated_s: float = 0.0
    version: int = 0
    """Number of events so far; use it for optimistic locking."""

    @property
    def first_action_s(self) -> float | None:
        """The first dispatch or control measure."""
        moments = [at for at in (self.dispatched_s, self.controlled_s) if at is not None]
        return min(moments, default=None)

    @property
    def is_open(self) -> bool:
        """Somebody still has to act on the road (verification is not that)."""
        return self.state in OPEN

    @property
    def open_tasks(self) -> tuple[TaskRun, ...]:
        """Tasks of its plans that have not ended."""
        return tuple(task for run in self.plans for task in run.open_tasks)

    def run(self, key: str) -> PlanRun | None:
        return next((run for run in self.plans if run.key == key), None)

    def to_dict(self) -> dict[str, Any]:
        """Values that JSON can hold; levels by name."""
        return asdict(replace(self, plans=())) | {
            "plans": [run.to_dict() for run in self.plans],
            "level": self.level.code,
            "command_level": self.command_level.code,
            "state": self.state.value,
            "gradings": [[at, level.code] for at, level in self.gradings],
            "units": list(self.units),
            "warnings": list(self.warnings),
            "reports": list(self.reports),
            "escalations": [list(pair) for pair in self.escalations],
        }

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> CaseState:
        """The state of :meth:`to_dict`."""
        values = dict(raw)
        values["level"] = WarningLevel.parse(raw["level"])
        values["command_level"] = CommandLevel.parse(raw["command_level"])
        values["state"] = State(raw["state"])
        values["gradings"] = tuple((at, WarningLevel.parse(code)) for at, code in raw["gradings"])
        values["units"] = tuple(raw["units"])
        values["warnings"] = tuple(raw["warnings"])
        values["reports"] = tuple(raw.get("reports", ()))  # cases older than reports have none
        values["plans"] = tuple(PlanRun.from_dict(one) for one in raw.get("plans", ()))
        values["escalations"] = tuple((name, at) for name, at in raw["escalations"])
        return cls(**values)
