"""Who was inside an area: by a position in it, or by passing through between two positions.

A truck at 90 km/h that reports each 30 s leaves 750 m between two points; a question about a
junction would miss it. Two points at most ``REACH_S`` apart whose straight line crosses the area
count as *passed*, told apart from *inside*: that line is a guess, not an observation.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
import shapely.geometry

from sizao.core.errors import AreaError
from sizao.core.schemas import TIME
from sizao.roads.geometry import metres_per_degree

REACH_S = 60
"""Longest gap, seconds, across which a straight line is believed."""

REACH_M = 2_000.0
"""How far outside points are looked for: 120 km/h for ``REACH_S``."""

LARGEST_KM2 = 400.0
"""A question about a whole county is not one about an incident."""

PRESENCE = pa.schema(
    [
        pa.field("vehicle", pa.string(), nullable=False),
        pa.field("first", TIME, nullable=False),
        pa.field("last", TIME, nullable=False),
        pa.field("how", pa.string(), nullable=False),
        pa.field("points", pa.int64(), nullable=False),
        pa.field("fastest_kmh", pa.float32()),
    ]
)
"""how: ``inside`` (a position lies in the area) or ``passed`` (only the line between two crosses
it; then first and last are those two). points: positions inside."""


@dataclass(frozen=True)
class Area:
    """A polygon, WGS-84 degrees. Make one with :meth:`of`."""

    shape: Any

    @classmethod
    def of(cls, ring: list[tuple[float, float]]) -> Area:
        """From corners as (lon, lat), the first need not come again.

        Raises AreaError if that is no simple polygon, or it is larger than ``LARGEST_KM2``.
        """
        try:
            shape = shapely.geometry.Polygon(ring)
        except (ValueError, TypeError, shapely.errors.ShapelyError) as error:
            raise AreaError("shape", f"not a polygon: {error}") from error
        if shape.is_empty or not shape.is_valid:
            raise AreaError("crosses", "the polygon crosses itself or has no area")
        west, south, east, north = shape.bounds
        if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
            raise AreaError("globe", "the polygon lies outside the globe")
        north_m, east_m = metres_per_degree((south + north) / 2)
        km2 = shape.area * north_m * east_m / 1e6
        if km2 > LARGEST_KM2:
            raise AreaError(
                "size", f"the polygon has {km2:.0f} km²; at most {LARGEST_KM2:.0f} are asked"
            )
        return cls(shape)

    def box_e6(self) -> dict[str, int]:
        """The bounding box with ``REACH_M`` around it, 1e-6 degrees."""
        west, south, east, north = self.shape.bounds
        north_m, east_m = metres_per_degree((south + north) / 2)
        dy, dx = REACH_M / north_m, REACH_M / east_m
        edges = {"south": south - dy, "north": north + dy, "west": west - dx, "east": east + dx}
        return {name: round(value * 1e6) for name, value in edges.items()}


def presences(near: pa.Table, area: Area, start: datetime, end: datetime) -> pa.Table:
    """Out of positions around an area, who was in it in ``start <= time < end``.

    near : vehicle, time_s, time_us, lat_e6, lon_e6, speed_dkmh; any order, repeats allowed
    """
    near = near.combine_chunks()
    words = near["vehicle"].combine_chunks().dictionary_encode()
    vehicle = words.indices.to_numpy()
    time_us = near["time_s"].to_numpy() * 1_000_000 + near["time_us"].to_numpy()
    keys = np.stack([vehicle.astype(np.int64), time_us])
    _, order = np.unique(keys, axis=1, return_index=True)
    vehicle, time_us = vehicle[order], time_us[order]
    lat, lon = (near[name].to_numpy()[order] / 1e6 for name in ("lat_e6", "lon_e6"))
    speed = near["speed_dkmh"].to_numpy().astype(np.float64)[order] / 10

    first_us, end_us = (round(moment.timestamp() * 1e6) for moment in (start, end))
    shapely.prepare(area.shape)
    within = (time_us >= first_us) & (time_us < end_us)
    within &= shapely.intersects_xy(area.shape, lon, lat)
    found: dict[int, list[Any]] = {}
    for row in np.flatnonzero(within).tolist():
        _note(found, int(vehicle[row]), "inside", time_us[row], time_us[row], speed[row])

    pair = np.flatnonzero((vehicle[1:] == vehicle[:-1]) & ~within[1:] & ~within[:-1])
    pair = pair[time_us[pair + 1] - time_us[pair] <= REACH_S * 1_000_000]
    pair = pair[(time_us[pair] < end_us) & (time_us[pair + 1] >= first_us)]
    ends = np.stack([np.stack([lon[at], lat[at]], axis=1) for at in (pair, pair + 1)], axis=1)
    lines = shapely.linestrings(ends)
    for row in pair[shapely.intersects(area.shape, lines)].tolist():
        at = int(vehicle[row])
        if at not in found or found[at][0] == "passed":
            fastest = np.fmax(speed[row], speed[row + 1])
            _note(found, at, "passed", time_us[row], time_us[row + 1], fastest)

    rows = sorted(found.items(), key=lambda item: (item[1][1], words.dictionary[item[0]].as_py()))
    return pa.Table.from_arrays(
        [
            pa.array([words.dictionary[at].as_py() for at, _ in rows], pa.string()),
            pa.array([row[1] for _, row in rows], pa.int64()).cast(TIME),
            pa.array([row[2] for _, row in rows], pa.int64()).cast(TIME),
            pa.array([row[0] for _, row in rows], pa.string()),
            pa.array([row[3] for _, row in rows], pa.int64()),
            pa.array([row[4] for _, row in rows], pa.float32(), from_pandas=True),
        ],
        schema=PRESENCE,
    )


def _note(
    found: dict[int, list[Any]], at: int, how: str, first_us: Any, last_us: Any, speed: Any
) -> None:
    row = found.setdefault(at, [how, int(first_us), int(last_us), 0, float("nan")])
    row[1], row[2] = min(row[1], int(first_us)), max(row[2], int(last_us))
    row[3] += how == "inside"
    row[4] = float(np.fmax(row[4], speed))
