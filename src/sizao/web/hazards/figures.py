"""The indicators of the ledger over what the board shows."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sizao.govern.hazards.measures import HazardRecord
from sizao.govern.indicator import Definition, Indicator
from sizao.govern.indicators import HAZARD_KPIS, definition
from sizao.web.hazards.models import HazardEvent, HazardQuerySet
from sizao.web.pages.words import pick


@dataclass(frozen=True)
class Figure:
    """An indicator, its definition, and its value as people read it."""

    about: Definition
    found: Indicator
    name: str
    value: str
    formula: str


def records(rows: HazardQuerySet) -> list[HazardRecord]:
    """The hazards as ``govern`` counts them; one that was no hazard or merged does not count."""
    counted = rows.exclude(state__in=["dismissed", "merged"])
    moments: dict[int, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    events = HazardEvent.objects.filter(
        hazard__in=counted, action__in=["accept", "delist", "reopen"]
    ).order_by("hazard", "seq")
    for hazard, action, at in events.values_list("hazard", "action", "at"):
        moments[hazard][action].append(at.timestamp())
    found = []
    columns = ("pk", "number", "found_at", "machine__promised_s", "closed_at")
    for pk, number, found_at, promised, closed_at in counted.values_list(*columns):
        seen = moments[pk]
        found.append(
            HazardRecord(
                number,
                found_at.timestamp(),
                promised,
                next(iter(seen["accept"]), None),
                tuple(seen["delist"]),
                tuple(seen["reopen"]),
                closed_at.timestamp() if closed_at else None,
            )
        )
    return found


def figures(rows: HazardQuerySet, now: datetime) -> list[Figure]:
    """Every indicator of the ledger, with numerator and denominator beside it."""
    counted = records(rows)
    made = []
    for kpi in HAZARD_KPIS:
        about, found = definition(kpi), kpi.compute(counted, at_s=now.timestamp())
        made.append(
            Figure(
                about, found, pick(about.name_zh, about.name_en), _said(found),
                pick(about.formula_zh, about.formula_en),
            )
        )  # fmt: skip
    return made


def _said(found: Indicator) -> Any:
    if found.value is None:
        return "—"
    if found.unit == "ratio":
        return f"{found.value:.0%}"
    days = found.value / 86_400
    return pick(f"{days:.0f} 天", f"{days:.0f} d")
