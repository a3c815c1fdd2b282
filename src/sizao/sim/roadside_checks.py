"""Simulated roadside checks at the city's police checkpoints: alcohol tests, persons on board.

One in some vehicles that cross is waved out. Hardly anybody has drunk; of those who have, some are
drunk and some refuse, and blood follows hours later under the check's number. In coaches persons
are counted. Now and then a hand-held terminal sends a number nobody can have. What is found depends
on vehicle and moment alone, so that a restart tells the same.
"""

from __future__ import annotations

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
BLOOD_S = 4 * 3600
"""A blood result comes so long after its check: in truth days, here within a demonstration."""


class RoadsideChecks:
    """Feed it every Motion; it gives (post, check) pairs in order of time."""

    def __init__(self, city: City, fleet: Fleet, seed: int) -> None:
        self.sites = [site for site in city.checkpoints if site.get("check_station")]
        self._watch = Watch(gates(self.sites, city.network), city.network)
        self._rows = fleet.register.to_pylist()
        self._seed = seed
        self._blood: list[tuple[int, str, dict[str, Any]]] = []

    def feed(self, motion: Motion) -> list[tuple[str, dict[str, Any]]]:
        """Checks of a span, and blood results that came in it."""
        found = []
        for one in self._watch.feed(motion):
            words = (self._seed, one.vehicle, one.time_s, "check")
            if share(*words) < CHECKED:
                found.append(self._check(one, words))
        now_s = motion.start_s + motion.seconds
        due = [item for item in self._blood if item[0] <= now_s]
        self._blood = [item for item in self._blood if item[0] > now_s]
        return found + [(post, check) for _, post, check in due]

    def _check(self, one: Crossing, words: tuple[Any, ...]) -> tuple[str, dict[str, Any]]:
        post = str(self.sites[one.gate.site]["code"])
        known = self._rows[one.vehicle]
        number = f"JC-{post}-{one.time_s}-{one.vehicle:05d}"
        sent: dict[str, Any] = {
            "id": number,
            "time": local_time(one.time_s * 1_000_000),
            "plate": known["plate"],
            "plate_colour": known["plate_colour"],
            "device": f"HX-{post}",
            # Verified within the half year that simulated days lie in.
            "calibrated": local_time((one.time_s - 60 * 86_400) * 1_000_000)[:8],
        }
        drank = share(*words, "drank") < DRUNK_TOO
        refused = drank and share(*words, "refused") < REFUSED
        mg = 20 + 120 * share(*words, "mg") if drank else 3 * share(*words, "mg")
        if share(*words, "broken") < BROKEN:
            mg = 9_999
        if refused:
            sent["refused"] = True
        else:
            sent["breath_mg_100ml"] = round(mg, 1)
        if refused or 80 <= mg < 700:
            sent["blood"] = "pending"
            blood = {
                "id": f"{number}-X",
                "time": local_time((one.time_s + BLOOD_S) * 1_000_000),
                "refers_to": number,
                "plate": known["plate"],
                "plate_colour": known["plate_colour"],
                "blood": "result",
                "blood_mg_100ml": round(mg * (0.85 + 0.25 * share(*words, "blood")), 1),
            }
            self._blood.append((one.time_s + BLOOD_S, post, blood))
        if known["kind"] in COACHES:
            seats = int(known["seats"])
            full = share(*words, "full")
            over = share(*words, "over") < OVERFULL
            sent["persons"] = round(seats * (1.02 + 0.4 * full)) if over else round(seats * full)
            sent["children_free"] = min(2, sent["persons"])
        return post, sent
