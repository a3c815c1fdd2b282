"""Control delay and level of service of the Highway Capacity Manual 2000, chapter 16.

HCM 2010 (chapter 18) keeps the incremental term and the limits of the levels; it computes the
uniform term from queue polygons, which for one green in a cycle and no platoons is the same area.
"""

from __future__ import annotations

import math

LEVELS = (("A", 10.0), ("B", 20.0), ("C", 35.0), ("D", 55.0), ("E", 80.0))
"""Exhibit 16-2: upper limit of control delay in s/veh; beyond is F."""


def capacity(saturation: float, green_s: float, cycle_s: float) -> float:
    """c = s g / C in veh/h (equation 16-6)."""
    return saturation * green_s / cycle_s


def uniform_delay_s(degree: float, green_s: float, cycle_s: float) -> float:
    """d1 = 0.5 C (1 - g/C)^2 / (1 - min(1, X) g/C) in s/veh (equation 16-11).

    >>> round(uniform_delay_s(0.8, 30, 60), 2)
    12.5
    """
    share = green_s / cycle_s
    return 0.5 * cycle_s * (1 - share) ** 2 / max(1 - min(1.0, degree) * share, 1e-9)


def incremental_delay_s(
    degree: float, capacity_vph: float, hours: float = 0.25, k: float = 0.5, upstream: float = 1.0
) -> float:
    """d2 = 900 T [(X - 1) + sqrt((X - 1)^2 + 8 k I X / (c T))] in s/veh (equation 16-12).

    k : 0.5 for fixed time; upstream : I, 1.0 for a junction on its own. Valid beyond X = 1, for
    a queue that was empty when the ``hours`` began.
    """
    if capacity_vph <= 0:
        return math.inf
    over = degree - 1
    return 900 * hours * (
        over + math.sqrt(over**2 + 8 * k * upstream * degree / (capacity_vph * hours))
    )  # fmt: skip


def control_delay_s(
    flow: float, capacity_vph: float, green_s: float, cycle_s: float, hours: float = 0.25
) -> float:
    """d = d1 PF + d2 + d3 with PF 1 (random arrivals) and d3 0 (no queue before) (eq. 16-9)."""
    if capacity_vph <= 0:
        return math.inf
    degree = flow / capacity_vph
    return uniform_delay_s(degree, green_s, cycle_s) + incremental_delay_s(
        degree, capacity_vph, hours
    )


def level(delay_s: float) -> str:
    """Level of service, A to F (exhibit 16-2)."""
    for name, limit in LEVELS:
        if delay_s <= limit:
            return name
    return "F"
