"""Which vehicle a plate is: by the register, else by what the peer registered, else by itself.

Everywhere else in Sizao a vehicle is its terminal's phone number; JT/T 809 speaks of plates. A
plate nobody knows keeps the name ``plate:COLOUR:PLATE``, so that no position is lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

Plate = tuple[str, int]
"""Plate and colour (JT/T 697.7 code)."""


class Vehicle(NamedTuple):
    """What the register says of one."""

    vehicle: str
    plate: str
    colour: int
    kind: str
    enterprise: str | None
    enterprise_name: str | None


def made_up(plate: str, colour: int) -> str:
    """The vehicle id of a plate nobody knows."""
    return f"plate:{colour}:{plate}"


class Directory:
    """Both ways between plates and vehicles. Shared by all links of a process."""

    def __init__(self, register: Iterable[Vehicle] = ()) -> None:
        self.version = 0
        """Rises whenever an answer may differ from before."""
        self._by_plate: dict[Plate, str] = {}
        self._by_vehicle: dict[str, Vehicle] = {}
        self._learnt: dict[Plate, str] = {}
        self.replace(register)

    def replace(self, register: Iterable[Vehicle]) -> None:
        """Take a new register; what links taught is kept."""
        self._by_vehicle = {one.vehicle: one for one in register}
        self._by_plate = {(v.plate, v.colour): v.vehicle for v in self._by_vehicle.values()}
        self.version += 1

    def learn(self, plate: str, colour: int, sim: str) -> None:
        """A peer says that this plate's terminal has this number (0x1201)."""
        phone = sim.lstrip("0")
        if plate and phone.isdecimal() and self._learnt.get((plate, colour)) != phone:
            self._learnt[plate, colour] = phone
            self.version += 1

    def vehicle(self, plate: str, colour: int) -> str:
        """The name of a vehicle."""
        key = plate, colour
        return self._by_plate.get(key) or self._learnt.get(key) or made_up(plate, colour)

    def known(self, plate: str | None, colour: int | None) -> str | None:
        """The name, None for a plate nobody knows."""
        if not plate or colour is None:
            return None
        return self._by_plate.get((plate, colour)) or self._learnt.get((plate, colour))

    def plate(self, vehicle: str) -> Plate | None:
        """The other way round."""
        known = self._by_vehicle.get(vehicle)
        if known is not None:
            return (known.plate, known.colour) if known.plate else None
        if vehicle.startswith("plate:"):
            _, colour, plate = vehicle.split(":", 2)
            return plate, int(colour)
        return None

    def entry(self, vehicle: str) -> Vehicle | None:
        """What the register says of a vehicle."""
        return self._by_vehicle.get(vehicle)


def static_text(entry: Vehicle) -> str:
    """Static data of a vehicle as 0x1601 writes them: ``NAME:=VALUE`` parted by semicolons."""
    values: Mapping[str, Any] = {
        "VIN": entry.plate,
        "VEHICLE_COLOR": entry.colour,
        "TRANS_TYPE": entry.kind,
        "OWERS_ID": entry.enterprise or "",
        "OWERS_NAME": entry.enterprise_name or "",
    }
    return ";".join(f"{name}:={value}" for name, value in values.items())
