"""How far whole classes of sites move against the network from one year to the next.

Chance and a site's own uncertainty average out over hundreds of sites. What moves a class of them
together (works on the expressway, a detour, another way of coding addresses) does not, so an
interval of a sum without it is too narrow. It cannot be foreseen, but its size shows between the
years of the record.

Source: the variance of random effects by moments, DerSimonian and Laird (1986), Controlled
Clinical Trials 7, without weights; recalled.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.integer]

_LEAST = 30.0
"""Crashes a year below which a class says nothing of drift."""


def yearly_drift(counts: Floats) -> float | None:
    """Standard deviation of the logarithm of a class's share between a year and the next.

    counts : (years, classes), crashes in the order of the years

    What chance does to the counts is taken off; 0 if that explains it all. None with one year,
    or with fewer than two classes to compare.
    """
    large = counts.min(axis=0) >= _LEAST if len(counts) else np.zeros(0, np.bool_)
    if len(counts) < 2 or large.sum() < 2:
        return None
    share = counts[:, large] / counts.sum(axis=1, keepdims=True)
    moved = np.diff(np.log(share), axis=0)
    chance = 1 / counts[1:, large] + 1 / counts[:-1, large]
    return float(np.sqrt(max(float((moved**2 - chance).mean()), 0.0)))


def variance_of_sum(expected: Floats, classes: Ints, drift: float | None) -> float:
    """What drift adds to the variance of a sum over sites: classes move each for itself.

    expected, classes : (n,)
    """
    if drift is None:
        return 0.0
    of_class = np.bincount(classes, expected)
    return drift**2 * float(of_class @ of_class)
