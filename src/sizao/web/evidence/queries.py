"""Which pieces a case, a vehicle or the store's page shows."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import QuerySet

from sizao.core.rulebook import Entry
from sizao.log.deletions import KINDS
from sizao.web.cases.models import Case
from sizao.web.evidence.models import Day, Piece, Retained
from sizao.web.evidence.periods import period, rule_of
from sizao.web.evidence.wanted import span

SHOWN = 60
"""Pieces on a page, the newest first."""

AHEAD = 14
"""Days of deletions to come."""


def of_case(case: Case, now: datetime) -> QuerySet[Piece]:
    """Files of the case's vehicle around the time of the case, the newest first."""
    if not case.vehicle:
        return Piece.objects.none()
    first, last = span(case, now)
    return Piece.objects.filter(subject=case.vehicle, time__range=(first, last))


def of_vehicle(vehicle: str, now: datetime, days: int = 7) -> QuerySet[Piece]:
    return Piece.objects.filter(subject=vehicle, time__gt=now - timedelta(days=days))


@dataclass
class Use:
    """What there is of one kind."""

    what: str
    rule: Entry
    days: int
    pieces: int = 0
    size: int = 0
    gone: int = 0
    retained: int = 0
    oldest: date | None = None
    tomorrow: int = 0
    """Pieces whose time is over within a day."""


@dataclass
class Due:
    """What will be deleted on a day, if nothing wants it by then."""

    day: date
    pieces: int = 0
    size: int = 0


def uses(today: date) -> list[Use]:
    """Use and age by kind, from the counts of each day."""
    found = {what: Use(what, rule_of(what), period(what).days) for what in KINDS}
    for row in Day.objects.order_by("day"):
        use = found.get(row.what)
        left = row.pieces - row.gone
        if use is None:
            continue
        use.gone += row.gone
        if left <= 0:
            continue
        use.pieces += left
        use.size += row.size - row.gone_size
        use.oldest = use.oldest or row.day
    for what, use in found.items():
        use.retained = Retained.objects.filter(what=what).count()
    return list(found.values())


def coming(today: date) -> list[Due]:
    """Deletions of the next days, by the day on which their time is over."""
    days: dict[date, Due] = defaultdict(lambda: Due(today))
    for row in Day.objects.all():
        left = row.pieces - row.gone
        if left <= 0 or row.what not in KINDS:
            continue
        day = max(today, row.day + period(row.what) + timedelta(days=1))
        if day <= today + timedelta(days=AHEAD):
            due = days[day]
            due.day = day
            due.pieces += left
            due.size += row.size - row.gone_size
    return [days[day] for day in sorted(days)]
