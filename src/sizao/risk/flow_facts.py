"""Unusual flow at checkpoints, hour by hour, as facts that a forecast of the day takes in."""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import fmean

import numpy as np
import numpy.typing as npt

from sizao.risk import snapping
from sizao.risk.sites import Sites
from sizao.risk.week_ahead import FlowFact

DAYS, LEAST_DAYS = 28, 4
"""Days that make up what is usual, and how many of them must have the hour; proposed."""

LEAST_FLOW = 20.0
"""Vehicles an hour under which a ratio is mostly chance; proposed."""

UNUSUAL = 1.25
"""Ratios between its inverse and this are as usual; proposed."""


def ratio(counts: Mapping[int, int], hour: int) -> float | None:
    """Flow of an hour over what is usual then; None where that is not known.

    counts : passages by hour (since 1970, local); an hour that is not there was not observed

    Usual is the mean of the same hour of the day on the days before, working days and weekends
    apart.
    """
    if hour not in counts:
        return None
    weekend = _weekend(hour)
    before = [
        counts[at]
        for day in range(1, DAYS + 1)
        if (at := hour - 24 * day) in counts and _weekend(at) == weekend
    ]
    if len(before) < LEAST_DAYS or (usual := fmean(before)) < LEAST_FLOW:
        return None
    return counts[hour] / usual


def facts(
    sites: Sites,
    places: Mapping[str, tuple[float, float]],
    counts: Mapping[str, Mapping[int, int]],
    hour: int,
) -> list[FlowFact]:
    """Facts of one whole hour at the checkpoints whose flow is unusual.

    places : lat and lon of each checkpoint; counts : passages of each by hour
    """
    found = []
    for name, of_hours in counts.items():
        value = ratio(of_hours, hour)
        if (
            name in places
            and value is not None
            and abs(math.log(max(value, 1e-3))) > math.log(UNUSUAL)
        ):
            found.append((name, value))
    if not found:
        return []
    lat = np.array([places[name][0] for name, _ in found])
    lon = np.array([places[name][1] for name, _ in found])
    edges: npt.NDArray[np.int32] = snapping.snap(snapping.build_index(sites), lat, lon).edge
    return [
        FlowFact(int(edge), hour, value)
        for edge, (_, value) in zip(edges, found, strict=True)
        if edge >= 0
    ]


def _weekend(hour: int) -> bool:
    # 1970-01-01 was a Thursday.
    return (hour // 24 + 3) % 7 >= 5
