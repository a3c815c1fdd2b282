"""From raw rows in the order of arrival to what the rules get: ``detect/prepare.py`` in words.

Roads come from the product's matcher, which has a truth and a bench of its own; it gets all of a
vehicle's rows at once. Everything else is worked out here.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from sizao.roads.matching import UNMATCHED, match, new_state
from tests.detect.plain.sample import Late, Sample, Track
from tests.detect.plain.world import World

FUTURE_US = 600_000_000
FROZEN_M, FROZEN_KMH = 20.0, 10.0
IMPOSSIBLE_KMH = 300.0
DOUBT_M = 15.0


class Raw(NamedTuple):
    """A row as it arrived; ``row`` is its place among those of all vehicles."""

    row: int
    time_us: int
    received_us: int
    lat: float | None
    lon: float | None
    speed_kmh: float | None
    recorder_speed_kmh: float | None
    heading_deg: float | None
    altitude_m: float | None
    alarm: int | None
    status: int | None
    positioned: bool | None
    driver: str | None
    given_kmh: float | None = None
    """A limit known beforehand; it goes before the road's."""


class _Before(NamedTuple):
    """The row and the fix before one that was taken in."""

    us: int | None
    fix_us: int | None
    lat: float | None
    lon: float | None


def track_of(vehicle: str, raw: Sequence[Raw], world: World) -> Track:
    """Everything of one vehicle, its rows in the order of arrival."""
    kind = world.kinds.get(vehicle, "other")
    service = world.services.get(vehicle, "")
    taken, before, late = _taken(raw)
    roads = _roads(taken, world)
    samples = [
        _sample(vehicle, kind, service, row, was, road, world)
        for row, was, road in zip(taken, before, roads, strict=True)
    ]
    return Track(vehicle, kind, service, samples, late)


def _plausible(row: Raw) -> Raw:
    """Without a place that cannot be, a speed that cannot be, a driver without a name."""
    lat, lon = row.lat, row.lon
    no_fix = row.positioned is False or lat is None or lon is None
    if no_fix or abs(lat) > 90 or abs(lon) > 180 or (lat == 0 and lon == 0):
        lat = lon = None
    driver = row.driver if row.driver and row.driver.strip() else None
    return row._replace(
        lat=lat,
        lon=lon,
        speed_kmh=_speed(row.speed_kmh),
        recorder_speed_kmh=_speed(row.recorder_speed_kmh),
        driver=driver,
    )


def _speed(kmh: float | None) -> float | None:
    return kmh if kmh is not None and 0 <= kmh <= IMPOSSIBLE_KMH else None


def _taken(raw: Sequence[Raw]) -> tuple[list[Raw], list[_Before], list[Late]]:
    """Rows whose event time rises, what was before each, and the late ones.

    A repeated row (the time of the last one taken in) and one from the future are left out.
    """
    taken: list[Raw] = []
    before: list[_Before] = []
    late: list[Late] = []
    fix: Raw | None = None
    receiver = _Receiver()
    for one in raw:
        row = _plausible(one)
        if taken and row.time_us == taken[-1].time_us:
            continue
        if taken and row.time_us < taken[-1].time_us:
            late.append(
                Late(
                    row.row,
                    row.time_us,
                    row.received_us,
                    row.lat,
                    row.lon,
                    row.speed_kmh,
                    row.recorder_speed_kmh,
                    row.driver,
                )
            )
            continue
        if row.time_us - row.received_us > FUTURE_US:
            continue
        before.append(
            _Before(
                taken[-1].time_us if taken else None,
                fix.time_us if fix else None,
                fix.lat if fix else None,
                fix.lon if fix else None,
            )
        )
        if row.lat is not None and receiver.hangs(row):
            row = row._replace(lat=None, lon=None)
        if row.lat is not None:
            fix = row
        taken.append(row)
    return taken, before, late


class _Receiver:
    """Whether a receiver repeats itself: exactly the same place although at its speed the vehicle
    would have gone on. Judged only once it has shown two places."""

    def __init__(self) -> None:
        self.place: tuple[float, float] | None = None
        self.places = 0
        self.moving_since_us: int | None = None
        """Since when it has been at speed at this place."""

    def hangs(self, row: Raw) -> bool:
        assert row.lat is not None
        assert row.lon is not None
        if (row.lat, row.lon) != self.place:
            self.place = row.lat, row.lon
            self.places += 1
            self.moving_since_us = None
        if row.speed_kmh is None or row.speed_kmh <= FROZEN_KMH:
            self.moving_since_us = None
            return False
        if self.moving_since_us is None:
            self.moving_since_us = row.time_us
        gone_m = row.speed_kmh / 3.6 * (row.time_us - self.moving_since_us) / 1e6
        return self.places > 1 and gone_m > FROZEN_M


