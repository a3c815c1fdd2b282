"""When a forecast is due: each night, once what was missed, and through the day on news.

A *slot* is an occasion with a name; whoever keeps the names makes one forecast a slot, however
often the process was stopped meanwhile. Pure: what happened is passed in.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from importlib import resources
from typing import Any

import yaml

from sizao.core.errors import ConfigError
from sizao.core.rulebook import CERTAINTIES

CAUSES = ("night", "assessment", "calendar", "day")


@dataclass(frozen=True)
class Schedule:
    """One row of ``data/forecast_schedule.yaml``. ``night_at`` is local time of day."""

    first: date
    night_at: time
    gap: timedelta
    days: int
    told: timedelta
    stale: timedelta
    tries: int
    retry: timedelta
    fleet_at: time
    fleet_days: int
    certainty: str


@dataclass(frozen=True)
class Slot:
    """An occasion: ``cause`` is one of CAUSES, ``name`` is its own for ever."""

    cause: str
    name: str


@dataclass(frozen=True)
class Seen:
    """What is known when the question is asked.

    last : when the newest forecast was made, None if there is none
    taken : names of slots that have one, finished or not
    assessment : number of the assessment a forecast would rest on, None without
    rests_on : number of the one that the newest forecast rests on
    calendar : the last change of the calendar
    news : the last change of weather or flow
    """

    last: datetime | None
    taken: Collection[str]
    assessment: int | None = None
    rests_on: int | None = None
    calendar: datetime | None = None
    news: datetime | None = None


@cache
def schedules() -> tuple[Schedule, ...]:
    """All rows, the oldest first. Raises ConfigError for a row that cannot be."""
    text = (resources.files("sizao.risk") / "data/forecast_schedule.yaml").read_text("utf-8")
    return tuple(sorted((_row(raw) for raw in yaml.safe_load(text)), key=lambda row: row.first))


def in_force(day: date) -> Schedule:
    """The row in force on a day; before the first row it is the first."""
    rows = schedules()
    return next((row for row in reversed(rows) if row.first <= day), rows[0])


def due(schedule: Schedule, now: datetime, seen: Seen) -> Slot | None:
    """The slot whose forecast is to be made now, if any.

    now : local time with its zone

    What was missed while the program stood still is made once, however many nights it was.
    """
    night = night_of(schedule.night_at, now)
    slots = [Slot("night", f"night:{night:%Y-%m-%d}")]
    if seen.last is not None:
        if seen.assessment is not None and seen.assessment != seen.rests_on:
            slots.append(Slot("assessment", f"assessment:{seen.assessment}"))
        if seen.calendar is not None and seen.calendar > seen.last:
            slots.append(Slot("calendar", f"calendar:{seen.calendar.isoformat()}"))
        if seen.news is not None and seen.news > seen.last and now - seen.last >= schedule.gap:
            slots.append(Slot("day", f"day:{seen.news.isoformat()}"))
    return next((slot for slot in slots if slot.name not in seen.taken), None)


def night_of(at: time, now: datetime) -> datetime:
    """The newest moment at a time of day that is not after ``now``."""
    found = now.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0)
    return found if found <= now else found - timedelta(days=1)


def is_stale(schedule: Schedule, now: datetime, last: datetime | None) -> bool:
    """Whether the newest forecast is too old to go by; so is having none."""
    return last is None or now - last > schedule.stale


def _row(raw: Mapping[str, Any]) -> Schedule:
    try:
        found = Schedule(
            first=raw["from"],
            night_at=time.fromisoformat(raw["night_at"]),
            gap=timedelta(minutes=raw["gap_min"]),
            days=int(raw["days"]),
            told=timedelta(hours=raw["told_h"]),
            stale=timedelta(hours=raw["stale_h"]),
            tries=int(raw["tries"]),
            retry=timedelta(minutes=raw["retry_min"]),
            fleet_at=time.fromisoformat(raw["fleet_at"]),
            fleet_days=int(raw["fleet_days"]),
            certainty=raw["certainty"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"forecast_schedule.yaml: {error!r} in {raw}") from error
    if found.certainty not in CERTAINTIES or not 1 <= found.days <= 31 or found.tries < 1:
        raise ConfigError(f"forecast_schedule.yaml: certainty, days or tries of {raw}")
    return found
