"""Temporary limits: changed in mid-segment and in mid-episode, by direction, named."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sizao.detect import engine
from sizao.detect.engine import Context, EngineState
from sizao.roads.limits_in_force import LimitsInForce
from sizao.roads.network import Network
from sizao.roads.sections import Piece
from sizao.roads.temporary_limits import TemporaryLimit
from tests.detect.tracks import METRES_A_DEGREE_EAST, START, Row, Track, at, episodes

START_US = int(START.timestamp() * 1e6)
EVER = -(2**40)


@cache
def road() -> Network:
    """One segment each way, 20 km to the east from the tracks' start, sign 80; stakes from 0."""
    end = 101.7 + 20_000 / METRES_A_DEGREE_EAST

    def way(line: list[list[float]], direction: str, stake_m: float, sign: int) -> dict[str, Any]:
        return {
            "geometry": {"type": "LineString", "coordinates": line},
            "properties": {
                "road_class": "national",
                "ref": "G227",
                "direction": direction,
                "oneway": True,
                "limit_kmh": 80,
                "stake_m": stake_m,
                "stake_sign": sign,
            },
        }

    return Network.from_features(
        [
            way([[101.7, 26.5], [end, 26.5]], "下行", 0.0, 1),
            way([[end, 26.5004], [101.7, 26.5004]], "上行", 20_000.0, -1),
        ]
    )


def limit(name: str = "GZ1", kmh: float = 40.0, low_m=1000.0, high_m=2000.0, **values: Any):
    base = TemporaryLimit(
        id=name,
        limit_kmh=kmh,
        from_us=EVER,
        until_us=None,
        road="G227",
        direction="下行",
        stake_from_m=low_m,
        stake_to_m=high_m,
        network=road().digest(),
        pieces=(Piece(0, low_m, high_m),),
    )
    return replace(base, **values)


def found(track: Track, *limits: TemporaryLimit, rule: str = "speeding", kind="other", cuts=()):
    context = Context.build(
        road(), only=frozenset({rule}), kinds={track.vehicle: kind}, temporary=limits
    )
    state, rows = EngineState(), []
    batch = track.batch()
    edges = [0, *sorted(cuts), len(batch)]
    for start, end in pairwise(edges):
        part, state = engine.step(batch.slice(start, end - start), state, context)
        rows += part.to_pylist()
        state = EngineState.from_bytes(state.to_bytes())
    rows += engine.close(state, context).to_pylist()
    return rows


def drive(seconds: float = 200, kmh: float = 72.0) -> Track:
    """20 m/s: 20 s each 400 m; a sample each 5 s, so at 1000 m after 50 s, at 2000 m after 100."""
    return Track(every_s=5).leg(seconds, kmh)


def test_a_limit_in_mid_segment():
    (row,) = episodes(found(drive(), limit()))
    # A piece holds from its beginning (a metre off by rounding is another sample) to its end.
    assert at(45) <= row["start"] <= at(55)
    assert at(90) <= row["end"] <= at(100)
    assert (row["limit"], row["measured"], row["severity"]) == (40, 72, "ge70")
    assert row["quality"] == "gps_only,limit_temporary=GZ1"
    assert episodes(found(drive())) == [], "the control: 72 km/h is lawful on the road itself"


@pytest.mark.parametrize(
    ("values", "fires"),
    [
        ({"from_us": START_US + 60_000_000}, True),  # 35 s are left of 100
        ({"from_us": START_US + 76_000_000}, False),  # put up with less than 30 s to go
        ({"until_us": START_US + 66_000_000}, False),
        ({"until_us": START_US + 90_000_000}, True),
        ({"limit_kmh": 71.0}, False),  # 72 is not over 71 and the margin
        ({"limit_kmh": 70.9}, True),
    ],
)
def test_put_up_and_lifted_while_somebody_drives_there(values, fires):
    assert bool(found(drive(), limit(**values))) == fires


def test_lifted_in_mid_episode():
    """Over from 55 s; lifted at 90 s: the episode ends with what was over before."""
    (row,) = episodes(found(drive(), limit(until_us=START_US + 90_000_000)))
    assert row["end"] == at(85)


def test_within_fifteen_metres_of_its_ends_it_is_not_held_against_anybody():
    """A sample each 20 m: those at 1000 and 1980 m are as likely outside."""
    ends = limit(low_m=990.0, high_m=1990.0)
    (row,) = episodes(found(Track(every_s=1).leg(200, 72.0), ends))
    assert (row["start"], row["end"]) == (at(51), at(98))
    assert row["limit"] == 40


