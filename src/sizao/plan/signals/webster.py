"""Webster's cycle, splits and delay.

Source: F. V. Webster, Traffic Signal Settings, Road Research Technical Paper 39, HMSO 1958.
"""

from __future__ import annotations

from collections.abc import Sequence

from sizao.core.errors import ConfigError

LARGEST = 0.9
"""Sum of critical flow ratios from which the formula's cycle runs away; nothing is computed."""


class Oversaturated(ConfigError):
    """Demand leaves no room for lost time: no cycle serves it. Carries ``ratio``, the sum Y."""

    def __init__(self, ratio: float) -> None:
        super().__init__(
            f"critical flow ratios add up to {ratio:.2f}: at {LARGEST} and more no cycle serves "
            "the demand. Lanes, turns or demand must change, not the timing"
        )
        self.ratio = ratio


def cycle_s(ratios: Sequence[float], lost_s: float) -> float:
    """Optimum cycle C_o = (1.5 L + 5) / (1 - Y) in seconds.

    ratios : critical flow over saturation flow of each phase
    lost_s : lost time of the whole cycle

    Raises Oversaturated from Y = 0.9 on.

    >>> round(cycle_s([500 / 1600, 300 / 1600], 16), 1)
    58.0
    """
    total = sum(ratios)
    if total >= LARGEST:
        raise Oversaturated(total)
    return (1.5 * lost_s + 5) / (1 - total)


def splits_s(ratios: Sequence[float], lost_s: float, cycle: float) -> list[float]:
    """Effective greens in seconds, in the ratio of the critical flow ratios."""
    total = sum(ratios)
    room = cycle - lost_s
    if total <= 0:
        return [room / len(ratios)] * len(ratios)
    return [room * one / total for one in ratios]


def delay_s(flow: float, saturation: float, green_s: float, cycle: float) -> float:
    """Average delay in s/veh: the three terms of 1958.

    flow, saturation : veh/h. Raises Oversaturated where the flow does not get through: the
    formula has a pole at a degree of saturation of 1.
    """
    share = green_s / cycle
    degree = flow / (saturation * share)
    if degree >= 1:
        raise Oversaturated(degree)
    rate = flow / 3600
    if rate == 0:
        return cycle * (1 - share) ** 2 / 2
    uniform = cycle * (1 - share) ** 2 / (2 * (1 - share * degree))
    random = degree**2 / (2 * rate * (1 - degree))
    correction = 0.65 * (cycle / rate**2) ** (1 / 3) * degree ** (2 + 5 * share)
    return uniform + random - correction
