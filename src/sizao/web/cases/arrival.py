"""When units can be at a case: from their last position, by road, with closures in force."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC

import pyarrow as pa
import pyarrow.compute as pc

from sizao.respond.unit_kinds import travel_s
from sizao.web.cases.models import Case
from sizao.web.clock import feed_now
from sizao.web.geo import metres_between
from sizao.web.measures.closures import router
from sizao.web.ports import installed, ports
from sizao.web.units.models import PatrolUnit

DETOUR = 1.4
"""Road metres for a metre as the crow flies, and below the usual speed: without a road network
(project defaults)."""
CROW_KMH = 45.0


@dataclass(frozen=True)
class Start:
    """Where a unit would set out."""

    lat: float
    lon: float
    age_s: float | None
    """Age of the position; None is the unit's post."""


@dataclass(frozen=True)
class Way:
    """How a unit would get there; both None where there is no way or no position."""

    start: Start | None
    seconds: float | None
    metres: float | None


def arrival_s(case: Case, patrols: Sequence[PatrolUnit]) -> dict[int, float]:
    """Seconds until each unit is there, by its key; without those of whom nothing is known."""
    found = ways(case, patrols)
    return {key: way.seconds for key, way in found.items() if way.seconds is not None}


def ways(case: Case, patrols: Sequence[PatrolUnit]) -> dict[int, Way]:
    """The way of each unit to the case, by its key."""
    starts = _starts(patrols)
    known = [patrol for patrol in patrols if patrol.pk in starts]
    found = {patrol.pk: Way(starts.get(patrol.pk), None, None) for patrol in patrols}
    if case.lat is None or case.lon is None or not known:
        return found
    times = _by_road(case, [starts[patrol.pk] for patrol in known])
    for patrol, time in zip(known, times, strict=True):
        if time is not None:
            seconds, metres = time
            there = travel_s(patrol.kind, seconds, metres)
            found[patrol.pk] = Way(starts[patrol.pk], there, metres)
    return found


def _by_road(case: Case, starts: list[Start]) -> list[tuple[float, float] | None]:
    """(usual seconds, metres) from each start; None where there is no way."""
    roads = router()
    found: list[tuple[float, float] | None] = [None] * len(starts)
    if roads is not None:
        places = [(start.lat, start.lon) for start in starts]
        for which, seconds, metres in roads.nearest_by_time(places, (case.lat, case.lon)):
            found[which] = (seconds, metres)
        return found
    for which, start in enumerate(starts):
        metres = float(metres_between(start.lat, start.lon, case.lat, case.lon)) * DETOUR
        found[which] = (metres / (CROW_KMH / 3.6), metres)
    return found


def _starts(patrols: Sequence[PatrolUnit]) -> dict[int, Start]:
    """The newer of terminal and phone; else the unit's post."""
    now = feed_now()
    live: dict[str, Start] = {}
    if installed():
        board = ports().board()
        wanted = [patrol.vehicle for patrol in patrols if patrol.vehicle]
        if len(board) and wanted:
            rows = board.filter(pc.is_in(board["vehicle"], value_set=pa.array(wanted, pa.string())))
            for row in rows.select(["vehicle", "time", "lat", "lon"]).to_pylist():
                if row["lat"] is not None and row["lon"] is not None:
                    age = (now - row["time"].astimezone(UTC)).total_seconds()
                    live[row["vehicle"]] = Start(row["lat"], row["lon"], max(0.0, age))
    found = {}
    for patrol in patrols:
        near = [live[patrol.vehicle]] if patrol.vehicle in live else []
        if patrol.lat is not None and patrol.lon is not None and patrol.seen_at is not None:
            age = max(0.0, (now - patrol.seen_at).total_seconds())
            near.append(Start(patrol.lat, patrol.lon, age))
        if near:
            found[patrol.pk] = min(near, key=lambda one: one.age_s or 0.0)
        elif patrol.unit.lat is not None and patrol.unit.lon is not None:
            found[patrol.pk] = Start(patrol.unit.lat, patrol.unit.lon, None)
    return found
