"""Against the traffic: on two carriageways 33 m apart, and against a plain reading."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sizao.detect import engine
from sizao.detect.engine import Context, EngineState
from sizao.detect.rules import wrong_way
from sizao.roads.geometry import metres_per_degree
from sizao.roads.network import Network
from tests.detect.plain.reading import differences
from tests.detect.tracks import Row, Track, at

EAST, WEST = 26.5, 26.5003
"""Latitudes of the carriageways; tracks drive east."""


def roads(*more: dict[str, Any], **changes: Any) -> Network:
    lines = [[[101.6, EAST], [102.6, EAST]], [[102.6, WEST], [101.6, WEST]]]
    given = {"road_class": "expressway", "ref": "G5", "oneway": True} | changes
    made = [
        {"geometry": {"type": "LineString", "coordinates": line}, "properties": given}
        for line in lines
    ]
    return Network.from_features([*made, *more])


def street(lat: float, **properties: Any) -> dict[str, Any]:
    line = [[101.6, lat], [102.6, lat]]
    given = {"road_class": "national", "ref": "G227"} | properties
    return {"geometry": {"type": "LineString", "coordinates": line}, "properties": given}


def found(track: Track, network: Network | None = None, **changes: Any) -> list[Row]:
    context = Context.build(
        network or roads(), only=frozenset({"wrong_way"}), changes={"wrong_way": changes}
    )
    rows, state = engine.step(track.batch(), EngineState(), context)
    return rows.to_pylist() + engine.close(state, context).to_pylist()


def drive(*legs: tuple[float, float], kmh: float = 60, every_s: float = 15) -> Track:
    track = Track(every_s=every_s)
    for seconds, lat in legs:
        track.leg(seconds, kmh, lat=lat)
    return track


def test_the_wrong_carriageway():
    first, last = found(drive((300, WEST)))
    # The first sample has no course yet; 30 s on, it fires.
    assert (first["start"], first["fired"], last["end"]) == (at(15), at(45), at(285))
    assert (last["measured"], last["limit"], last["severity"]) == (4.5, 0, "wrong_way")
    assert found(drive((300, EAST))) == []


@pytest.mark.parametrize(("seconds", "fires"), [(45, False), (60, True)])
def test_thirty_seconds_are_needed(seconds, fires):
    """Samples each 15 s; the first of them has a course across the median and does not agree."""
    track = drive((150, EAST), (seconds, WEST), (150, EAST))
    assert bool(found(track, min_duration_s=45.0)) is fires


@pytest.mark.parametrize(
    ("metres_north_of_east", "fires"),
    [(20, False), (21.5, True), (33, True), (53, True), (54, False)],
)
def test_how_near_is_near(metres_north_of_east, fires):
    """33.2 m apart: 8 m nearer to the wrong one from 20.6 m on; more than 20 m past it is off."""
    north, _ = metres_per_degree(EAST)
    assert bool(found(drive((300, EAST + metres_north_of_east / north)))) is fires


def test_a_road_beside_that_may_be_driven_excuses():
    assert found(drive((300, WEST)), roads(street(WEST + 0.00005))) == []
    assert found(drive((300, WEST)), roads(street(WEST + 0.00005, oneway=True))) == []
    far = street(WEST + 0.0005)
    assert found(drive((300, WEST)), roads(far))
    assert found(drive((300, WEST)), roads(road_class="national")) == [], "no expressway"
    assert found(drive((300, WEST)), roads(oneway=False)) == [], "both ways are allowed"


def test_slow_or_without_course_says_nothing():
    assert found(drive((300, WEST), kmh=15)) == []
    assert found(drive((300, WEST), kmh=16))
    assert found(drive((300, WEST), kmh=60, every_s=2)) == [], "33 m from fix to fix"
    assert found(drive((3000, WEST), kmh=60, every_s=100)) == []
    turned = Track().leg(300, 60, lat=WEST, heading_deg=270.0)
    assert found(turned) == [], "the heading contradicts the course"
    assert found(Track().leg(300, 60, lat=WEST, heading_deg=None))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(15, 200),
            st.sampled_from([0, 14, 30, 60, 100]),
            st.integers(-30, 90),
            st.booleans(),
            st.sampled_from([90.0, 120.0, 140.0, None]),
        ),
        min_size=1,
        max_size=12,
    ),
    st.sampled_from([5, 15, 30]),
)
def test_random_tracks_against_the_plain_reading(legs, every_s):
    network = roads(street(WEST + 0.0004), street(EAST - 0.0002, oneway=True))
    north, _ = metres_per_degree(EAST)
    track = Track(every_s=every_s)
    for seconds, kmh, metres, fix, heading in legs:
        track.leg(seconds, kmh, lat=EAST + metres / north, positioned=fix, heading_deg=heading)
    assert differences(track, "wrong_way", network=network) == []


@pytest.mark.parametrize(("degrees", "fewest", "spared"), [(0.004, 1000, 0.33), (0.2, 500, 0.7)])
def test_no_row_that_is_on_is_left_out(degrees, fewest, spared):
    """Expressways that lead every way, of 400 m and of 20 km without a bend, steps of every
    direction and length near them: those that the rule's own geometry finds on are all among the
    rows that are looked at closely."""
    chance = np.random.default_rng(11)
    corner = chance.uniform([101.6, 26.5], [101.65, 26.55], (40, 2))
    turn = chance.uniform(0, 2 * math.pi, 40)
    ends = corner + degrees * np.column_stack([np.sin(turn), np.cos(turn)])
    lines = np.stack([corner, ends], axis=1)
    given = {"road_class": "expressway", "ref": "G5", "oneway": True}
    network = Network.from_features(
        {"geometry": {"type": "LineString", "coordinates": line}, "properties": given}
        for line in lines.tolist()
    )
    n = 20_000
    share, which = chance.uniform(0, 1, n)[:, None], chance.integers(40, size=n)
    place = lines[which, 0] + share * (lines[which, 1] - lines[which, 0])
    x, y = (place + chance.normal(0, 0.0002, (n, 2))).T
    away, way = chance.uniform(0.0001, 0.01, n), chance.uniform(0, 2 * math.pi, n)
    prev_x, prev_y = x - away * np.cos(way), y - away * np.sin(way)
    speed, slot = np.full(n, 60, np.float32), np.arange(n, dtype=np.int32)
    each = np.zeros(n, wrong_way.WrongWay.state_dtype)
    roads_, numbers = wrong_way.roads_of(network), wrong_way.Numbers(15.0, 40.0, 20.0, 8.0)
    rows = wrong_way._rows(slot, y, x, prev_y, prev_x, speed, each, roads_, numbers)
    on = []
    for i in range(n):
        north, east = metres_per_degree(y[i])
        course = np.array([(y[i] - prev_y[i]) * north, (x[i] - prev_x[i]) * east])
        course /= math.hypot(*course)
        cell = wrong_way._cell(roads_, y[i], x[i])
        if cell >= 0 and wrong_way._on(roads_, cell, y[i], x[i], *course, north, east, numbers):
            on.append(i)
    assert len(on) > fewest
    assert set(on) <= set(rows.tolist())
    assert len(rows) < n * spared, "the others are spared"
