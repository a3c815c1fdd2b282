"""Slow traffic and queue ends: by hand at each edge, and against a plain reading of the rule."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from functools import cache
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sizao.detect import engine
from sizao.detect.engine import Context, EngineState
from sizao.detect.stretches import stretches
from sizao.roads.fence_grid import Fences
from sizao.roads.network import Network
from tests.detect.test_areas import box
from tests.detect.tracks import METRES_A_DEGREE_EAST, START, Row, Track, at, batch_of

KM = 1000.0


@cache
def road() -> Network:
    """20 km eastward, stakes rising from K100, and back with falling ones; heavy limit 100."""
    end = 101.7 + 20 * KM / METRES_A_DEGREE_EAST

    def way(line: list[list[float]], direction: str, stake_m: float, sign: int) -> dict[str, Any]:
        return {
            "geometry": {"type": "LineString", "coordinates": line},
            "properties": {
                "road_class": "expressway",
                "ref": "G5",
                "direction": direction,
                "oneway": True,
                "limit_kmh": 120,
                "stake_m": stake_m,
                "stake_sign": sign,
            },
        }

    return Network.from_features(
        [
            way([[101.7, 26.5], [end, 26.5]], "下行", 100 * KM, 1),
            way([[end, 26.5004], [101.7, 26.5004]], "上行", 120 * KM, -1),
        ]
    )


def crawl(number: int, minutes: float, kmh: float, from_m: float = 5100.0, **values: Any) -> Track:
    """A truck from a place on, a sample each 20 s; trucks are 5 s apart."""
    track = Track(f"1000{number}", every_s=20, now_s=5.0 * number, east_m=from_m)
    return track.leg(minutes * 60, kmh, **values)


def play(
    *tracks: Track, kind: str = "heavy_truck", fences=(), cuts=(), rows: list[Row] | None = None,
    **changes: Any,
) -> list[Row]:  # fmt: skip
    given_rows = rows if rows is not None else [row for track in tracks for row in track.rows]
    given_rows = sorted(given_rows, key=lambda row: row["received"])
    context = Context.build(
        road(),
        only=frozenset({"slow_traffic"}),
        kinds={row["vehicle"]: kind for row in given_rows},
        changes={"slow_traffic": changes},
        fences=Fences(fences),
    )
    state, found = EngineState(), []
    for start, end in pairwise([0, *sorted(cuts), len(given_rows)]):
        part, state = engine.step(batch_of(given_rows[start:end]), state, context)
        found += part.to_pylist()
        state = EngineState.from_bytes(state.to_bytes())
        assert state.restarted == []
    return found + engine.close(state, context).to_pylist()


def brief(found: list[Row]) -> list[tuple[str, int]]:
    return [(row["severity"], row["revision"]) for row in found]


TAIL = [Track("19999", every_s=20, now_s=0, east_m=19_000).leg(1800, 0.5)]
"""Somebody elsewhere whose reports let time go on: one vehicle is no traffic."""


def test_stretches_are_kilometres_with_neighbours():
    index = stretches(road())
    down = index.name.index("road:G5:下行:K105")
    up = index.name.index("road:G5:上行:K105")
    assert index.name[index.upstream(down)] == "road:G5:下行:K104"
    assert index.name[index.upstream(up)] == "road:G5:上行:K106"
    assert index.upstream(index.name.index("road:G5:下行:K100")) == -1


def test_what_it_says():
    # 12 km/h are 200 m a minute: four minutes on K105, from 08:00:00 UTC+8 on.
    found = play(*[crawl(number, 4, 12.0) for number in range(3)], *TAIL)
    first, last = found
    assert brief(found) == [("congested", 0), ("congested", 1)]
    assert first["vehicle"] == "road:G5:下行:K105"
    assert (first["road"], first["road_class"]) == ("G5", "expressway")
    assert (first["measured"], first["limit"]) == (12.0, 100.0)
    assert (first["start"], first["fired"]) == (at(0), at(180))
    assert first["received"] == at(240)
    assert first["id"] == last["id"]
    assert last["end"] == at(240)
    assert last["quality"] == "length_km=1"
    assert len(first["evidence"]) == 1
    assert (first["driver"], first["vehicle_kind"]) == (None, "other")


@pytest.mark.parametrize(
    ("trucks", "minutes", "kmh", "severity"),
    [
        (3, 4, 12.0, "congested"),
        (2, 4, 12.0, None),
        (3, 1.9, 12.0, None),  # minutes 0 and 1
        (3, 2.9, 12.0, "congested"),
        (3, 4, 5.0, "standing_traffic"),
        (3, 4, 5.1, "congested"),
        (3, 4, 20.0, "congested"),
        (3, 4, 20.1, "slow"),
    ],
)
def test_edges(trucks, minutes, kmh, severity):
    found = play(*[crawl(number, minutes, kmh) for number in range(trucks)], *TAIL)
    assert brief(found) == ([(severity, 0), (severity, 1)] if severity else [])


@pytest.mark.parametrize(("standing", "found"), [(2, []), (3, ["slow"])])
def test_two_that_stand_beside_traffic_at_speed_are_no_jam(standing, found):
    """One passes at 90 each minute: the mean is 30 or less, yet two are a breakdown."""
    parked = [crawl(number, 4, 0.0) for number in range(standing)]
    passing = [
        Track(f"2000{minute}", every_s=20, now_s=60.0 * minute + 5, east_m=5200).sample(90.0)
        for minute in range(4)
    ]
    told = play(*parked, *passing, *TAIL)
    assert [row["severity"] for row in told if not row["revision"]] == found


@pytest.mark.parametrize(("kmh", "fires"), [(46.0, True), (46.1, False)])
def test_half_of_the_limit_less_the_margin_over_several_stretches(kmh, fires):
    """Convoys wander from stretch to stretch; the episode goes along and counts its length."""
    found = play(*[crawl(number, 8, kmh) for number in range(4)], *TAIL)
    assert bool(found) == fires
    if fires:
        assert len({row["id"] for row in found}) == 1
        assert int(found[-1]["quality"].partition("=")[2]) >= 3


@pytest.mark.parametrize(("aside", "fires"), [(0, True), (1, False), (2, False)])
def test_who_seems_to_be_on_both_carriageways_counts_on_one(aside, fires):
    """Two crawl, and one whose place and course are now and then those of the other carriageway:
    it is counted where it was first each minute. Of its three samples a minute the others are on
    the two trucks' carriageway, where they would make three of them."""
    third = Track("10002", every_s=20, now_s=10.0, east_m=5100.0)
    for _ in range(5):
        for number in range(3):
            values = {"lat": 26.5004, "heading_deg": 270.0} if number < aside else {}
            third.leg(20, 12.0, **values)
    found = play(crawl(0, 5, 12.0), crawl(1, 5, 12.0), third, *TAIL)
    assert brief(found) == ([("congested", 0), ("congested", 1)] if fires else [])


