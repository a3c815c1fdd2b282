"""Screening measures of the Highway Safety Manual that need no regression.

Source: AASHTO, Highway Safety Manual (2010), chapter 4; equation numbers are the manual's.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import stats

Floats = npt.NDArray[np.float64]


def million_entering(aadt: Floats, years: float) -> Floats:
    """Million entering vehicles of junctions (eq. 4-2): sum of approaches' AADT over 2 or total
    entering AADT as given, times 365 days a year."""
    mev: Floats = np.asarray(aadt, np.float64) * 365.0 * years / 1e6
    return mev


def vehicle_distance(aadt: Floats, length: Floats, years: float, unit: float = 1e6) -> Floats:
    """Vehicle-kilometres or -miles (as the length) of segments, in ``unit``."""
    travelled: Floats = np.asarray(aadt, np.float64) * length * 365.0 * years / unit
    return travelled


def reference_rate(crashes: Floats, exposure: Floats) -> float:
    """Traffic-weighted mean rate of a reference population (eq. 4-10)."""
    return float(np.sum(crashes) / np.sum(exposure))


def critical_rate(mean_rate: Floats | float, exposure: Floats, z: float = 1.645) -> Floats:
    """Rate that a site of this exposure exceeds by chance with the probability of z (eq. 4-11)."""
    critical: Floats = mean_rate + z * np.sqrt(mean_rate / exposure) + 0.5 / exposure
    return critical


def moments_adjusted(crashes: Floats) -> Floats:
    """Method of moments (eq. 4-14 to 4-16): counts pulled to the mean of their population.

    With no more spread than Poisson every site gets the mean.
    """
    y = np.asarray(crashes, np.float64)
    mean, variance = y.mean(), y.var(ddof=1) if len(y) > 1 else 0.0
    if variance <= mean:
        return np.full(len(y), mean)
    adjusted: Floats = y + mean / variance * (mean - y)
    return adjusted


def excess_proportion(kind: Floats, total: Floats, threshold: float) -> Floats:
    """Probability that a site's share of a kind of crash is above a threshold (eq. 4-20 to 4-24).

    kind, total : (n,) crashes of the kind and all; a beta prior is fitted to the population by
    moments over sites with at least two crashes. Without more spread than binomial the prior is
    as narrow as the population is large.
    """
    y, n = np.asarray(kind, np.float64), np.asarray(total, np.float64)
    use = n >= 2
    share = y[use] / n[use]
    mean = float(np.clip(y[use].sum() / max(n[use].sum(), 1.0), 1e-6, 1 - 1e-6))
    beyond = float(((share - mean) ** 2).mean() - mean * (1 - mean) * (1 / n[use]).mean())
    weight = float(n[use].sum()) if beyond <= 0 else max(mean * (1 - mean) / beyond - 1, 0.1)
    probability: Floats = stats.beta.sf(threshold, weight * mean + y, weight * (1 - mean) + n - y)
    return probability
