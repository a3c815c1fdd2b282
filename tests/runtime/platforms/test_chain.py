"""Two Sizao platforms chained over JT/T 809: a city below, a province above."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sizao.core.source_access import switch_off, switch_on
from sizao.feeds.jt809.cipher import Keys
from sizao.feeds.jt809.dialect import Dialect
from sizao.feeds.jt809.fields import iso_of_us
from sizao.feeds.jt809.lower import Lower
from sizao.feeds.jt809.outcome import MAIN
from sizao.feeds.jt809.params import LinkParams
from sizao.feeds.jt809.vehicles import Directory
from sizao.runtime.loops import new_event_loop
from sizao.runtime.platforms import lower
from tests.runtime.helpers import positions

from .chain import LINK, PHONES, Chain, chained, until


def play(
    scene: Callable[[Chain], Awaitable[None]],
    folder: Path,
    link: LinkParams = LINK,
    **forward: Any,
) -> None:
    async def run() -> None:
        async with chained(folder, link, **forward) as chain:
            await asyncio.wait_for(scene(chain), 90)

    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(run())


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lower, "REDIAL_S", (0.05, 0.1, 0.2))
    monkeypatch.setattr(lower, "POLL_S", 0.02)


LINKS = {
    "2011": replace(LINK, edition="2011"),
    "2019": replace(LINK, dialect=Dialect(vehicle_prefix="yes")),
    "enciphered": replace(
        LINK,
        keys=Keys(30000000, 20000000, 20000000),
        encrypt=True,
        key=256178,
        dialect=Dialect(vehicle_prefix="yes"),
    ),
}


@pytest.mark.parametrize("link", LINKS.values(), ids=LINKS)
def test_vehicles_orders_and_duty_checks(link: LinkParams, tmp_path: Path) -> None:
    async def scene(chain: Chain) -> None:
        upper, city = chain.upper, chain.lower
        await chain.report(4)
        await until(chain.all_arrived)
        assert len(upper.observations()) == 4 * len(PHONES)
        assert {row["source"] for row in upper.rows("positions")} == {"jt809:link"}
        first = city.rows("positions")[0]
        same = next(
            row
            for row in upper.rows("positions")
            if (row["vehicle"], row["time"]) == (first["vehicle"], first["time"])
        )
        for key in ("lat", "lon", "speed_kmh", "heading_deg", "altitude_m", "alarm", "status"):
            assert same[key] == first[key]
        assert same["positioned"] is True

        # A supervision order goes down, its answer comes up.
        ordered = upper.order("0x9401", SUPERVISION, "川DI0002")
        await until(lambda: bool(city.rows("platform_messages", "0x9401")))
        (asked,) = city.rows("platform_messages", "0x9401")
        assert (asked["vehicle"], asked["refers_to"]) == (PHONES[1], "0000046c")
        (sent,) = upper.rows("platform_messages", "0x9401")
        assert (sent["message"], sent["state"], sent["direction"]) == (ordered, "sent", "out")
        body = json.loads(asked["body"])
        answer = {
            "supervision_id": body["supervision_id"],
            "source_data_type": "0x9401",
            "source_msg_sn": body["msg_sn"],
            "result": 1,
        }
        city.order("0x1401", answer, "川DI0002")
        await until(lambda: bool(upper.rows("platform_messages", "0x1401")))
        (answered,) = upper.rows("platform_messages", "0x1401")
        assert json.loads(answered["body"])["result"] == 1
        assert (answered["refers_to"], answered["vehicle"]) == ("0000046c", PHONES[1])

        # A duty check is answered in time ...
        question = {"object_type": 1, "object_id": "51040000001", "content": "谁在值班？"}
        upper.order("0x9301", {**question, "answer_time": 60, "info_id": 71})
        await until(lambda: bool(city.rows("platform_messages", "0x9301")))
        city.order("0x1301", {"info_id": 71, "responder": "张三", "content": "张三在岗"})
        await until(lambda: bool(upper.rows("platform_messages", "0x1301")))
        (row,) = upper.rows("platform_messages", "0x1301")
        assert (row["state"], row["refers_to"]) == ("answered", "71")
        assert "张三" in row["body"]
        # ... and one is missed.
        if link.edition == "2011":
            return
        upper.order("0x9301", {**question, "answer_time": 1, "info_id": 72})
        await until(lambda: len(upper.rows("platform_messages", "0x1301")) == 2)
        states = {r["refers_to"]: r["state"] for r in upper.rows("platform_messages", "0x1301")}
        assert states == {"71": "answered", "72": "missed"}
        assert upper.service.figures()["links"]["link"]["duty_missed"] == 1  # type: ignore[index]  # figures are nested

    play(scene, tmp_path, link)


@pytest.mark.parametrize("link", LINKS.values(), ids=LINKS)
def test_a_text_for_a_vehicle_comes_down_and_its_answer_goes_up(
    link: LinkParams, tmp_path: Path
) -> None:
    """What the desk works with (``web/platforms/rounds.py``), over a real link."""

    async def scene(chain: Chain) -> None:
        upper, city = chain.upper, chain.lower
        text = {"msg_id": 9, "priority": 1, "content": "前方事故，减速"}
        upper.order("0x9503", text, "川DI0002")
        await until(lambda: bool(city.rows("platform_messages", "0x9503")))
        (row,) = city.rows("platform_messages", "0x9503")
        body = json.loads(row["body"])
        assert (row["vehicle"], row["plate"], row["direction"]) == (PHONES[1], "川DI0002", "in")
        assert (body["content"], body["msg_id"]) == ("前方事故，减速", 9)
        answer = {
            "msg_id": body["msg_id"],
            "source_data_type": "0x9503",
            "source_msg_sn": body["msg_sn"],
            "result": 0,
        }
        city.order("0x1503", answer, "川DI0002")
        await until(lambda: bool(upper.rows("platform_messages", "0x1503")))
        (answered,) = upper.rows("platform_messages", "0x1503")
        assert json.loads(answered["body"])["result"] == 0
        assert answered["plate"] == "川DI0002"

    play(scene, tmp_path, link)


SUPERVISION = {
    "alarm_source": 1,
    "alarm_type": 2,
    "alarm_time": "2026-09-21T21:30:00+08:00",
    "supervision_id": "0000046c",
    "supervision_deadline": "2026-09-21T23:30:00+08:00",
    "level": 0,
    "supervisor": "王警官",
    "supervisor_tel": "08120000000",
    "supervisor_email": "a@b.example",
}


async def troubles(chain: Chain) -> None:
    """Both links are cut, swallow bytes and come back, while the terminals go on reporting."""
    await chain.report(3)
    chain.main.cut()
    await chain.report(3)
    await until(chain.both_up)
    await chain.report(3)
    chain.main.swallow = True
    await chain.report(5)
    chain.main.cut()
    chain.main.swallow = False
    chain.sub.cut()
    await chain.report(3)
    await until(chain.both_up)
    chain.main.refuse = True
    chain.main.cut()
    await chain.report(5)
    chain.main.refuse = False
    await until(chain.both_up)
    await chain.report(2)


def test_cut_links_lose_nothing(tmp_path: Path) -> None:
    async def scene(chain: Chain) -> None:
        await troubles(chain)
        await until(chain.all_arrived)
        assert len(chain.upper.observations()) == 24 * len(PHONES)
        late = [row for row in chain.upper.rows("positions") if row["catch_up"]]
        assert late, "what came after the gap says so"
        await until(lambda: chain.lower.runner.offset.seq == chain.lower.log.last("positions"))

    play(scene, tmp_path)


def test_without_back_fill_positions_are_lost(tmp_path: Path) -> None:
    """The control of the test above."""

    async def scene(chain: Chain) -> None:
        await troubles(chain)
        await asyncio.sleep(1.0)
        missing = chain.lower.observations() - chain.upper.observations()
        assert len(missing) >= 5 * len(PHONES)

    play(scene, tmp_path, back_fill=False)


async def restart(chain: Chain) -> None:
    """The city's gateway stops while the province cannot be reached, and starts again."""
    await chain.report(2)
    await until(chain.all_arrived)
    chain.main.refuse = chain.sub.refuse = True
    chain.main.cut()
    chain.sub.cut()
    await until(lambda: chain.lower.runner.pair.best() is None)
    await chain.report(4)
    await chain.hang_up()
    await chain.lower.stop()
    chain.main.refuse = chain.sub.refuse = False
    await chain.start_lower()
    await until(chain.both_up)
    await chain.dial_in()
    await chain.report(1)


