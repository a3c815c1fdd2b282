"""Jumps, silence, speeds that disagree, faults: edges by hand, random tracks read plainly."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sizao.detect import engine
from sizao.detect.engine import Context, EngineState
from sizao.roads.fence_grid import Fences
from sizao.roads.fences import Fence
from sizao.roads.network import Network
from tests.detect.plain.reading import differences
from tests.detect.tracks import METRES_A_DEGREE_EAST, Track, at, detect, episodes


def test_a_jump_is_believed_when_the_vehicle_stays_there():
    track = Track(every_s=30).leg(60, 60).silence(0.5, 5000).leg(60, 60)
    rows = detect(track, "impossible_jump")
    assert [row["revision"] for row in rows] == [0, 1]
    (row,) = episodes(rows)
    assert (row["start"], row["end"], row["fired"]) == (at(30), at(90), at(120))
    # 60 s for 500 m of driving and 5 km more, on the same sphere as the track's.
    assert row["measured"] == pytest.approx(5500 / 60 * 3.6, rel=1e-3)
    assert (row["limit"], row["severity"]) == (200, "jump")


@pytest.mark.parametrize(
    ("metres", "seconds", "fires"),
    [(1970, 15, False), (2010, 15, True), (3300, 60, False), (3400, 60, True)],
)
def test_more_than_2_km_and_more_than_200_kmh(metres, seconds, fires):
    """200 km/h are 3 333 m a minute."""
    track = Track(every_s=15).leg(60, 4).silence((seconds - 15) / 60, metres).leg(60, 4)
    assert bool(detect(track, "impossible_jump")) is fires


def test_one_stray_position_is_drift():
    track = Track(every_s=30).stand(2).sample(0, lat=26.9)
    track.now_s += 30
    assert detect(track.stand(2), "impossible_jump") == []


def test_rows_without_a_fix_lie_between():
    track = Track(every_s=30).leg(60, 4).leg(60, 0, positioned=False).silence(0, 9000).stand(1)
    assert len(episodes(detect(track, "impossible_jump"))) == 1
    waits = Track(every_s=30).leg(60, 4).silence(0.2, 9000).stand(0.5)
    assert detect(waits, "impossible_jump") == [], "nothing confirms it yet"


@pytest.mark.parametrize(
    ("stands_min", "metres", "fires"), [(0.5, 9000, True), (10, 9000, False), (10, 90_000, True)]
)
def test_a_receiver_that_hung_may_wake_up_elsewhere(stands_min, metres, fires):
    """Who was last seen anew ten minutes ago can be 9 km away, and not 90."""
    track = Track(every_s=30).leg(60, 4).stand(stands_min).silence(0, metres).leg(60, 4)
    assert bool(detect(track, "impossible_jump")) is fires


@pytest.mark.parametrize(
    ("minutes", "metres", "kmh", "fires"),
    [
        (9.75, 5000, 60, False),  # with the step of 15 s: 10 min, not more
        (9.8, 5000, 60, True),
        (30, 700, 60, False),  # with the 250 m of that step: 950 m
        (30, 800, 60, True),
        (30, 5000, 10, False),
        (30, 5000, 10.1, True),
    ],
)
def test_silent_while_moving(minutes, metres, kmh, fires):
    track = Track().leg(60, kmh).silence(minutes, metres).leg(60, 60)
    rows = detect(track, "offline_moving")
    assert [row["revision"] for row in rows] == ([0, 1] if fires else [])
    if fires:
        assert (rows[0]["start"], rows[0]["end"]) == (at(45), at(60 + minutes * 60))
        assert rows[0]["measured"] == pytest.approx(minutes + 0.25)
        assert (rows[0]["limit"], rows[0]["quality"]) == (10, "gap")


def test_without_a_fix_at_one_end_nothing_is_said():
    dark = Track().leg(60, 60).leg(15, 60, positioned=False).silence(30, 9000).leg(60, 60)
    assert detect(dark, "offline_moving") == []
    dark = Track().leg(60, 60).silence(30, 9000).leg(15, 60, positioned=False).leg(60, 60)
    assert detect(dark, "offline_moving") == []


def test_the_tachograph_shows_moving_too():
    track = Track().leg(60, 0, recorder_speed_kmh=40.0).silence(30, 9000).leg(60, 60)
    assert detect(track, "offline_moving")


def test_a_stored_report_fills_the_silence():
    """Sent with the others when it is back, before it goes on."""
    track = Track().leg(60, 60)
    for _ in range(4):
        track.silence(8, 2000).leg(15, 60, catch_up=True)
    assert detect(track.leg(60, 60), "offline_moving") == []


@pytest.mark.parametrize("kind", ["blind", "service"])
@pytest.mark.parametrize("end_m", [975, 9975])
def test_a_known_blind_spot_excuses(kind, end_m):
    """At the last row before (750 m) or at the first row after (10 km)."""
    place = ((26.5, 101.7 + end_m / METRES_A_DEGREE_EAST),)
    fence = Fence(1, "x", kind, "circle", line=place, reach_m=300)
    context = Context.build(only=frozenset({"offline_moving"}), fences=Fences([fence]))
    track = Track().leg(60, 60).silence(30, 9000).leg(60, 60)
    found, _ = engine.step(track.batch(), EngineState(), context)
    assert bool(len(found)) is (kind != "blind")


def test_a_tunnel_excuses():
    def road(tunnel: bool) -> Network:
        ends = [[101.69 + x / METRES_A_DEGREE_EAST, 26.5] for x in (0, 30_000)]
        return Network.from_features(
            [
                {
                    "geometry": {"type": "LineString", "coordinates": ends},
                    "properties": {"road_class": "national", "tunnel": tunnel},
                }
            ]
        )

    track = Track().leg(60, 60).silence(30, 9000).leg(60, 60)
    for tunnel in (False, True):
        context = Context.build(road(tunnel), only=frozenset({"offline_moving"}))
        found, _ = engine.step(track.batch(), EngineState(), context)
        assert bool(len(found)) is not tunnel


@pytest.mark.parametrize(
    ("kmh", "recorder", "seconds", "fires"),
    [
        (60, 0, 315, True),
        (60, 0, 300, False),  # samples at 0 s to 285 s
        (0, 60, 315, True),
        (20, 5, 315, True),
        (19.9, 5, 315, False),
        (20, 5.1, 315, False),
        (60, 90, 900, False),
        (60, None, 900, False),
    ],
)
def test_one_drives_while_the_other_stands(kmh, recorder, seconds, fires):
    track = Track().leg(60, 50, recorder_speed_kmh=50.0)
    track.leg(seconds, kmh, recorder_speed_kmh=recorder).leg(60, 50, recorder_speed_kmh=50.0)
    rows = detect(track, "terminal_moved")
    assert bool(rows) is fires
    if fires:
        assert (rows[-1]["measured"], rows[-1]["limit"]) == (abs(kmh - recorder), 15)
        assert (rows[0]["start"], rows[0]["fired"]) == (at(60), at(360))


def test_a_fault_is_an_episode():
    track = Track().leg(15, 60)
    for alarm in (1 << 5, 1 << 5 | 1 << 8, 1 << 8, 0, 1):
        track.leg(15, 60, alarm=alarm)
    found = episodes(detect(track, "terminal_fault"))
    assert [(row["severity"], row["start"], row["end"]) for row in found] == [
        ("gnss_antenna_open", at(15), at(30)),
        ("power_cut", at(30), at(45)),
    ]


SOME = st.sampled_from([None, 0.0, 4.0, 6.0, 30.0, 60.0])


@settings(max_examples=60, deadline=None)
@given(
    legs=st.lists(
        st.tuples(
            st.integers(15, 900),
            st.sampled_from([0, 4, 6, 12, 30, 60]),
            SOME,
            st.booleans(),
            st.sampled_from([0, 0, 0, 4, 11, 25]),
            st.sampled_from([0, 0, 500, 1500, 4000, 30_000]),
        ),
        min_size=1,
        max_size=12,
    ),
    every_s=st.sampled_from([10, 30, 180]),
)
def test_random_tracks_against_the_plain_readings(legs, every_s):
    track = Track(every_s=every_s)
    for seconds, kmh, recorder, fix, minutes, metres in legs:
        track.leg(seconds, kmh, recorder_speed_kmh=recorder, positioned=fix)
        track.silence(minutes, metres)
    for rule in ("impossible_jump", "offline_moving", "terminal_moved"):
        assert differences(track, rule) == []
