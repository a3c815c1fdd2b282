"""What else is known about the place: crashes on record, hazards in the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from sizao.web.clock import feed_now
from sizao.web.geo import metres_between
from sizao.web.hazards.models import Hazard
from sizao.web.imports.models import Crash
from sizao.web.junctions.models import Junction

RADIUS_M = 60.0
"""Functional area of an urban junction, for want of a drawn one."""
YEARS = 3


@dataclass(frozen=True)
class Crashes:
    """Crashes within RADIUS_M in the last YEARS years; newest first."""

    rows: list[Crash]

    @property
    def dead(self) -> int:
        return sum(one.dead or 0 for one in self.rows)

    @property
    def injured(self) -> int:
        return sum(one.injured or 0 for one in self.rows)


def crashes(junction: Junction) -> Crashes:
    """The record's crashes at a junction. A crash without coordinates is not among them."""
    since = feed_now() - timedelta(days=365 * YEARS)
    box = Crash.objects.filter(
        time__gte=since,
        lat__range=(junction.lat - 0.001, junction.lat + 0.001),
        lon__range=(junction.lon - 0.0012, junction.lon + 0.0012),
    ).order_by("-time")
    return Crashes(
        [c for c in box if metres_between(c.lat, c.lon, junction.lat, junction.lon) <= RADIUS_M]
    )


def by_year(found: Crashes) -> list[tuple[int, int]]:
    """Crashes of each calendar year, oldest first."""
    years: dict[int, int] = {}
    for one in found.rows:
        year = timezone.localtime(one.time).year
        years[year] = years.get(year, 0) + 1
    return sorted(years.items())


def hazards(junction: Junction) -> list[Hazard]:
    """Open hazards of the ledger that name the junction or lie at it."""
    box = Q(
        lat__range=(junction.lat - 0.001, junction.lat + 0.001),
        lon__range=(junction.lon - 0.0012, junction.lon + 0.0012),
    )
    return [
        one
        for one in Hazard.objects.open().filter(Q(junction=junction.name) | box)
        if one.junction == junction.name
        or metres_between(one.lat, one.lon, junction.lat, junction.lon) <= RADIUS_M
    ]
