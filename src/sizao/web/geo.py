"""Distances for choosing between a few units; roads and travel times are ``roads``' business."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

EARTH_M = 6_371_008.8

Numbers = float | npt.NDArray[np.float64]


def metres_between(lat1: Numbers, lon1: Numbers, lat2: Numbers, lon2: Numbers):
    """Metres as the crow flies, local equirectangular: within 0.1 % inside one city.

    Arguments broadcast like NumPy arrays.
    """
    mean = np.radians((np.asarray(lat1) + np.asarray(lat2)) / 2)
    north = np.radians(np.asarray(lat2) - np.asarray(lat1))
    east = np.radians(np.asarray(lon2) - np.asarray(lon1)) * np.cos(mean)
    return EARTH_M * np.hypot(north, east)
