"""Plates that are not what they should be, and plates that somebody looks for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from sizao.sim.fleet import Fleet

CLONED, WANTED, DARK = 0.012, 0.012, 0.004
"""Shares of vehicles: with another one's plate, on the hot list, without a terminal."""


@dataclass(frozen=True)
class Plates:
    """shown : vehicle to the one whose plate it carries
    hot_list : entries as ``detect.records.Facts`` has them
    dark : vehicles without a terminal
    """

    shown: dict[int, int] = field(default_factory=dict)
    hot_list: tuple[dict[str, Any], ...] = ()
    dark: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))


def plan(
    fleet: Fleet, seed: int, start_s: int, seconds: int, free: npt.NDArray[np.int64]
) -> Plates:
    """``free``: vehicles with which nothing else is the matter. Each gets one part at most."""
    rng = np.random.default_rng([seed, 23])
    rows = fleet.register.to_pylist()
    order = rng.permutation(free).tolist()
    n = len(fleet)
    pairs, wanted, dark = (round(n * share) for share in (CLONED, WANTED, DARK))
    shown: dict[int, int] = {}
    for _ in range(pairs):
        original = order.pop()
        # The same kind: a cloned plate is no good on another sort of vehicle.
        twin = next(v for v in reversed(order) if fleet.kind[v] == fleet.kind[original])
        order.remove(twin)
        shown[twin] = original
    entries = []
    for number in range(wanted):
        known = rows[order.pop()]
        begin = start_s + int(rng.integers(0, max(1, seconds // 2)))
        entries.append(
            {
                "entry": f"BK{number + 1:04d}",
                "plate": known["plate"],
                # Every third order knows no colour.
                "plate_colour": None if number % 3 == 0 else known["plate_colour"],
                "from": begin * 1_000_000,
                "until": (begin + seconds // 2) * 1_000_000,
            }
        )
    return Plates(shown, tuple(entries), np.array(sorted(order[:dark]), np.int64))
