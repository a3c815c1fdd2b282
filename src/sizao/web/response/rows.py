"""Tasks and plans as pages show them, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sizao.respond.plans.model import MEASURES, PARTIES, QUESTIONS, Plan
from sizao.respond.plans.runs import CLOCKS, PlanRun, TaskState
from sizao.web.cases.models import Case
from sizao.web.cases.projection import state_of
from sizao.web.pages.words import kind_word, kinds, pick
from sizao.web.response import book
from sizao.web.response.access import may_answer, may_start
from sizao.web.response.models import PlanTask
from sizao.web.units.models import User


@dataclass(frozen=True)
class TaskRow:
    """A task with its words and what the reader may do with it."""

    task: PlanTask
    party: str
    what: str
    state: str
    clock: str
    after: str
    measures: tuple[str, ...]
    may_answer: bool

    @property
    def on_behalf(self) -> bool:
        return bool(self.task.unit.agency)


def party_word(party: str) -> str:
    return pick(*PARTIES.get(party, (party, party)))


def fact_word(fact: str) -> str:
    return pick(*QUESTIONS[fact]) if fact in QUESTIONS else fact


def measure_words(measures: Iterable[Any]) -> tuple[str, ...]:
    """A proposed measure in a few words: its kind and its most telling parameter."""
    found = []
    for one in measures:
        word = pick(*MEASURES[one["kind"]])
        if "limit_kmh" in one:
            word += f" {one['limit_kmh']} km/h"
        elif "text" in one:
            word += pick(f"“{one['text']}”", "")  # spoken to drivers in Chinese
        elif "upstream_km" in one:
            km = one["upstream_km"]
            word += pick(f"（上游 {km} 公里）", f" ({km} km upstream)")
        elif "radius_m" in one:
            metres = one["radius_m"]
            word += pick(f"（半径 {metres} 米）", f" (radius {metres} m)")
        if "visibility_m" in one:
            low, high = one["visibility_m"]
            word += pick(f"，能见度 {low}–{high} 米时", f", at visibility {low}-{high} m")
        found.append(word)
    return tuple(found)


def kind_words(plan: Plan) -> list[str]:
    """Kinds of cases that propose a plan; those that this version does not raise are left out."""
    return [kind_word(kind) for kind in sorted(plan.kinds) if kind in kinds()]


def source_words(plan: Plan) -> list[tuple[str, str]]:
    """Where a plan comes from, and how sure that is."""
    return [(pick(one["zh"], one["en"]), one["certainty"]) for one in plan.sources]


def task_row(user: User, task: PlanTask, run: PlanRun | None = None) -> TaskRow:
    told = run.task(task.task) if run else None
    names = {one.id: pick(one.zh, one.en) for one in run.tasks} if run else {}
    clock = CLOCKS.get(task.clock)
    return TaskRow(
        task=task,
        party=party_word(task.party),
        what=pick(task.zh, task.en),
        state=pick(TaskState(task.state).zh, TaskState(task.state).en.capitalize()),
        clock=pick(*clock) if clock else "",
        after=pick("；", "; ").join(names[one] for one in told.after) if told else "",
        measures=measure_words(told.measures) if told else (),
        may_answer=may_answer(user, task),
    )


@dataclass(frozen=True)
class RunRows:
    """A started plan with its tasks."""

    run: PlanRun
    name: str
    facts: tuple[str, ...]
    rows: list[TaskRow]

    @property
    def ended(self) -> int:
        return sum(not row.task.open and not row.task.waiting for row in self.rows)


def of_case(user: User, case: Case) -> dict[str, Any]:
    """What a case page shows: the plans that run, and those it proposes."""
    runs = {run.key: run for run in state_of(case).plans}
    tasks = PlanTask.every.filter(case=case).select_related("unit", "case__unit")
    rows = [
        RunRows(
            runs[key],
            pick(runs[key].zh, runs[key].en),
            tuple(fact_word(one) for one in runs[key].facts),
            [task_row(user, task, runs[key]) for task in group],
        )
        for key, group in groupby(tasks, key=lambda one: one.run)
        if key in runs
    ]
    may = may_start(user, case) and not case.closed and case.signed_at is not None
    proposed = book.proposed(case) if may and case.resolved_at is None else []
    return {
        "runs": rows,
        "proposed": [(plan.id, pick(plan.zh, plan.en)) for plan in proposed],
        "may_start": may and case.resolved_at is None,
        "open": sum(row.task.open or row.task.waiting for one in rows for row in one.rows),
    }