def test_only_heavy_vehicles_on_the_way_and_not_in_service_areas():
    convoy = [crawl(number, 6, 12.0) for number in range(4)]
    assert play(*convoy, *TAIL)
    assert play(*convoy, *TAIL, kind="minivan") == []
    parked = box(9, 4000, 8000, "service")
    assert play(*convoy, *TAIL, fences=[parked]) == []
    back = [crawl(number, 6, 12.0, heading_deg=270.0, lat=26.5004) for number in range(2)]
    assert play(*convoy[:2], *back, *TAIL) == [], "two each way are no four one way"


def test_it_ends_after_two_free_minutes_or_silence():
    tracks = [crawl(number, 4, 6.0) for number in range(3)]
    for track in tracks:
        track.leg(240, 80)
    ended = play(*tracks, *TAIL)
    assert brief(ended) == [("congested", 0), ("congested", 1)]
    again = [*tracks, *[crawl(n, 4, 6.0) for n in (5, 6, 7)]]
    for track in again[3:]:
        track.rows = [
            {**row, "time": row["time"] + timedelta(minutes=20),
             "received": row["received"] + timedelta(minutes=20)}
            for row in track.rows
        ]  # fmt: skip
    assert len({row["id"] for row in play(*again, *TAIL)}) == 2


def queue(approach_kmh: float, from_m: float, queue_kmh: float = 3.0) -> list[Track]:
    standing = [crawl(number, 10, queue_kmh, 8200.0) for number in range(3)]
    coming = [
        Track(f"2000{n}", every_s=20, now_s=240.0 + 60 * n, east_m=from_m).leg(55, approach_kmh)
        for n in range(4)
    ]
    return [*standing, *coming, *TAIL]


