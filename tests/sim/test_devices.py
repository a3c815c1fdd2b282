"""Roadside devices: what passes them is what they report, over real HTTP to a real intake."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sizao.core.source_access import new_key
from sizao.feeds.gat1400.passages import read_passage
from sizao.feeds.roadside.record import read_check
from sizao.feeds.stations.record import read_reading
from sizao.feeds.weighing.record import read_weighing
from sizao.roads.network import Network
from sizao.sim import weather
from sizao.sim.checkpoints import SURE_OF_WRONG, UNSURE, Checkpoints, reliability
from sizao.sim.city import City
from sizao.sim.devices import Devices
from sizao.sim.fleet import Fleet
from sizao.sim.fleet import fleet as make_fleet
from sizao.sim.gates import Gate, Watch, gates
from sizao.sim.pictures import picture
from sizao.sim.roadside_checks import BLOOD_S, RoadsideChecks
from sizao.sim.routes import library
from sizao.sim.traffic import DRIVING, Motion
from sizao.sim.weighing import LADEN, WeighStations
from tests.runtime.intake.desk import NOW_S, PASSWORD, Desk, register

NOW = int(NOW_S) - 600
VEHICLES = 60


@pytest.fixture(scope="module")
def fleet(city: City) -> Fleet:
    return make_fleet(city, VEHICLES, 1)


def motion(count: int, start_s: int, segment: int, offsets_m: list[float]) -> Motion:
    """Everybody on one segment at the same offsets, a second each."""
    shape = (count, len(offsets_m))
    return Motion(
        start_s,
        np.full(shape, segment, np.int32),
        np.tile(np.array(offsets_m, np.float32), (count, 1)),
        np.full(shape, 60.0, np.float32),
        np.full(shape, DRIVING, np.int8),
        np.zeros(shape, np.int8),
    )


def test_every_site_stands_where_vehicles_drive(city: City) -> None:
    used = np.bincount(library().segment, minlength=len(city.network))
    for sites in (city.checkpoints, city.weigh_stations):
        found = gates(sites, city.network)
        assert {gate.site for gate in found} == set(range(len(sites)))
        for gate in found:
            assert used[gate.segment] > 0, sites[gate.site]["code"]


def test_a_crossing_is_seen_once_however_time_is_cut(city: City) -> None:
    network: Network = city.network
    gate = Gate(0, 0, 5, 100.0)
    track = [80.0, 90.0, 100.0, 110.0, 110.0, 120.0]
    for cut in range(1, len(track)):
        watch = Watch([gate], network)
        watch.feed(motion(1, NOW - 10, 5, [70.0]))
        found = watch.feed(motion(1, NOW, 5, track[:cut]))
        found += watch.feed(motion(1, NOW + cut, 5, track[cut:]))
        assert [(one.vehicle, one.time_s) for one in found] == [(0, NOW + 3)]
    watch = Watch([gate], network)
    watch.feed(motion(1, NOW - 10, 4, [500.0]))
    assert len(watch.feed(motion(1, NOW, 5, [101.0, 110.0]))) == 1, "within its first second"
    watch = Watch([gate], network)
    assert watch.feed(motion(1, NOW, 5, [90.0, 95.0])) == [], "not there yet"


def test_cameras_read_what_passed_with_their_faults(city: City, fleet: Fleet) -> None:
    gate = gates(city.checkpoints, city.network)[0]
    cameras = Checkpoints(city, fleet, 1)
    sent: list[tuple[str, dict[str, Any]]] = []
    for turn in range(12):
        cameras.feed(motion(VEHICLES, NOW + 100 * turn, gate.segment, [gate.offset_m - 20]))
        crossing = motion(VEHICLES, NOW + 100 * turn + 1, gate.segment, [gate.offset_m + 1])
        sent += cameras.feed(crossing)
    assert len(sent) == 12 * VEHICLES
    plates = {row["plate"]: row["plate_colour"] for row in fleet.register.to_pylist()}
    right = wrong = unread = 0
    for device, one in sent:
        taken = read_passage(
            json.loads(json.dumps(one)), source="gat1400:x", device=device, received_us=10**18
        )
        if taken.row is None:
            continue
        (image,) = taken.images
        assert image.format == "png"
        plate = taken.row["plate"]
        unread += plate is None
        right += plate in plates and taken.row["plate_colour"] == plates[plate]
        wrong += plate is not None and plate not in plates
    assert right > 0.9 * len(sent)
    assert 0 < unread < 0.08 * len(sent)
    assert wrong < 0.03 * len(sent)


def test_cameras_are_less_sure_of_what_they_misread() -> None:
    device = next(one for one in map(str, range(20)) if reliability(True, one, ("any",)))
    told = {
        right: [reliability(right, device, (number,)) for number in range(5000)]
        for right in (True, False)
    }
    sure = {right: sum(one >= 90 for one in some) / 5000 for right, some in told.items()}
    assert abs(sure[True] - (1 - UNSURE)) < 0.01
    assert abs(sure[False] - SURE_OF_WRONG) < 0.03
    assert {reliability(True, str(one), ("any",)) is None for one in range(100)} == {True, False}


def test_trucks_are_weighed_and_some_carry_too_much(city: City, fleet: Fleet) -> None:
    gate = gates(city.weigh_stations, city.network)[0]
    stations = WeighStations(city, fleet, 1)
    stations.feed(motion(VEHICLES, NOW, gate.segment, [gate.offset_m - 20]))
    sent = stations.feed(motion(VEHICLES, NOW + 1, gate.segment, [gate.offset_m + 1]))
    kinds = {row["plate"]: row["kind"] for row in fleet.register.to_pylist()}
    weighed = {one["plate"] for _, one in sent}
    assert weighed == {plate for plate, kind in kinds.items() if kind in LADEN}
    for station, one in sent:
        taken = read_weighing(
            json.loads(json.dumps(one)), source="weigh:x", station=station, received_us=10**18
        )
        assert taken.row is not None
        assert taken.problems == []
    heavy = [
        stations.gross_kg(vehicle, NOW + 86_400 * day) / LADEN[kinds[row["plate"]]][2]
        for day in range(30)
        for vehicle, row in enumerate(fleet.register.to_pylist())
        if row["kind"] in LADEN
    ]
    assert 0.04 < np.mean(np.array(heavy) > 1.05) < 0.13


def test_posts_check_some_and_blood_follows(city: City, fleet: Fleet) -> None:
    posts = RoadsideChecks(city, fleet, 1)
    gate = gates(posts.sites, city.network)[0]
    sent = []
    for turn in range(400):
        moment = NOW + 2 * turn
        posts.feed(motion(VEHICLES, moment, gate.segment, [gate.offset_m - 20]))
        sent += posts.feed(motion(VEHICLES, moment + 1, gate.segment, [gate.offset_m + 1]))
    sent += posts.feed(motion(VEHICLES, NOW + BLOOD_S + 900, gate.segment, [0.0]))
    rows = []
    for post, one in sent:
        taken = read_check(
            json.loads(json.dumps(one)), source="check:x", station=post, received_us=10**18
        )
        assert taken.problems == [] or taken.problems[0].reason == "impossible_value"
        rows += [taken.row] if taken.row is not None else []
    checked = [row for row in rows if not row["refers_to"]]
    assert 0.1 < len(checked) / (400 * VEHICLES) < 0.2
    positive = [row for row in checked if row["refused"] or (row["breath_mg_100ml"] or 0) >= 20]
    assert 0 < len(positive) < 0.05 * len(checked)
    pending = {row["check"] for row in checked if row["blood"] == "pending"}
    assert {row["refers_to"] for row in rows if row["refers_to"]} == pending != set()


def test_stations_report_the_rain_of_the_traffic(city: City) -> None:
    stations = weather.WeatherStations(city, 1)
    wet = dry = 0
    for hour in range(48):
        for one in stations.feed(NOW + 3600 * hour):
            taken = read_reading(
                json.loads(json.dumps(one)), source="w", station="x", received_us=10**18
            )
            assert taken.row is not None
            assert taken.problems == []
            area = str(stations.places[one["station"]]["area"])
            rain = weather.raining(1, area, taken.row["time"] // 1_000_000)
            assert (one["rain_mm_h"] > 0) == rain == (one["road_state"] == "wet")
            wet += rain
            dry += not rain
    assert 0.03 < wet / (wet + dry) < 0.3


def test_pictures_are_small_and_whole() -> None:
    data = picture("heavy_truck", "红", 1)
    assert data.startswith(b"\x89PNG")
    assert len(data) < 2_000
    assert data == picture("heavy_truck", "红", 1)
    assert data != picture("line_coach", "红", 1)


def test_over_real_http_nothing_is_lost_while_the_intake_is_away(
    tmp_path: Path, city: City, fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sizao.log.datadir import DataDir
    from sizao.sim import devices as module

    monkeypatch.setattr(module, "RETRY_S", 0.2)
    monkeypatch.setattr(module, "LOOK_S", 0.05)
    camera, scale = (
        gates(city.checkpoints, city.network)[0],
        gates(city.weigh_stations, city.network)[0],
    )
    sources = {
        f"gat1400:{city.checkpoints[camera.site]['code']}": PASSWORD,
        f"weigh:{city.weigh_stations[scale.site]['code']}": "",
        "weather:city": "",
    }
    data = DataDir(tmp_path).create()
    register(data, list(sources))
    for source in sources:
        sources[source] = sources[source] or new_key(data.source_access, source, NOW_S)

    async def scene() -> None:
        desk = Desk(tmp_path)
        async with desk.serving():
            port = desk.intake.port
        # Away from here on; the devices begin against a closed port.
        roadside = Devices(city, fleet, 1, "127.0.0.1", port, sources)
        sending = asyncio.create_task(roadside.run())
        for gate in (camera, scale):
            for turn, offset_m in enumerate((gate.offset_m - 20, gate.offset_m + 1)):
                roadside.feed(motion(VEHICLES, NOW + turn, gate.segment, [offset_m]))
        await asyncio.sleep(0.3)
        assert roadside.figures()["failures"]
        desk = Desk(tmp_path, port=port)
        async with desk.serving():
            for _ in range(400):
                if not roadside.figures()["waiting"] and roadside.figures()["delivered"]:
                    break
                await asyncio.sleep(0.05)
            figures = roadside.figures()
            assert (figures["waiting"], figures["dropped"]) == (0, 0)
            broken = len(desk.rows("quarantine"))
            assert len(desk.rows("passages")) + broken == figures["passages"] == VEHICLES
            assert len(desk.rows("weighings")) == figures["weighings"] > 0
            assert len(desk.rows("weather_readings")) == figures["weather_readings"] > 0
            assert all(row["images"] for row in desk.rows("passages"))
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)

    asyncio.run(scene())
