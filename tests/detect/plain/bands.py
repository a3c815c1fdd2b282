"""Reporting bands of an excess over a limit: ``speed.enforcement_codes``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction


def band_of(edges_percent: Sequence[float]) -> Callable[[float, float], str]:
    """Severity by percent over the limit, lower edge inclusive; values count to 0.001.

    >>> [band_of([0, 10, 20, 50, 70])(kmh, 80) for kmh in (87.9, 88, 96, 136)]
    ['lt10', '10-20', '20-50', 'ge70']
    """

    def band(measured: float, limit: float) -> str:
        excess = 100 * _exact(measured) / _exact(limit) - 100
        above = [edge for edge in edges_percent if edge > excess]
        below = [edge for edge in edges_percent if edge <= excess]
        if not above:
            return f"ge{below[-1]:g}"
        return f"lt{above[0]:g}" if len(below) <= 1 else f"{below[-1]:g}-{above[0]:g}"

    return band


def _exact(value: float) -> Fraction:
    return Fraction(str(round(value, 3)))
