"""Tasks and plans as pages show them, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.urls import reverse

from sizao.respond.plans.model import MEASURES, PARTIES, QUESTIONS, Plan
from sizao.respond.plans.runs import CLOCKS, PlanRun, TaskRun, TaskState
from sizao.web.cases.models import Case
from sizao.web.cases.projection import state_of
from sizao.web.clock import feed_now
from sizao.web.measures.access import may_order
from sizao.web.measures.words import row as measure_row
from sizao.web.pages.words import kind_word, kinds, pick
from sizao.web.response import book
from sizao.web.response.access import may_answer, may_start
from sizao.web.response.models import PlanTask
from sizao.web.response.proposals import to_lift
from sizao.web.units.models import User


@dataclass(frozen=True)
class Proposal:
    """A measure that the plan proposes: its words, what was ordered for it, where to order it."""

    words: str
    taken: dict[str, object] | None
    order: str


@dataclass(frozen=True)
class TaskRow:
    """A task with its words and what the reader may do with it."""

    task: PlanTask
    party: str
    what: str
    state: str
    clock: str
    after: str
    measures: tuple[Proposal, ...]
    lifting: tuple[dict[str, object], ...]
    """Rows of the measures that it takes away and that stand."""
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
    if run is None and not user.is_partner:
        run = state_of(task.case).run(task.run)
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
        measures=_proposals(user, task, told) if told else (),
        lifting=tuple(measure_row(one, feed_now()) for one in to_lift(task)) if task.open else (),
        may_answer=may_answer(user, task),
    )


def _proposals(user: User, task: PlanTask, told: TaskRun) -> tuple[Proposal, ...]:
    """Each proposed measure with the last that was ordered for it."""
    if not told.measures:
        return ()
    taken = {
        one.proposal: one
        for one in task.taken.select_related("unit", "case").order_by("ordered_at", "pk")
    }
    may = task.open and task.case.drill_id is None and may_order(user, task.case)
    return tuple(
        Proposal(
            words,
            measure_row(taken[index], feed_now()) if index in taken else None,
            _order_url(task, index, told.measures, taken)
            if may and not (index in taken and taken[index].open_now)
            else "",
        )
        for index, words in enumerate(measure_words(told.measures))
    )


def _order_url(task: PlanTask, index: int, measures: Any, taken: dict[int | None, Any]) -> str:
    """Where to order it; a diversion goes with the closure that stands, if one does."""
    if measures[index]["kind"] == "diversion":
        closure = next((one for one in taken.values() if one.kind == "closure"), None)
        if closure is not None and closure.open_now and closure.whole:
            return reverse("measure-detour", args=(closure.pk,))
    return f"{reverse('measure-new')}?task={task.pk}&proposal={index}"


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
