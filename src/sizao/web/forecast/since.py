"""What happened since: the crashes of a day beside the forecast that stood before it.

Crashes are those of the register where it reaches, then cases of crashes that somebody verified
(``web/outcomes``). Each is looked up at its place and hour: was it among the worst 5 % of
kilometre-hours of the part of the day that is over?
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from django.db.models import Max

from sizao.web.forecast.days import Day, start_of
from sizao.web.imports.models import Crash
from sizao.web.outcomes.services import incidents
from sizao.web.risk.files import Results
from sizao.web.risk.nearest import nearest_sites
from sizao.web.risk.ranking import rows_of
from sizao.web.units.models import User

SHARE = 0.05
ONE_DAY = timedelta(days=1)
JUNCTION_KM = 0.03
"""Length that a junction stands for: twice the reach within which crashes are its own."""


@dataclass(frozen=True)
class Event:
    """A crash of the day. ``worst``: it lay in the worst SHARE; None off the network."""

    hour: int
    lat: float
    lon: float
    place: str
    worst: bool | None


@dataclass(frozen=True)
class Since:
    """A day so far. ``first`` to ``last`` are the hours that count, last not included.

    expected : crashes that the forecast had for them; in_worst : share of those in the worst part
    """

    first: int
    last: int
    expected: float
    in_worst: float
    events: list[Event]

    @property
    def hits(self) -> int:
        return sum(event.worst is True for event in self.events)


def since(user: User, results: Results, day: Day, now: datetime) -> Since | None:
    """A day's crashes beside its forecast; None where no hour of it is over or none speaks of it.

    A forecast that was made in the day answers for the hours after that only.
    """
    ahead = day.ahead
    if ahead is None or day.forecast is None:
        return None
    start = start_of(day.day)
    last = min(24, int((now - start).total_seconds() // 3600))
    first = 0
    if not day.beforehand:
        first = int((day.forecast.made - start).total_seconds() // 3600) + 1
    if last <= first:
        return None
    cells = ahead.hours[day.first + first : day.first + last].astype(np.float64)
    worst = _worst(cells, results)
    found = [event for event in _events(user, start) if first <= event[0] < last]
    rows = nearest_sites(results, [(lat, lon) for _, lat, lon, _ in found])
    events = [
        Event(hour, lat, lon, place, bool(worst[hour - first, row]) if row >= 0 else None)
        for (hour, lat, lon, place), row in zip(found, rows, strict=True)
    ]
    total = float(cells.sum())
    return Since(first, last, total, float(cells[worst].sum()) / total if total else 0.0, events)


def _worst(cells: np.ndarray, results: Results) -> np.ndarray:
    """Which (hour, site) belong to the worst SHARE of kilometre-hours."""
    km = np.array([
        max(row["length_km"], JUNCTION_KM) if row["kind"] == "segment" else JUNCTION_KM
        for row in rows_of(results)
    ])  # fmt: skip
    order = np.argsort(-(cells / km).ravel(), kind="stable")
    long = np.cumsum(np.tile(km, len(cells))[order])
    chosen = np.zeros(cells.size, np.bool_)
    chosen[order[: int(np.searchsorted(long, SHARE * long[-1], side="right"))]] = True
    found: np.ndarray = chosen.reshape(cells.shape)
    return found


def _events(user: User, start: datetime) -> list[tuple[int, float, float, str]]:
    known_until = Crash.objects.aggregate(at=Max("time"))["at"]
    found = []
    for one in incidents(user, start, known_until, start + ONE_DAY):
        spot = one.spot
        if one.kind == "crash_risk" and spot.lat is not None and spot.lon is not None:
            hour = int((one.at_s - start.timestamp()) // 3600)
            found.append((hour, spot.lat, spot.lon, spot.road or ""))
    return sorted(found)
