"""Short distances inside kernels."""

from __future__ import annotations

import math

from numba import njit

_DEG_M = 111_195.0
"""Metres of one degree of latitude on a sphere of 6 371 km."""


@njit(cache=True)
def within(lat_a, lon_a, lat_b, lon_b, metres):  # type: ignore[no-untyped-def]
    """True if both places are known and less than ``metres`` apart (flat earth: it is near)."""
    dy = (lat_b - lat_a) * _DEG_M
    dx = (lon_b - lon_a) * _DEG_M * math.cos(math.radians(lat_a))
    return dx * dx + dy * dy < metres * metres
