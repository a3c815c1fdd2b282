"""What the gateway asks for is drawn and sent, by the real protocol over real sockets."""

from __future__ import annotations

import asyncio
import io
import re
from pathlib import Path

import pytest
from PIL import Image

from sizao.sim import cameras
from sizao.sim.city import City
from sizao.sim.evidence import AlarmFiles, draw
from sizao.sim.fleet import Fleet
from sizao.sim.link import Link, Tally
from sizao.sim.terminal import Terminals
from sizao.sim.traffic import Traffic
from tests.runtime.served import Served, served, until

from .conftest import MORNING_S


async def drive(here: Served, city: City, cars: Fleet, most: int) -> AlarmFiles:
    """The first vehicles that see something dial in, report it and send what is asked for."""
    terminals = Terminals(city.network, cars, 7)
    traffic = Traffic(city, cars, 7, MORNING_S, 2 * 3600)
    frames = list(terminals.feed(traffic.advance(300)))
    alarmed = list(dict.fromkeys(vehicle for vehicle, _ in terminals.alarms))[:most]
    files = AlarmFiles(cars, terminals)
    tally, gate = Tally(), asyncio.Semaphore(10)
    links = {
        vehicle: Link(vehicle, terminals, tally, lambda *_: None, files.wanted)
        for vehicle in alarmed
    }
    tasks = [
        asyncio.create_task(link.run("127.0.0.1", here.gateway.port, 0.0, gate))
        for link in links.values()
    ]
    tasks.append(asyncio.create_task(files.run()))
    await until(lambda: all(link.ready for link in links.values()))
    for vehicle, _, raw in frames:
        if vehicle in links:
            links[vehicle].send(raw)
    await until(lambda: files.counts["wanted"] >= most and not files.busy)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for link in links.values():
        link.hang_up()
    return files


def test_alarms_of_the_city_get_their_pictures(
    city: City, cars: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cameras, "RATE", 0.02)

    async def scenario() -> None:
        async with served(tmp_path) as here:
            files = await drive(here, city, cars, 4)
            assert files.counts["refused"] == 0
            assert files.counts["sent"] == 2 * files.counts["wanted"]
            rows = here.rows("evidence")
            alarms = {row["alarm_key"]: row for row in here.rows("device_alarms")}
            assert len(rows) == files.counts["sent"]
            for row in rows:
                assert (row["kind"], row["format"]) == ("image", "jpg")
                assert alarms[row["refers_to"]]["vehicle"] == row["subject"]
                assert re.match(r"00_6[45]_6[45]\d\d_[01]_", row["name"])
                picture = Image.open(io.BytesIO(here.store.read(row["evidence"])))
                assert picture.size == (480, 270)

    asyncio.run(asyncio.wait_for(scenario(), 60))


@pytest.mark.parametrize("kind", sorted(set(cameras.KINDS)))
def test_every_kind_has_a_picture_marked_as_simulated(kind: str) -> None:
    first, second = (draw(kind, "川DI0001", "2026-06-01T08:00:00+08:00", index) for index in (0, 1))
    assert first != second
    picture = Image.open(io.BytesIO(first)).convert("RGB")
    red = sum(1 for x in range(picture.width) if picture.getpixel((x, picture.height - 4))[0] > 140)
    assert red > picture.width * 0.9, "the mark goes across the whole width"
    assert len(first) < 30_000
