from __future__ import annotations

import numpy as np

from sizao.core.vehicles import KIND_CODES
from sizao.sim.city import City
from sizao.sim.fleet import Fleet
from sizao.sim.traffic import DRIVING, PARKED, Motion, Traffic, limit_table

from .conftest import MORNING_S


def start(city: City, cars: Fleet, seed: int = 7, warm_up_s: int = 4 * 3600) -> Traffic:
    return Traffic(city, cars, seed, MORNING_S, warm_up_s)


def join(parts: list[Motion], name: str) -> np.ndarray:
    return np.concatenate([getattr(part, name) for part in parts], axis=1)


def test_a_day_does_not_depend_on_how_it_is_cut(city: City, cars: Fleet) -> None:
    whole = start(city, cars).advance(1200)
    traffic = start(city, cars)
    parts = [traffic.advance(seconds) for seconds in (1, 599, 60, 540)]
    for name in ("segment", "offset_m", "speed_kmh", "mode", "driver"):
        np.testing.assert_array_equal(getattr(whole, name), join(parts, name), err_msg=name)


def test_another_seed_is_another_day(city: City, cars: Fleet) -> None:
    one, other = start(city, cars).advance(60), start(city, cars, seed=8).advance(60)
    assert (one.segment != other.segment).mean() > 0.3


def test_motion_is_physical(city: City, cars: Fleet) -> None:
    network = city.network
    motion = start(city, cars).advance(1800)
    assert (motion.offset_m <= network.length_m[motion.segment] + 0.01).all()
    assert (motion.offset_m >= 0).all()
    change = np.diff(motion.speed_kmh, axis=1) / 3.6
    # Harder braking than 1.6 m/s2 only at the very end of a stop.
    assert change.max() < 0.9
    assert change.min() > -3.5
    assert (motion.speed_kmh[motion.mode != DRIVING] == 0).all()
    # From second to second a vehicle is on the same segment or on one that follows.
    here, there = motion.segment[:, :-1], motion.segment[:, 1:]
    moved = here != there
    assert moved.sum() > 500
    assert (network.to_node[here[moved]] == network.from_node[there[moved]]).all()
    same = ~moved & (motion.mode[:, 1:] == DRIVING)
    travelled = np.diff(motion.offset_m, axis=1)[same]
    np.testing.assert_allclose(travelled, motion.speed_kmh[:, 1:][same] / 3.6, atol=2.6)


def test_the_lawful_never_exceed_the_limit(city: City, cars: Fleet) -> None:
    """Police vehicles plan no offence, and so not even a lower sign may catch them."""
    police = np.flatnonzero(cars.kind == KIND_CODES["police"])
    traffic = start(city, cars)
    limits = limit_table(city.network)
    for _ in range(4):
        motion = traffic.advance(1800)
        excess = motion.speed_kmh - limits[cars.kind[:, None], motion.segment]
        assert excess[police].max() < 0
        driving = motion.mode == DRIVING
    # ... while others do, or the test would show nothing.
    assert excess[driving].max() > 5


def test_people_rest_and_go_home(city: City, cars: Fleet) -> None:
    traffic = start(city, cars)
    parked = np.zeros(len(cars), bool)
    for _ in range(24):
        parked |= (traffic.advance(3600).mode == PARKED).any(axis=1)
    assert parked.mean() > 0.9


def test_a_word_from_the_platform_slows_a_driver_down(city: City, cars: Fleet) -> None:
    limits = limit_table(city.network)
    traffic = start(city, cars)
    for _ in range(240):
        motion = traffic.advance(30)
        excess = motion.speed_kmh[:, -1] / limits[cars.kind, motion.segment[:, -1]]
        fast = int(np.argmax(excess))
        if excess[fast] > 1.1:
            break
    assert excess[fast] > 1.1, "nobody speeds: nothing to test"
    told, untold = traffic.fork(), traffic.fork()
    told.calm(fast)
    after = told.advance(40)
    assert after.speed_kmh[fast, -1] <= limits[cars.kind[fast], after.segment[fast, -1]]
    other = untold.advance(40)
    others = np.arange(len(cars)) != fast
    np.testing.assert_array_equal(after.speed_kmh[others], other.speed_kmh[others])


def test_a_driver_told_to_rest_stops_within_minutes(city: City, cars: Fleet) -> None:
    traffic = start(city, cars)
    motion = traffic.advance(60)
    vehicle = int(np.argmax(motion.speed_kmh.min(axis=1)))
    traffic.rest(vehicle)
    motion = traffic.advance(2400)
    resting = motion.mode[vehicle] != DRIVING
    assert resting.sum() > 1200
    assert resting[:600].any()
