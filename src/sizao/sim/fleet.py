"""The register of made-up vehicles, and what terminal each of them carries.

Plates begin 川DI: real plates never use the letters I and O (they would be read as 1 and 0), so
none of these can be anybody's. Phones begin 100, which no mobile number does. Drivers' licence
numbers begin 999999, which is no division.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sizao.core.schemas import REGISTER
from sizao.core.vehicles import KIND_CODES
from sizao.sim.city import City

SHARES: dict[str, float] = {
    "heavy_truck": 0.44,
    "semi_tractor": 0.20,
    "hazmat": 0.09,
    "line_coach": 0.13,
    "tour_coach": 0.06,
    "highway_passenger": 0.03,
    "school_bus": 0.05,
}
"""Made-up mix of supervised vehicles; police vehicles come on top, forty at most."""

SERVICE_SHARES: dict[str, dict[str, float]] = {
    "line_coach": {"long_distance": 0.5, "short_line": 0.35, "airport_fixed_line": 0.1, "": 0.05},
    "tour_coach": {"long_distance": 0.95, "": 0.05},
    "highway_passenger": {"long_distance": 0.75, "relay_short_leg": 0.2, "": 0.05},
}
"""Made-up services of coaches; "" is one that the register does not say (it is long-distance)."""

INTERVAL_S: dict[str, int] = {
    "heavy_truck": 15,
    "semi_tractor": 15,
    "hazmat": 10,
    "line_coach": 15,
    "tour_coach": 15,
    "highway_passenger": 15,
    "school_bus": 20,
    "police": 10,
}
"""Seconds between position reports while the engine runs, by vehicle kind."""

_WHITE, _YELLOW = 4, 2


@dataclass(frozen=True, eq=False)
class Fleet:
    """What the simulation knows of each vehicle. Arrays have shape (n,), in register order.

    register : schema REGISTER
    phone : terminal phones
    kind : core.vehicles.KIND_CODES
    home : enterprise or unit code
    interval_s : seconds between reports
    edition_2019 : speaks JT/T 808-2019, else 2013
    recorder : reports the tachograph's speed (item 0x03)
    radio_in_tunnels : has mobile coverage in tunnels; without, reports are stored meanwhile
    card : drivers put their card in, so that the platform knows who drives
    two_drivers : two drivers take turns, each with a card
    curfew : a coach that may not drive from 02:00 to 05:00
    """

    register: pa.RecordBatch
    phone: list[str]
    kind: npt.NDArray[np.int8]
    home: list[str]
    interval_s: npt.NDArray[np.int32]
    edition_2019: npt.NDArray[np.bool_]
    recorder: npt.NDArray[np.bool_]
    radio_in_tunnels: npt.NDArray[np.bool_]
    card: npt.NDArray[np.bool_]
    two_drivers: npt.NDArray[np.bool_]
    curfew: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.phone)

    def take(self, rows: npt.NDArray[np.integer[Any]]) -> Fleet:
        """Some of the vehicles, as a fleet of their own."""
        picked: dict[str, Any] = {}
        for field in fields(self):
            values = getattr(self, field.name)
            if isinstance(values, list):
                picked[field.name] = [values[row] for row in rows.tolist()]
            else:
                picked[field.name] = values.take(rows)
        return Fleet(**picked)


SEATS = {"line_coach": 39, "tour_coach": 49, "highway_passenger": 55, "school_bus": 36}
"""Rated seats by kind, the driver's included."""


def register(city: City, vehicles: int, seed: int) -> pa.RecordBatch:
    """The vehicle register (schema REGISTER) of a simulated city."""
    return fleet(city, vehicles, seed).register


def fleet(city: City, vehicles: int, seed: int) -> Fleet:
    """``vehicles`` made-up vehicles; the same seed and number give the same ones."""
    rng = np.random.default_rng([seed, 1])
    squadrons = [unit for unit in city.units if unit["level"] == "squadron"]
    police = min(40, max(1, vehicles // 50))
    kinds = list(
        rng.choice(list(SHARES), size=vehicles - police, p=np.array(list(SHARES.values())))
    )
    # Of its own, so that fleets are what they were before coaches had a service.
    licences = np.random.default_rng([seed, 7])
    by_kind = {kind: [firm for firm in city.enterprises if firm["kind"] == kind] for kind in SHARES}
    rows: list[dict[str, object]] = []
    homes: list[str] = []
    for kind in kinds:
        firm = by_kind[kind][int(rng.integers(len(by_kind[kind])))]
        homes.append(firm["code"])
        rows.append(
            {
                "plate_colour": _YELLOW,
                "kind": str(kind),
                "enterprise": firm["code"],
                "enterprise_name": firm["name"],
                "area": firm["area"],
            }
        )
    for number in range(police):
        unit = squadrons[number % len(squadrons)]
        homes.append(unit["code"])
        rows.append(
            {
                "plate_colour": _WHITE,
                "kind": "police",
                "enterprise": unit["code"],
                "enterprise_name": unit["name_zh"],
                "area": unit["area"],
            }
        )
    for index, row in enumerate(rows):
        row["vehicle"] = f"100{index + 1:08d}"
        last = f"{index + 1 - (vehicles - police):03d}警" if row["kind"] == "police" else ""
        shares = SERVICE_SHARES.get(str(row["kind"]))
        if shares:
            row["service"] = str(licences.choice(list(shares), p=list(shares.values()))) or None
        row["seats"] = SEATS.get(str(row["kind"]))
        row["plate"] = f"川DI{last}" if last else f"川DI{index + 1:04d}"
    kind_codes = np.array([KIND_CODES[str(row["kind"])] for row in rows], np.int8)
    card = rng.random(vehicles) < 0.75
    return Fleet(
        register=pa.RecordBatch.from_pylist(rows, schema=REGISTER),
        phone=[str(row["vehicle"]) for row in rows],
        kind=kind_codes,
        home=homes,
        interval_s=np.array([INTERVAL_S[str(row["kind"])] for row in rows], np.int32),
        edition_2019=rng.random(vehicles) < 0.4,
        recorder=rng.random(vehicles) < 0.8,
        radio_in_tunnels=rng.random(vehicles) < 0.7,
        card=card,
        two_drivers=card & (rng.random(vehicles) < 0.6),
        curfew=np.array(
            [row["kind"] in SERVICE_SHARES and _bound(row.get("service")) for row in rows], np.bool_
        ),
    )


def _bound(service: object) -> bool:
    return service in (None, "long_distance")


def driver_of(vehicle: int, which: int) -> tuple[str, str]:
    """Licence number and name on the card of a vehicle's first, second ... driver (made up)."""
    number = vehicle * 4 + which + 1
    return f"9999991990{number:08d}", f"驾驶员{number:05d}"
