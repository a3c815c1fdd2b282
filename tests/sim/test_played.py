"""What is played when detection is scored: acts, jams, routes, plates, words of terminals."""

from __future__ import annotations

import numpy as np
import pytest

from sizao.core.places import ROAD_CLASS_CODES
from sizao.core.vehicles import KIND_CODES
from sizao.sim import alarm_words
from sizao.sim._motion import DRIVING, OFF, STANDING
from sizao.sim._sampling import DARK, SOUND
from sizao.sim.acts import Cast, along, drive
from sizao.sim.alarm_truth import AlarmTruth
from sizao.sim.city import City
from sizao.sim.city.fences import fences_of
from sizao.sim.fleet import Fleet
from sizao.sim.jam_truth import JamTruth
from sizao.sim.place_truth import RULES, PlaceTruth
from sizao.sim.played import downgrade, jams, plan, wrong_way
from sizao.sim.traffic import Motion
from sizao.sim.world import World

T0 = 1_793_289_600


def motion(n: int, seconds: int, start_s: int = T0) -> Motion:
    shape = n, seconds
    return Motion(
        start_s,
        np.zeros(shape, np.int32),
        np.zeros(shape, np.float32),
        np.zeros(shape, np.float32),
        np.zeros(shape, np.int8),
        np.zeros(shape, np.int8),
    )