def test_the_end_of_a_queue():
    found = play(*queue(80.0, 5200.0))
    (place,) = [row for row in found if row["severity"] == "queue_end" and not row["revision"]]
    assert place["vehicle"] == "road:G5:下行:K108"
    assert place["measured"] == 3.0
    assert place["fired"] >= at(300)
    assert {row["revision"] for row in found if row["severity"] == "queue_end"} == {0, 1}


def test_a_queues_end_ends_with_all_kilometres_of_its_episode():
    """K109 joins in the minute after the last that anybody comes up in."""
    further = [
        Track(f"3000{n}", every_s=20, now_s=540.0 + 5 * n, east_m=9200.0).leg(50, 3.0)
        for n in range(3)
    ]
    found = play(*queue(80.0, 5200.0), *further)
    last = {row["severity"]: row["quality"] for row in found if row["revision"]}
    assert last == {"standing_traffic": "length_km=2", "queue_end": "length_km=2"}


@pytest.mark.parametrize(("margin", "fires"), [(8.0, True), (8.1, False)])
def test_the_margin_is_taken_off_the_queues_speed(margin, fires):
    """4.6 km/h is 5 less 8 %."""
    found = play(*queue(80.0, 5200.0, 4.6), congested_kmh=5.0, margin_percent=margin)
    assert ("queue_end" in {row["severity"] for row in found}) == fires


@pytest.mark.parametrize(("kmh", "from_m"), [(60.0, 5200.0), (80.0, 3200.0), (80.0, 9400.0)])
def test_nobody_comes_up_at_speed(kmh, from_m):
    """Too slow; three kilometres before; and past the queue, driving away from it."""
    found = play(*queue(kmh, from_m))
    assert {row["severity"] for row in found} == {"standing_traffic"}


def test_a_falling_stake_is_driven_towards_lower_ones():
    standing = [crawl(n, 10, 3.0, 8200.0, heading_deg=270.0, lat=26.5004) for n in range(3)]
    found = {}
    for from_m in (10_500.0, 7_900.0):
        coming = []
        for n in range(4):
            track = Track(f"2000{n}", every_s=20, now_s=240.0 + 60 * n, east_m=from_m)
            for _ in range(3):
                track.sample(80.0, heading_deg=270.0, lat=26.5004)
                track.now_s += 20
                track.east_m -= 440
            coming.append(track)
        rows = play(*standing, *coming, *TAIL)
        found[from_m] = {row["severity"] for row in rows}
    assert found == {
        10_500.0: {"standing_traffic", "queue_end"},
        7_900.0: {"standing_traffic"},
    }


