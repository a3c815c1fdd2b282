"""Simulated roadside checks at the city's police checkpoints: alcohol tests, persons on board.

One in some vehicles that cross is waved out. Hardly anybody has drunk; of those who have, some are
drunk and some refuse, and blood follows hours later under the check's number. In coaches persons
are counted. Now and then a hand-held terminal sends a number nobody can have. What is found depends
on vehicle and moment alone, so that a restart tells the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sizao.core.vehicles import COACHES
from sizao.feeds.gat1400.status import local_time
from sizao.sim.chance import share
from sizao.sim.city import City
from sizao.sim.fleet import Fleet
from sizao.sim.gates import Crossing, Watch, gates
from sizao.sim.traffic import Motion

CHECKED = 0.15
"""Share of vehicles that are waved out."""
DRUNK_TOO, REFUSED, OVERFULL, BROKEN = 0.012, 0.08, 0.06, 0.003
"""Shares: who has drunk, of those who refuse, of coaches with too many, of impossible numbers."""
MAX_MG = 700
"""A tester that says more is broken."""
BLOOD_S = 4 * 3600
"""A blood result comes so long after its check: in truth days, here within a demonstration."""


@dataclass(frozen=True)
class Case:
    """What a check found: the truth of one.

    mg : mg/100 mL in the breath; refused : not tested; broken : the tester sent an impossible value
    blood_mg : what blood shows :data:`BLOOD_S` later, None where none is taken
    persons, children : on board, None in vehicles where nobody counts
    """

    vehicle: int
    post: str
    time_s: int
    mg: float
    refused: bool
    broken: bool
    blood_mg: float | None
    persons: int | None
    children: int | None


class RoadsideChecks:
    """Feed it every Motion; it gives (post, check) pairs in order of time."""

    def __init__(self, city: City, fleet: Fleet, seed: int) -> None:
        self.sites = [site for site in city.checkpoints if site.get("check_station")]
        self.watch = Watch(gates(self.sites, city.network), city.network)
        self._rows = fleet.register.to_pylist()
        self._seed = seed
        self._blood: list[tuple[int, str, dict[str, Any]]] = []

    def feed(self, motion: Motion) -> list[tuple[str, dict[str, Any]]]:
        """Checks of a span, and blood results that came in it."""
        cases = filter(None, map(self.case, self.watch.feed(motion)))
        return self.tell(cases, motion.start_s + motion.seconds)

    def tell(self, cases: Iterable[Case], now_s: int) -> list[tuple[str, dict[str, Any]]]:
        """What is sent of new cases, and blood results due by now."""
        found = [self._check(case) for case in cases]
        due = [item for item in self._blood if item[0] <= now_s]
        self._blood = [item for item in self._blood if item[0] > now_s]
        return found + [(post, check) for _, post, check in due]

    def case(self, one: Crossing) -> Case | None:
        """What is found of a vehicle that crosses; None if it is not waved out."""
        words = (self._seed, one.vehicle, one.time_s, "check")
        if share(*words) >= CHECKED:
            return None
        drank = share(*words, "drank") < DRUNK_TOO
        refused = drank and share(*words, "refused") < REFUSED
        mg = 20 + 120 * share(*words, "mg") if drank else 3 * share(*words, "mg")
        broken = share(*words, "broken") < BROKEN
        blood = (refused or 80 <= mg < MAX_MG) and not (broken and not refused)
        known = self._rows[one.vehicle]
        persons = children = None
        if known["kind"] in COACHES:
            seats, full = int(known["seats"]), share(*words, "full")
            over = share(*words, "over") < OVERFULL
            persons = round(seats * (1.02 + 0.4 * full)) if over else round(seats * full)
            children = min(2, persons)
        return Case(
            one.vehicle,
            str(self.sites[one.gate.site]["code"]),
            one.time_s,
            round(mg, 1),
            refused,
            broken,
            round(mg * (0.85 + 0.25 * share(*words, "blood")), 1) if blood else None,
            persons,
            children,
        )

    def _check(self, case: Case) -> tuple[str, dict[str, Any]]:
        post, known = case.post, self._rows[case.vehicle]
        number = f"JC-{post}-{case.time_s}-{case.vehicle:05d}"
        sent: dict[str, Any] = {
            "id": number,
            "time": local_time(case.time_s * 1_000_000),
            "plate": known["plate"],
            "plate_colour": known["plate_colour"],
            "device": f"HX-{post}",
            # Verified within the half year that simulated days lie in.
            "calibrated": local_time((case.time_s - 60 * 86_400) * 1_000_000)[:8],
        }
        if case.refused:
            sent["refused"] = True
        else:
            sent["breath_mg_100ml"] = 9_999.0 if case.broken else case.mg
        if case.blood_mg is not None:
            sent["blood"] = "pending"
            blood_s = case.time_s + BLOOD_S
            blood = {
                "id": f"{number}-X",
                "time": local_time(blood_s * 1_000_000),
                "refers_to": number,
                "plate": known["plate"],
                "plate_colour": known["plate_colour"],
                "blood": "result",
                "blood_mg_100ml": case.blood_mg,
            }
            self._blood.append((blood_s, post, blood))
        if case.persons is not None:
            sent["persons"], sent["children_free"] = case.persons, case.children
        return post, sent
