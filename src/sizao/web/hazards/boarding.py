"""What the dynamic-clearance board shows: numbers, by whom and where, the trend, the forecast."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from sizao.govern.hazards.clearance import Forecast, Week, forecast, weeks_of
from sizao.web.hazards.models import Hazard, HazardEvent, HazardQuerySet
from sizao.web.hazards.narrowing import week_end

GROUPS = 10


@dataclass
class Group:
    """One duty body or junction: what it has open."""

    name: str
    open: int = 0
    late: int = 0
    week: int = 0
    bare: int = 0


@dataclass
class Board:
    """Everything on it."""

    open: int
    late: int
    week: int
    bare: int
    listed: int
    reopened: int
    by_duty: list[Group]
    by_junction: list[Group]
    weeks: list[Week]
    forecast: Forecast
    zero_junctions: int = 0
    """Junctions that once had a hazard and have none now."""
    rows: list[Hazard] = field(default_factory=list)
    """The open ones, late ones first, then by deadline."""


def board(rows: HazardQuerySet, now: datetime) -> Board:
    """The board over these hazards."""
    today = timezone.localtime(now).date()
    open_rows = list(rows.open().select_related("unit", "local_unit").prefetch_related("photos"))
    end = week_end(now)
    duty: dict[str, Group] = {}
    junction: dict[str, Group] = {}
    totals = Group("")
    for one in open_rows:
        groups = [totals]
        if one.duty_name:
            groups.append(duty.setdefault(one.duty_name, Group(one.duty_name)))
        if one.junction:
            groups.append(junction.setdefault(one.junction, Group(one.junction)))
        late = one.late_at(now)
        running = one.state in ("assigned", "rectifying") and one.deadline is not None
        for group in groups:
            group.open += 1
            group.late += late
            group.week += running and not late and one.deadline < end
            group.bare += one.state != "accepted" and not one.protected_at(now)
    weeks = weeks_of(spans(rows), today)
    once = set(rows.exclude(junction="").values_list("junction", flat=True))
    return Board(
        open=totals.open,
        late=totals.late,
        week=totals.week,
        bare=totals.bare,
        listed=sum(bool(one.listed) for one in open_rows),
        reopened=sum(one.reopened > 0 for one in open_rows),
        by_duty=_worst(duty),
        by_junction=_worst(junction),
        weeks=weeks,
        forecast=forecast(weeks, totals.open, today),
        zero_junctions=len(once - set(junction)),
        rows=sorted(open_rows, key=lambda one: _urgency(one, now)),
    )


def _urgency(hazard: Hazard, now: datetime) -> tuple[bool, bool, float]:
    deadline = hazard.deadline.timestamp() if hazard.deadline else float("inf")
    return not hazard.late_at(now), hazard.deadline is None, deadline


def _worst(groups: dict[str, Group]) -> list[Group]:
    return sorted(groups.values(), key=lambda one: (-one.late, -one.open, one.name))


def spans(rows: HazardQuerySet) -> list[tuple[date, date | None]]:
    """For each time that a hazard was in the ledger the first and the last day of it.

    A merged one counts until the merge: the other carries it on. One that was dismissed was in the
    ledger too, until somebody had looked.
    """
    found: list[tuple[date, date | None]] = []
    began: dict[int, date] = {}
    moves = (
        HazardEvent.objects.filter(hazard__in=rows)
        .filter(action__in=["open", "delist", "dismiss", "merge", "unmerge", "reopen"])
        .order_by("hazard", "seq")
        .values_list("hazard", "action", "at", "from_state")
    )
    for hazard, action, at, before in moves:
        day = timezone.localtime(at).date()
        if action in ("open", "unmerge", "reopen"):
            if action == "reopen" and before == "accepted":
                continue  # it had not left
            began[hazard] = day
        elif hazard in began:
            found.append((began.pop(hazard), day))
    return [*found, *((day, None) for day in began.values())]


def points(rows: HazardQuerySet, now: datetime) -> dict[str, Any]:
    """The open ones with coordinates as GeoJSON: what a map needs, nothing about people."""
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [one.lon, one.lat]},
            "properties": {
                "number": one.number,
                "late": one.late_at(now),
                "bare": one.state != "accepted" and not one.protected_at(now),
                "listed": bool(one.listed),
            },
        }
        for one in rows.open().exclude(lat=None)
    ]
    return {"type": "FeatureCollection", "features": features}