def test_a_restart_loses_nothing(tmp_path: Path) -> None:
    async def scene(chain: Chain) -> None:
        await restart(chain)
        await until(chain.all_arrived)
        assert len(chain.upper.observations()) == 7 * len(PHONES)

    play(scene, tmp_path)


def test_an_offset_in_memory_alone_loses_positions(tmp_path: Path) -> None:
    """The control of the test above."""

    async def scene(chain: Chain) -> None:
        await restart(chain)
        await asyncio.sleep(1.0)
        missing = chain.lower.observations() - chain.upper.observations()
        assert len(missing) >= 4 * len(PHONES)

    play(scene, tmp_path, durable=False)


def test_positions_go_on_over_the_sub_link(tmp_path: Path) -> None:
    async def scene(chain: Chain) -> None:
        chain.main.refuse = True
        chain.main.cut()
        await until(lambda: not chain.lower.runner.pair.up("main"))
        assert chain.lower.runner.pair.up("sub")
        await chain.report(2)
        await until(chain.all_arrived)
        ordered = chain.upper.order("0x9302", TEXT)
        await until(lambda: bool(chain.lower.rows("platform_messages", "0x9302")))
        sent = chain.upper.rows("platform_messages", "0x9302")
        assert [row["message"] for row in sent] == [ordered]

    play(scene, tmp_path)


