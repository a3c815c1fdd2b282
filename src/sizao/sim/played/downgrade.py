"""Trucks down the long slope of S219: some with the engine holding them, some on hot brakes."""

from __future__ import annotations

import numpy as np

from sizao.roads.network import Network
from sizao.sim.acts import Act, along, drive

ROAD, TOP_M = "S219", 24_000.0


def act(network: Network, rng: np.random.Generator, start_s: int) -> Act:
    """One way down from the top, at 20 to 75 km/h."""
    down = np.flatnonzero(
        (network.ref == ROAD) & (network.grade_pct < 0) & (network.stake_start_m >= TOP_M - 1)
    )
    top = int(down[np.argmin(network.stake_start_m[down])])
    way = along(network, top, 12_000.0)
    kmh = float(rng.uniform(20, 75))
    return drive(network, way, start_s, [(kmh, round(9_200 / (kmh / 3.6))), (8.0, 60)])
