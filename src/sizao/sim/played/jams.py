"""Stretches of expressway where traffic is held up, an hour's slot at a time.

Two in three go down to 8 to 35 % of the limit for a quarter to three quarters of an hour; the
others are only sluggish, or over before anybody could call them a jam.
"""

from __future__ import annotations

import numpy as np

from sizao.core.places import ROAD_CLASS_CODES
from sizao.roads.network import Network
from sizao.sim._motion import Jams
from sizao.sim.acts import along

SLOT_S = 3600
_A_ROAD = 4
"""Jams in a slot, each on a carriageway of its own."""


def plan(network: Network, seed: int, start_s: int, seconds: int) -> Jams:
    """Jams from ``start_s`` on; the same seed gives the same ones however long they are wanted."""
    fast = np.flatnonzero(network.road_class == ROAD_CLASS_CODES["expressway"])
    carriageways = sorted({(str(network.ref[s]), str(network.direction[s])) for s in fast})
    rows: list[tuple[int, int, int, float]] = []
    for slot in range(-(-seconds // SLOT_S)):
        rng = np.random.default_rng([seed, 21, slot])
        for ref, direction in carriageways[:_A_ROAD]:
            own = fast[(network.ref[fast] == ref) & (network.direction[fast] == direction)]
            way = along(network, int(rng.choice(own)), float(rng.uniform(1_500, 4_000)))
            begin = start_s + slot * SLOT_S + int(rng.integers(0, 600))
            sort = rng.random()
            if sort < 0.67:
                share, length = float(rng.uniform(0.08, 0.35)), int(rng.integers(900, 2_700))
            elif sort < 0.85:
                share, length = float(rng.uniform(0.62, 0.75)), int(rng.integers(900, 1_800))
            else:
                share, length = float(rng.uniform(0.15, 0.3)), int(rng.integers(60, 150))
            rows += [(segment, begin, begin + length, share) for segment in way]
    rows.sort()
    segment = np.array([row[0] for row in rows], np.int64)
    return Jams(
        np.searchsorted(segment, np.arange(len(network) + 1)).astype(np.int64),
        np.array([row[1] for row in rows], np.int64),
        np.array([row[2] for row in rows], np.int64),
        np.array([row[3] for row in rows], np.float64),
    )
