"""A plan's week as tables, and words for what it says in codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from sizao.web.pages.words import pick
from sizao.web.plan.models import Plan, Stay
from sizao.web.units.models import Unit

_STATES = {
    "making": ("正在编排", "being made"),
    "draft": ("待审批", "waits for approval"),
    "approved": ("已批准", "approved"),
    "withdrawn": ("已撤回", "withdrawn"),
    "failed": ("未完成", "not made"),
}
_ACTIVITIES = {
    "patrol": ("巡逻驻点", "patrol"),
    "break": ("休息", "break"),
    "drink_driving": ("酒驾查缉", "drink-driving check"),
    "core_violations": ("三超一疲劳检查", "core-violation check"),
}
_DAYS = ("一", "二", "三", "四", "五", "六", "日")
_DAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

HEADER = ("crew", "crew_name", "shift", "activity", "arrive", "leave", "drive_min", "place",
          "lat", "lon", "changed_by")  # fmt: skip


def state_word(state: str) -> str:
    return pick(*_STATES[state])


def activity_word(activity: str) -> str:
    return pick(*_ACTIVITIES[activity])


@dataclass
class Cell:
    """One crew on one day: its shift and what is in it."""

    day: date
    shift: str = ""
    start: Any = None
    end: Any = None
    visits: int = 0
    operations: list[str] = field(default_factory=list)


def crew_names(plan: Plan) -> dict[str, str]:
    """Code of a crew to its name, as the user reads it; in Chinese where the unit is gone."""
    given = {one["id"]: one["name"] for one in plan.given.get("units", [])}
    english = dict(Unit.objects.filter(code__in=given).values_list("code", "name_en"))
    return {code: pick(name, english.get(code) or name) for code, name in given.items()}


def week(plan: Plan, stays: Sequence[Stay]) -> dict[str, Any]:
    """Rows of crews, columns of days."""
    days = [plan.first + timedelta(number) for number in range(plan.days)]
    names = crew_names(plan)
    cells = {(crew, day): Cell(day) for crew in names for day in days}
    for stay in stays:
        cell = cells.get((stay.crew, timezone.localtime(stay.shift_start).date()))
        if cell is None:
            continue
        cell.shift, cell.start, cell.end = stay.shift, stay.shift_start, stay.shift_end
        if stay.activity == "patrol":
            cell.visits += 1
        elif stay.activity != "break":
            cell.operations.append(activity_word(stay.activity))
    return {
        "days": [(day, pick(f"周{_DAYS[day.weekday()]}", _DAYS_EN[day.weekday()])) for day in days],
        "rows": [(crew, name, [cells[crew, day] for day in days]) for crew, name in names.items()],
    }


def chosen(stays: Sequence[Stay], crew: str, day: str) -> list[Stay]:
    """Stays of a crew, a day, both or none of them; without a choice the first crew's first day."""
    found = [
        stay
        for stay in stays
        if (not crew or stay.crew == crew)
        and (not day or timezone.localtime(stay.shift_start).date().isoformat() == day)
    ]
    if crew or day or not found:
        return found
    first = found[0]
    return [s for s in found if s.crew == first.crew and s.shift == first.shift]


def csv_row(stay: Stay) -> tuple[Any, ...]:
    local = [
        timezone.localtime(moment).isoformat(timespec="minutes")
        for moment in (stay.arrive, stay.leave)
    ]
    return (
        stay.crew, stay.crew_name, stay.shift, stay.activity, *local, stay.drive_min, stay.place,
        "" if stay.lat is None else f"{stay.lat:.6f}",
        "" if stay.lon is None else f"{stay.lon:.6f}", stay.changed_by,
    )  # fmt: skip
