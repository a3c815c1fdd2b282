"""Closed areas, areas with a limit, routes: edges by hand, random tracks read plainly."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sizao.detect import engine
from sizao.detect.engine import Context, EngineState
from sizao.roads.fence_grid import Fences
from sizao.roads.fences import Fence, Window
from tests.detect.plain.reading import differences
from tests.detect.tracks import METRES_A_DEGREE_EAST, Track, at, episodes

EVERY_DAY = 127


def box(number: int, from_m: float, to_m: float, kind: str = "forbidden", **given: Any) -> Fence:
    """An area across the road, so many metres east of where tracks begin."""
    west, east = (101.7 + metres / METRES_A_DEGREE_EAST for metres in (from_m, to_m))
    ring = ((26.4, west), (26.4, east), (26.6, east), (26.6, west))
    given = {"limit_kmh": 30.0} | given if kind == "limit" else given
    return Fence(number, "x", kind, "polygon", rings=(ring,), **given)


def found(track: Track, rule: str, *fences: Fence, kind: str = "hazmat", **changes: Any):
    context = Context.build(
        only=frozenset({rule}),
        changes={rule: changes},
        kinds={track.vehicle: kind},
        fences=Fences(fences),
    )
    rows, state = engine.step(track.batch(), EngineState(), context, track.limit_column())
    return rows.to_pylist() + engine.close(state, context).to_pylist()


def at_10_mps(every_s: float = 1.0) -> Track:
    return Track(every_s=every_s)


def test_a_closed_area_is_reported_with_its_number():
    """36 km/h is 10 m/s: inside from second 100 to second 300, the eastern border not included."""
    first, last = found(at_10_mps().leg(400, 36), "area_forbidden", box(7, 1000, 3000))
    assert (first["revision"], last["revision"], last["final"]) == (0, 1, True)
    assert (first["start"], first["fired"]) == (at(100), at(130))
    assert last["end"] == at(299)
    assert (last["measured"], last["limit"], last["measured_unit"]) == (
        round(199 / 60, 3),
        0,
        "min",
    )
    assert (last["severity"], last["fence"]) == ("closed", 7)


@pytest.mark.parametrize(("metres", "fires"), [(300, False), (310, True)])
def test_thirty_seconds_inside_are_needed(metres, fires):
    """Samples at 100 s to 129 s are 29 s, to 130 s they are 30."""
    rows = found(at_10_mps().leg(400, 36), "area_forbidden", box(7, 1000, 1000 + metres))
    assert bool(rows) is fires


@pytest.mark.parametrize(
    ("begins_s", "fires"),
    [(199 - 30, True), (199 - 29, False)],
)
def test_the_clock_counts_to_the_second(begins_s, fires):
    """Tracks begin at 08:00 in Shanghai. Inside until second 199; closed from ``begins_s``."""
    shut = Window(EVERY_DAY, 8 * 3600 + begins_s, 9 * 3600)
    rows = found(at_10_mps().leg(200, 36), "area_forbidden", box(7, -100, 9000, windows=(shut,)))
    assert bool(rows) is fires
    if fires:
        assert rows[0]["start"] == at(begins_s)


def test_the_end_of_the_hour_ends_it():
    shut = Window(EVERY_DAY, 7 * 3600, 8 * 3600 + 60)
    rows = found(at_10_mps().leg(200, 36), "area_forbidden", box(7, -100, 9000, windows=(shut,)))
    assert [row["revision"] for row in rows] == [0, 1]
    assert (rows[1]["end"], rows[1]["final"]) == (at(59), True)


def test_who_parks_through_the_closed_hours_does_not_drive():
    fence = box(7, -100, 9000)
    assert found(Track(every_s=60).stand(200), "area_forbidden", fence) == []
    track = Track(every_s=15).stand(60).leg(90, 5).leg(90, 5.1)
    assert episodes(found(track, "area_forbidden", fence))[0]["start"] == at(3690)


def test_a_red_light_inside_does_not_end_it():
    track = Track(every_s=15).leg(60, 36).stand(4).leg(60, 36)
    (episode,) = episodes(found(track, "area_forbidden", box(7, -100, 9000)))
    assert episode["end"] == at(345)


def test_another_kind_is_not_meant():
    fence = box(7, -100, 9000, vehicle_kinds=("hazmat",))
    assert found(at_10_mps().leg(100, 36), "area_forbidden", fence)
    assert found(at_10_mps().leg(100, 36), "area_forbidden", fence, kind="heavy_truck") == []


def test_two_areas_are_two_episodes():
    rows = found(at_10_mps().leg(200, 36), "area_forbidden", box(7, -100, 1000), box(9, 500, 1500))
    assert [(row["fence"], row["start"], row["end"]) for row in episodes(rows)] == [
        (7, at(0), at(99)),
        (9, at(50), at(149)),
    ]
    assert len({row["id"] for row in rows}) == 2


def test_a_fence_taken_away_ends_its_episode():
    """Another file in force: the number is not there any more."""
    track = at_10_mps().leg(200, 36)
    state, rows = EngineState(), []
    for fences, begin in ((Fences([box(7, -100, 9000)]), 0), (Fences([box(8, -100, 500)]), 100)):
        context = Context.build(only=frozenset({"area_forbidden"}), fences=fences)
        some, state = engine.step(track.batch().slice(begin, 100), state, context)
        rows += some.to_pylist()
    assert [(row["fence"], row["revision"], row["end"]) for row in rows] == [
        (7, 0, at(30)),
        (7, 1, at(99)),
    ]


def test_a_school_zone():
    """Over from second 100; the worst is 45 at a limit of 30, half as much again."""
    track = at_10_mps().leg(100, 36).leg(10, 36).leg(10, 45, recorder_speed_kmh=44.0).leg(30, 30)
    first, last = found(track, "area_limit", box(3, 1000, 9000, "limit"))
    assert (first["start"], first["fired"], last["end"]) == (at(100), at(110), at(119))
    assert (last["measured"], last["limit"], last["severity"]) == (45, 30, "50-70")
    assert (last["fence"], last["quality"]) == (3, None)
    assert first["quality"] is None  # at 110 s the worst sample is one that has a recorder


@pytest.mark.parametrize(("kmh", "fires"), [(31.0, False), (31.1, True)])
def test_the_margin_is_one(kmh, fires):
    rows = found(at_10_mps().leg(60, kmh), "area_limit", box(3, -10, 9000, "limit"))
    assert bool(rows) is fires
    assert not rows or rows[0]["quality"] == "gps_only"


@pytest.mark.parametrize(("seconds", "fires"), [(10, False), (11, True)])
def test_ten_seconds_are_needed(seconds, fires):
    track = at_10_mps().leg(20, 20).leg(seconds, 50).leg(20, 20)
    assert bool(found(track, "area_limit", box(3, -10, 9000, "limit"))) is fires


def test_the_lowest_of_several_limits_counts_and_the_wheels_are_believed():
    fences = box(3, -10, 9000, "limit"), box(4, -10, 9000, "limit", limit_kmh=20.0)
    (episode,) = episodes(found(at_10_mps().leg(30, 25), "area_limit", *fences))
    assert (episode["limit"], episode["fence"]) == (20, 4)
    track = at_10_mps().leg(60, 60, recorder_speed_kmh=20.0)
    assert found(track, "area_limit", *fences) == []


def route(number: int, from_m: float, to_m: float, *vehicles: str, **given: Any) -> Fence:
    return box(number, from_m, to_m, "route", vehicles=vehicles or (Track().vehicle,), **given)


@pytest.mark.parametrize(("back_m", "fires"), [(2200, False), (2210, True)])
def test_two_minutes_off_the_route(back_m, fires):
    """Off from second 100; the sample before the next piece of route is 119 s or 120 s later."""
    fences = route(5, -10, 1000), route(6, back_m, 9000)
    rows = found(at_10_mps().leg(400, 36), "route_departure", *fences)
    assert bool(rows) is fires
    if fires:
        assert (rows[0]["start"], rows[0]["fired"], rows[0]["fence"]) == (at(100), at(220), 5)


def test_only_who_is_bound_and_only_while_it_holds():
    track = at_10_mps().leg(400, 36)
    assert found(track, "route_departure", route(5, -10, 1000, "13900000099")) == []
    over = route(5, -10, 1000, windows=(Window(EVERY_DAY, 0, 8 * 3600 + 150),))
    assert found(track, "route_departure", over) == []
    assert found(track.stand(30), "route_departure", route(5, -10, 1000))


METRES = st.integers(-500, 12_000)


@settings(max_examples=60, deadline=None)
@given(
    legs=st.lists(
        st.tuples(
            st.integers(1, 200),
            st.sampled_from([0, 4, 6, 25, 33, 36, 60]),
            st.sampled_from([None, 30.0, 60.0]),
            st.booleans(),
        ),
        min_size=1,
        max_size=12,
    ),
    every_s=st.sampled_from([1, 7, 15, 40]),
    boxes=st.lists(
        st.tuples(METRES, METRES, st.sampled_from(["forbidden", "limit", "route"])), max_size=6
    ),
    opens=st.integers(0, 1200),
)
def test_random_tracks_against_the_plain_reading(legs, every_s, boxes, opens):
    """All three rules, with silences, samples without a fix and fences by the clock."""
    track = Track(every_s=every_s)
    for seconds, kmh, recorder, fix in legs:
        track.leg(seconds, kmh, recorder_speed_kmh=recorder, positioned=fix)
        if kmh == 33:
            track.silence(3, 200)
    clock = (Window(EVERY_DAY, 8 * 3600 + opens, 10 * 3600),)
    fences = []
    for number, (a, b, kind) in enumerate(boxes, 1):
        windows = clock if number % 2 else ()
        edges = (min(a, b), max(a, b) + 7)
        if kind == "route":
            fences.append(route(number, *edges, windows=windows))
        else:
            fences.append(box(number, *edges, kind, windows=windows))
    kinds = {track.vehicle: "hazmat"}
    for rule in ("area_forbidden", "area_limit", "route_departure"):
        assert differences(track, rule, fences=Fences(fences), kinds=kinds) == [], rule
