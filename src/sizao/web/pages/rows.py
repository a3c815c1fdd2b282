"""A case as one line of a list: what happened, where, who has it, by when."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.db.models import Case as When_
from django.db.models import IntegerField, Prefetch, QuerySet, Value, When

from sizao.core.levels import WarningLevel
from sizao.respond.steps import STEPS
from sizao.warn.causes import CAUSE_UNITS
from sizao.web.basis.shown import marks
from sizao.web.cases.access import may_act
from sizao.web.cases.models import Case
from sizao.web.cases.queries import running_clocks
from sizao.web.fleet.services import mask_plate
from sizao.web.pages import words
from sizao.web.units.models import User
from sizao.web.warnings.models import Warning


@dataclass(frozen=True)
class CaseRow:
    """What a list shows of a case. Times are seconds since the epoch or datetimes."""

    case: Case
    warning: Warning | None
    """The worst warning, the newest of them."""
    what: str
    """In a few words: ``超速 128/80 km/h``."""
    word: str
    """In one: ``超速``."""
    vehicle_kind: str
    plate: str
    clock: str
    deadline_s: float | None
    start_s: float | None
    repeats: int
    unsigned: bool
    can_sign: bool
    basis: str = ""
    """Last change of what its warning rests on: ``依据已撤回``."""
    basis_waits: bool = False


def with_warnings(cases: QuerySet[Case]) -> QuerySet[Case]:
    """Fetch what :func:`case_row` needs in two more queries, however many cases."""
    return cases.select_related("unit", "local_unit", "owner").prefetch_related(
        Prefetch(
            "warnings", Warning.every.order_by("-level", "-issued").prefetch_related("repeats")
        )
    )


def urgency(cases: QuerySet[Case]) -> QuerySet[Case]:
    """What needs a person first: unsigned, then the worst level, then the nearest deadline."""
    return cases.annotate(
        waiting=When_(
            When(state="raised", then=Value(0)), default=Value(1), output_field=IntegerField()
        )
    ).order_by("waiting", "-level", "deadline", "-raised_at")


def shown_plate(user: User, plate: str) -> str:
    """The plate as this role may read it: the auditor checks steps, not vehicles."""
    return plate if user.acts else mask_plate(plate)


def measured_words(warning: Warning) -> str:
    """Measured value against the limit, in the unit people say it in."""
    if warning.measured is None:
        return ""
    if warning.measured_unit == "km/h" and warning.limit is not None:
        return f"{warning.measured:.0f}/{warning.limit:.0f} km/h"
    if warning.measured_unit == "min":
        return words.quantity(warning.measured, "min")
    if warning.measured_unit in CAUSE_UNITS:
        return words.quantity(warning.measured, warning.measured_unit)
    return ""


def case_row(user: User, case: Case) -> CaseRow:
    """The line of one case, for one reader."""
    found = list(case.warnings.all())
    worst = found[0] if found else None
    word = words.kind_word(case.kind)
    clocks = running_clocks(case)
    ahead = clocks[0] if clocks else None
    return CaseRow(
        case=case,
        warning=worst,
        what=f"{word} {measured_words(worst)}".strip() if worst else word,
        word=word,
        vehicle_kind=words.vehicle_word(case.vehicle_kind) if case.vehicle else "",
        plate=shown_plate(user, case.plate),
        clock=words.clock_word(ahead.clock) if ahead else "",
        deadline_s=ahead.at_s if ahead else None,
        start_s=ahead.start_s if ahead else None,
        # An episode that fired and later ended has two revisions and is one repeat.
        repeats=len(
            {again.detection for one in found for again in one.repeats.all() if again.counts}
        ),
        unsigned=case.state == "raised",
        can_sign=case.state == "raised"
        and user.role in STEPS["sign"].roles
        and may_act(user, case),
    )


def case_rows(user: User, cases: QuerySet[Case]) -> list[CaseRow]:
    rows = [case_row(user, case) for case in with_warnings(cases)]
    marked = marks(row.case for row in rows)
    return [
        replace(row, basis=marked[row.case.pk][0], basis_waits=marked[row.case.pk][1])
        if row.case.pk in marked
        else row
        for row in rows
    ]


def level_counts(cases: QuerySet[Case]) -> list[tuple[str, int]]:
    """Number of cases a level, worst first; a level without any counts 0."""
    counts = dict.fromkeys(WarningLevel, 0)
    for level in cases.order_by().values_list("level", flat=True):
        counts[WarningLevel(level)] += 1
    return [(level.code, counts[level]) for level in sorted(counts, reverse=True)]
