"""A made-up country whose vehicles break every rule: what loops are compiled and loaded on.

A rule's loop is called, and so compiled, only where a row concerns the rule, and what an
installation has may concern few: no fence, no coach, no expressway. What a loop is compiled for are
the types of what it is given, and those are the same for every installation; so nothing of this is
the installation's. The numbers are the rule book's, whatever an installation has changed.

The road runs due east, and there is nothing but it: an expressway of one carriageway, closed, with
a limit and steep as far as fences can say so, beside it for some way a road of another limit.
Vehicles are of every kind, and each does one thing (:data:`DOINGS`) all the time.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import cycle
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sizao.core.schemas import POSITION
from sizao.core.vehicles import COACHES, KINDS, SERVICES
from sizao.detect.context import Context
from sizao.roads.fence_grid import Fences
from sizao.roads.fences import read_fence
from sizao.roads.network import Network
from sizao.roads.temporary_limits import TemporaryLimit

VEHICLES = 80
"""More than the first room of the tables that grow."""
NAMES = [f"{10_000_000_000 + number}" for number in range(VEHICLES)]

DOINGS = (
    "hurries",
    "stands",
    "creeps",
    "comes against",
    "is unhooked",
    "alarms",
    "jumps",
    "strays",
)
"""What vehicle n does is number n modulo 8; its kind is number n modulo 11, so that there is every
kind of each. *unhooked*: its terminal drives and the wheels do not; *strays*: bound to a route that
is elsewhere."""
_KMH = np.array([110.0, 0.0, 4.0, -70.0, 60.0, 60.0, 60.0, 60.0])
_HURRIES, _STANDS, _CREEPS, _, _UNHOOKED, _ALARMS, _JUMPS, _STRAYS = range(len(DOINGS))

_LAT, _LON = 26.5, 101.5
_NORTH_M = 111_195.0
_EAST_M = _NORTH_M * math.cos(math.radians(_LAT))
_ROAD_M = 800_000.0
_APART_M = 80_000.0
"""From where one sort of vehicle begins to where the next one does: a slow one makes no jam of
those that stand or hurry."""
_FIRST_M = 100_000.0

_FEW = 3 * len(DOINGS)
"""Vehicles of which more is told than it takes all to tell: coaches and others of each doing."""
_STEPS = 41
"""Of 15 s. The last is one at which who jumps has jumped: what is remembered of that is saved."""
_HOUR_S = 3600
_MIDNIGHT_S = 20_000 * 24 * _HOUR_S - 8 * _HOUR_S
"""In Shanghai."""
_NIGHT_S = _MIDNIGHT_S + 50 * _HOUR_S
"""02:00 of the third day: coaches have no business on the road. Those of whom the long drive knows
have been at the wheel for two days."""
_SILENT_S = _NIGHT_S + _STEPS * 15
_BACK_S = _SILENT_S + 25 * 60
"""From then on all are far from where they fell silent; until then they had stored."""


def country(only: frozenset[str]) -> Context:
    """The country, for these rules."""
    return Context.build(
        _network(),
        kinds=dict(zip(NAMES, cycle(KINDS), strict=False)),
        services=_services(),
        only=only,
        fences=_fences(),
        temporary=[
            TemporaryLimit(
                "made up", 60.0, 0, None, "G0", "下行", _FIRST_M, _FIRST_M + 10_000.0, "", ()
            )
        ],
    )


def batches() -> Iterator[pa.RecordBatch]:
    """What the vehicles report (POSITION): all once, some for two days, then all in small steps
    until they fall silent; then the some again when they are back, what they had stored, twice,
    and how they go on; at last, weeks later, when drivers have been forgotten."""
    some, every = np.arange(_FEW), np.arange(VEHICLES)
    yield _reports(every, _MIDNIGHT_S, 1, 60)
    yield _reports(some, _MIDNIGHT_S + 120, 50 * 15 - 1, 240)
    yield _reports(every, _NIGHT_S, _STEPS, 15)
    for lap in range(3):
        came_s = _BACK_S + lap * _STEPS * 15
        if lap:
            yield _reports(some, _SILENT_S + 30 * lap, 22, 60, received_s=came_s)
        yield _reports(some, came_s, _STEPS, 15)
    yield _reports(every, _BACK_S + 30 * 24 * _HOUR_S, 2, 15)


def standing(lat: float, lon: float, heading_deg: float) -> pa.RecordBatch:
    """All vehicles once about one place, for what is made of an installation's own roads."""
    who = np.arange(VEHICLES)
    return _batch(
        who,
        _MIDNIGHT_S + who % 30,
        _MIDNIGHT_S + who % 30 + 1,
        np.full(VEHICLES, lat),
        np.full(VEHICLES, lon),
        np.full(VEHICLES, 40.0),
        np.full(VEHICLES, heading_deg),
    )


