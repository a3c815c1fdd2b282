"""Short distances inside kernels."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

_DEG_M = 111_195.0
"""Metres of one degree of latitude on a sphere of 6 371 km."""


@njit(cache=True)
def within(lat_a, lon_a, lat_b, lon_b, metres):  # type: ignore[no-untyped-def]  # numba
    """True if both places are known and less than ``metres`` apart (flat earth: it is near)."""
    dy = (lat_b - lat_a) * _DEG_M
    dx = (lon_b - lon_a) * _DEG_M * math.cos(math.radians(lat_a))
    return dx * dx + dy * dy < metres * metres


UNKNOWN_E7 = -(2**31)
"""A coordinate that is not known, as :func:`packed` writes it."""


@njit(cache=True)
def packed(degrees):  # type: ignore[no-untyped-def]  # numba
    """A coordinate as int32 of 1e-7 degrees (1 cm), for state that millions have; NaN is kept."""
    if math.isnan(degrees):
        return np.int32(UNKNOWN_E7)
    return np.int32(math.floor(degrees * 1e7 + 0.5))


@njit(cache=True)
def unpacked(e7):  # type: ignore[no-untyped-def]  # numba
    """Degrees of :func:`packed`."""
    return math.nan if e7 == UNKNOWN_E7 else e7 * 1e-7
