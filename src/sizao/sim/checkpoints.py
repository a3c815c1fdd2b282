"""Simulated checkpoints: GA/T 1400 passages of the vehicles that really pass them.

As real cameras do, they fail to read some plates, misread a few, take some colours for others,
write numbers as strings or not depending on the maker, and once in a thousand send a passing time
that does not exist.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sizao.core.vehicles import KINDS
from sizao.feeds.gat1400.encode import motor_vehicle, picture
from sizao.sim import bodies, pictures
from sizao.sim.chance import share
from sizao.sim.city import City
from sizao.sim.fleet import Fleet
from sizao.sim.gates import Crossing, Watch, gates
from sizao.sim.traffic import Motion

UNREAD, MISREAD, BROKEN = 0.03, 0.005, 0.001
"""Shares of plates not read, of plates with one wrong character, of impossible times."""

UNTELLING, UNSURE, SURE_OF_WRONG = 0.1, 0.02, 0.2
"""Shares of devices that do not tell how sure they are of a plate, of plates read rightly of which
one is less than 90 % sure, and wrongly of which it is more."""

VEHICLE_CLASSES: dict[str, str] = {
    "heavy_truck": "H11",
    "semi_tractor": "Q11",
    "hazmat": "H15",
    "line_coach": "K11",
    "tour_coach": "K11",
    "highway_passenger": "K11",
    "school_bus": "K31",
    "police": "K33",
}
"""Vehicle kind to GA/T 16.4 class (recalled)."""

_LOOKALIKE = {"0": "8", "8": "B", "1": "7", "5": "6", "3": "8", "2": "7"}


class Checkpoints:
    """All checkpoints of the city. Feed it every Motion; it gives what each of them sends."""

    def __init__(
        self, city: City, fleet: Fleet, seed: int, shown: Mapping[int, int] | None = None
    ) -> None:
        """``shown``: vehicle to the one whose plate it carries, where it is not its own."""
        self._shown = shown or {}
        self.sites = city.checkpoints
        self.watch = Watch(gates(city.checkpoints, city.network), city.network)
        self._rows = fleet.register.to_pylist()
        self._kinds = [list(KINDS)[code] for code in fleet.kind]
        self._seed = seed

    def feed(self, motion: Motion) -> list[tuple[str, dict[str, Any]]]:
        """(device, MotorVehicle object) pairs, in order of time."""
        return [self.passage(one) for one in self.watch.feed(motion)]

    def passage(self, one: Crossing) -> tuple[str, dict[str, Any]]:
        """What the camera sends of one that crosses."""
        site = self.sites[one.gate.site]
        device = str(site["code"])
        known = self._rows[self._shown.get(one.vehicle, one.vehicle)]
        words = (self._seed, device, one.vehicle, one.time_s)
        lane = 1 + int(share(*words, "lane") < 0.8)
        kind = self._kinds[one.vehicle]
        # The body that passes, whosever plate it carries.
        colour = bodies.body(self._seed, one.vehicle, kind)
        plate = self._read(str(known["plate"]), words)
        name = f"{device}02{one.time_s}{one.vehicle:05d}"
        row = {
            "passage": name,
            "checkpoint": device,
            "time": one.time_s * 1_000_000,
            "plate": plate,
            "plate_reliability": reliability(plate == known["plate"], device, words),
            "plate_colour": known["plate_colour"],
            "plate_class": "23" if known["kind"] == "police" else "01",
            "vehicle_class": VEHICLE_CLASSES.get(str(known["kind"]), "X99"),
            "vehicle_colour": bodies.seen(colour, words),
            "tollgate": f"{device}-{one.gate.way + 1}",
            "lane": lane,
            "direction": str(one.gate.way + 1),
            "speed_kmh": round(one.speed_kmh * (0.98 + 0.04 * share(*words, "speed")), 1),
        }
        photo = pictures.picture(kind, colour, lane)
        info = picture(photo, f"{name}-1", device, one.time_s * 1_000_000, "Png")
        sent = motor_vehicle(row, [info])
        if share(*words, "broken") < BROKEN:
            sent["PassTime"] = "20260230" + str(sent["PassTime"])[8:]
        return device, _strings(sent) if share(device, "maker") < 0.5 else sent

    def _read(self, plate: str, words: tuple[object, ...]) -> str | None:
        chance = share(*words, "plate")
        if chance < UNREAD:
            return None
        if chance < UNREAD + MISREAD:
            head, last = plate[:-1], plate[-1]
            return head + _LOOKALIKE.get(last, "D")
        return plate


def reliability(right: bool, device: str, words: tuple[object, ...]) -> float | None:
    """How sure of a plate a camera says to be, per cent; misread plates look worse on average."""
    if share(device, "tells") < UNTELLING:
        return None
    sure, where = share(*words, "sure"), share(*words, "how sure")
    if sure < (1 - UNSURE if right else SURE_OF_WRONG):
        return float(90 + int(10 * where))
    return float(50 + int(40 * where))


def _strings(sent: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers as texts, as some makers send them."""
    return {
        name: str(value) if isinstance(value, int | float) else value
        for name, value in sent.items()
    }