def _reports(
    who: npt.NDArray[np.int64],
    first_s: int,
    steps: int,
    step_s: int,
    *,
    received_s: int | None = None,
) -> pa.RecordBatch:
    """received_s : of what was stored until then; None for what was sent at once"""
    n = len(who)
    chance = np.random.default_rng(first_s)
    step = np.repeat(np.arange(steps), n)
    who = np.tile(who, steps)
    doing = who % len(DOINGS)
    time_s = first_s + step * step_s + who % min(step_s, 15)
    kmh = _KMH[doing]
    # To and fro in the long drive: the road is not that long.
    long_m = np.where(kmh == 0.0, 0.0, 4_000.0 * (step % 2))
    short_m = kmh / 3.6 * ((time_s - _NIGHT_S) % (2 * _HOUR_S))
    along_m = np.where(time_s < _NIGHT_S, long_m, short_m)
    along_m += np.where(doing == _JUMPS, 30_000.0 * (step // 5 % 2), 0.0)
    along_m += _FIRST_M + _APART_M * doing + 5.0 * who
    return _batch(
        who,
        time_s,
        time_s + 1 if received_s is None else np.full(len(who), received_s),
        _LAT + chance.normal(0.0, 2.0, len(who)) / _NORTH_M,
        _LON + (along_m + chance.normal(0.0, 2.0, len(who))) / _EAST_M,
        np.abs(kmh),
        np.where(kmh < 0.0, 270.0, 90.0),
    )


def _batch(
    who: npt.NDArray[np.int64],
    time_s: npt.NDArray[np.int64],
    received_s: npt.NDArray[np.int64],
    lat: npt.NDArray[np.float64],
    lon: npt.NDArray[np.float64],
    speed_kmh: npt.NDArray[np.float64],
    heading_deg: npt.NDArray[np.float64],
) -> pa.RecordBatch:
    n = len(who)
    doing = who % len(DOINGS)
    chance = np.random.default_rng(n)
    values: dict[str, Any] = {
        "vehicle": [NAMES[number] for number in who.tolist()],
        "time": time_s * 1_000_000,
        "received": received_s * 1_000_000,
        "lat": lat,
        "lon": lon,
        "speed_kmh": speed_kmh.astype(np.float32),
        "heading_deg": heading_deg.astype(np.float32),
        "recorder_speed_kmh": np.where(doing == _UNHOOKED, 0.0, speed_kmh).astype(np.float32),
        "mileage_km": (time_s - _MIDNIGHT_S) * 0.02,
        "alarm": np.where(doing == _ALARMS, 0xFFFF_FFFF, 0).astype(np.uint32),
        "status": np.full(n, 3, np.uint32),
        "positioned": chance.random(n) < 0.98,
        "catch_up": received_s > time_s + 1,
        # Some are shared by two vehicles, some known of one, some unknown.
        "driver": [f"card {number // 2}" if number % 5 else None for number in who.tolist()],
        "source": ["jt808"] * n,
    }
    arrays = [
        pa.array(values[field.name], field.type)
        if field.name in values
        else pa.nulls(n, field.type)
        for field in POSITION
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=POSITION)


def _services() -> dict[str, str]:
    """Of coaches, in turn every service and none."""
    coaches = [name for name, kind in zip(NAMES, cycle(KINDS), strict=False) if kind in COACHES]
    found = zip(coaches, cycle([None, *SERVICES]), strict=False)
    return {name: service for name, service in found if service is not None}


def _network() -> Network:
    def line(from_m: float, to_m: float, north_m: float, **properties: Any) -> dict[str, Any]:
        along = np.linspace(from_m, to_m, 1 + math.ceil((to_m - from_m) / 10_000.0))
        lat = _LAT + north_m / _NORTH_M
        points = [[_LON + east_m / _EAST_M, lat] for east_m in along.tolist()]
        return {
            "geometry": {"type": "LineString", "coordinates": points},
            "properties": properties,
        }

    return Network.from_features(
        [
            line(
                0.0,
                _ROAD_M,
                0.0,
                road_class="expressway",
                ref="G0",
                oneway=True,
                limit_kmh=80,
                limit_kmh_by_kind={"hazmat": 60},
                direction="下行",
                stake_m=0,
            ),
            line(_FIRST_M + 20_000.0, _FIRST_M + 40_000.0, 12.0, road_class="county", limit_kmh=40),
        ]
    )


def _fences() -> Fences:
    """One of every kind, and of every shape."""
    west, east = _LON, _LON + _ROAD_M / _EAST_M
    south, north = _LAT - 0.01, _LAT + 0.01
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    area = {"type": "Polygon", "coordinates": [ring]}
    road = {"type": "LineString", "coordinates": [[west, _LAT], [east, _LAT]]}
    elsewhere = {"type": "Point", "coordinates": [west, _LAT + 1.0]}
    here = {"type": "Point", "coordinates": [_LON + _FIRST_M / _EAST_M, _LAT]}
    strays = [name for number, name in enumerate(NAMES) if number % len(DOINGS) == _STRAYS]
    whole_day = [{"from": "00:00", "to": "24:00"}]
    given: list[tuple[dict[str, Any], dict[str, Any]]] = [
        (area, {"kind": "forbidden", "times": whole_day, "except_dates": [["1970-01-01"] * 2]}),
        (road, {"kind": "limit", "half_width_m": 300, "limit_kmh": 40}),
        (area, {"kind": "downgrade", "limit_kmh": 40, "grade_pct": 20}),
        (elsewhere, {"kind": "route", "radius_m": 500, "vehicles": strays}),
        # These excuse, so they are for those whom no rule asks for an excuse.
        (here, {"kind": "service", "radius_m": 1_000, "vehicle_kinds": ["police"]}),
        (here, {"kind": "blind", "radius_m": 1_000, "vehicle_kinds": ["police"]}),
    ]
    return Fences(
        [
            read_fence(
                {
                    "geometry": geometry,
                    "properties": {
                        "number": number,
                        "name": properties["kind"],
                        "legal_basis": "made up",
                        **properties,
                    },
                }
            )
            for number, (geometry, properties) in enumerate(given, 1)
        ]
    )
