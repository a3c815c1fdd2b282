"""Ranks with severity: expected crashes of a site times what its crashes are like.

What they are like is shrunk to the whole network's mix, because one fatal crash among three says
little of the next three. The mix counts as PRIOR crashes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from sizao.risk.severity import CLASSES, CostSet

Floats = npt.NDArray[np.float64]

PRIOR = 10.0
"""Crashes that the network's mix of severity counts as; the project's own choice."""


def weighted(expected: Floats, harm: Sequence[Floats], costs: CostSet) -> Floats:
    """Equivalent property-damage-only crashes to be expected, shape (n,).

    expected : (n,), crashes; harm : observed crashes of each of CLASSES, (n,) each
    """
    counts = np.stack([np.asarray(one, np.float64) for one in harm])
    weights = np.array([costs.weights[name] for name in CLASSES])
    total = counts.sum()
    network = float(weights @ counts.sum(axis=1) / total) if total else 1.0
    mean: Floats = (weights @ counts + PRIOR * network) / (counts.sum(axis=0) + PRIOR)
    return np.asarray(expected, np.float64) * mean


def ranks(score: Floats) -> npt.NDArray[np.int64]:
    """Competition ranks of falling score: equal ones share the better rank."""
    _, which, times = np.unique(-np.round(score, 9), return_inverse=True, return_counts=True)
    first = np.concatenate(([0], np.cumsum(times)[:-1]))
    found: npt.NDArray[np.int64] = first[which] + 1
    return found
