"""What a case page asks: next steps, clocks, proposed patrols. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC

import pyarrow as pa
import pyarrow.compute as pc

from sizao.respond import case as machine
from sizao.respond import clocks
from sizao.respond.dispatch import Candidate, Proposal, propose
from sizao.web.cases.access import may_act
from sizao.web.cases.models import Case
from sizao.web.cases.projection import actor_of, state_of
from sizao.web.clock import feed_now
from sizao.web.geo import metres_between
from sizao.web.ports import installed, ports
from sizao.web.units.models import PatrolUnit, User
from sizao.web.units.territory import territory

DETOUR = 1.4
"""Road metres for a metre as the crow flies, and below the usual speed: without a road network
(project defaults)."""
CROW_KMH = 45.0


def next_steps(user: User, case: Case) -> tuple[machine.NextStep, ...]:
    """The steps this user may take now, the primary one first; empty if none."""
    if not may_act(user, case):
        return ()
    return machine.next_steps(state_of(case), actor_of(user))


def running_clocks(case: Case) -> tuple[clocks.Deadline, ...]:
    """Every running clock of the case with its deadline."""
    return clocks.deadlines(state_of(case))


def remaining(case: Case) -> clocks.Remaining | None:
    """How the first deadline stands now: seconds left and phase; None once closed."""
    return clocks.remaining(state_of(case), feed_now().timestamp())


@dataclass(frozen=True)
class _Place:
    lat: float
    lon: float
    age_s: float | None


def propose_units(user: User, case: Case, limit: int = 5) -> tuple[Proposal, ...]:
    """Patrols of the user's subtree, the soonest at the place first, each with the reason.

    From the vehicle's last position, or the squadron's post if it has none.
    """
    patrols = list(PatrolUnit.objects.for_user(user).select_related("unit"))
    places = _places(patrols)
    times = _times(case, [places.get(patrol.pk) for patrol in patrols])
    squadron = territory().squadron(case.area, "", case.lat, case.lon)
    own = {case.local_unit_id, squadron.pk}
    return propose(
        [
            Candidate(
                id=str(patrol.pk),
                call_sign=patrol.call_sign,
                state=patrol.state,
                seconds=seconds,
                metres=metres,
                own_area=patrol.unit_id in own,
                position_age_s=place.age_s if (place := places.get(patrol.pk)) else None,
            )
            for patrol, (seconds, metres) in zip(patrols, times, strict=True)
        ],
        limit=limit,
    )


def _places(patrols: list[PatrolUnit]) -> dict[int, _Place]:
    now = feed_now()
    live: dict[str, _Place] = {}
    if installed():
        board = ports().board()
        wanted = [patrol.vehicle for patrol in patrols if patrol.vehicle]
        if len(board) and wanted:
            rows = board.filter(pc.is_in(board["vehicle"], value_set=pa.array(wanted, pa.string())))
            for row in rows.select(["vehicle", "time", "lat", "lon"]).to_pylist():
                if row["lat"] is not None and row["lon"] is not None:
                    age = (now - row["time"].astimezone(UTC)).total_seconds()
                    live[row["vehicle"]] = _Place(row["lat"], row["lon"], max(0.0, age))
    found = {}
    for patrol in patrols:
        if patrol.vehicle in live:
            found[patrol.pk] = live[patrol.vehicle]
        elif patrol.unit.lat is not None and patrol.unit.lon is not None:
            found[patrol.pk] = _Place(patrol.unit.lat, patrol.unit.lon, None)
    return found


def _times(case: Case, places: list[_Place | None]) -> list[tuple[float | None, float | None]]:
    """(seconds, metres) for each place; (None, None) where there is no way or no position."""
    nowhere: list[tuple[float | None, float | None]] = [(None, None)] * len(places)
    if case.lat is None or case.lon is None:
        return nowhere
    known = [(index, place) for index, place in enumerate(places) if place is not None]
    if not known:
        return nowhere
    router = ports().routing if installed() else None
    if router is not None:
        found = router.nearest_by_time(
            [(place.lat, place.lon) for _, place in known], (case.lat, case.lon)
        )
        for which, seconds, metres in found:
            nowhere[known[which][0]] = (seconds, metres)
        return nowhere
    for index, place in known:
        metres = float(metres_between(place.lat, place.lon, case.lat, case.lon)) * DETOUR
        nowhere[index] = (metres / (CROW_KMH / 3.6), metres)
    return nowhere