def plain(rows: list[Row]) -> list[tuple[str, Any, Any, float, str]]:
    """Reference: for one carriageway, from lists of minutes, without any state of the product."""
    index = stretches(road())
    cells: dict[int, dict[int, dict[str, float]]] = defaultdict(lambda: defaultdict(dict))
    clock = -1e18
    for row in sorted(rows, key=lambda row: row["received"]):
        second = (row["time"] - START).total_seconds()
        minute = int(second // 60)
        received = (row["received"] - START).total_seconds()
        if clock < (minute + 1) * 60 + 60:
            east = (row["lon"] - 101.7) * METRES_A_DEGREE_EAST
            cells[minute][int(east // KM)].setdefault(row["vehicle"], row["speed_kmh"])
        clock = max(clock, received)
    judged = [minute for minute in sorted(cells) if clock >= (minute + 1) * 60 + 60]
    found, jams = [], []
    for minute in judged:
        means = {
            km: (len(each), sum(each.values()) / len(each)) for km, each in cells[minute].items()
        }
        each_slow = {km: sum(v <= 46 for v in own.values()) for km, own in cells[minute].items()}
        slow = sorted(km for km in means if each_slow[km] >= 3 and means[km][1] <= 46.0)
        seen: dict[int, list[int]] = defaultdict(list)
        for km in slow:
            near = (km, km - 1, km + 1)
            owners = [i for one in near for i, jam in enumerate(jams) if one in jam["km"]]
            number = owners[0] if owners else None
            if number is None:
                jams.append({"start": minute, "anchor": km, "km": {}, "n": 0, "worst": None})
                number = len(jams) - 1
            jams[number]["km"][km] = [0, minute]
            seen[number].append(km)
        for number, jam in enumerate(jams):
            for km in [km for km in jam["km"] if km not in seen[number]]:
                if km in means:
                    jam["km"][km][1] = minute
                    jam["km"][km][0] += means[km][1] >= 70.0
                if jam["km"][km][0] >= 2 or minute - jam["km"][km][1] >= 5:
                    del jam["km"][km]
            if seen[number]:
                jam["n"] += 1
                jam["last"] = minute
                low = min(round(means[km][1], 1) for km in seen[number])
                jam["worst"] = low if jam["worst"] is None else min(jam["worst"], low)
    for jam in jams:
        if jam["n"] >= 3:
            name = index.name[index.name.index("road:G5:下行:K100") + jam["anchor"]]
            found.append((name, at(60 * jam["start"]), at(60 * jam["last"] + 60), jam["worst"]))
    return sorted(found)


@st.composite
def traffic(draw: Any) -> list[Row]:
    rows: list[Row] = []
    for number in range(draw(st.integers(3, 7))):
        track = Track(f"1000{number}", every_s=20, now_s=float(draw(st.integers(0, 40))))
        # No two at one place: the evidence of two as slow at one moment would be either's.
        track.east_m = draw(st.integers(2000, 6000)) + 0.1 * number
        for _ in range(draw(st.integers(1, 4))):
            track.leg(
                draw(st.sampled_from([60, 180, 300])), draw(st.sampled_from([6.0, 36.0, 90.0]))
            )
        late = draw(st.integers(1, 25))
        rows += [
            {**row, "received": row["time"] + timedelta(seconds=late + (i * 7 + number * 5) % 9)}
            for i, row in enumerate(track.rows)
        ]
    return [aside(row) for row in rows]


def aside(row: Row) -> Row:
    """Not near the end of a kilometre: where it is, is a matter of a few metres of matching."""
    metres = (row["lon"] - 101.7) * METRES_A_DEGREE_EAST % KM
    shift = 15.0 if metres < 15 else -15.0 if metres > KM - 15 else 0.0
    return {**row, "lon": row["lon"] + shift / METRES_A_DEGREE_EAST}


@settings(max_examples=60, deadline=None)
@given(traffic(), st.data())
def test_as_the_reference_however_cut_and_in_whatever_order_vehicles_arrive(rows, data):
    whole = play(rows=rows)
    last = {row["id"]: row for row in sorted(whole, key=lambda row: row["revision"])}
    own = [row for row in last.values() if row["severity"] != "queue_end"]
    assert sorted(
        (row["vehicle"], row["start"], row["end"], row["measured"]) for row in own
    ) == plain(rows)
    cuts = data.draw(st.lists(st.integers(0, len(rows)), max_size=6))
    assert in_order(play(rows=rows, cuts=cuts)) == in_order(whole)


def in_order(found: list[Row]) -> list[Row]:
    return sorted(found, key=lambda row: (row["id"], row["revision"]))


@settings(max_examples=30, deadline=None)
@given(traffic())
def test_vehicles_may_overtake_each_other_on_the_way_in(rows):
    """Delays of up to half a minute, other for each vehicle, change nothing once all is judged."""
    end = max(row["time"] for row in rows) + timedelta(hours=1)
    last = {"vehicle": "end", "time": end, "received": end, "lat": 26.5, "lon": 101.75,
            "speed_kmh": 80.0, "heading_deg": 90.0, "positioned": True, "driver": None}  # fmt: skip
    punctual = [{**row, "received": row["time"] + timedelta(seconds=1)} for row in rows]
    assert in_order(play(rows=[*punctual, last])) == in_order(play(rows=[*rows, last]))


def test_what_comes_after_the_hold_is_not_counted():
    """The control: with a hold of ten minutes the third truck's late reports make it slow."""
    tracks = [crawl(number, 4, 12.0) for number in range(3)]
    late = [{**row, "received": row["time"] + timedelta(minutes=5)} for row in tracks[2].rows]
    rows = [row for track in (*tracks[:2], *TAIL) for row in track.rows] + late
    assert play(rows=rows) == []
    assert brief(play(rows=rows, hold_s=600.0))[:1] == [("congested", 0)]
