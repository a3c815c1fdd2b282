"""Smooth ways in which a place's week can differ from the network's.

Three daily waves and their like for weekends alone: earlier or later peaks, more of the night,
quiet Sundays. They are made orthonormal under the network's week ``w``, so that at a place with
share ``w(t) exp(sum of theta_k shape_k(t))`` each crash is one observation of every ``theta_k``,
with an error of variance 1, and the shapes do not mix (to first order in theta).

Source: smooth tests of a distribution, Rayner, Thas and Best (2009), Smooth Tests of Goodness of
Fit, 4; recalled.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

HOURS = 168
WAVES = 3
_SATURDAY = 5


def shapes(week: Floats) -> Floats:
    """Shapes of mean 0 and variance 1 under ``week``: (168, at most 13).

    week : (168,), shares above 0 that sum to 1, from Monday 00:00

    A shape that the week leaves no room for (no crash on any weekend) is left out.
    """
    hour = np.arange(HOURS)
    weekend = (hour // 24 >= _SATURDAY).astype(np.float64)
    angle = 2 * np.pi * (hour % 24 + 0.5) / 24
    waves = [wave(k * angle) for k in range(1, WAVES + 1) for wave in (np.cos, np.sin)]
    found = [np.ones(HOURS)]
    for raw in [weekend, *waves, *(weekend * wave for wave in waves)]:
        left = raw.copy()
        for one in found:
            left -= one * float(week @ (one * left))
        size = float(week @ left**2)
        if size > 1e-3 * float(np.mean(raw**2)):
            found.append(left / np.sqrt(size))
    return np.column_stack(found)[:, 1:]
