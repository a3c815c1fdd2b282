"""Connections over real sockets to a server that answers with the real session."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import numpy as np

from sizao.feeds.jt808.auth import DerivedCodes
from sizao.feeds.jt808.session import Session
from sizao.sim.city import City
from sizao.sim.fleet import Fleet
from sizao.sim.link import Link, Tally
from sizao.sim.terminal import Terminals
from sizao.sim.traffic import Traffic

from .conftest import MORNING_S


class Platform:
    """Sessions of ``feeds.jt808`` behind an asyncio server; nothing is durable here."""

    def __init__(self) -> None:
        self.auth = DerivedCodes(b"a secret of sixteen and more")
        self.positions: list[tuple[object, ...]] = []
        self.results: list[tuple[object, ...]] = []
        self.writers: dict[str, tuple[Session, asyncio.StreamWriter]] = {}
        self.deaf = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = Session("test", self.auth)
        try:
            while data := await reader.read(4096):
                if self.deaf:
                    continue
                out = session.receive(data, MORNING_S * 1_000_000)
                self.positions += out.positions
                self.results += out.command_results
                if session.authenticated and session.phone:
                    self.writers[session.phone] = session, writer
                writer.write(b"".join(out.replies))
        except ConnectionError:
            pass
        finally:
            writer.close()


@asynccontextmanager
async def connected(
    city: City, cars: Fleet, count: int
) -> AsyncIterator[tuple[Platform, list[Link], Terminals, Tally, list[tuple[int, str]]]]:
    platform = Platform()
    server = await asyncio.start_server(platform.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    terminals, tally = Terminals(city.network, cars, 7), Tally()
    said: list[tuple[int, str]] = []
    links = [
        Link(vehicle, terminals, tally, lambda vehicle, text: said.append((vehicle, text)))
        for vehicle in range(count)
    ]
    gate = asyncio.Semaphore(10)
    tasks = [asyncio.create_task(link.run("127.0.0.1", port, 0.0, gate)) for link in links]
    try:
        await until(lambda: all(link.ready for link in links))
        yield platform, links, terminals, tally, said
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for link in links:
            link.hang_up()
        server.close()
        await asyncio.sleep(0.05)


async def until(condition: Callable[[], object], seconds: float = 8.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


def test_registered_reported_acknowledged(city: City, cars: Fleet) -> None:
    async def scenario() -> None:
        async with connected(city, cars, len(cars)) as (platform, links, terminals, tally, _):
            frames = terminals.feed(Traffic(city, cars, 7, MORNING_S, 3600).advance(60))
            for vehicle, _, raw in frames:
                links[vehicle].send(raw)
            sound = len(frames)
            await until(lambda: tally.acknowledged >= sound - 3)
            assert len(platform.positions) >= sound - 40  # cards are no positions
            assert {row[0] for row in platform.positions} <= set(cars.phone)
            assert tally.reconnects == 0
            assert len(tally.latency_ms) == tally.acknowledged

    asyncio.run(scenario())


def test_a_text_is_spoken_and_acknowledged(city: City, cars: Fleet) -> None:
    async def scenario() -> None:
        async with connected(city, cars, 2) as (platform, _, _, tally, said):
            session, writer = platform.writers[cars.phone[1]]
            writer.write(session.text("您已超速，请减速", "order-1", MORNING_S * 1_000_000))
            await until(lambda: platform.results)
            assert platform.results[0][0] == "order-1"
            assert platform.results[0][3] == "acknowledged"
            assert said == [(1, "您已超速，请减速")]
            assert tally.texts == 1

    asyncio.run(scenario())


def test_what_was_not_answered_is_sent_again(city: City, cars: Fleet) -> None:
    async def scenario() -> None:
        async with connected(city, cars, 3) as (platform, links, terminals, tally, _):
            platform.deaf = True
            motion = Traffic(city, cars, 7, MORNING_S, 4 * 3600).advance(600)
            mine = np.arange(len(cars)) < 3
            frames = [frame for frame in terminals.feed(motion, mine) if frame[0] < 3]
            for vehicle, _, raw in frames:
                links[vehicle].send(raw)
            await asyncio.sleep(0.1)
            assert platform.positions == []
            platform.deaf = False
            for _, writer in list(platform.writers.values()):
                writer.transport.abort()
            # Written while nobody listens: kept.
            await until(lambda: not any(link.ready for link in links))
            await until(lambda: all(link.ready for link in links))
            await until(lambda: tally.acknowledged >= len(frames))
            assert len(frames) > 3
            assert tally.reconnects == 3
            times = [row[1] for row in platform.positions if row[0] == cars.phone[0]]
            assert times == sorted(times), "the order is kept"

    asyncio.run(scenario())


def test_memory_of_an_offline_terminal_is_bounded(city: City, cars: Fleet) -> None:
    tally = Tally()
    link = Link(0, Terminals(city.network, cars, 7), tally, lambda *_: None)
    for _ in range(5000):
        link.send(b"\x7e\x7e")
    assert tally.dropped == 1000
