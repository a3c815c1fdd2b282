"""One position as the rules see it, and all of one vehicle.

Names and units are those of ``detect.stage.Columns``. What is not known is None, names are names
and not numbers, and the fences that hold the place stand in the sample itself.
"""

from __future__ import annotations

from typing import NamedTuple

from sizao.roads.fences import Fence


class Sample(NamedTuple):
    """A position that was taken in. Times are microseconds since the epoch."""

    vehicle: str
    row: int
    """Place in the order of arrival of all vehicles' rows."""
    time_us: int
    received_us: int
    lat: float | None
    lon: float | None
    speed_kmh: float | None
    recorder_speed_kmh: float | None
    heading_deg: float | None
    altitude_m: float | None
    alarm: int
    status: int
    driver: str | None
    kind: str
    service: str
    """"" where the register does not say."""
    segment: int | None
    match: int
    road_class: str | None
    limit_kmh: float | None
    usual_kmh: float | None
    sure_kmh: float | None
    sure_usual_kmh: float | None
    measure: str | None
    """Id of the temporary limit that made ``limit_kmh``."""
    stake_m: float | None
    offset_m: float | None
    limit_default: bool
    prev_us: int | None
    prev_fix_us: int | None
    prev_lat: float | None
    prev_lon: float | None
    fences: tuple[Fence, ...]
    """Fences that hold the place, concern the kind and are in force, by number."""


class Late(NamedTuple):
    """A row that was left out because its vehicle had reported a later time before."""

    row: int
    time_us: int
    received_us: int
    lat: float | None
    lon: float | None
    speed_kmh: float | None
    recorder_speed_kmh: float | None
    driver: str | None


class Track(NamedTuple):
    """Everything of one vehicle: samples by event time, late rows in the order of arrival."""

    vehicle: str
    kind: str
    service: str
    samples: list[Sample]
    late: list[Late]