def test_the_lowest_of_several_holds_and_is_named():
    limits = [limit("GZ1", 60.0, 0.0, 5000.0), limit("GZ2", 30.0), limit("GZ3", 100.0, 0, 9000)]
    (row,) = episodes(found(drive(), *limits))
    assert (row["limit"], row["quality"]) == (30, "gps_only,limit_temporary=GZ2")
    assert row["start"] == at(0)


def test_a_limit_above_the_road_s_own_raises_nothing():
    (row,) = episodes(found(drive(kmh=90.0), limit(kmh=100.0)))
    assert (row["limit"], row["quality"]) == (80, "gps_only")


def test_the_other_carriageway_is_not_meant():
    assert found(drive(), limit(pieces=(Piece(1, 18_000.0, 19_000.0),))) == []


def test_on_another_network_the_stakes_say_where(caplog):
    (row,) = episodes(found(drive(), limit(network="of last year", pieces=(Piece(7, 0, 1),))))
    assert row["limit"] == 40
    lost = limit(network="of last year", road="G999")
    assert found(drive(), lost) == []
    assert "temporary limit GZ1: no road G999" in caplog.text
    assert found(drive(), limit(network="x", stake_from_m=None)) == []
    assert "has no stakes" in caplog.text


def test_a_given_limit_goes_before():
    track = drive()
    context = Context.build(road(), only=frozenset({"speeding"}), temporary=[limit()])
    rows, _ = engine.step(track.batch(), EngineState(), context, track.limit_column())
    assert len(rows) == 0


def test_the_coaches_night_limit_is_that_of_the_usual_limit():
    track = Track(every_s=5, now_s=14 * 3600.0).leg(200, 72)  # 22:00 in Shanghai
    (row,) = episodes(found(track, limit(), rule="coach_night_speed", kind="tour_coach"))
    assert (row["limit"], row["quality"]) == (64, "gps_only")


def test_an_episode_keeps_its_measure_when_the_file_changes():
    """GZ1 is the second of the file when it fires and the only one when it ends."""
    track = drive()
    rows: list[Row] = []
    state = EngineState()
    for part, limits in (
        (track.batch().slice(0, 18), [limit("GZ0", low_m=9000.0, high_m=9100.0), limit()]),
        (track.batch().slice(18), [limit()]),
    ):
        context = Context.build(road(), only=frozenset({"speeding"}), temporary=limits)
        out, state = engine.step(part, state, context)
        rows += out.to_pylist()
    assert [row["quality"] for row in rows] == ["gps_only,limit_temporary=GZ1"] * 2


def plain(
    limits: list[TemporaryLimit], segment: int, offset_m: float, time_us: int
) -> tuple[float, str] | None:
    """Reference: every limit asked for itself."""
    holds = [
        (one.limit_kmh, number)
        for number, one in enumerate(limits)
        if one.stands(time_us)
        and any(p.segment == segment and p.from_m <= offset_m < p.to_m for p in one.pieces)
    ]
    return min(holds) if holds else None


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_which_holds_as_the_reference_says(data):
    limits = []
    for number in range(data.draw(st.integers(0, 5))):
        low, high = sorted(data.draw(st.tuples(*[st.integers(0, 10)] * 2)))
        begun, ended = sorted(data.draw(st.tuples(*[st.integers(0, 10)] * 2)))
        pieces = (Piece(data.draw(st.integers(0, 1)), float(low), float(high)),)
        until = data.draw(st.sampled_from([None, ended]))
        kmh = float(data.draw(st.sampled_from([20, 40, 60])))
        limits.append(limit(str(number), kmh, from_us=begun, until_us=until, pieces=pieces))
    asked = [(s, float(o), t) for s in (-1, 0, 1) for o in range(11) for t in range(11)]
    segment, offset, time = (np.array(column) for column in zip(*asked, strict=True))
    which, low = LimitsInForce(limits, road()).at(
        segment.astype(np.int32), offset.astype(float), time.astype(np.int64)
    )
    for one, place, kmh in zip(asked, which.tolist(), low.tolist(), strict=True):
        expected = plain(limits, *one)
        assert (place, -1.0 if np.isnan(kmh) else kmh) == (
            (expected[1], expected[0]) if expected else (-1, -1.0)
        )


@settings(max_examples=20, deadline=None)
@given(cuts=st.lists(st.integers(0, 40), max_size=4))
def test_cuts_do_not_matter(cuts):
    limits = [limit(until_us=START_US + 85_000_000), limit("GZ2", 50.0, 1500.0, 2500.0)]
    whole = found(drive(), *limits)
    assert len(episodes(whole)) >= 1
    assert pa.Table.from_pylist(found(drive(), *limits, cuts=cuts)) == pa.Table.from_pylist(whole)
