"""What the register says of masses, and who was found overloaded in the year before.

Some trucks may carry less than their axles would let them, so that they are too heavy for their
papers and not for the road; of some the register does not know it. Of those found overloaded
before, some make it a fourth time in a year; others had their third too long ago, or twice on one
journey, or only twice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from sizao.core.schemas import REGISTER
from sizao.sim.fleet import Fleet
from sizao.sim.weighing import LADEN

LIGHTER, UNKNOWN = 0.1, 0.1
"""Shares of trucks that are permitted less than the road, and whose masses nobody entered."""

REPEATERS = 0.04
"""Share of vehicles that were found overloaded before."""

_HOUR_S = 3600
_DAY_S = 24 * _HOUR_S
_BEFORE_H = ((7200, 4800, 2400), (8900, 4800, 2400), (4800, 4788, 2400), (4800, 2400))
"""Hours before the run of each sort's cases: three in a year; one of them more than a year ago; two
on one journey; only two."""


@dataclass(frozen=True)
class Earlier:
    """A vehicle was weighed with so much, before the run."""

    vehicle: int
    time_s: int
    mass_kg: float


def register(fleet: Fleet, seed: int) -> pa.RecordBatch:
    """The fleet's register with permitted masses, payloads and trailers."""
    rng = np.random.default_rng([seed, 25])
    rows = fleet.register.to_pylist()
    for row in rows:
        known = LADEN.get(str(row["kind"]))
        chance = rng.random()
        if known is None or chance < UNKNOWN:
            continue
        _, empty_kg, limit_kg = known
        if row["kind"] == "semi_tractor":
            row["gross_kg"], row["towed_kg"] = 25_000.0, 40_000.0 - 16_000.0 * (chance > 0.5)
            continue
        light = chance < UNKNOWN + LIGHTER
        row["gross_kg"] = 25_000.0 if light else float(limit_kg)
        row["payload_kg"] = row["gross_kg"] - empty_kg
    return pa.RecordBatch.from_pylist(rows, schema=REGISTER)


def earlier(fleet: Fleet, seed: int, start_s: int) -> list[Earlier]:
    """Weighings with too much in the year before ``start_s``, in order of time."""
    rng = np.random.default_rng([seed, 26])
    kinds = fleet.register.column("kind").to_pylist()
    found = []
    for vehicle, kind in enumerate(kinds):
        if kind not in LADEN or rng.random() >= REPEATERS:
            continue
        for hours in _BEFORE_H[int(rng.integers(len(_BEFORE_H)))]:
            at_s = start_s - hours * _HOUR_S - int(rng.integers(0, _HOUR_S))
            found.append(Earlier(vehicle, at_s, LADEN[kind][2] * (1.1 + 0.4 * rng.random())))
    return sorted(found, key=lambda one: (one.time_s, one.vehicle))
