"""Hot brakes and standing on an expressway: by hand, and against plain readings."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sizao.detect import engine
from sizao.detect.engine import Context, EngineState
from sizao.roads.fence_grid import Fences
from sizao.roads.fences import Fence
from sizao.roads.network import Network
from tests.checks.corpus_places import expressway
from tests.detect.plain.reading import differences
from tests.detect.test_areas import box
from tests.detect.tracks import METRES_A_DEGREE_EAST, Row, Track, at, episodes


def found(
    track: Track,
    rule: str,
    *fences: Fence,
    kind: str = "heavy_truck",
    network: Network | None = None,
    **changes: Any,
) -> list[Row]:
    context = Context.build(
        network,
        only=frozenset({rule}),
        changes={rule: changes},
        kinds={track.vehicle: kind},
        fences=Fences(fences),
    )
    rows, state = engine.step(track.batch(), EngineState(), context)
    return rows.to_pylist() + engine.close(state, context).to_pylist()


def slope(grade: float, to_m: float = 20_000, number: int = 4) -> Fence:
    return box(number, -10, to_m, "downgrade", grade_pct=grade, limit_kmh=60.0)


def test_the_docstring_s_ten_kilometres_without_cooling():
    """5 % at 60 km/h: 4 905 less 589 less 2 400 J/kg are 1 916 after 10 km, 600 s."""
    track = Track(every_s=10).leg(611, 60)
    rows = found(track, "long_downgrade", slope(5), cooling_s=1e12, limit_j_per_kg=1900.0)
    per_s = 9.81 * (60 / 3.6) * (0.05 - 0.006) - 4
    assert per_s * 600 == pytest.approx(1916.4, abs=0.1)
    assert rows[0]["start"] == at(600)  # 1 885 at 590 s, 1 916 at 600 s
    assert rows[-1]["measured"] == pytest.approx(per_s * 610, abs=0.01)
    assert (rows[-1]["fence"], rows[-1]["measured_unit"]) == (4, "J/kg")


def test_slow_in_a_low_gear_the_engine_takes_it_all():
    """30 km/h at 5 %: 3.6 W/kg, less than the engine's 4."""
    track = Track(every_s=10).leg(7200, 30)
    assert found(track, "long_downgrade", slope(5, 90_000), limit_j_per_kg=1.0) == []


def test_braking_to_a_stop_is_heat_too():
    """90 km/h to nothing in 10 s on the flat: 25 squared by 2, 312 J/kg, less rolling, engine."""
    track = Track(every_s=10).leg(60, 90).stand(1)
    heat = 312.5 - 9.81 * 0.006 * 10 * 12.5 - 40
    for limit, fires in ((heat - 40, True), (heat + 40, False)):
        rows = found(track, "long_downgrade", slope(0.1), limit_j_per_kg=limit, cooling_s=1e6)
        assert bool(rows) is fires


def test_only_the_heavy_class_and_only_there():
    track = Track(every_s=10).leg(1200, 80)
    assert found(track, "long_downgrade", slope(8, 90_000))
    assert found(track, "long_downgrade", slope(8, 90_000), kind="minivan") == []
    assert found(track, "long_downgrade", box(4, -10, 90_000, "limit", grade_pct=8.0)) == []


def test_the_network_s_grade_goes_before_the_fence_s():
    ends = [[101.69, 26.5], [102.5, 26.5]]
    road = Network.from_features(
        [
            {
                "geometry": {"type": "LineString", "coordinates": ends},
                "properties": {"road_class": "national", "grade_pct": 2.0},
            }
        ]
    )
    track = Track(every_s=10).leg(1200, 80)
    assert found(track, "long_downgrade", slope(8, 90_000), network=road) == []
    assert found(track, "long_downgrade", slope(8, 90_000))


