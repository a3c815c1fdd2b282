"""What the engine takes in, what it leaves out, and what it makes of findings."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pyarrow as pa
import pytest

from sizao.core.errors import ColumnError, ConfigError
from sizao.core.schemas import DETECTION, POSITION, REGISTER, check, empty
from sizao.core.vehicles import KIND_CODES
from sizao.detect import assemble, engine
from sizao.detect.coaches import rows_of
from sizao.detect.engine import Context, EngineState
from sizao.roads.network import Network
from tests.detect.tracks import METRES_A_DEGREE_EAST, Track, at, batch_of, episodes

ROAD = [[101.6, 26.5], [102.4, 26.5]]


def network(**properties) -> Network:
    """One road due east through every track."""
    properties = {"road_class": "expressway", "ref": "G5", "direction": "下行"} | properties
    geometry = {"type": "LineString", "coordinates": ROAD}
    return Network.from_features(
        [{"geometry": geometry, "properties": {"stake_m": 120_000, "oneway": True} | properties}]
    )


def take_in(rows, state=None, **context):
    return engine.step(batch_of(rows), state or EngineState(), Context.build(**context))[1]


def test_the_road_gives_limit_place_and_names():
    context = Context.build(network(limit_kmh=80, area="510411"), kinds={"13912345678": "hazmat"})
    track = Track().leg(60, 100).leg(60, 60)
    found, state = engine.step(track.batch(), EngineState(), context)
    check(found, DETECTION)
    row = episodes(found.to_pylist())[0]
    assert (row["limit"], row["measured"], row["vehicle_kind"]) == (80, 100, "hazmat")
    assert (row["road"], row["road_class"], row["area"]) == ("G5", "expressway", "510411")
    assert 129_000 < row["stake_m"] < 131_000
    assert row["quality"] == "gps_only"
    assert state.counters["unmatched"] == 0


def test_a_limit_without_a_sign_is_said():
    track = Track().leg(60, 110).leg(60, 60)
    context = Context.build(network(), kinds={track.vehicle: "heavy_truck"})
    found, _ = engine.step(track.batch(), EngineState(), context)
    row = episodes(found.to_pylist())[0]
    assert (row["limit"], row["quality"]) == (100, "gps_only,limit_default")


def test_a_batch_may_be_prepared_before_the_one_before_is_run():
    """New vehicles and drivers in each: what rules read of the fleet only grows."""
    rows = [
        row
        for n in range(300)
        for row in Track(f"V{n}", driver=f"D{n}", now_s=n).leg(90, 100).leg(60, 60).rows
    ]
    rows.sort(key=lambda row: row["time"])
    some = [batch_of(rows[start : start + 100]) for start in range(0, len(rows), 100)]
    context = Context.build(network(limit_kmh=80))
    in_turn, found = EngineState(), []
    for batch in some:
        own, in_turn = engine.step(batch, in_turn, context)
        found.append(own)
    ahead, state = None, EngineState()
    own = []
    for batch in some:
        prepared, state = engine.prepare(batch, state, context)
        if ahead is not None:
            own.append(engine.run(ahead, state, context)[0])
        ahead = prepared
    own.append(engine.run(ahead, state, context)[0])
    assert sum(map(len, own)) > 300
    assert own == found
    assert state.to_bytes() == in_turn.to_bytes()


def test_a_given_limit_goes_before_the_roads():
    track = Track().leg(60, 110).leg(60, 60)
    given = np.where(np.arange(len(track.rows)) < 4, 70, np.nan).astype(np.float32)
    context = Context.build(network(limit_kmh=100))
    found, _ = engine.step(track.batch(), EngineState(), context, given)
    assert episodes(found.to_pylist())[0]["limit"] == 70


def test_off_the_road_there_is_no_limit():
    rows = Track().leg(300, 150, lat=26.6).rows
    found, state = engine.step(batch_of(rows), EngineState(), Context.build(network()))
    assert len(found) == 0
    assert state.counters["unmatched"] == len(rows)


def test_a_receiver_that_hangs_has_no_fix():
    track = Track().leg(60, 60)
    hung = len(track.rows)
    track.leg(600, 150, lon=101.8)
    found, state = engine.step(track.batch(), EngineState(), Context.build(network(limit_kmh=100)))
    assert len(found) == 0
    assert state.counters["frozen"] == len(track.rows) - hung - 1
    assert state.counters["no_fix"] == state.counters["frozen"]


def test_a_receiver_that_repeats_a_place_for_a_moment_does_not_hang():
    track = Track(every_s=1)
    for second in range(60):
        track.leg(1, 50, lon=101.7 + second // 2 * 2 * 14 / METRES_A_DEGREE_EAST)
    assert take_in(track.rows).counters["frozen"] == 0


def test_a_recording_without_real_places_keeps_its_speeds():
    track = Track().leg(60, 100, lon=101.7).leg(60, 60, lon=101.7)
    found, state = engine.step(track.batch(), EngineState(), Context.build(), track.limit_column())
    assert len(found) == 2
    assert state.counters["frozen"] == 0


def test_standing_on_one_spot_is_no_hanging():
    track = Track().leg(60, 60).leg(3600, 0).leg(60, 8, lon=101.8).leg(60, 9, lon=101.8)
    assert take_in(track.rows).counters["frozen"] == 0


def test_late_repeated_and_future_rows_are_counted_and_left_out():
    rows = Track().leg(60, 60).rows
    ahead = rows[3] | {"time": rows[3]["time"] + timedelta(hours=1)}
    state = take_in([rows[0], rows[2], rows[2], rows[1], ahead, rows[3]])
    assert {name: state.counters[name] for name in ("positions", "repeated", "late", "future")} == {
        "positions": 3,
        "repeated": 1,
        "late": 1,
        "future": 1,
    }


def test_what_is_left_out_leaves_no_gap_in_any_column():
    first, second = (
        Track(vehicle=vehicle).leg(60, speed, driver=vehicle[-1], alarm=speed).rows
        for vehicle, speed in (("13900000002", 50), ("13900000001", 70))
    )
    ahead = second[2] | {"time": second[2]["time"] + timedelta(hours=1)}
    # Slots are as first seen, so the rows of the second vehicle are those behind.
    good = [first[0], second[0], first[2], second[2], first[3], second[3]]
    late = first[1], second[1]
    bad = [*good[:3], late[0], ahead, good[3], late[1], *good[4:]]
    context = Context.build()
    clean, _ = engine.prepare(batch_of(good), EngineState(), context)
    found, _ = engine.prepare(batch_of(bad), EngineState(), context)
    assert found.row.tolist() == [0, 2, 7, 1, 5, 8]
    assert [good.index(bad[row]) for row in found.row] == clean.row.tolist()
    for name, column in found.columns._asdict().items():
        if name != "row":
            np.testing.assert_array_equal(column, getattr(clean.columns, name), name)
    assert found.late["row"].tolist() == [3, 6], "in order of arrival"


def test_late_also_means_before_the_last_batch():
    rows = Track().leg(60, 60).rows
    state = take_in(rows[:2])
    state = take_in([rows[1], rows[0], rows[2]], state)
    assert (state.counters["repeated"], state.counters["late"]) == (1, 1)


@pytest.mark.parametrize(
    "place",
    [
        {"positioned": False},
        {"lat": 0.0, "lon": 0.0},
        {"lat": 91.0},
        {"lon": -181.0},
        {"lat": None},
        {"lon": float("nan")},
    ],
)
def test_what_is_no_fix(place):
    assert take_in(Track().leg(15, 60, **place).rows).counters["no_fix"] == 1


def test_a_terminal_that_does_not_say_whether_it_has_a_fix_is_believed():
    assert take_in(Track().leg(15, 60, positioned=None).rows).counters["no_fix"] == 0


@pytest.mark.parametrize("kmh", [-1.0, 301.0, 6553.5])
def test_an_impossible_speed_counts_as_not_reported(kmh):
    track = Track().leg(300, kmh)
    found, _ = engine.step(
        track.batch(), EngineState(), Context.build(), np.full(len(track.rows), 80, np.float32)
    )
    assert len(found) == 0


def test_the_register_gives_the_kind():
    register = pa.RecordBatch.from_pylist(
        [{"vehicle": "13912345678", "kind": "line_coach"}], schema=REGISTER
    )
    context = Context.build(network(), register)
    track = Track().leg(15, 60)
    prepared, _ = engine.prepare(track.batch(), EngineState(), context)
    assert context.kinds == {"13912345678": "line_coach"}
    assert prepared.columns.limit_kmh[0] == 100


def test_rows_point_back_into_the_batch():
    rows = Track("1").leg(45, 60).rows + Track("2").leg(45, 60).rows
    mixed = [rows[i] for i in (0, 3, 1, 4, 0, 2, 5)]
    prepared, state = engine.prepare(batch_of(mixed), EngineState(), Context.build())
    assert state.vehicles == ["1", "2"]
    assert prepared.row.tolist() == [0, 2, 5, 1, 3, 6]
    assert prepared.columns.slot.tolist() == [0, 0, 0, 1, 1, 1]


def test_detections_are_sorted_by_firing():
    tracks = [Track(str(n)).leg(60 - n, 50).leg(60, 100).leg(60, 50) for n in range(5)]
    batch = batch_of([row for track in tracks for row in track.rows])
    found, _ = engine.step(
        batch, EngineState(), Context.build(), np.full(len(batch), 80, np.float32)
    )
    keys = [(row["fired"], row["id"], row["revision"]) for row in found.to_pylist()]
    assert keys == sorted(keys)
    assert len(keys) == 10


def test_many_detections_are_the_same_in_the_same_order(monkeypatch):
    """Put in order by Arrow or by Python."""
    tracks = [Track(f"1391234567{n}").leg(60, 100 + 10 * n).leg(60, 60) for n in range(4)]
    rows = [row for track in tracks for row in track.rows]
    context = Context.build(network(limit_kmh=80))
    few, _ = engine.step(batch_of(rows), EngineState(), context)
    monkeypatch.setattr(assemble, "_MANY", 1)
    many, _ = engine.step(batch_of(rows), EngineState(), context)
    assert len(few) > 4
    assert many.equals(few, check_metadata=True)
    many.validate(full=True)


def test_rows_of_coaches_are_those_of_the_columns_asked():
    """The last answer is remembered, of those columns and kinds alone."""
    kinds = {"13912345670": "line_coach", "13912345671": "heavy_truck"}
    rows = [row for name in kinds for row in Track(name).leg(60, 50).rows]
    columns = engine.prepare(batch_of(rows), EngineState(), Context.build(kinds=kinds))[0].columns
    of_coaches = np.flatnonzero(columns.kind == KIND_CODES["line_coach"])
    of_trucks = np.flatnonzero(columns.kind == KIND_CODES["heavy_truck"])
    for _ in range(2):
        np.testing.assert_array_equal(rows_of(columns, ["line_coach"]), of_coaches)
        np.testing.assert_array_equal(rows_of(columns, ["heavy_truck"]), of_trucks)
        nobody = columns._replace(kind=np.full(len(columns.kind), -1, np.int8))
        assert not len(rows_of(nobody, ["heavy_truck"]))


def test_active_names_open_episodes_of_each_vehicle():
    context = Context.build()
    track = Track().leg(60, 100, alarm=1)
    _, state = engine.step(track.batch(), EngineState(), context, track.limit_column())
    assert engine.active(state, context) == ["speeding,terminal_alarm"]
    later = Track(now_s=60).leg(60, 50)
    _, state = engine.step(later.batch(), state, context, later.limit_column())
    assert engine.active(state, context) == [""]


def test_broken_promises_are_errors():
    with pytest.raises(ColumnError):
        engine.step(empty(REGISTER), EngineState(), Context.build())
    with pytest.raises(ColumnError):
        engine.step(empty(POSITION), EngineState(), Context.build(), np.zeros(3, np.float32))
    with pytest.raises(ConfigError, match="no rule 'speding'"):
        Context.build(only=frozenset({"speding"}))
    with pytest.raises(ConfigError, match="has no parameter"):
        Context.build(changes={"speeding": {"min_duration": 3}})


def test_event_time_comes_from_the_batch_alone():
    """A recording of 2001 gives what it would have given then."""
    old = [row | {"time": at(0) - timedelta(days=9000)} for row in Track().leg(15, 60).rows]
    assert take_in(old).counters["positions"] == 1


def test_an_episode_keeps_the_version_it_fired_under_when_parameters_change():
    """Its end must be a revision of the same detection, not a detection of its own."""
    track = Track(every_s=10).leg(60, 70).leg(120, 100).leg(120, 70)
    before = Context.build(only=frozenset({"speeding"}))
    after = Context.build(only=frozenset({"speeding"}), changes={"speeding": {"margin_kmh": 5}})
    batch, limits = track.batch(), track.limit_column()
    first, state = engine.step(batch.slice(0, 12), EngineState(), before, limits[:12])
    state = EngineState.from_bytes(state.to_bytes())
    second, _ = engine.step(batch.slice(12), state, after, limits[12:])
    (fired,), (ended,) = first.to_pylist(), second.to_pylist()
    assert (fired["revision"], ended["revision"]) == (0, 1)
    assert fired["id"] == ended["id"]
    assert fired["rule_version"] == ended["rule_version"]
    later, _ = engine.step(batch, EngineState(), after, limits)
    assert {row["rule_version"] for row in later.to_pylist()} != {fired["rule_version"]}
