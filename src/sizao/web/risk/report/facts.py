"""Numbers of a report: counts of the register by month, place, hour and kind."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from sizao.risk.compare import Change, change
from sizao.web.imports.models import Crash
from sizao.web.risk.report.period import Month

FIELDS = ("time", "hour_known", "lat", "lon", "area", "procedure", "dead", "injured", "serious",
          "loss_cny", "collision", "cause", "road")  # fmt: skip


@dataclass
class Totals:
    """Of one period."""

    crashes: int = 0
    fatal: int = 0
    dead: int = 0
    injured: int = 0
    loss_cny: float = 0.0
    unlocated: int = 0
    hour_unknown: int = 0

    def add(self, row: dict[str, Any]) -> None:
        self.crashes += 1
        self.fatal += bool(row["dead"]) or row["procedure"] == "fatal"
        self.dead += row["dead"] or 0
        self.injured += row["injured"] or 0
        self.loss_cny += row["loss_cny"] or 0.0
        self.unlocated += row["lat"] is None
        self.hour_unknown += not row["hour_known"]


@dataclass
class Facts:
    """Everything a report counts. ``rows`` are the period's crashes, ``year`` the 12 months that
    end with it."""

    month: Month
    rows: list[dict[str, Any]]
    year: list[dict[str, Any]]
    by_month: dict[str, Totals] = field(default_factory=dict)

    @property
    def now(self) -> Totals:
        return self.by_month[str(self.month)]

    @property
    def before(self) -> Totals:
        return self.by_month[str(self.month.back(1))]

    @property
    def last_year(self) -> Totals:
        return self.by_month[str(self.month.back(12))]

    def to_date(self, years_back: int = 0) -> Totals:
        """January to the month of the period, so many years before."""
        sum_ = Totals()
        for number in range(1, self.month.month + 1):
            part = self.by_month.get(str(Month(self.month.year - years_back, number)))
            if part:
                for name, value in vars(part).items():
                    setattr(sum_, name, getattr(sum_, name) + value)
        return sum_

    def against(self, name: str, other: Totals, days: int) -> Change:
        """A count of the period against another period's."""
        return change(getattr(self.now, name), getattr(other, name), self.month.days, days)


MONTHS = 25
"""Months of the record that are looked at: the period and two years before it."""


def gather(month: Month, areas: Iterable[str] = ()) -> Facts:
    """Count the register up to the end of a month; ``areas`` narrows it to some counties."""
    start = Month(month.year - 2, 1).start
    found = Crash.objects.filter(time__gte=start, time__lt=month.end).order_by("time")
    if chosen := list(areas):
        found = found.filter(area__in=chosen)
    facts = Facts(month, [], [])
    for back in range(36):
        facts.by_month[str(month.back(back))] = Totals()
    year_start = month.back(11).start
    for row in found.values(*FIELDS).iterator(chunk_size=5000):
        local = timezone.localtime(row["time"])
        row["local"] = local
        facts.by_month.setdefault(f"{local:%Y-%m}", Totals()).add(row)
        if local >= year_start:
            facts.year.append(row)
        if local >= month.start:
            facts.rows.append(row)
    return facts


def hours(rows: Iterable[dict[str, Any]]) -> list[int]:
    """Crashes by hour of the day."""
    found = Counter(row["local"].hour for row in rows if row["hour_known"])
    return [found[hour] for hour in range(24)]


def weekdays(rows: Iterable[dict[str, Any]]) -> list[int]:
    """Crashes by day of the week, Monday first."""
    found = Counter(row["local"].weekday() for row in rows)
    return [found[day] for day in range(7)]


def counted(rows: Iterable[dict[str, Any]], name: str) -> Counter[str]:
    """Crashes by a column, "" where it is not recorded."""
    return Counter(row[name] or "" for row in rows)


def today(now: dt.datetime) -> str:
    """A date as a document has it: 2026年11月25日."""
    local = timezone.localtime(now)
    return f"{local.year}年{local.month}月{local.day}日"