TEXT = {"object_type": 1, "object_id": "x", "info_id": 7, "content": "明日检查"}


def test_orders_wait_for_a_link_and_are_sent_once(tmp_path: Path) -> None:
    async def scene(chain: Chain) -> None:
        chain.main.refuse = chain.sub.refuse = True
        chain.main.cut()
        chain.sub.cut()
        await until(lambda: chain.upper.runner.pair.best() is None)
        chain.upper.order("0x9302", TEXT)
        await until(lambda: len(chain.upper.runner.waiting) == 1)
        chain.main.refuse = chain.sub.refuse = False
        await until(lambda: bool(chain.lower.rows("platform_messages", "0x9302")))
        await chain.upper.stop()
        await chain.upper.start()
        chain.main.target = chain.upper.service.ports["127.0.0.1", 0]
        await until(chain.both_up)
        await asyncio.sleep(0.3)
        assert len(chain.lower.rows("platform_messages", "0x9302")) == 1

    play(scene, tmp_path)


def test_strangers_do_not_disturb_a_link(tmp_path: Path) -> None:
    async def scene(chain: Chain) -> None:
        wrong = replace(LINK, password="wrong")
        login = Lower(wrong, Directory()).connected(MAIN, 0).sends[0][1]
        for said in (login, b"GET / HTTP/1.1\r\n\r\n" * 100, b"\x5b" + b"x" * 3000):
            reader, writer = await asyncio.open_connection("127.0.0.1", chain.main.target)
            writer.write(said)
            await asyncio.wait_for(reader.read(), 10)
            writer.close()
        assert chain.upper.service.figures()["turned_away"] == 3
        await chain.report(1)
        await until(chain.all_arrived)
        assert chain.upper.runner.pair.counts.logins == 1

    play(scene, tmp_path)


def test_the_lower_platform_gets_what_it_asks_for(tmp_path: Path) -> None:
    async def scene(chain: Chain) -> None:
        await chain.report(1)
        await until(chain.all_arrived)
        # The province has positions of its own of that vehicle.
        at_us = 1_790_000_000_000_000
        batch = positions([PHONES[0]] * 7, [float(n) for n in range(7)], source=["jt808"] * 7)
        chain.upper.log.append({"positions": batch})
        period = {
            "start_time": iso_of_us(at_us - 10**6),
            "end_time": iso_of_us(at_us + 60 * 10**6),
        }
        chain.lower.order("0x1209", period, "川DI0001")
        await until(lambda: bool(chain.lower.rows("platform_messages", "0x9209")))
        await until(
            lambda: sum(r["source"] == "jt809:link" for r in chain.lower.rows("positions")) == 7
        )
        found = [r for r in chain.lower.rows("positions") if r["source"] == "jt809:link"]
        assert {row["vehicle"] for row in found} == {PHONES[0]}
        assert all(row["catch_up"] for row in found)
        # They came from the province: they do not go back there.
        await chain.report(1)
        await until(lambda: len(chain.upper.observations()) == 7 + 2 * len(PHONES))
        rows = chain.upper.rows("positions")
        assert sum(row["source"] == "jt808" for row in rows) == 7
        assert len(rows) == 7 + 2 * len(PHONES)

    play(scene, tmp_path)


def test_a_link_that_is_switched_off_is_cut_and_refused(tmp_path: Path) -> None:
    async def scene(chain: Chain) -> None:
        access = chain.upper.data.source_access
        switch_off(access, "jt809:link", reason="演练", by="desk", at_s=time.time())
        await until(lambda: not chain.upper.runner.pair.channels)
        await until(lambda: chain.lower.runner.pair.result == 6)
        switch_on(access, "jt809:link")
        await until(chain.both_up)
        await chain.report(1)
        await until(chain.all_arrived)

    play(scene, tmp_path)
