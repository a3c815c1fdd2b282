"""The coaches' hours of a day on hand-made motion: what is true, and what reports show of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from sizao.sim.city import City
from sizao.sim.fleet import Fleet
from sizao.sim.hours_truth import DAY, HoursTruth
from sizao.sim.traffic import Motion
from sizao.sim.week_score import coaches

T0 = 1_793_289_600
LIMIT_S = 8 * 3600


@pytest.fixture(scope="module")
def coach(city: City) -> Fleet:
    cars = coaches(city, 1, seed=3)
    known = {"recorder": np.array([False]), "two_drivers": np.array([False])}
    return replace(cars, interval_s=np.array([15], np.int32), **known)


def day(
    city: City, cars: Fleet, kmh: npt.NDArray[np.float32], segment: npt.NDArray[np.int32]
) -> list[tuple[int, int, int]]:
    """(onset, seconds driven, seconds by which reports show more than the limit)."""
    n = len(kmh)
    zero = np.zeros((1, n), np.int8)
    still = np.zeros((1, n), np.float32)
    truth = HoursTruth(city.network, cars)
    motion = Motion(T0, segment[None, :], still, kmh[None, :], zero, zero)
    rows = np.concatenate([truth.feed(motion), truth.close()])
    rows = rows[rows["rule"] == DAY]
    return [(int(r["onset"]) - T0, int(r["driven"]), int(r["visible"])) for r in rows]


def road(city: City, n: int, tunnel: bool = False) -> npt.NDArray[np.int32]:
    return np.full(n, np.flatnonzero(city.network.tunnel == tunnel)[0], np.int32)


def test_who_never_stops_is_seen_to_the_last_report(city: City, coach: Fleet) -> None:
    n = LIMIT_S + 300
    ((onset, driven, visible),) = day(city, coach, np.full(n, 60.0, np.float32), road(city, n))
    assert (onset, driven) == (LIMIT_S + 2, n - 1), "the first second joins nothing"
    assert 300 - 31 <= visible <= 300


def test_stops_hide_driving_at_both_their_ends(city: City, coach: Fleet) -> None:
    """A minute's driving and a minute's stop in turn: three spans of four, or two, are shown."""
    pattern = np.repeat([60.0, 0.0], 60).astype(np.float32)
    kmh = np.tile(pattern, 2 * (LIMIT_S + 600) // 120)
    ((_, driven, visible),) = day(city, coach, kmh, road(city, len(kmh)))
    assert driven > LIMIT_S
    assert visible < 0, "nobody can be blamed for not seeing this one"
    # The same by hand: reports each 15 s, spans between two that show it moving.
    at = np.arange(len(kmh)) + T0 + 1
    shown = kmh[(at % 15) == 0] > 5
    by_hand = 15 * int((shown[1:] & shown[:-1]).sum())
    assert visible == pytest.approx(by_hand - LIMIT_S, abs=15)


def test_a_tunnel_hides_from_who_has_no_tachograph(city: City, coach: Fleet) -> None:
    n = LIMIT_S + 900
    segment = road(city, n)
    segment[3600:4800] = road(city, 1200, tunnel=True)
    kmh = np.full(n, 60.0, np.float32)
    ((_, _, hidden),) = day(city, coach, kmh, segment)
    assert hidden < 0
    recorder = replace(coach, recorder=np.array([True]))
    ((_, _, visible),) = day(city, recorder, kmh, segment)
    assert visible > 800


def test_cutting_changes_nothing(city: City, coach: Fleet) -> None:
    n = LIMIT_S + 900
    kmh = np.tile(np.repeat([60.0, 0.0], [600, 20]), n // 620 + 1)[:n].astype(np.float32)
    kmh = np.concatenate([kmh, kmh[:3600]])
    whole = day(city, coach, kmh, road(city, len(kmh)))
    truth = HoursTruth(city.network, coach)
    rows = []
    for first in range(0, len(kmh), 777):
        part = kmh[None, first : first + 777]
        zero = np.zeros(part.shape, np.int8)
        segment = np.broadcast_to(road(city, 1), part.shape).astype(np.int32)
        motion = Motion(T0 + first, segment, np.zeros_like(part), part, zero, zero)
        rows.append(truth.feed(motion).copy())
    cut = np.concatenate([*rows, truth.close()])
    cut = cut[cut["rule"] == DAY]
    assert [(int(r["onset"]) - T0, int(r["driven"]), int(r["visible"])) for r in cut] == whole
    assert whole
