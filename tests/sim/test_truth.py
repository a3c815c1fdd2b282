"""The truth on hand-made motion, on both sides of every edge of the definitions."""

from __future__ import annotations

import json

import numpy as np
import pytest

from sizao.core.vehicles import KIND_CODES
from sizao.sim.city import City
from sizao.sim.fleet import Fleet, fleet
from sizao.sim.traffic import Motion
from sizao.sim.truth import Offence, Truth, to_json

T0 = 1_793_289_600


@pytest.fixture(scope="module")
def one(city: City) -> Fleet:
    """A single truck with two drivers, 15 s between reports."""
    for seed in range(50):
        cars = fleet(city, 2, seed)
        if cars.kind[0] == KIND_CODES["heavy_truck"] and cars.two_drivers[0]:
            return cars
    raise AssertionError("no such truck")


@pytest.fixture(scope="module")
def road(city: City) -> int:
    """A segment with a limit of 60 for trucks."""
    network = city.network
    return int(np.flatnonzero((network.ref == "G353") & (network.limit_kmh == 60))[0])


def judge(
    city: City, cars: Fleet, segment: int, speed: list[float], driver: list[int] | None = None
) -> list[Offence]:
    n = len(speed)
    quiet = np.zeros((1, n), np.float32)
    truth = Truth(city.network, cars)
    motion = Motion(
        T0,
        np.full((2, n), segment, np.int32),
        np.full((2, n), 10.0, np.float32),
        np.vstack([np.array([speed], np.float32), quiet]),
        np.zeros((2, n), np.int8),
        np.vstack([np.array([driver or [0] * n], np.int8), quiet.astype(np.int8)]),
    )
    return truth.feed(motion) + truth.close()


def limit(city: City, segment: int) -> float:
    return float(city.network.limit_kmh[segment])


def test_thirty_seconds_count_twenty_nine_do_not(city: City, one: Fleet, road: int) -> None:
    over = limit(city, road) + 10
    # 31 samples a second apart span 30 s.
    assert len(judge(city, one, road, [30] * 5 + [over] * 31 + [30] * 60)) == 1
    assert judge(city, one, road, [30] * 5 + [over] * 30 + [30] * 60) == []


def test_onset_worst_and_end(city: City, one: Fleet, road: int) -> None:
    top = limit(city, road)
    (offence,) = judge(city, one, road, [30] * 5 + [top + 10] * 40 + [top + 33] + [30] * 60)
    assert (offence.rule, offence.vehicle) == ("speeding", one.phone[0])
    assert offence.start_s == T0 + 6
    assert offence.onset_s == T0 + 36
    assert offence.end_s == T0 + 46
    assert (offence.worst, offence.limit) == (top + 33, top)
    assert offence.visible_s == 41
    assert offence.place.startswith("G353 K")


def test_the_margin_is_not_an_offence(city: City, one: Fleet, road: int) -> None:
    top = limit(city, road)
    assert judge(city, one, road, [top + 1.0] * 120) == []
    assert len(judge(city, one, road, [top + 1.1] * 120)) == 1


def test_a_dip_as_long_as_a_report_does_not_part_two_bursts(
    city: City, one: Fleet, road: int
) -> None:
    over = limit(city, road) + 10
    step = int(one.interval_s[0])
    burst = [over] * 20
    assert len(judge(city, one, road, burst + [30] * step + burst + [30] * 60)) == 1
    assert judge(city, one, road, burst + [30] * (step + 1) + burst + [30] * 60) == []


def test_two_episodes_are_two(city: City, one: Fleet, road: int) -> None:
    over = limit(city, road) + 10
    assert len(judge(city, one, road, [over] * 60 + [30] * 19 + [over] * 60 + [30] * 60)) == 1
    assert len(judge(city, one, road, [over] * 60 + [30] * 21 + [over] * 60 + [30] * 60)) == 2


def test_a_tunnel_hides(city: City, one: Fleet) -> None:
    tunnel = int(np.flatnonzero(city.network.tunnel)[0])
    (offence,) = judge(city, one, tunnel, [130.0] * 60 + [30] * 60)
    assert offence.visible_s == 0


HOUR = [50.0] * 3600


def rest(minutes: float) -> list[float]:
    return [0.0] * round(minutes * 60)


def test_four_hours_are_lawful_a_minute_more_is_not(city: City, one: Fleet, road: int) -> None:
    road_limit = limit(city, road)
    assert road_limit >= 50
    # n moving seconds span n - 1.
    assert judge(city, one, road, [*HOUR * 4, 50.0, *rest(30)]) == []
    (offence,) = judge(city, one, road, [*HOUR * 4, 50.0, 50.0, *rest(30)])
    assert offence.rule == "fatigue"
    assert offence.limit == 240
    assert offence.onset_s == offence.start_s + 14401


@pytest.mark.parametrize(("minutes", "counts"), [(19.9, True), (20.1, False)])
def test_twenty_minutes_are_a_rest(
    city: City, one: Fleet, road: int, minutes: float, counts: bool
) -> None:
    drive = [*HOUR * 3, *rest(minutes), *HOUR, *HOUR[:600], *rest(30)]
    assert bool(judge(city, one, road, drive)) is counts


def test_standing_alone_is_no_offence(city: City, one: Fleet, road: int) -> None:
    """A stop may bring the clock past four hours; only driving on makes the offence."""
    drive = [*HOUR * 3, *HOUR[:3000]]  # 3 h 50
    assert judge(city, one, road, [*drive, *rest(60)]) == []
    (offence,) = judge(city, one, road, [*drive, *rest(15), 50.0, 50.0, *rest(30)])
    assert offence.worst == pytest.approx(245, abs=0.2)
    assert offence.onset_s == T0 + len(drive) + 900 + 1


def test_another_driver_begins_anew(city: City, one: Fleet, road: int) -> None:
    speed = [*HOUR * 5, *rest(30)]
    drivers = [0] * 3600 * 3 + [1] * (len(speed) - 3600 * 3)
    assert judge(city, one, road, speed, drivers) == []
    assert len(judge(city, one, road, speed)) == 1


def test_cutting_changes_nothing(city: City, one: Fleet, road: int) -> None:
    over = limit(city, road) + 10
    speed = [30] * 5 + [over] * 50 + [30] * 10 + [over] * 20 + [30] * 60
    whole = judge(city, one, road, speed)
    truth = Truth(city.network, one)
    parts: list[Offence] = []
    for at, value in enumerate(speed):
        cell = np.array([[value], [0]], np.float32)
        zero = np.zeros((2, 1), np.int8)
        segment = np.full((2, 1), road, np.int32)
        place = np.full((2, 1), 10.0, np.float32)
        parts += truth.feed(Motion(T0 + at, segment, place, cell, zero, zero))
    assert parts + truth.close() == whole
    assert len(whole) == 1


def test_the_file_says_times_as_people_do(city: City, one: Fleet, road: int) -> None:
    (offence,) = judge(city, one, road, [limit(city, road) + 10] * 40)
    line = json.loads(to_json(offence))
    assert line["start"] == "2026-10-30T00:00:01+08:00"
    assert set(line) == {
        "rule", "vehicle", "start", "onset", "end", "worst", "limit", "visible_s", "lat", "lon",
        "place",
    }  # fmt: skip
