"""Simulated weigh stations: heavy vehicles that pass are weighed, and some are overloaded.

What a vehicle carries, and how far it sticks out, depends on vehicle and day, so that two stations
on one trip agree within their instruments. Every other station has a frame that measures, too. The
mass limits used to choose a load are those of GB 1589-2016 for the whole vehicle (31 t with four
axles, 49 t with six), recalled; nothing is judged by them here.
"""

from __future__ import annotations

import base64
from typing import Any

from sizao.core.clock import SHANGHAI
from sizao.core.vehicles import KINDS
from sizao.feeds.gat1400.status import local_time
from sizao.sim import bodies, pictures
from sizao.sim.chance import share
from sizao.sim.city import City
from sizao.sim.fleet import Fleet
from sizao.sim.gates import Crossing, Watch, gates
from sizao.sim.traffic import Motion

LADEN: dict[str, tuple[int, float, float]] = {
    "heavy_truck": (4, 12_000, 31_000),
    "semi_tractor": (6, 15_500, 49_000),
    "hazmat": (4, 12_500, 31_000),
}
"""Kinds that are weighed: axles, mass when empty and limit of the whole vehicle, kg."""

EMPTY, OVERLOADED = 0.3, 0.08
"""Shares of trips without a load and with more than the limit."""

FAULTY = 0.005
"""Share of weighings in which one axle is counted wrong."""

MASS_ERROR = 0.02
"""In motion, each axle is off by up to this share."""

SIZES_M: dict[str, tuple[float, float, float]] = {
    "heavy_truck": (11.9, 2.55, 3.9),
    "semi_tractor": (17.6, 2.55, 4.0),
    "hazmat": (11.4, 2.5, 3.7),
}
"""Length, width and height of the same kinds, and what GB 1589 allows."""
OUTLINE_M = (18.1, 2.55, 4.0)
OVERSIZED = 0.015
"""Share of trips on which one of the three is more."""
SIZE_ERROR_M = 0.03
"""A laser frame is off by up to this."""

_SHARES = {4: (0.19, 0.19, 0.31, 0.31), 6: (0.13, 0.17, 0.17, 0.175, 0.1775, 0.1775)}
_DAY_S = 86_400
_SHIFT_S = int(SHANGHAI.utcoffset(None).total_seconds())


class WeighStations:
    """All weigh stations of the city. Feed it every Motion; it gives what each of them sends."""

    def __init__(self, city: City, fleet: Fleet, seed: int) -> None:
        self.sites = city.weigh_stations
        self.watch = Watch(gates(city.weigh_stations, city.network), city.network)
        self._rows = fleet.register.to_pylist()
        self._kinds = [list(KINDS)[code] for code in fleet.kind]
        self._seed = seed
        self.known: dict[tuple[int, int], float] = {}
        """Vehicle and moment to the mass it had then, where that is planned."""

    def feed(self, motion: Motion) -> list[tuple[str, dict[str, Any]]]:
        """(station, weighing) pairs, in order of time."""
        return [self.weighing(one) for one in self.weighed(motion)]

    def weighed(self, motion: Motion) -> list[Crossing]:
        """Who is weighed."""
        return [one for one in self.watch.feed(motion) if self._kinds[one.vehicle] in LADEN]

    def gross_kg(self, vehicle: int, time_s: int) -> float:
        """True mass of a vehicle on a day."""
        if (vehicle, time_s) in self.known:
            return self.known[vehicle, time_s]
        _, empty_kg, limit_kg = LADEN[self._kinds[vehicle]]
        day = (time_s + _SHIFT_S) // _DAY_S
        load = share(self._seed, vehicle, day, "load")
        how_much = share(self._seed, vehicle, day, "how much")
        if load < EMPTY:
            return empty_kg * (1.0 + 0.05 * how_much)
        if load < EMPTY + OVERLOADED:
            return limit_kg * (1.06 + 0.5 * how_much**2)
        return limit_kg * (0.6 + 0.38 * how_much)

    def size_m(self, vehicle: int, time_s: int) -> tuple[float, ...]:
        """True length, width and height of a vehicle on a day."""
        day = (time_s + _SHIFT_S) // _DAY_S
        found = []
        for name, (own, most) in enumerate(
            zip(SIZES_M[self._kinds[vehicle]], OUTLINE_M, strict=True)
        ):
            u = share(self._seed, vehicle, day, "size", name)
            over = share(self._seed, vehicle, day, "oversized", name) < OVERSIZED
            found.append(most + 0.01 + 0.6 * u * u if over else own - 0.2 * u * u)
        return tuple(found)

    def measures(self, one: Crossing) -> bool:
        """Whether the station has a frame that measures."""
        return share(str(self.sites[one.gate.site]["code"]), "frame") < 0.5

    def weighing(self, one: Crossing) -> tuple[str, dict[str, Any]]:
        """What the station sends of one that crosses."""
        station = str(self.sites[one.gate.site]["code"])
        known, kind = self._rows[one.vehicle], self._kinds[one.vehicle]
        words = (self._seed, station, one.vehicle, one.time_s)
        axles, _, _ = LADEN[kind]
        true_kg = self.gross_kg(one.vehicle, one.time_s)
        # Stations round to 10 kg.
        loads = [
            round(true_kg * part * (1 + MASS_ERROR * (2 * share(*words, axle) - 1)), -1)
            for axle, part in enumerate(_SHARES[axles])
        ]
        gross_kg = sum(loads)
        if share(*words, "fault") < FAULTY:
            loads = loads[:-1]
        photo = pictures.picture(kind, bodies.body(self._seed, one.vehicle, kind), 1)
        sent = {
            "id": f"{station}-{one.time_s}-{one.vehicle:05d}",
            "station": station,
            "time": local_time(one.time_s * 1_000_000),
            "method": "low_speed",
            "plate": known["plate"],
            "plate_colour": known["plate_colour"],
            "lane": 1,
            "speed_kmh": round(min(one.speed_kmh, 30.0), 1),
            "axles": axles,
            "combination": kind == "semi_tractor",
            "gross_kg": gross_kg,
            "axle_loads_kg": loads,
            "images": [{"name": "side", "data": base64.b64encode(photo).decode()}],
        }
        if self.measures(one):
            for name, size in zip(
                ("length_m", "width_m", "height_m"),
                self.size_m(one.vehicle, one.time_s),
                strict=True,
            ):
                error_m = SIZE_ERROR_M * (2 * share(*words, name) - 1)
                sent[name] = round(size + error_m, 2)
        return station, sent
