"""Predictive method for rural two-lane roads: base SPF times CMFs times calibration.

The only published SPF family in the package; everything else is fitted to local records. Its
numbers are recalled from the manual and reproduced by the shared examples, not read again.

Source: AASHTO, Highway Safety Manual (2010), chapter 10.
"""

from __future__ import annotations

import math
from collections.abc import Iterable


def base_segment(aadt: float, length_mi: float) -> float:
    """Crashes a year of a segment under base conditions (eq. 10-6)."""
    return aadt * length_mi * 365e-6 * math.exp(-0.312)


def segment_k(length_mi: float) -> float:
    """Dispersion of a segment (eq. 10-7)."""
    return 0.236 / length_mi


def related_only(cmf: float, share: float) -> float:
    """A CMF that holds for a share of crash types, as one for all (eq. 10-11, 10-12)."""
    return (cmf - 1.0) * share + 1.0


def curve(length_mi: float, radius_ft: float, spiral: float = 0.0) -> float:
    """CMF of a horizontal curve (eq. 10-13); spiral 1 at both ends, 0.5 at one, 0 none."""
    size = 1.55 * length_mi
    return (size + 80.2 / radius_ft - 0.012 * spiral) / size


def roadside(rating: float) -> float:
    """CMF of the roadside hazard rating 1 to 7, base 3 (eq. 10-20)."""
    return math.exp(-0.6869 + 0.0668 * rating) / math.exp(-0.4865)


def driveways(per_mi: float, aadt: float) -> float:
    """CMF of driveway density, base 5 a mile or fewer (eq. 10-17)."""
    if per_mi <= 5:
        return 1.0
    log = 0.005 * math.log(aadt)
    return (0.322 + per_mi * (0.05 - log)) / (0.322 + 5 * (0.05 - log))


def predicted(base: float, cmfs: Iterable[float], calibration: float = 1.0) -> float:
    """Base prediction times the CMFs times the local calibration (eq. 10-2).

    As the manual does by hand, each CMF and their product are rounded to two decimals.
    """
    return base * round(math.prod(round(one, 2) for one in cmfs), 2) * calibration