@settings(max_examples=40, deadline=None)
@given(
    legs=st.lists(
        st.tuples(
            st.integers(10, 400),
            st.sampled_from([0, 20, 60, 80, 100]),
            st.booleans(),
            st.sampled_from([0, 0, 0, 1, 3]),
        ),
        min_size=1,
        max_size=10,
    ),
    every_s=st.sampled_from([10, 30, 60]),
    edges=st.lists(st.integers(0, 30_000), min_size=2, max_size=4),
    limit=st.sampled_from([50.0, 400.0, 1500.0]),
)
def test_the_account_against_the_plain_reading(legs, every_s, edges, limit):
    track = Track(every_s=every_s)
    for seconds, kmh, fix, pause in legs:
        track.leg(seconds, kmh, positioned=fix).silence(pause)
    edges = sorted({*edges, edges[0] + 5000})
    fences = [
        box(number, west, west + 4000, "downgrade", grade_pct=float(number) * 3, limit_kmh=60.0)
        for number, west in enumerate(edges, 1)
    ]
    assert (
        differences(
            track,
            "long_downgrade",
            fences=Fences(fences),
            kinds={track.vehicle: "heavy_truck"},
            changes={"long_downgrade": {"limit_j_per_kg": limit}},
        )
        == []
    )


def on_the_road(*legs: tuple[float, float], every_s: float = 15, **values: Any) -> Track:
    track = Track(every_s=every_s)
    for seconds, kmh in legs:
        track.leg(seconds, kmh, **values)
    return track


@pytest.mark.parametrize(
    ("kmh", "seconds", "fires"),
    [(3, 135, True), (3, 120, False), (3.1, 300, False), (0, 135, True)],
)
def test_standing_for_two_minutes(kmh, seconds, fires):
    """Each 15 s: 135 s hold samples 120 s apart, 120 s only 105."""
    track = on_the_road((300, 80), (seconds, kmh), (60, 80))
    rows = found(track, "stopped_on_expressway", network=expressway())
    assert bool(rows) is fires
    if fires:
        assert (rows[0]["start"], rows[0]["fired"], rows[1]["end"]) == (at(300), at(420), at(420))
        assert (rows[1]["measured"], rows[1]["severity"], rows[1]["road"]) == (2, "standing", "G5")


def test_where_standing_is_in_order():
    track = on_the_road((300, 80), (600, 0))
    place = ((26.5, 101.7 + 300 * 80 / 3.6 / METRES_A_DEGREE_EAST),)
    service = Fence(1, "x", "service", "circle", line=place, reach_m=100)
    assert found(track, "stopped_on_expressway", service, network=expressway()) == []
    far = Fence(1, "x", "service", "circle", line=((26.5, 101.7),), reach_m=100)
    assert found(track, "stopped_on_expressway", far, network=expressway())
    assert found(track, "stopped_on_expressway", network=expressway(), kind="minivan") == []
    assert found(track, "stopped_on_expressway") == [], "no road, no expressway"


def test_a_queue_that_creeps_is_none():
    legs = [(300, 80)] + [(90, 0), (30, 8)] * 6
    assert found(on_the_road(*legs), "stopped_on_expressway", network=expressway()) == []


def test_one_wandering_speed_does_not_end_it():
    track = on_the_road((300, 80), (300, 0), (15, 4), (300, 0))
    (episode,) = episodes(found(track, "stopped_on_expressway", network=expressway()))
    assert episode["measured"] == 10


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(15, 600), st.sampled_from([0, 2, 3, 4, 60]), st.booleans()),
        max_size=10,
    ),
    st.sampled_from([15, 60, 180]),
)
def test_standing_against_the_plain_reading(legs, every_s):
    track = Track(every_s=every_s).leg(300, 80)
    for seconds, kmh, fix in legs:
        track.leg(seconds, kmh, positioned=fix)
    where = {"network": expressway(), "kinds": {track.vehicle: "heavy_truck"}}
    assert differences(track, "stopped_on_expressway", **where) == []
