"""Who knew what when: the tasks of a case or of a drill's cases against their clocks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sizao.respond.drills import score
from sizao.respond.drills.score import PartyScore, TaskScore
from sizao.web.cases.models import Case, Receipt
from sizao.web.cases.projection import state_of
from sizao.web.clock import feed_now
from sizao.web.pages.words import pick
from sizao.web.response.rows import party_word
from sizao.web.units.models import Unit


@dataclass(frozen=True)
class Scored:
    """The score as pages and documents show it."""

    tasks: list[tuple[str, str, TaskScore]]
    """Party and unit in words, with the task."""
    parties: list[tuple[str, str, PartyScore]]

    @property
    def clocks(self) -> int:
        return sum(one.clocks for _, _, one in self.parties)

    @property
    def kept(self) -> int:
        return sum(one.kept for _, _, one in self.parties)


def scored(cases: Iterable[Case]) -> Scored:
    """The score of these cases; opened is by anybody of the task's own unit or agency."""
    found: list[TaskScore] = []
    for case in cases:
        opened: dict[tuple[str, str], float] = {}
        receipts = Receipt.objects.filter(case=case).exclude(task="").order_by("-at")
        for task, unit, at in receipts.values_list("task", "unit__code", "at"):
            opened[task, unit] = at.timestamp()
        ended = case.drill.ended_at if case.drill is not None else None
        until = ended or feed_now()
        found += score.tasks(state_of(case).plans, opened, until.timestamp())
    names = {
        unit.code: pick(unit.name_zh, unit.name_en)
        for unit in Unit.everyone.filter(code__in={one.unit for one in found})
    }
    return Scored(
        [(party_word(one.party), names.get(one.unit, one.unit), one) for one in found],
        [
            (party_word(one.party), names.get(one.unit, one.unit), one)
            for one in score.parties(found)
        ],
    )
