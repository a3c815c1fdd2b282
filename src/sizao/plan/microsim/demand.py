"""Vehicles of a run, drawn before it: the same seed sends the same vehicles through every plan.

SUMO could draw them itself, but then a plan that lets one driver change lanes differently would
meet other vehicles from there on, and a comparison in pairs would lose its pairs.
"""

from __future__ import annotations

import numpy as np

from sizao.plan.signals.counts import Counts
from sizao.plan.signals.junction import Junction

TYPES = """  <vType id="car" vClass="passenger" length="4.8" minGap="2.2" accel="2.4" decel="4.5"
         tau="1.25" sigma="0.5" speedFactor="normc(0.95,0.08,0.75,1.15)"/>
  <vType id="heavy" vClass="truck" length="10.5" minGap="2.5" accel="1.1" decel="4.0"
         tau="1.5" sigma="0.5" speedFactor="normc(0.85,0.06,0.7,1.0)"/>
"""
"""tau is set so that lanes discharge near the norm: 1712 through and 1625 left an hour of green
(one run of 20 minutes, green 40 of 72 s), against 1650 and 1550."""


def routes(junction: Junction, counts: Counts, seed: int, seconds: int) -> str:
    """The route file: Poisson arrivals of each movement for ``seconds``, heavy by their share."""
    index = {arm.id: number for number, arm in enumerate(junction.arms)}
    random = np.random.default_rng([seed, 0x5124])
    rows: list[tuple[float, str]] = []
    head = []
    for number, movement in enumerate(junction.movements()):
        flow = counts.flow(movement)
        out = junction.exit_of(movement)
        if flow <= 0 or out is None:
            continue
        arm = movement.rpartition(".")[0]
        head.append(f'  <route id="r{number}" edges="in{index[arm]} out{index[out.id]}"/>')
        share = counts.heavy.get(movement, 0.0)
        count = random.poisson(flow * seconds / 3600)
        for at, draw in zip(
            np.sort(random.uniform(0, seconds, count)), random.uniform(0, 1, count), strict=True
        ):
            kind = "heavy" if draw < share else "car"
            rows.append((float(at), f'type="{kind}" route="r{number}"'))
    rows.sort(key=lambda one: one[0])
    vehicles = [
        f'  <vehicle id="{n}" {what} depart="{at:.2f}" departLane="best" departSpeed="max"/>'
        for n, (at, what) in enumerate(rows)
    ]
    return "<routes>\n" + TYPES + "\n".join([*head, *vehicles]) + "\n</routes>\n"
