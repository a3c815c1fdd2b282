"""Matching: which road, where two are near; and the same answer however the batch is cut."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sizao.core.errors import ColumnError
from sizao.roads._forward import forward
from sizao.roads.matching import (
    AMBIGUOUS,
    DEFAULT,
    GOOD,
    STATE_DTYPE,
    UNMATCHED,
    Matched,
    MatchParams,
    match,
    new_state,
)
from sizao.roads.network import Network

from .worlds import EAST, LAT, LON, NORTH, Drive, by_ref, drive, line, valley

NO_CONTINUITY = MatchParams(continuity=False)
ROADS = valley()
DOWN, UP = by_ref(ROADS, "G5", "下行"), by_ref(ROADS, "G5", "上行")
SERVICE = [s for s in by_ref(ROADS, "X101") if s < ROADS.twin[s]]
OVER = [s for s in by_ref(ROADS, "X202") if s < ROADS.twin[s]]
RAMP = np.flatnonzero(ROADS.direction == "")[
    np.flatnonzero(ROADS.road_class[ROADS.direction == ""] == 7)
].tolist()


def right(route: list[int], params: MatchParams = DEFAULT, seeds: int = 40) -> float:
    """Share of positions put on the true segment, over many noisy drives of a route."""
    hits, rows = 0, 0
    for seed in range(seeds):
        d = drive(ROADS, route, np.random.default_rng(seed), start_m=seed * 3.0)
        found, _ = match(ROADS, *d.columns(), new_state(1), params)
        hits += int((found.segment == d.segment).sum())
        rows += len(d.segment)
    return hits / rows


@pytest.mark.parametrize(
    ("name", "route", "least"),
    [
        ("expressway with a service road 25 m beside it", DOWN, 0.99),
        ("opposite carriageway", UP, 0.998),
        ("service road", SERVICE, 0.99),
        ("flyover", OVER, 0.998),
        # The ramp leaves at a few degrees: two positions at the nose cannot be told.
        ("exit over the ramp", [DOWN[0], *RAMP, *SERVICE[1:]], 0.94),
    ],
)
def test_right_road_with_ten_metres_noise(name, route, least):
    assert right(route) >= least, name


def test_control_without_continuity_the_expressway_is_taken_for_its_service_road():
    with_it, without = right(DOWN), right(DOWN, NO_CONTINUITY)
    assert without < 0.92
    assert (1 - with_it) < (1 - without) / 10


def test_offset_is_right_to_the_noise():
    d = drive(ROADS, DOWN, np.random.default_rng(5))
    found, _ = match(ROADS, *d.columns(), new_state(1))
    on = found.segment == d.segment
    assert np.median(np.abs(found.offset_m - d.offset_m)[on]) < 10
    assert np.nanmedian(found.distance_m) < 12


def test_without_a_heading_it_still_goes_the_same_way():
    # Blocks of 40 m, drawn against the direction of travel, so that a tie would go the other way
    # and turning at the next corner would fit the distance.
    corners = [(x, 0.0) for x in range(400, -1, -40)]
    streets = [line(corners, name="东街")]
    streets += [line([(x, 0.0), (x, 90.0)], name=f"{x}巷") for x, _ in corners]
    town = Network.from_features(streets)
    east = [int(s) for s in town.twin[town.name == "东街"] if s > town.twin[s]][::-1]
    d = drive(town, east, np.random.default_rng(5), noise_m=0.5, kmh=30.0, every_s=2.0)
    heading = d.heading.copy()
    heading[6:] = np.nan
    found, _ = match(town, *replace(d, heading=heading).columns(), new_state(1))
    assert np.isin(found.segment, east).all()
    at = np.array(town.points(found.segment, found.offset_m))
    off_m = np.hypot((at[0] - d.lat) * NORTH, (at[1] - d.lon) * EAST)
    assert off_m.max() < 5
    assert found.distance_m == pytest.approx(off_m, abs=1.0)  # the spot goes by the speed as well
    forgetful, _ = match(town, *replace(d, heading=heading).columns(), new_state(1), NO_CONTINUITY)
    assert not np.isin(forgetful.segment[8:], east).any(), "control"


def test_offset_on_the_way_back_counts_from_its_own_start():
    back = [int(ROADS.twin[segment]) for segment in OVER[::-1]]
    d = drive(ROADS, back, np.random.default_rng(5), noise_m=1.0)
    found, _ = match(ROADS, *d.columns(), new_state(1))
    on = found.segment == d.segment
    assert on.mean() > 0.99
    assert np.abs(found.offset_m - d.offset_m)[on].max() < 6


def test_never_against_a_one_way_road():
    d = drive(ROADS, DOWN, np.random.default_rng(1), noise_m=0.0)
    around = d.heading + np.float32(180)
    found, _ = match(ROADS, *replace(d, heading=around % 360).columns(), new_state(1))
    assert not np.isin(found.segment, DOWN).any()


def replace(d: Drive, **changes: np.ndarray) -> Drive:
    return Drive(**(vars(d) | changes))


def test_heading_means_nothing_when_slow():
    d = drive(ROADS, OVER, np.random.default_rng(2), noise_m=1.0)
    crawling = replace(
        d,
        heading=np.full(len(d.heading), 90, np.float32),
        speed=np.full(len(d.speed), 2, np.float32),
    )
    found, _ = match(ROADS, *crawling.columns(), new_state(1))
    road = np.where(found.segment >= 0, ROADS.ref[found.segment], "")
    assert (road == "X202").mean() > 0.9
    fast = replace(crawling, speed=d.speed)
    found, _ = match(ROADS, *fast.columns(), new_state(1))
    road = np.where(found.segment >= 0, ROADS.ref[found.segment], "")
    assert not (road == "X202").any(), "control: at speed a wrong heading is held against it"


def test_nobody_races_down_an_alley():
    """An alley two metres beside a street, nearer than a receiver errs by."""
    street = line([(0.0, 0.0), (600.0, 0.0)], name="大街", limit_kmh=30)
    alley = line([(0.0, 0.0), (20.0, 2.0), (580.0, 2.0), (600.0, 0.0)], name="里弄", limit_kmh=10)
    town = Network.from_features([street, alley])

    def share(kmh: float, params: MatchParams) -> float:
        hits = rows = 0
        for seed in range(20):
            d = drive(town, [1], np.random.default_rng(seed), noise_m=10.0, kmh=kmh, every_s=3.0)
            found, _ = match(town, *d.columns(), new_state(1), params)
            hits += int((town.name[found.segment] == "大街").sum())
            rows += len(d.segment)
        return hits / rows

    assert town.name[1] == "大街"
    assert share(27.0, DEFAULT) > 0.9
    blind = MatchParams(brisk_cost=0.0)
    assert share(27.0, blind) < 0.75, "control"
    assert share(9.0, DEFAULT) == share(9.0, blind), "at the alley's pace speed tells nothing"


def _street(*parts: tuple[float, float, float]) -> Network:
    """One street to the east, of parts (from, to, limit)."""
    return Network.from_features(
        [
            line([(start, 0.0), (end, 0.0)], name="大街", oneway=True, limit_kmh=kmh)
            for start, end, kmh in parts
        ]
    )


@pytest.mark.parametrize(("every_s", "least"), [(1.0, 2.0), (3.0, 1.4), (30.0, 0.98)])
def test_the_speed_says_how_far_along_the_road(every_s, least):
    """Times as near as by positions alone; at long intervals the speed tells nothing, nor harms."""
    town = _street((0, 20_000, 60))

    def error_m(params: MatchParams) -> float:
        errors = []
        for seed in range(10):
            d = drive(town, [0], np.random.default_rng(seed), kmh=50.0, every_s=every_s)
            found, _ = match(town, *d.columns(), new_state(1), params)
            errors.append((found.offset_m - d.offset_m)[2:])
        return float(np.sqrt(np.mean(np.concatenate(errors) ** 2)))

    blind = error_m(MatchParams(by_speed=False))
    assert 8.5 < blind < 11
    assert blind / error_m(DEFAULT) > least


def test_a_speed_that_lies_does_not_carry_anybody_away():
    town = _street((0, 20_000, 60))
    for claimed in (0.0, 6.0, 120.0, np.nan):
        d = drive(town, [0], np.random.default_rng(3), kmh=60.0, every_s=5.0)
        speed = np.full(len(d.speed), claimed, np.float32)
        found, _ = match(town, *replace(d, speed=speed).columns(), new_state(1))
        assert np.abs(found.offset_m - d.offset_m).max() < 60


def test_near_a_sign_the_other_limit_is_a_rival():
    town = _street((0, 600, 60), (600, 1200, 40))
    for metres, doubtful in ((500, False), (590, True), (610, True), (700, False)):
        columns = (
            np.zeros(1, np.int32),
            np.zeros(1, np.int64),
            np.array([LAT]),
            np.array([LON + metres / EAST]),
            np.array([90], np.float32),
            np.array([50], np.float32),
            np.ones(1, bool),
        )
        found, state = match(town, *columns, new_state(1))
        assert found.segment.tolist() == [int(metres > 600)]
        rivals = dict(zip(found.rival_row.tolist(), found.rival_segment.tolist(), strict=True))
        assert rivals == ({0: int(metres < 600)} if doubtful else {})
        # Parked there, the doubt stays.
        slot, time_us, *place, _, fix = columns
        found, _ = match(town, slot, time_us + 9, *place, np.zeros(1, np.float32), fix, state)
        assert len(found.rival_row) == int(doubtful)


def test_the_same_limit_beyond_the_joint_is_no_rival():
    town = _street((0, 600, 60), (600, 1200, 60))
    d = drive(town, [0, 1], np.random.default_rng(0))
    found, _ = match(town, *d.columns(), new_state(1))
    assert len(found.rival_row) == 0


def test_whoever_has_a_fix_is_in_no_tunnel():
    """A tunnel two metres beside the street above it."""
    above = line([(0.0, 0.0), (3000.0, 0.0)], name="大街")
    below = line([(0.0, 0.0), (50.0, 2.0), (3000.0, 2.0)], name="隧道", tunnel=True)
    town = Network.from_features([above, below])

    def share(params: MatchParams) -> float:
        hits = rows = 0
        for seed in range(10):
            d = drive(town, [0], np.random.default_rng(seed), kmh=40.0, every_s=5.0)
            found, _ = match(town, *d.columns(), new_state(1), params)
            hits += int((town.name[found.segment] == "大街").sum())
            rows += len(d.segment)
        return hits / rows

    assert share(DEFAULT) > 0.97
    assert share(MatchParams(tunnel_cost=0.0)) < 0.9, "control"


def test_missing_heading_and_speed_are_no_obstacle():
    d = drive(ROADS, OVER, np.random.default_rng(3), noise_m=3.0)
    nothing = np.full(len(d.time_us), np.nan, np.float32)
    found, _ = match(ROADS, *replace(d, heading=nothing, speed=nothing).columns(), new_state(1))
    assert (ROADS.ref[found.segment] == "X202").mean() > 0.9


def test_without_a_fix_unmatched_but_the_road_is_remembered():
    # Five minutes without a fix, then one position in the middle between the two roads.
    d = drive(ROADS, DOWN, np.random.default_rng(4), noise_m=3.0)
    lat, lon = d.lat.copy(), d.lon.copy()
    lat[10:40] = np.nan
    found, _ = match(ROADS, *replace(d, lat=lat, lon=lon).columns(), new_state(1))
    assert (found.segment[10:40] == -1).all()
    assert np.isnan(found.offset_m[10:40]).all()
    assert (found.quality[10:40] == UNMATCHED).all()
    towards = 14.0 / NORTH  # a little nearer to the service road, 25 m to the south
    lat[40:] = ROADS.points(d.segment[40:], d.offset_m[40:])[0] - towards
    found, _ = match(ROADS, *replace(d, lat=lat, lon=lon).columns(), new_state(1))
    assert np.isin(found.segment[40], DOWN)
    alone, _ = match(ROADS, *replace(d, lat=lat, lon=lon).columns(), new_state(1), NO_CONTINUITY)
    assert alone.segment[40] in SERVICE, "control"


def test_a_vehicle_not_seen_for_an_hour_may_be_anywhere():
    d = drive(ROADS, DOWN, np.random.default_rng(4), noise_m=0.0)
    cut = 10
    time_us, lat = d.time_us.copy(), d.lat.copy()
    time_us[cut:] += int(3600e6)
    lat[cut:] -= 18.0 / NORTH
    found, _ = match(ROADS, *replace(d, time_us=time_us, lat=lat).columns(), new_state(1))
    assert found.segment[cut] in SERVICE
    found, _ = match(ROADS, *replace(d, lat=lat).columns(), new_state(1))
    assert found.segment[cut] in DOWN, "control: without the hour it would have stayed"


def test_one_wild_position_is_unmatched_and_changes_nothing_after():
    d = drive(ROADS, DOWN, np.random.default_rng(6))
    clean, _ = match(ROADS, *d.columns(), new_state(1))
    lat = d.lat.copy()
    lat[20] += 5000.0 / NORTH
    wild, _ = match(ROADS, *replace(d, lat=lat).columns(), new_state(1))
    assert wild.segment[20] == -1
    others = np.arange(len(lat)) != 20
    assert (wild.segment == clean.segment)[others].all()


def test_one_wild_position_on_another_road_does_not_change_the_road():
    """A receiver errs by 55 m once and puts the truck on the road beside the expressway."""
    own = line([(0.0, 0.0), (6000.0, 0.0)], ref="G5", oneway=True)
    beside = line([(0.0, 50.0), (6000.0, 50.0)], ref="X101", oneway=True)
    roads = Network.from_features([own, beside])
    d = drive(roads, [0], np.random.default_rng(3), noise_m=3.0)
    lat = d.lat.copy()
    lat[12] = LAT + 55.0 / NORTH
    columns = replace(d, lat=lat).columns()
    found, _ = match(roads, *columns, new_state(1))
    assert (found.segment == 0).all()
    alone = tuple(column[12:13] for column in columns)
    assert match(roads, *alone, new_state(1))[0].segment.tolist() == [1], "control: by itself"
    easy = MatchParams(switch_cost=5.0)
    assert match(roads, *columns, new_state(1), easy)[0].segment[12] == 1, "control"


def test_what_is_learnt_of_the_roads_changes_no_answer():
    """The ways between segments are learnt as vehicles come by; who came first must not matter."""
    drives = [drive(ROADS, route, np.random.default_rng(5)) for route in (DOWN, UP, SERVICE, OVER)]
    fresh = [match(valley(), *d.columns(), new_state(1))[0] for d in drives]
    network = valley()
    for d, alone in reversed(list(zip(drives, fresh, strict=True))):
        after, _ = match(network, *d.columns(), new_state(1))
        for one, other in zip(after, alone, strict=True):
            np.testing.assert_array_equal(one, other)


def test_a_parked_vehicle_keeps_its_road_and_its_doubts():
    # Half an hour beside the expressway, reports a metre apart: the same doubt, not a hundred.
    n = 120
    rng = np.random.default_rng(8)
    lat0, lon0 = ROADS.point(DOWN[0], 2000.0)
    parked = Drive(
        np.arange(n, dtype=np.int64) * 15_000_000,
        lat0 - 14.0 / NORTH + rng.normal(0, 0.5, n) / NORTH,
        lon0 + rng.normal(0, 0.5, n) / EAST,
        np.zeros(n, np.float32),
        np.zeros(n, np.float32),
        np.zeros(n, np.int64),
        np.zeros(n),
    )
    found, state = match(ROADS, *parked.columns(), new_state(1))
    assert len(set(found.segment.tolist())) == 1
    assert (found.quality == AMBIGUOUS).all()
    known = int(state["count"][0])
    segments, costs = state["segment"][0, :known].tolist(), [0.0, *(state["cost"][0] / 31)]
    kept = dict(zip(segments, costs[:known], strict=True))
    assert kept[DOWN[0]] < 2, "counted again and again, the expressway would be out of the question"


def test_a_road_beyond_the_greatest_distance_is_none():
    d = drive(ROADS, OVER, np.random.default_rng(9), noise_m=0.0, heading_noise_deg=0.0)
    before = ROADS.points(d.segment, d.offset_m)[0] > LAT + 1000 / NORTH  # away from G5
    for metres, is_matched in ((55.0, True), (66.0, False)):
        lon = d.lon + metres / EAST
        found, _ = match(ROADS, *replace(d, lon=lon).columns(), new_state(1))
        assert ((found.segment >= 0) == is_matched)[before].all()
    wide = MatchParams(max_distance_m=120.0)
    found, _ = match(ROADS, *replace(d, lon=d.lon + 66.0 / EAST).columns(), new_state(1), wide)
    assert (found.segment >= 0)[before].all()


def test_three_hundred_roads_in_one_place_are_all_weighed():
    star = Network.from_features(
        [
            line([(0, 0), (400 * np.sin(angle), 400 * np.cos(angle))], oneway=True)
            for angle in np.radians(np.arange(0, 360, 1.2))
        ]
    )
    heading = np.arange(0.6, 360.0, 7.2)
    n = len(heading)
    nearest_ray = np.round(heading / 1.2).astype(int) % 300
    courses = np.radians(nearest_ray * 1.2)
    found, _ = match(
        star,
        np.arange(n, dtype=np.int32),
        np.zeros(n, np.int64),
        LAT + 300 * np.cos(courses) / NORTH,
        LON + 300 * np.sin(courses) / EAST,
        (np.degrees(courses) % 360).astype(np.float32),
        np.full(n, 50, np.float32),
        np.ones(n, bool),
        new_state(n),
    )
    assert found.segment.tolist() == nearest_ray.tolist()


def many_vehicles() -> tuple[np.ndarray, ...]:
    """Drives of several vehicles, grouped by slot, with gaps, stops and a second way."""
    routes = [DOWN, UP, SERVICE, OVER, [DOWN[0], *RAMP, *SERVICE[1:]]]
    columns = []
    for slot, route in enumerate(routes):
        d = drive(ROADS, route, np.random.default_rng(slot), every_s=20.0)
        d.lat[slot + 5 : slot + 9] = np.nan
        d.speed[30:34] = 0
        columns.append(d.columns(slot))
    return tuple(np.concatenate(column) for column in zip(*columns, strict=True))


_ROWS = many_vehicles()


def _run(order: np.ndarray, cuts: list[int]) -> tuple[Matched, np.ndarray]:
    """Match rows in this order, batch by batch; within a batch rows are grouped by slot."""
    state = new_state(int(_ROWS[0].max()) + 1)
    out = [np.empty(len(order), dtype) for dtype in ("i4", "f8", "f4", "i1")]
    rivals: list[tuple[int, int]] = []
    for part in np.split(order, cuts):
        part = part[np.argsort(_ROWS[0][part], kind="stable")]
        found, state = match(ROADS, *(column[part] for column in _ROWS), state)
        # A round trip through bytes, as a checkpoint does.
        state = np.frombuffer(state.tobytes(), STATE_DTYPE).copy()
        for target, values in zip(out, found[:4], strict=True):
            target[part] = values
        rivals += zip(part[found.rival_row].tolist(), found.rival_segment.tolist(), strict=True)
    row, segment = np.array(sorted(rivals), np.int32).reshape(-1, 2).T
    return Matched(*out, row, segment), state


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.integers(0, len(_ROWS[0])), max_size=12).map(sorted),
    st.booleans(),
)
def test_the_answer_does_not_depend_on_where_batches_are_cut(cuts, by_time):
    order = np.argsort(_ROWS[1], kind="stable") if by_time else np.arange(len(_ROWS[0]))
    whole, state = _run(np.arange(len(_ROWS[0])), [])
    found, after = _run(order, cuts)
    assert len(whole.rival_row), "rivals among the answers"
    for one, other in zip(whole, found, strict=True):
        assert one.tobytes() == other.tobytes()
    assert after.tobytes() == state.tobytes()


def test_an_empty_batch_is_fine():
    found, _ = match(ROADS, *(column[:0] for column in _ROWS), new_state(3))
    assert [len(column) for column in found] == [0] * 6


def test_one_compiled_kernel_serves_every_make_of_array():
    match(ROADS, *_ROWS, new_state(9))
    before = len(forward.signatures)
    match(ROADS, *(column[:1] for column in _ROWS), new_state(1))
    match(ROADS, *(column[::-2] for column in _ROWS), new_state(9))
    frozen = [column.astype("i8" if column.dtype == "i4" else column.dtype) for column in _ROWS]
    for column in frozen:
        column.flags.writeable = False
    match(ROADS, *frozen, new_state(9)[:7])
    assert len(forward.signatures) == before


def test_broken_promises_are_named():
    slot, *rest = (column[:5] for column in _ROWS)
    with pytest.raises(ColumnError, match="rows"):
        match(ROADS, slot[:4], *rest, new_state(1))
    with pytest.raises(ColumnError, match="slot 9 in a state of 1"):
        match(ROADS, slot + 9, *rest, new_state(1))
    with pytest.raises(ColumnError, match="another version"):
        match(ROADS, slot, *rest, np.zeros(1, np.int64))
    foreign = new_state(1)
    foreign["segment"][0, 0] = len(ROADS)
    with pytest.raises(ColumnError, match="another network"):
        match(ROADS, slot, *rest, foreign)
    broken = new_state(1)
    broken["count"], broken["time_us"] = 200, rest[0][0]
    with pytest.raises(ColumnError, match="another network"):
        match(ROADS, slot, *rest, broken)


def test_clear_and_doubtful_are_told_apart():
    found, _ = match(ROADS, *drive(ROADS, OVER, np.random.default_rng(0)).columns(), new_state(1))
    assert (found.quality == GOOD).mean() > 0.95
    d = drive(ROADS, DOWN, np.random.default_rng(0))
    alone, _ = match(ROADS, *d.columns(), new_state(1), NO_CONTINUITY)
    wrong = (alone.segment != d.segment) & (alone.segment >= 0)
    assert (alone.quality[wrong] == AMBIGUOUS).mean() > 0.5
