"""Days that are not like others: holidays, days worked instead, school terms, market days.

A calendar is dated data, a YAML list. Each entry has a ``kind`` and either ``dates`` or a
``rule``; a market has a place, because only the roads around it notice:

    - {kind: holiday, name: 国庆节, dates: [2026-10-01..2026-10-07]}
    - {kind: workday, name: 国庆节调休, dates: [2026-10-10]}
    - {kind: school_term, dates: [2026-09-01..2027-01-22]}
    - {kind: market, name: 平地镇, rule: {lunar_days: [1, 4, 7]}, lat: 26.2, lon: 101.8}

``rule`` is ``lunar_days`` or ``month_days`` (last digits, 逢一四七) or ``weekdays`` (1 is
Monday). ``from`` and ``until`` bound an entry; ``ratio`` is a factor to use as long as the records
say nothing, 1 if none is given. ``basis`` is the document it rests on and ``number`` its number on
the calendar page: both are for people.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import yaml

from sizao.core import workdays
from sizao.core.errors import ConfigError
from sizao.risk.lunar import lunar

KINDS = ("holiday", "workday", "school_term", "market", "event")
RULES = ("lunar_days", "month_days", "weekdays")
RADIUS_M = 1500.0
"""How far a market or an event is noticed where the entry has no ``radius_m``; proposed."""

_KEYS = {"kind", "name", "dates", "rule", "from", "until", "lat", "lon", "radius_m", "ratio",
         "number", "basis"}  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """One line of a calendar. ``lat`` None: the whole network."""

    kind: str
    name: str
    days: frozenset[date]
    rule: tuple[str, frozenset[int]] | None
    first: date | None
    last: date | None
    lat: float | None
    lon: float | None
    radius_m: float
    ratio: float

    def holds(self, day: date) -> bool:
        """Whether the entry speaks of a day. Raises ConfigError outside the lunar table."""
        if (self.first and day < self.first) or (self.last and day > self.last):
            return False
        if self.rule is None:
            return day in self.days
        kind, numbers = self.rule
        if kind == "weekdays":
            return day.isoweekday() in numbers
        return (lunar(day)[3] if kind == "lunar_days" else day.day) % 10 in numbers


@dataclass(frozen=True)
class Calendar:
    """All entries of a file, in its order."""

    entries: tuple[Entry, ...] = ()

    def on(self, day: date) -> list[Entry]:
        """Entries that speak of a day."""
        return [entry for entry in self.entries if entry.holds(day)]

    def like(self, day: date) -> int:
        """The weekday (0 is Monday) whose hours a day has: a holiday is like a Sunday, a Sunday
        worked instead like a Wednesday."""
        kinds = {entry.kind for entry in self.on(day)}
        if "holiday" in kinds:
            return 6
        if "workday" in kinds:
            return 2
        return day.weekday()

    def joined(self, other: Calendar) -> Calendar:
        """The entries of both."""
        return Calendar(self.entries + other.entries)


def announced() -> Calendar:
    """Holidays and days worked instead, of the years in the rule book."""
    known = workdays.announced()
    return Calendar(
        tuple(
            Entry(kind, name, days, None, None, None, None, None, RADIUS_M, 1.0)
            for kind, name, days in (
                ("holiday", "法定节假日", known.holidays),
                ("workday", "调休上班", known.worked),
            )
        )
    )


def read_calendar(path: Path) -> Calendar:
    """A calendar file. Raises ConfigError that names the entry and what is wrong with it."""
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ConfigError(f"{path}: cannot be read as a calendar: {error}") from error
    return Calendar(
        tuple(read_entry(f"{path}: entry {at}", one) for at, one in enumerate(listed(path, raw), 1))
    )


def listed(path: Path, raw: Any) -> list[Any]:
    """Entries of a file as they stand in it. Raises ConfigError if it is no list."""
    if raw is None:
        return []
    if not isinstance(raw, list):
        raise ConfigError(f"{path}: a calendar is a list of entries, each beginning with - kind:")
    return raw


def read_entry(where: str, raw: Any) -> Entry:
    """One entry. Raises ConfigError that begins with ``where`` and says what is wrong."""
    if not isinstance(raw, dict) or raw.get("kind") not in KINDS:
        raise ConfigError(f"{where}: kind must be one of {', '.join(KINDS)}")
    if unknown := set(raw) - _KEYS:
        raise ConfigError(f"{where}: unknown {', '.join(sorted(map(str, unknown)))}")
    if ("dates" in raw) == ("rule" in raw):
        raise ConfigError(f"{where}: needs either dates or rule")
    lat, lon = raw.get("lat"), raw.get("lon")
    if (lat is None) != (lon is None) or (raw["kind"] == "market" and lat is None):
        raise ConfigError(f"{where}: lat and lon belong together, and a market needs them")
    try:
        return Entry(
            kind=raw["kind"],
            name=str(raw.get("name", "")),
            days=frozenset(_days(raw.get("dates", ()))),
            rule=_rule(raw["rule"]) if "rule" in raw else None,
            first=_day(raw["from"]) if "from" in raw else None,
            last=_day(raw["until"]) if "until" in raw else None,
            lat=None if lat is None else float(lat),
            lon=None if lon is None else float(lon),
            radius_m=float(raw.get("radius_m", RADIUS_M)),
            ratio=_positive(raw.get("ratio", 1.0)),
        )
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{where}: {error}") from error


def _positive(value: Any) -> float:
    if not float(value) > 0:
        raise ValueError(f"ratio {value!r} must be above 0")
    return float(value)


def _rule(raw: Any) -> tuple[str, frozenset[int]]:
    if not isinstance(raw, dict) or len(raw) != 1 or next(iter(raw)) not in RULES:
        raise ValueError(f"rule must have one of {', '.join(RULES)}")
    kind, numbers = next(iter(raw.items()))
    limit = range(1, 8) if kind == "weekdays" else range(10)
    found = frozenset(int(number) for number in numbers)
    if not found or not found <= set(limit):
        raise ValueError(f"{kind} must be numbers from {limit.start} to {limit.stop - 1}")
    return kind, found


def _days(raw: Any) -> list[date]:
    found: list[date] = []
    for one in raw if isinstance(raw, Sequence) and not isinstance(raw, str) else [raw]:
        first, _, last = str(one).partition("..")
        start, end = _day(first), _day(last or first)
        if end < start:
            raise ValueError(f"{one}: the last day is before the first")
        found += [start + timedelta(days=i) for i in range((end - start).days + 1)]
    return found


def _day(raw: Any) -> date:
    return raw if isinstance(raw, date) else date.fromisoformat(str(raw).strip())
