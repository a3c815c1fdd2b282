"""Yellow, all-red and walking time, each by its formula."""

from __future__ import annotations

import math

from sizao.core.rulebook import entry

_G = 9.81


def yellow_s(speed_kmh: float, grade_pct: float = 0.0) -> float:
    """Yellow change interval in seconds, not rounded: Y = t + v / (2a + 2gG).

    Source: ITE, Traffic Engineering Handbook; t 1.0 s, a 3.05 m/s2 (10 ft/s2), v in m/s, G as a
    share. Kept between the bounds of ``signal.intervals``.
    """
    rule = entry("signal.intervals")
    slow = 2 * rule.value("deceleration") + 2 * _G * grade_pct / 100
    value = rule.value("reaction") + speed_kmh / 3.6 / max(slow, 1.0)
    return float(min(max(value, rule.value("yellow_min")), rule.value("yellow_max")))


def all_red_s(speed_kmh: float, clear_m: float) -> float:
    """Red clearance interval in seconds: R = (w + L) / v (ITE), bounded above.

    clear_m : stop line to the far side of the last conflicting lane (w)
    """
    rule = entry("signal.intervals")
    value = (clear_m + rule.value("vehicle_length")) / (speed_kmh / 3.6)
    return float(min(value, rule.value("all_red_max")))


def walk_s(length_m: float, people_per_cycle: float = 0.0) -> float:
    """Least time for people to cross: G_p = 3.2 + L / S_p + 0.27 N_ped (HCM 2000, eq. 16-2).

    The form for crossings up to 3.0 m wide, which asks for more than the other. length_m 0: no
    crossing, no time.
    """
    if length_m <= 0:
        return 0.0
    rule = entry("signal.pedestrian")
    return float(
        rule.value("start")
        + length_m / rule.value("speed")
        + rule.value("per_person") * people_per_cycle
    )


def whole(seconds: float) -> int:
    """Seconds as a controller takes them: rounded up, but not for a thousandth.

    >>> whole(3.2), whole(3.0001)
    (4, 3)
    """
    return math.ceil(seconds - 0.001)
