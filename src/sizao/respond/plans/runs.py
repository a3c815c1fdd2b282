"""A plan that was started on a case: its tasks as values, changed by events only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from sizao.core.levels import WarningLevel
from sizao.respond.plans.model import Plan


class TaskState(StrEnum):
    """Where a task stands. The last four are ends."""

    WAITING = "waiting"
    ORDERED = "ordered"
    ACKNOWLEDGED = "acknowledged"
    DONE = "done"
    NOT_NEEDED = "not_needed"
    DEVIATED = "deviated"
    LEFT = "left"

    @property
    def zh(self) -> str:
        return _NAMES[self.value][0]

    @property
    def en(self) -> str:
        return _NAMES[self.value][1]


_NAMES = {
    "waiting": ("等待前置任务", "waits for others"),
    "ordered": ("待接收", "to be acknowledged"),
    "acknowledged": ("办理中", "in hand"),
    "done": ("已完成", "done"),
    "not_needed": ("无须办理", "not needed"),
    "deviated": ("未按预案办理", "done otherwise"),
    "left": ("结案时未办", "open when the case ended"),
}

ENDS = (TaskState.DONE, TaskState.NOT_NEEDED, TaskState.DEVIATED, TaskState.LEFT)
CLOCKS = {"acknowledge": ("接收时限", "acknowledge"), "finish": ("完成时限", "finish")}
"""The clocks of a task, in the order in which they run out."""


@dataclass(frozen=True)
class TaskRun:
    """One task of a started plan. Times are seconds of the feed clock; None: not yet."""

    id: str
    party: str
    unit: str
    """Code of the unit at whose desk it is."""
    zh: str
    en: str
    after: tuple[str, ...]
    acknowledge_s: float
    finish_s: float
    """Spans from the moment it is ordered."""
    measures: tuple[Mapping[str, Any], ...] = ()
    lifts: tuple[str, ...] = ()
    """Ids of tasks whose measures this one takes away."""
    state: TaskState = TaskState.WAITING
    ordered_s: float | None = None
    acknowledged_s: float | None = None
    ended_s: float | None = None
    by: str = ""
    """Who took the last step."""
    reason: str = ""
    missed: tuple[str, ...] = ()
    """Clocks that ran out, each told once."""

    @property
    def open(self) -> bool:
        return self.state not in ENDS

    def due_s(self, clock: str) -> float | None:
        """When a clock of the task runs out; None before it is ordered."""
        if self.ordered_s is None:
            return None
        return self.ordered_s + (self.acknowledge_s if clock == "acknowledge" else self.finish_s)

    @property
    def running(self) -> tuple[str, ...]:
        """The clocks that run now."""
        if self.state is TaskState.ORDERED:
            return ("acknowledge", "finish")
        return ("finish",) if self.state is TaskState.ACKNOWLEDGED else ()

    def to_dict(self) -> dict[str, Any]:
        """Values that JSON can hold."""
        return {
            **vars(self),
            "after": list(self.after),
            "measures": [dict(one) for one in self.measures],
            "lifts": list(self.lifts),
            "state": self.state.value,
            "missed": list(self.missed),
        }

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> TaskRun:
        """The task of :meth:`to_dict`."""
        return cls(
            **{
                **raw,
                "after": tuple(raw["after"]),
                "measures": tuple(raw.get("measures", ())),
                "lifts": tuple(raw.get("lifts", ())),  # runs older than it have none
                "state": TaskState(raw.get("state", "waiting")),
                "missed": tuple(raw.get("missed", ())),
            }
        )


@dataclass(frozen=True)
class PlanRun:
    """A plan as it was started."""

    key: str
    """Names the run within the case: the plan's id, ``-2`` after it the second time."""
    plan: str
    version: str
    zh: str
    en: str
    level: str
    facts: tuple[str, ...]
    started_s: float
    by: str
    tasks: tuple[TaskRun, ...]

    @property
    def open_tasks(self) -> tuple[TaskRun, ...]:
        return tuple(task for task in self.tasks if task.open)

    def task(self, name: str) -> TaskRun | None:
        return next((task for task in self.tasks if task.id == name), None)

    def to_dict(self) -> dict[str, Any]:
        """Values that JSON can hold."""
        return {
            **vars(self),
            "facts": list(self.facts),
            "tasks": [task.to_dict() for task in self.tasks],
        }

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> PlanRun:
        """The run of :meth:`to_dict`."""
        return cls(
            **{
                **raw,
                "facts": tuple(raw["facts"]),
                "tasks": tuple(TaskRun.from_dict(one) for one in raw["tasks"]),
            }
        )


def laid_out(
    plan: Plan, level: WarningLevel, road: str, facts: frozenset[str], units: Mapping[str, str]
) -> tuple[TaskRun, ...]:
    """The tasks that a start would order, with the spans of the level.

    units : party to the code of the unit whose desk gets its tasks

    A task whose condition does not hold is left out; those that waited for it wait for what it
    waited for.
    """
    kept = {task.id: task for task in plan.tasks if task.when.holds(level, road, facts)}
    waits = {task.id: task.after for task in plan.tasks}

    def after(names: tuple[str, ...]) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for name in names:
            found.update(dict.fromkeys((name,) if name in kept else after(waits[name])))
        return tuple(found)

    return tuple(
        TaskRun(
            id=task.id,
            party=task.party,
            unit=units[task.party],
            zh=task.zh,
            en=task.en,
            after=after(task.after),
            acknowledge_s=task.acknowledge_min[level] * 60.0,
            finish_s=task.finish_min[level] * 60.0,
            measures=tuple({"kind": one.kind, **one.parameters} for one in task.measures),
            lifts=tuple(one for one in task.lifts if one in kept),
        )
        for task in kept.values()
    )


def ordered(run: PlanRun, at_s: float) -> PlanRun:
    """Order every task whose predecessors have ended."""
    over = {task.id for task in run.tasks if not task.open}
    return replace(
        run,
        tasks=tuple(
            replace(task, state=TaskState.ORDERED, ordered_s=at_s)
            if task.state is TaskState.WAITING and over.issuperset(task.after)
            else task
            for task in run.tasks
        ),
    )


def changed(run: PlanRun, name: str, **values: Any) -> PlanRun:
    """The run with one task changed."""
    return replace(
        run,
        tasks=tuple(replace(task, **values) if task.id == name else task for task in run.tasks),
    )


@dataclass(frozen=True)
class TaskDeadline:
    """A clock of a task that runs."""

    run: PlanRun
    task: TaskRun
    clock: str
    at_s: float


def next_miss(runs: tuple[PlanRun, ...]) -> TaskDeadline | None:
    """The clock of a task that will be missed first and was not told yet; None if none runs."""
    ahead = [
        TaskDeadline(run, task, clock, at_s)
        for run in runs
        for task in run.tasks
        for clock in task.running
        if clock not in task.missed and (at_s := task.due_s(clock)) is not None
    ]
    return min(ahead, key=lambda one: one.at_s, default=None)
