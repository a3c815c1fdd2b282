"""Driving against the traffic of an expressway, and what looks like it and is not.

Three in four turn on their own carriageway and come back for one to four minutes. The others do it
for twenty seconds, for about as long as the rule wants, or reverse at a walking pace.
"""

from __future__ import annotations

import numpy as np

from sizao.core.places import ROAD_CLASS_CODES
from sizao.roads.network import Network
from sizao.sim.acts import Act, along, drive

AHEAD_M = 16_000.0


def act(network: Network, rng: np.random.Generator, start_s: int) -> Act:
    """One of them, somewhere on an expressway."""
    fast = np.flatnonzero(
        (network.road_class == ROAD_CLASS_CODES["expressway"]) & (network.twin < 0)
    )
    way = along(network, int(rng.choice(fast)), AHEAD_M)
    kmh = float(rng.uniform(45, 70))
    sort = rng.random()
    if sort < 0.75:
        back, seconds = float(rng.uniform(30, 70)), int(rng.integers(70, 240))
    elif sort < 0.85:
        back, seconds = float(rng.uniform(40, 60)), 40
    elif sort < 0.95:
        back, seconds = float(rng.uniform(35, 45)), 20
    else:
        back, seconds = 9.0, 120
    legs = [
        (kmh, 240),
        (0.0, 40),
        (-back, seconds + int(back / 3.6 / 0.9)),
        (0.0, 40),
        (kmh, 150),
        (8.0, 60),
    ]
    return drive(network, way, start_s, legs)
