"""Sliding windows and peak search along one road.

Windows never cross a change of road or class: the caller gives one homogeneous segment. The last
window is anchored at the segment's end. Peak search lengthens the windows until some window's
coefficient of variation is within the limit; of those that pass, the largest expected value a
unit of length wins.

Source: AASHTO, Highway Safety Manual (2010), 4.2; SafetyAnalyst, module 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Window:
    """``expected`` is a unit of length, so that windows of different length compare."""

    start: float
    end: float
    expected: float
    cv: float


def cuts(length: float, window: float, step: float) -> list[tuple[float, float]]:
    """Starts and ends of windows of one length, the last at the segment's end."""
    if window >= length - 1e-9:
        return [(0.0, length)]
    number = int((length - window) / step + 1e-9) + 1
    found = [(round(i * step, 9), round(i * step + window, 9)) for i in range(number)]
    if found[-1][1] < length - 1e-9:
        found.append((round(length - window, 9), length))
    return found


def best_passing(windows: Sequence[Window], limit: float) -> Window | None:
    """The largest expected value among windows within the CV limit; of equals the first."""
    passing = [one for one in windows if one.cv <= limit]
    return max(passing, key=lambda one: (one.expected, -one.start)) if passing else None


def peak_search(
    length: float,
    measure: Callable[[float, float], tuple[float, float]],
    *,
    step: float = 0.1,
    limit: float = 0.5,
) -> Window | None:
    """Search one segment; None if even the whole segment is too uncertain.

    measure : (start, end) to (expected a unit of length, its coefficient of variation)
    """
    window = step
    while True:
        found = best_passing(
            [Window(a, b, *measure(a, b)) for a, b in cuts(length, window, step)], limit
        )
        if found or window >= length - 1e-9:
            return found
        window = min(window + step, length)


def eb_measure(
    at: Floats, mu_per_unit: float, k_per_unit: float
) -> Callable[[float, float], tuple[float, float]]:
    """A measure for :func:`peak_search`: the EB estimate of a window.

    at : places of crashes along the segment; mu_per_unit : predicted crashes a unit of length
    k_per_unit : dispersion of one unit; a window of length L has k / L (HSM 2010, eq. 10-7)
    """
    at = np.sort(at)

    def measure(start: float, end: float) -> tuple[float, float]:
        y = np.searchsorted(at, end, "right") - np.searchsorted(at, start, "left")
        length = end - start
        mu = mu_per_unit * length
        weight = 1 / (1 + k_per_unit / length * mu)
        expected = weight * mu + (1 - weight) * float(y)
        return expected / length, ((1 - weight) * expected) ** 0.5 / max(expected, 1e-12)

    return measure


def sliding(
    length: float,
    measure: Callable[[float, float], tuple[float, float]],
    *,
    window: float = 0.3,
    step: float = 0.1,
) -> Window:
    """The window with the largest expected value a unit of length."""
    found = [Window(a, b, *measure(a, b)) for a, b in cuts(length, window, step)]
    return max(found, key=lambda one: (one.expected, -one.start))