@pytest.fixture(scope="module")
def way(city: City) -> list[int]:
    network = city.network
    fast = np.flatnonzero((network.ref == "G5") & (network.direction == "上行"))
    return along(network, int(fast[len(fast) // 2]), 6_000)


def test_a_way_goes_on_along_one_carriageway(city: City, way) -> None:
    network = city.network
    assert (network.to_node[way[:-1]] == network.from_node[way[1:]]).all()
    assert network.length_m[way].sum() >= 6_000
    assert set(network.direction[way]) == {"上行"}


def test_an_act_moves_as_fast_as_it_says_and_comes_back(city: City, way) -> None:
    act = drive(city.network, way, T0, [(72, 120), (0, 30), (-36, 70), (0, 30)])
    begins = np.concatenate(([0.0], np.cumsum(city.network.length_m[way])))[:-1]
    at = begins[[way.index(one) for one in act.segment.tolist()]] + act.offset_m
    assert np.diff(at) == pytest.approx(act.speed_kmh[1:] / 3.6, abs=1e-2)
    assert act.speed_kmh.max() == pytest.approx(72)
    assert act.speed_kmh.min() == pytest.approx(-36)
    assert (act.speed_kmh[-5:] == 0).all()


def test_an_act_that_comes_to_the_end_of_its_way_stands(city: City, way) -> None:
    act = drive(city.network, way[:1], T0, [(72, 600), (-72, 600)])
    assert (act.speed_kmh[-20:] == 0).all()
    assert len(act.segment) < 600
    assert set(act.segment.tolist()) == {way[0]}


@pytest.mark.parametrize("cut", [1, 7, 60])
def test_players_are_off_the_air_but_for_their_act(city: City, way, cut: int) -> None:
    act = drive(city.network, way, T0 + 20, [(36, 30), (0, 20)])
    cast = Cast(3, {1: [act]})
    parts = []
    for begin in range(0, 120, cut):
        part = motion(2, min(cut, 120 - begin), T0 + begin)
        cast.apply(part)
        parts.append(part)
    mode = np.concatenate([part.mode for part in parts], axis=1)
    segment = np.concatenate([part.segment for part in parts], axis=1)
    assert (mode[0] == DRIVING).all(), "others are left alone"
    assert (mode[1, :19] == OFF).all()
    assert (mode[1, 19:49] == DRIVING).all()
    assert mode[1, 68] == STANDING
    assert (mode[1, 69:] == OFF).all()
    assert (segment[1, 69:] == 3).all()


def _aside(city: City) -> int:
    return int(np.flatnonzero(city.network.road_class == ROAD_CLASS_CODES["county"])[0])


def judged(city: City, cars: Fleet, act) -> list[str]:
    """Rules of places that an act offends against."""
    truck = next(k for k, row in enumerate(cars.register.to_pylist()) if row["kind"] == "hazmat")
    truth = PlaceTruth(city.network, cars, fences_of(city))
    part = motion(len(cars), len(act.segment), act.start_s - 1)
    Cast(_aside(city), {truck: [act]}).apply(part)
    rows = [*truth.feed(part), *truth.close()]
    return [RULES[row["rule"]] for row in rows if row["vehicle"] == truck]


@pytest.mark.parametrize(("kmh", "seconds", "wrong"), [(50, 90, 1), (50, 20, 0), (9, 200, 0)])
def test_against_the_traffic_for_long_enough(city, cars, way, kmh, seconds, wrong) -> None:
    legs = [(70, 150), (0, 40), (-kmh, seconds), (0, 40), (70, 60)]
    found = judged(city, cars, drive(city.network, way, T0, legs))
    assert found.count("wrong_way") == wrong
    onwards = [(abs(speed), length) for speed, length in legs]
    assert "wrong_way" not in judged(city, cars, drive(city.network, way, T0, onwards)), "control"


def test_what_is_played_is_of_both_sorts(city: City, cars: Fleet) -> None:
    rng = np.random.default_rng(1)
    for act, rule in ((wrong_way.act, "wrong_way"), (downgrade.act, "long_downgrade")):
        found = [judged(city, cars, act(city.network, rng, T0)).count(rule) for _ in range(24)]
        assert 4 <= sum(map(bool, found)) < 24, rule


def test_jams_are_the_same_however_long_they_are_wanted(city: City) -> None:
    short, long = (jams.plan(city.network, 1, T0, hours * 3600) for hours in (1, 3))
    rows = {
        name: set(zip(one.begin_s, one.end_s, one.share, strict=True))
        for name, one in (("short", short), ("long", long))
    }
    assert rows["short"] <= rows["long"]
    assert short.first[-1] >= len(rows["short"]) > 0
    assert jams.plan(city.network, 2, T0, 3600).begin_s.tolist() != short.begin_s.tolist()


@pytest.mark.parametrize(
    ("trucks", "kmh", "minutes", "found"),
    [(3, 30, 4, 1), (2, 30, 4, 0), (3, 30, 2, 0), (3, 70, 4, 0)],
)
def test_three_slow_trucks_for_three_minutes(city, way, trucks, kmh, minutes, found) -> None:
    from sizao.sim.fleet import fleet

    cars = fleet(city, 200, 1)
    heavy = np.flatnonzero(cars.kind == KIND_CODES["heavy_truck"])[:trucks]
    truth = JamTruth(city.network, cars, fences_of(city))
    part = motion(len(cars), 60 * minutes)
    part.segment[:] = _aside(city)
    part.segment[heavy] = way[len(way) // 2]
    part.offset_m[heavy] = 5.0
    part.speed_kmh[heavy] = kmh
    ended = [*truth.feed(part), *truth.close()]
    assert [one.rule for one in ended].count("slow_traffic") == found
    assert all(one.vehicle.startswith("road:G5:上行:K") for one in ended)


@pytest.mark.parametrize(
    ("trucks", "minutes", "away", "fault", "expected"),
    [
        (3, 4, False, SOUND, True),
        (3, 3, False, SOUND, False),  # one report late, and nobody could know
        (4, 6, True, SOUND, False),  # never there when they report
        (4, 6, False, DARK, False),
    ],
)
def test_a_jam_is_expected_if_reports_show_it(
    city, way, trucks, minutes, away, fault, expected
) -> None:
    from sizao.sim.fleet import fleet

    cars = fleet(city, 200, 1)
    heavy = np.flatnonzero(cars.kind == KIND_CODES["heavy_truck"])[:trucks]
    faults = np.full(len(cars), fault, np.int8)
    truth = JamTruth(city.network, cars, fences_of(city), faults)
    part = motion(len(cars), 60 * minutes)
    part.segment[:] = _aside(city)
    part.segment[heavy] = way[len(way) // 2]
    part.offset_m[heavy] = 5.0
    part.speed_kmh[heavy] = 30
    if away:
        told = (T0 + 1 + np.arange(part.seconds) + 7 * heavy[:, None]) % 15 == 0
        part.segment[heavy] = np.where(told, _aside(city), part.segment[heavy])
    (jam,) = [*truth.feed(part), *truth.close()]
    assert (jam.visible_s > 0) == expected


def test_a_jam_has_all_kilometres_it_ever_had(city: City, way) -> None:
    """It begins on one, and goes on for two minutes on the next."""
    from sizao.sim.fleet import fleet

    cars = fleet(city, 200, 1)
    heavy = np.flatnonzero(cars.kind == KIND_CODES["heavy_truck"])[:3]
    network = city.network
    stake_m = network.stake_at(np.array(way, np.int32), np.full(len(way), 5.0))
    kilometre = (stake_m // 1000).astype(int)
    moved = int(np.flatnonzero(kilometre != kilometre[0])[0])
    truth = JamTruth(network, cars, fences_of(city))
    part = motion(len(cars), 300)
    part.segment[:] = _aside(city)
    part.segment[heavy] = way[0]
    part.segment[heavy, 180:] = way[moved]
    part.offset_m[heavy] = 5.0
    part.speed_kmh[heavy] = 30
    (jam,) = [*truth.feed(part), *truth.close()]
    assert jam.vehicle.endswith(f"K{kilometre[0]}")
    assert jam.kilometres == tuple(sorted((int(kilometre[0]), int(kilometre[moved]))))


@pytest.mark.parametrize(("standing", "found"), [(2, 0), (3, 1)])
def test_two_that_stand_beside_traffic_at_speed_are_no_jam(city, way, standing, found) -> None:
    from sizao.sim.fleet import fleet

    cars = fleet(city, 200, 1)
    heavy = np.flatnonzero(cars.kind == KIND_CODES["heavy_truck"])[: standing + 1]
    truth = JamTruth(city.network, cars, fences_of(city))
    part = motion(len(cars), 240)
    part.segment[:] = _aside(city)
    part.segment[heavy] = way[len(way) // 2]
    part.offset_m[heavy] = 5.0
    part.speed_kmh[heavy] = 0.0
    part.speed_kmh[heavy[-1]] = 70.0
    ended = [*truth.feed(part), *truth.close()]
    assert [one.rule for one in ended].count("slow_traffic") == found


def test_words_of_terminals_come_back_in_the_truth(city: City, cars: Fleet) -> None:
    seed, bit = next(
        (seed, word.bit_length() - 1)
        for seed in range(1, 2000)
        for block in range(T0 // alarm_words.BLOCK_S, T0 // alarm_words.BLOCK_S + 8)
        if (word := alarm_words.alarm_word(seed, 0, block * alarm_words.BLOCK_S + 900))
        and word.bit_length() - 1 in (4, 5, 6, 7, 8, 11, 28)
    )
    found = []
    for fault in (SOUND, DARK):
        truth = AlarmTruth(cars, seed, np.full(len(cars), fault, np.int8))
        rows = np.concatenate([truth.feed(motion(len(cars), 600, T0 + k * 600)) for k in range(26)])
        found.append({int(row["bit"]) for row in rows if row["vehicle"] == 0})
        assert truth.names[bit][0] == "terminal_fault"
    assert bit in found[0]
    assert found[1] == set(), "who has no terminal says nothing"


def test_nobody_has_two_parts(city: City) -> None:
    from sizao.sim.fleet import fleet

    cars = fleet(city, 1000, 1)
    world = World.scored(city, cars, 1, T0, 7200)
    played = world.played
    assert played is not None
    routed = {name for fence in played.fences.fences for name in fence.vehicles}
    parts = [
        set(played.cast.acts),
        set(played.plates.dark.tolist()),
        {*played.plates.shown, *played.plates.shown.values()},
        {k for k, phone in enumerate(cars.phone) if phone in routed},
        set(np.flatnonzero((world.terminals.fault != SOUND) & (world.terminals.fault != DARK))),
    ]
    assert all(parts)
    assert sum(map(len, parts)) == len(set().union(*parts))
    again = plan(
        city, cars, 1, T0, 7200, np.where(world.terminals.fault == DARK, 0, world.terminals.fault)
    )
    assert again.plates.shown == played.plates.shown
