"""The truth of places on hand-made motion, on both sides of its edges."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest

from sizao.core.clock import SHANGHAI
from sizao.core.places import ROAD_CLASS_CODES
from sizao.core.vehicles import KIND_CODES
from sizao.roads.fence_grid import Fences
from sizao.roads.fences import Fence, Window
from sizao.sim.city import City
from sizao.sim.fleet import Fleet, fleet
from sizao.sim.traffic import Motion
from sizao.sim.truth import Offence, Truth

T0 = int(datetime(2026, 10, 30, 8, 0, tzinfo=SHANGHAI).timestamp())


@pytest.fixture(scope="module")
def one(city: City) -> Fleet:
    """A truck first, 15 s between reports."""
    for seed in range(50):
        cars = fleet(city, 2, seed)
        if cars.kind[0] == KIND_CODES["heavy_truck"]:
            return cars
    raise AssertionError("no truck")


def judge(
    city: City, cars: Fleet, segment: int, speed: list[float], *fences: Fence
) -> list[Offence]:
    """The first vehicle stays 10 m into a segment, whatever its speed; the second stands."""
    n = len(speed)
    both = np.zeros((2, n), np.float32)
    both[0] = speed
    places = np.full((2, n), segment, np.int32), np.full((2, n), 10.0, np.float32)
    none = np.zeros((2, n), np.int8)
    truth = Truth(city.network, cars, Fences(fences))
    motion = Motion(T0 - 1, *places, both, none, none)
    return truth.feed(motion) + truth.close()


def around(city: City, segment: int, kind: str, **given: object) -> Fence:
    place = city.network.point(segment, 10.0)
    return Fence(1, "x", kind, "circle", line=(place,), reach_m=50, **given)  # type: ignore[arg-type]  # by name


def of(offences: list[Offence], rule: str) -> list[tuple[int, int, int]]:
    return [
        (one.start_s - T0, one.onset_s - T0, one.end_s - T0) for one in offences if one.rule == rule
    ]


def test_closed_by_the_clock(city: City, one: Fleet) -> None:
    """Closed from 08:00:20. Driving on until second 51 is 31 s, standing says nothing."""
    shut = (Window(127, 8 * 3600, 9 * 3600),)
    fence = around(city, 0, "forbidden", windows=shut, vehicle_kinds=("heavy_truck",))
    assert of(judge(city, one, 0, [20.0] * 31 + [0.0] * 60, fence), "area_forbidden") == [
        (0, 30, 30)
    ]
    assert of(judge(city, one, 0, [20.0] * 30 + [0.0] * 60, fence), "area_forbidden") == []
    hazmat = around(city, 0, "forbidden", vehicle_kinds=("hazmat",))
    assert of(judge(city, one, 0, [20.0] * 31, hazmat), "area_forbidden") == []


def test_too_fast_for_a_school(city: City, one: Fleet) -> None:
    fence = around(city, 0, "limit", limit_kmh=30.0)
    speed = [31.0] * 5 + [31.5] * 11 + [31.0] * 40
    assert of(judge(city, one, 0, speed, fence), "area_limit") == [(5, 15, 15)]
    assert of(judge(city, one, 0, speed[1:15] + [31.0] * 40, fence), "area_limit") == []


def test_standing_on_an_expressway(city: City, one: Fleet) -> None:
    fast = int(np.flatnonzero(city.network.road_class == ROAD_CLASS_CODES["expressway"])[0])
    far = around(city, fast + 300, "service")
    assert of(judge(city, one, fast, [0.0] * 121, far), "stopped_on_expressway") == [(0, 120, 120)]
    assert of(judge(city, one, fast, [0.0] * 120, far), "stopped_on_expressway") == []
    here = around(city, fast, "service")
    assert of(judge(city, one, fast, [0.0] * 300, here), "stopped_on_expressway") == []


def test_brakes_on_a_way_down(city: City, one: Fleet) -> None:
    """80 km/h at 8 %: 22.2 m/s times 0.726 less 4 W/kg is 12.1 a second; 2 000 takes some 3 min."""
    flat = int(np.flatnonzero(np.isnan(city.network.grade_pct))[0])
    fence = around(city, flat, "downgrade", grade_pct=8.0, limit_kmh=120.0)
    ((start, onset, _),) = of(judge(city, one, flat, [80.0] * 300, fence), "long_downgrade")
    assert 165 < start < 190
    assert onset == start + 10
    gentle = around(city, flat, "downgrade", grade_pct=2.0, limit_kmh=120.0)
    assert of(judge(city, one, flat, [80.0] * 300, gentle), "long_downgrade") == []