class _Road(NamedTuple):
    """Where a row was matched to; the other roads it may be on."""

    segment: int | None = None
    offset_m: float | None = None
    quality: int = UNMATCHED
    rivals: tuple[int, ...] = ()


def _roads(taken: list[Raw], world: World) -> list[_Road]:
    """The road of each row."""
    if world.network is None:
        return [_Road()] * len(taken)

    def column(name: str, kind: type) -> np.ndarray:
        values = [getattr(row, name) for row in taken]
        return np.array([np.nan if value is None else value for value in values], kind)

    lat = column("lat", np.float64)
    matched, _ = match(
        world.network,
        np.zeros(len(taken), np.int32),
        column("time_us", np.int64),
        lat,
        column("lon", np.float64),
        column("heading_deg", np.float32),
        column("speed_kmh", np.float32),
        ~np.isnan(lat),
        new_state(1),
    )
    rivals: dict[int, list[int]] = defaultdict(list)
    pairs = zip(matched.rival_row.tolist(), matched.rival_segment.tolist(), strict=True)
    for row, segment in pairs:
        rivals[row].append(segment)
    columns = (matched.segment, matched.offset_m, matched.quality)
    return [
        _Road(segment, offset_m, quality, tuple(rivals[row])) if segment >= 0 else _Road()
        for row, (segment, offset_m, quality) in enumerate(
            zip(*(column.tolist() for column in columns), strict=True)
        )
    ]


class _Limits(NamedTuple):
    limit: float | None = None
    usual: float | None = None
    sure: float | None = None
    sure_usual: float | None = None
    measure: str | None = None
    default: bool = False


def _limits(
    segment: int, offset_m: float, rivals: Iterable[int], kind: str, time_us: int, world: World
) -> _Limits:
    """The limit of the road, the lowest temporary one if that is lower, and the highest that
    either may be within the error of the position."""
    usual, default = world.usual_limit(segment, kind)
    highest = max([usual, *(world.usual_limit(rival, kind)[0] for rival in rivals)])
    temporary = world.temporary_at(segment, offset_m, time_us)
    if temporary is None or temporary.limit_kmh >= usual:
        return _Limits(usual, usual, highest, highest, None, default)
    # Surely lower only where one stands a little before and after as well, and on no other road.
    end_m = math.nextafter(world.segments[segment].length_m, 0.0)
    around = [
        world.temporary_at(segment, spot_m, time_us)
        for spot_m in (max(offset_m - DOUBT_M, 0.0), offset_m, min(offset_m + DOUBT_M, end_m))
    ]
    sure = highest
    if not rivals and all(around):
        sure = min(sure, max(limit.limit_kmh for limit in around if limit))
    return _Limits(temporary.limit_kmh, usual, sure, highest, temporary.id, False)


def _sample(
    vehicle: str,
    kind: str,
    service: str,
    row: Raw,
    before: _Before,
    road: _Road,
    world: World,
) -> Sample:
    stake_m = road_class = None
    limits = _NO_LIMITS
    if road.segment is not None and road.offset_m is not None:
        road_class = world.segments[road.segment].road_class
        stake_m = world.stake_m(road.segment, road.offset_m)
        limits = _limits(road.segment, road.offset_m, road.rivals, kind, row.time_us, world)
    if row.given_kmh is not None:
        limits = _Limits(*[row.given_kmh] * 4)
    fences = ()
    if row.lat is not None and row.lon is not None:
        fences = world.fences_at(kind, row.lat, row.lon, row.time_us)
    return Sample(
        vehicle,
        row.row,
        row.time_us,
        row.received_us,
        row.lat,
        row.lon,
        row.speed_kmh,
        row.recorder_speed_kmh,
        row.heading_deg,
        row.altitude_m,
        row.alarm or 0,
        row.status or 0,
        row.driver,
        kind,
        service,
        road.segment,
        road.quality,
        road_class,
        limits.limit,
        limits.usual,
        limits.sure,
        limits.sure_usual,
        limits.measure,
        stake_m,
        road.offset_m,
        limits.default,
        before.us,
        before.fix_us,
        before.lat,
        before.lon,
        fences,
    )


_NO_LIMITS = _Limits()
