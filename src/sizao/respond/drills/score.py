"""How the parties of a drill, or of a real case, did: who knew what when, against the clocks.

Of units and agencies, never of people: who pressed the key is not in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sizao.respond.plans.runs import PlanRun, TaskState


@dataclass(frozen=True)
class TaskScore:
    """One task: when its desk was told, opened it, acknowledged and acted. Seconds of the feed
    clock; None: never."""

    party: str
    unit: str
    zh: str
    en: str
    told_s: float
    opened_s: float | None
    acknowledged_s: float | None
    acted_s: float | None
    acknowledge_by_s: float
    finish_by_s: float
    state: TaskState
    until_s: float
    """When it was looked at, or the case ended without it."""

    @property
    def counted(self) -> tuple[bool, bool]:
        """Whether each clock is judged at all: not while it still runs, and not if the case ended
        before it ran out."""
        kept = self.kept
        return (
            kept[0] or self.acknowledge_by_s < self._over(self.acknowledged_s),
            kept[1] or self.finish_by_s < self._over(self.acted_s),
        )

    def _over(self, done_s: float | None) -> float:
        return self.until_s if done_s is None else done_s

    @property
    def kept(self) -> tuple[bool, bool]:
        """Whether the clock to acknowledge and the one to finish were kept. To say in time that a
        task is not needed, or done otherwise, keeps them too: it is a deviation, not a delay."""
        return (
            self.acknowledged_s is not None and self.acknowledged_s <= self.acknowledge_by_s,
            self.acted_s is not None and self.acted_s <= self.finish_by_s,
        )

    @property
    def deviated(self) -> bool:
        return self.state in (TaskState.DEVIATED, TaskState.NOT_NEEDED)


@dataclass(frozen=True)
class PartyScore:
    """One party over all its tasks."""

    party: str
    unit: str
    tasks: int
    clocks: int
    kept: int
    never_opened: int
    deviated: int


def tasks(
    runs: tuple[PlanRun, ...], opened: Mapping[tuple[str, str], float], now_s: float
) -> list[TaskScore]:
    """Every task that was ordered, in the order of the plans, as it stands at a moment.

    opened : when somebody of the task's own unit opened it first, by (``run/task``, unit code)
    """
    found = []
    for run in runs:
        for task in run.tasks:
            if task.ordered_s is None:
                continue
            ended = task.ended_s if task.state is not TaskState.LEFT else None
            found.append(
                TaskScore(
                    party=task.party,
                    unit=task.unit,
                    zh=task.zh,
                    en=task.en,
                    told_s=task.ordered_s,
                    opened_s=opened.get((f"{run.key}/{task.id}", task.unit)),
                    acknowledged_s=task.acknowledged_s,
                    acted_s=ended,
                    acknowledge_by_s=task.ordered_s + task.acknowledge_s,
                    finish_by_s=task.ordered_s + task.finish_s,
                    state=task.state,
                    until_s=now_s if task.ended_s is None else task.ended_s,
                )
            )
    return found


def parties(scored: list[TaskScore]) -> list[PartyScore]:
    """The tasks summed by party and unit, those with most clocks missed first."""
    groups: dict[tuple[str, str], list[TaskScore]] = {}
    for one in scored:
        groups.setdefault((one.party, one.unit), []).append(one)
    found = [
        PartyScore(
            party=party,
            unit=unit,
            tasks=len(own),
            clocks=sum(sum(one.counted) for one in own),
            kept=sum(sum(one.kept) for one in own),
            never_opened=sum(one.opened_s is None for one in own),
            deviated=sum(one.deviated for one in own),
        )
        for (party, unit), own in groups.items()
    ]
    return sorted(found, key=lambda one: (one.kept - one.clocks, one.party))
