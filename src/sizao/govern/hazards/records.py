"""What a hazard is made of: states, people, events, and the state of one hazard.

Everything here is a value. A hazard changes only by an :class:`Event`, and
``life.replay(events)`` builds the same :class:`HazardState` from the timeline alone. Times are
seconds since the epoch of the feed clock; a deadline is the end of its day, so that the whole day
counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from sizao.core.levels import CommandLevel


class State(StrEnum):
    """Where a hazard stands."""

    FOUND = "found"
    ASSIGNED = "assigned"
    RECTIFYING = "rectifying"
    RECTIFIED = "rectified"
    ACCEPTED = "accepted"
    DELISTED = "delisted"
    DISMISSED = "dismissed"
    MERGED = "merged"

    @property
    def zh(self) -> str:
        return _STATE_NAMES[self.value][0]

    @property
    def en(self) -> str:
        return _STATE_NAMES[self.value][1]


_STATE_NAMES = {
    "found": ("待交办", "to be assigned"),
    "assigned": ("已交办", "assigned"),
    "rectifying": ("整改中", "being rectified"),
    "rectified": ("待验收", "to be accepted"),
    "accepted": ("待销号", "to be delisted"),
    "delisted": ("已销号", "delisted"),
    "dismissed": ("不属隐患", "no hazard"),
    "merged": ("已合并", "merged"),
}

OPEN = (State.FOUND, State.ASSIGNED, State.RECTIFYING, State.RECTIFIED, State.ACCEPTED)
"""States in which the hazard is still in the ledger, in the order of the work."""

DUE = (State.ASSIGNED, State.RECTIFYING)
"""States in which the deadline runs: it is the duty body's turn."""

GRADES = {
    "ordinary": ("一般隐患", "ordinary"),
    "considerable": ("较大隐患", "considerable"),
    "major": ("重大隐患", "major"),
}
"""Grades (rule ``hazard.grade``, from a weak source), the least first."""

DUTY_KINDS = {
    "unit": ("本系统单位", "police unit"),
    "agency": ("外部门", "outside agency"),
    "company": ("企业", "company"),
}
"""Who may have to rectify."""

SYSTEM = "system"


@dataclass(frozen=True)
class Actor:
    """Who acts. ``id`` and ``name`` decide whether two actors are the same person."""

    id: str
    role: str
    name: str = ""
    unit: str = ""
    level: CommandLevel = CommandLevel.SQUADRON
    """Level of the unit: who is above whom."""


@dataclass(frozen=True)
class Event:
    """One line of a hazard's timeline. Appended, never changed."""

    seq: int
    """1, 2, 3 ... within the hazard, without gaps."""
    action: str
    at_s: float
    actor: str
    actor_name: str
    role: str
    before: State
    after: State
    zh: str
    en: str
    details: Mapping[str, Any] = field(default_factory=dict)
    """Values that JSON can hold; all that ``life.evolve`` needs beside the columns above."""

    def to_dict(self) -> dict[str, Any]:
        """Values that JSON can hold."""
        return asdict(self) | {"before": self.before.value, "after": self.after.value}

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Event:
        """The event of :meth:`to_dict`."""
        return cls(**{**raw, "before": State(raw["before"]), "after": State(raw["after"])})


@dataclass(frozen=True)
class HazardState:
    """Where a hazard stands. ``None`` and empty mean that the step has not been taken."""

    id: str
    command_level: CommandLevel
    found_s: float
    state: State = State.FOUND
    grade: str = ""
    duty_kind: str = ""
    duty_unit: str = ""
    """Code of the unit that has to rectify; empty for an agency or a company."""
    duty_name: str = ""
    assigned_s: float | None = None
    deadline_s: float | None = None
    promised_s: float | None = None
    """The first deadline: shares in time count against it; an extension does not move it."""
    reminders: tuple[tuple[int, float], ...] = ()
    """Reminders still to come: working days left, and when."""
    escalate_s: float | None = None
    """When it goes up a level if nothing happens."""
    escalations: tuple[tuple[str, float], ...] = ()
    """Level it went up to, and when; a reopening starts anew."""
    extended: int = 0
    protection: str = ""
    """What protects until the hazard is gone."""
    protection_by: str = ""
    protection_until_s: float | None = None
    """Until when it holds; None: until the hazard is gone."""
    plan: str = ""
    rectified_s: float | None = None
    rectified_by: str = ""
    """Who did the work, by name, as recorded."""
    recorded_by: str = ""
    """Account of who recorded it done."""
    recorded_name: str = ""
    accepted_s: float | None = None
    accepted_by: str = ""
    closed_s: float | None = None
    """Delisted, dismissed or merged."""
    first_closed_s: float | None = None
    reopened: int = 0
    reopened_s: float | None = None
    listed: str = ""
    """Level of listed supervision in force: county, city, province."""
    duty_party: str = ""
    """Code of the partner agency that has to rectify, if it has an account here."""
    received_s: float | None = None
    """When the duty body acknowledged; anew after every assignment and reopening."""
    asked_s: float | None = None
    """The deadline that the duty body asked for and nobody has answered yet."""
    into: str = ""
    """The hazard this one was merged into."""
    was: str = ""
    """The state before the merge; an un-merge returns to it."""
    holds: tuple[str, ...] = ()
    """Hazards merged into this one."""
    people: tuple[str, ...] = ()
    """Accounts that took a step, in the order of their first."""
    updated_s: float = 0.0
    version: int = 0
    """Number of events so far; use it for optimistic locking."""

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    def protected_at(self, at_s: float) -> bool:
        """Whether something protects at a moment."""
        until = self.protection_until_s
        return bool(self.protection) and (until is None or at_s <= until)

    def overdue_at(self, at_s: float) -> bool:
        """Whether the duty body is late at a moment."""
        return self.state in DUE and self.deadline_s is not None and at_s > self.deadline_s

    def to_dict(self) -> dict[str, Any]:
        """Values that JSON can hold; levels by name."""
        return asdict(self) | {
            "command_level": self.command_level.code,
            "state": self.state.value,
            "reminders": [list(pair) for pair in self.reminders],
            "escalations": [list(pair) for pair in self.escalations],
            "holds": list(self.holds),
            "people": list(self.people),
        }

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> HazardState:
        """The state of :meth:`to_dict`."""
        values = dict(raw)
        values["command_level"] = CommandLevel.parse(raw["command_level"])
        values["state"] = State(raw["state"])
        values["reminders"] = tuple((left, at) for left, at in raw["reminders"])
        values["escalations"] = tuple((level, at) for level, at in raw["escalations"])
        values["holds"] = tuple(raw["holds"])
        values["people"] = tuple(raw["people"])
        return cls(**values)
