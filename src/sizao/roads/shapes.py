"""Which places lie in a drawn area."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
import shapely.geometry


def inside(
    shape: Mapping[str, Any], lat: npt.NDArray[np.float64], lon: npt.NDArray[np.float64]
) -> npt.NDArray[np.bool_]:
    """Which points lie in a GeoJSON polygon or multipolygon, bool of shape (n,).

    lat, lon : degrees, shape (n,). A point with NaN lies nowhere, nor does one on the edge.
    """
    area = shapely.geometry.shape(shape)
    shapely.prepare(area)
    found: npt.NDArray[np.bool_] = shapely.contains_xy(area, lon, lat)
    return found
