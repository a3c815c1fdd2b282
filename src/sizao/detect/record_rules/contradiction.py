"""Two passages that one vehicle cannot both have made: what rules over plates share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sizao.roads.geometry import distance_m


def apart_m(one: Mapping[str, Any], other: Mapping[str, Any]) -> float | None:
    """Metres of the straight line between two checkpoints; None where a place is not known."""
    if any(place.get(name) is None for place in (one, other) for name in ("lat", "lon")):
        return None
    metres: float = distance_m(one["lat"], one["lon"], other["lat"], other["lon"])
    return metres


def needed_kmh(
    metres: float,
    between_us: float,
    *,
    max_kmh: float,
    min_distance_m: float,
    within_min: float,
    clock_s: float,
) -> float | None:
    """Least speed of one vehicle that made both passages; None if one may have made them.

    metres : straight line between the checkpoints
    between_us : time between the passages, to which ``clock_s`` is added
    """
    if between_us > within_min * 60e6 or metres < min_distance_m:
        return None
    hours = (between_us + clock_s * 1e6) / 3.6e9
    kmh = metres / 1000 / hours if hours else float("inf")
    return kmh if kmh > max_kmh else None
