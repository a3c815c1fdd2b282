"""What is done to terminals, on hand-made motion: a vehicle that drives up and down one road."""

from __future__ import annotations

import numpy as np
import pytest

from sizao.sim import _sampling
from sizao.sim._sampling import DOUBLED, SHIELDED, SILENT, SOUND, tampered
from sizao.sim.city import City
from sizao.sim.feed_truth import RULES, FeedTruth
from sizao.sim.fleet import Fleet, fleet
from sizao.sim.score import SURE_EXTRA_S
from sizao.sim.terminal import Terminals
from sizao.sim.traffic import Motion

SEED = 3
HOUR_S = 3600


@pytest.fixture(scope="module")
def one(city: City) -> Fleet:
    return fleet(city, 2, SEED)


def begun(fault: int, length_s: int) -> int:
    """The first moment at which vehicle 0's terminal begins to be meddled with, and stops after
    one spell."""
    for spell in range(300_000, 400_000):
        now = spell * length_s
        around = [tampered(SEED, 0, fault, now + step * length_s) for step in (-1, 0, 1)]
        if around == [False, True, False]:
            return now
    raise AssertionError("never")


def judge(city: City, cars: Fleet, fault: int, begin_s: int, length_s: int, kmh: float):
    """Two spells' time around one, the vehicle 3 km farther on after it."""
    seconds = 3 * length_s
    road = int(np.argmax(city.network.length_m * ~city.network.tunnel))
    segment = np.full((2, seconds), road, np.int32)
    offset = np.zeros((2, seconds), np.float32)
    offset[0, 2 * length_s - 60 :] = min(3000, city.network.length_m[road])
    speed = np.zeros((2, seconds), np.float32)
    speed[0] = kmh
    none = np.zeros((2, seconds), np.int8)
    faults = np.array([fault, SOUND], np.int8)
    truth = FeedTruth(city.network, cars, SEED, faults)
    motion = Motion(begin_s - length_s - 1, segment, offset, speed, none, none)
    return [(RULES[row["rule"]], int(row["start"]), int(row["end"])) for row in truth.feed(motion)]


def test_shielded_while_it_drives(city: City, one: Fleet) -> None:
    begin = begun(SHIELDED, _sampling.SHIELDED_S)
    ((rule, start, end),) = judge(city, one, SHIELDED, begin, _sampling.SHIELDED_S, 50)
    assert rule == "terminal_moved"
    assert (start, end) == (begin, begin + _sampling.SHIELDED_S - 1)
    assert judge(city, one, SHIELDED, begin, _sampling.SHIELDED_S, 0) == []


@pytest.mark.parametrize(
    ("dip_reports", "kmh", "spells", "sure"),
    [(0.8, 10, 1, True), (1.5, 10, 1, False), (2.5, 10, 2, True), (2.5, 25, 1, True)],
)
def test_who_slows_down_ends_a_spell_as_who_stands_does(
    city: City, one: Fleet, dip_reports: float, kmh: float, spells: int, sure: bool
) -> None:
    """Between standing and moving two speeds do not contradict each other. A dip into which two
    reports may fall, or may not, leaves open whether anybody can see it for five minutes."""
    begin, interval = begun(SHIELDED, _sampling.SHIELDED_S), int(one.interval_s[0])
    seconds = 300 + 4 * interval
    if dip_reports == 1.5:
        seconds = 200  # on each side of the dip: only both together are long enough
    dip = int(dip_reports * interval)
    speed = np.zeros((2, _sampling.SHIELDED_S), np.float32)
    speed[0, 10 : 10 + 2 * seconds + dip] = 50
    speed[0, 10 + seconds : 10 + seconds + dip] = kmh
    road = int(np.argmax(city.network.length_m * ~city.network.tunnel))
    segment = np.full(speed.shape, road, np.int32)
    none = np.zeros(speed.shape, np.int8)
    truth = FeedTruth(city.network, one, SEED, np.array([SHIELDED, SOUND], np.int8))
    motion = Motion(begin - 1, segment, np.zeros_like(speed), speed, none, none)
    rows = truth.feed(motion)
    assert len(rows) == spells
    for row in rows:
        shown = row["visible"] - (row["onset"] - row["start"])
        assert (shown >= 2 * interval + SURE_EXTRA_S) == sure


def test_silent_under_way(city: City, one: Fleet) -> None:
    begin = begun(SILENT, _sampling.SILENT_S)
    ((rule, start, end),) = judge(city, one, SILENT, begin, _sampling.SILENT_S, 50)
    assert rule == "offline_moving"
    assert begin - one.interval_s[0] <= start < begin
    assert 0 <= end - begin - _sampling.SILENT_S < one.interval_s[0]
    assert judge(city, one, SILENT, begin, _sampling.SILENT_S, 0) == []


def test_two_devices_under_one_number(city: City, one: Fleet) -> None:
    begin = begun(DOUBLED, _sampling.DOUBLED_S)
    found = judge(city, one, DOUBLED, begin, _sampling.DOUBLED_S, 50)
    assert [rule for rule, _, _ in found] == ["impossible_jump"] * 2
    assert found[0][1] < begin <= found[0][2]
    assert found[1][1] < begin + HOUR_S <= found[1][2]


def test_a_sound_terminal_does_nothing(city: City, one: Fleet) -> None:
    begin = begun(SILENT, _sampling.SILENT_S)
    assert judge(city, one, SOUND, begin, _sampling.SILENT_S, 50) == []


def test_as_many_are_meddled_with_as_break(city: City) -> None:
    cars = fleet(city, 600, 1)
    fault = Terminals(city.network, cars, 1).fault
    assert [int((fault == kind).sum()) for kind in (SHIELDED, SILENT, DOUBLED)] == [2, 2, 2]
    assert cars.recorder[fault >= SHIELDED].all()
    assert (fault > SOUND).sum() == 12
