"""One terminal by itself: what it answers, what it sends, along which track."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sizao.core.errors import ConfigError
from sizao.feeds.jt808 import Framer, decode_frame, encode_body
from sizao.feeds.jt808.header import Header
from sizao.feeds.jt808.messages import MESSAGES
from sizao.sim.errand import Errand, ErrandError, run
from sizao.sim.handset import Handset, Identity, alarm_item
from sizao.sim.track_file import Point, read_track
from sizao.sim.uploader import File
from tests.feeds.jt808.strategies import bodies
from tests.runtime.served import Served, served, until

DOWN = sorted(number for number in MESSAGES if number >= 0x8000)
SILENT = {0x8001, 0x8003, 0x8004, 0x8100, 0x8800, 0x9212}


def header(message_id: int, version: str = "2013") -> Header:
    return Header(message_id, 0, version, None, bytes(6), 9, 0, 0, 12)


@pytest.mark.parametrize("version", ["2013", "2019"])
@pytest.mark.parametrize("message_id", DOWN, ids=lambda number: f"{number:04X}")
def test_every_order_gets_an_answer_that_can_be_sent(message_id: int, version: str) -> None:
    @settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
    @given(bodies(message_id, version))
    def check(fields: dict[str, Any]) -> None:
        handset = Handset(Identity("10000000001", version))
        answers = handset.answer(header(message_id, version), fields)
        assert bool(answers) is (message_id not in SILENT)
        for number, answer in answers:
            frames = Framer().feed(handset.frame(0, number, answer))
            said = [decode_frame(raw) for raw in frames]
            assert all("error" not in one for one in said)
            serial = said[0].get("reply_serial", 9)
            assert serial == 9 or said[0]["subpackage"]

    check()


def test_an_unknown_order_is_unsupported() -> None:
    ((number, answer),) = Handset(Identity("1")).answer(header(0x8F00), {})
    assert (number, answer["result"]) == (0x0001, 3)


def ask(handset: Handset, message_id: int, **fields: Any) -> dict[str, Any]:
    return handset.answer(header(message_id), fields)[-1][1]


def test_parameters_are_kept() -> None:
    handset = Handset(Identity("1"))
    ask(handset, 0x8103, params=[{"id": "0x0055", "value": 60}, {"id": "0x0013", "value": "a.b"}])
    found = ask(handset, 0x8106, param_ids=["0x0055", "0x0013", "0x0099"])
    assert found["params"] == [
        {"id": "0x0055", "value": 60, "length": 4},
        {"id": "0x0013", "value": "a.b", "length": 3},
    ]
    assert ask(handset, 0x8104)["count"] == 5


def test_areas_are_kept_and_deleted() -> None:
    handset = Handset(Identity("1", "2019"))
    circle = {"id": 3, "attribute": 0, "lat": 1.0, "lon": 2.0, "radius_m": 9, "name": "校门"}
    ask(handset, 0x8600, setting=1, areas=[circle])
    assert ask(handset, 0x8608, shape=1, ids=[])["areas"] == [circle]
    ask(handset, 0x8600, setting=0, areas=[{**circle, "id": 4}])
    assert ask(handset, 0x8608, shape=1, ids=[3])["areas"] == []
    ask(handset, 0x8601, ids=[])
    assert ask(handset, 0x8608, shape=1, ids=[])["count"] == 0


def test_a_query_is_answered_with_the_last_position_but_not_its_alarm() -> None:
    handset = Handset(Identity("1"))
    item = alarm_item("dsm.phone", 1_767_225_600_000_000, 26.5, 101.7, terminal_id="T", files=0)
    raw = handset.position(1_767_225_600_000_000, 26.5, 101.7, items=[item], speed_kmh=50)
    assert "'dsm'" in str(decode_frame(raw[1:-1]))
    ((number, answer),) = handset.answer(header(0x8201), {})
    said = decode_frame(handset.frame(0, number, answer)[1:-1])
    assert said["location"]["lat"] == 26.5
    assert said["location"]["extras"] == []


def test_alarms_have_names() -> None:
    with pytest.raises(ValueError, match=r"dsm\.fatigue"):
        alarm_item("dsm.sleepy", 0, 0, 0, terminal_id="", files=0)


# Tracks.


def test_a_track_in_csv() -> None:
    lines = ["time,lat,lon,speed_kmh,mileage_km", "2026-01-01T08:00:00+08:00,26.5,101.7,50.5,12.3"]
    (point,) = read_track([*lines, ""], "t.csv")
    assert point.time_s == 1_767_225_600
    assert point.more == {"speed_kmh": 50.5, "items": [{"id": "0x01", "mileage_km": 12.3}]}


def test_a_track_in_json_lines() -> None:
    (first, second) = read_track(
        ['{"lat": 1, "lon": 2, "time": 946684801}', '{"lat": -1, "lon": 2, "alarm": 1}'], "t"
    )
    assert (first.time_s, second.time_s) == (946684801.0, None)
    assert second.more["alarm"] == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no points"),
        ("lat,lon", "no points"),
        ("lat,lon\n1,2\n91,2", "line 3"),
        ("lat\n1", "line 2"),
        ("lat,lon,time\n1,2,2026-01-01 08:00:00", "offset"),
        ('{"lat": 1, "lon": 2}\n{', "line 2"),
        ('{"lat": 1}', "lon"),
        ('{"lat": 1, "lon": 2, "speed_kmh": 9999}', "line 1"),
        ('{"lat": 1, "lon": 2, "time": 5}', "1970"),
    ],
)
def test_a_bad_track_is_named(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        read_track(text.splitlines(), "track")


@given(st.lists(st.text(max_size=30), max_size=4))
def test_any_track_is_read_or_refused(lines: list[str]) -> None:
    with suppress(ConfigError):
        assert read_track(lines, "t")


# Against a gateway.


def errand(handset: Handset, what: Errand, folder: Path, *, udp: bool = False) -> Any:
    async def all_of_it() -> Any:
        async with served(folder, auth=True) as here:
            said: list[tuple[bool, dict[str, Any]]] = []
            port = here.udp.port if udp else here.gateway.port
            result = await run(
                handset, what, "127.0.0.1", port, udp=udp, tell=lambda *one: said.append(one)
            )
            return result, said, here.rows("positions"), here.rows("evidence")

    return asyncio.run(asyncio.wait_for(all_of_it(), 60))


@pytest.mark.parametrize("udp", [False, True], ids=["tcp", "udp"])
@pytest.mark.parametrize("version", ["2011", "2013", "2019"])
def test_an_errand(tmp_path: Path, version: str, udp: bool) -> None:
    handset = Handset(Identity("10000000001", version))
    what = Errand(
        [Point(26.5, 101.7, more={"speed_kmh": 40.0})] * 3,
        every_s=1.0,
        alarm="dsm.fatigue",
        files=[File("00_65_0_0_a.jpg", 0, b"photo" * 1000)],
        stay_s=0.3,
    )
    result, said, positions, evidence = errand(handset, what, tmp_path, udp=udp)
    assert result.good
    assert result.uploaded == ["00_65_0_0_a.jpg"]
    assert result.acknowledged == len(positions) == 3
    (kept,) = evidence
    assert kept["subject"] == "10000000001"
    heard = [frame["message_id"] for from_platform, frame in said if from_platform]
    assert heard[:2] == ["0x8100", "0x8001"]
    assert "0x9208" in heard


def test_nobody_there() -> None:
    what = Errand([], wait_s=0.3)
    with pytest.raises(ErrandError, match="does a gateway run there"):
        asyncio.run(run(Handset(Identity("1")), what, "127.0.0.1", 1, udp=False, tell=print))
    with pytest.raises(ErrandError, match="UDP"):
        asyncio.run(run(Handset(Identity("1")), what, "127.0.0.1", 1, udp=True, tell=print))


def test_a_text_of_the_platform_is_answered(tmp_path: Path) -> None:
    async def all_of_it() -> None:
        async with served(tmp_path) as here:
            handset = Handset(Identity("10000000001"))
            said: list[dict[str, Any]] = []
            what = Errand([Point(26.5, 101.7)], stay_s=1.0)
            task = asyncio.create_task(
                run(
                    *(handset, what, "127.0.0.1", here.gateway.port),
                    udp=False,
                    tell=lambda _, frame: said.append(frame),
                )
            )
            await until(lambda: here.gateway.counters.positions)
            _speak(here)
            await task
            texts = [one for one in said if one["message_id"] == "0x8300"]
            assert [one["text"] for one in texts] == ["请减速"]
            assert any(one.get("reply_message_id") == "0x8300" for one in said)
            states = [row["state"] for row in here.rows("command_results")]
            assert states == ["acknowledged"]

    asyncio.run(asyncio.wait_for(all_of_it(), 60))


def _speak(here: Served) -> None:
    (link,) = here.gateway._links
    link.send(link.session.text("请减速", "c1", 1_767_225_600_000_000))


def test_bodies_of_two_frames_are_one_message() -> None:
    handset = Handset(Identity("1"))
    fields = {"transparent_type": "0xF0", "data_hex": "00" * 1500}
    assert len(Framer().feed(handset.frame(0, 0x0900, fields))) == 2
    assert len(encode_body(0x0900, fields)) == 1501
