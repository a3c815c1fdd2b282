"""Two Sizao platforms on real sockets, with a proxy between them that cuts and loses bytes."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from sizao.core.clock import SystemClock
from sizao.core.schemas import PLATFORM_ORDER, REGISTER
from sizao.feeds.jt808.auth import DerivedCodes
from sizao.feeds.jt808.cards import Cards
from sizao.feeds.jt809.params import LinkParams
from sizao.log.datadir import DataDir
from sizao.runtime.collector import Ticks
from sizao.runtime.embedded.log import SqliteLog
from sizao.runtime.gateway import Gateway, Settings
from sizao.runtime.platforms.config import Forward, LinkConfig
from sizao.runtime.platforms.service import PlatformLinks
from sizao.runtime.sessions import sessions
from tests.runtime.terminal import Terminal

CODES = DerivedCodes(b"sixteen bytes at the least")
CLOCK = SystemClock()
PHONES = [f"1000000000{n}" for n in range(1, 6)]

LINK = LinkParams(
    name="link",
    edition="2019",
    access_code=44099101,
    user=20180920,
    password="20180920",
    platform_id="51040000001",
    keepalive_s=0.5,
    dead_s=3.0,
    answer_s=3.0,
    redial_s=0.3,
    confirm_s=0.2,
    duty_answer_s=60,
)
"""As on any link, with the patience of a test."""


def register(data: DataDir) -> None:
    rows = [
        {
            "vehicle": phone,
            "plate": f"川DI000{number}",
            "plate_colour": 2,
            "kind": "heavy_truck",
            "enterprise": "e1",
            "enterprise_name": "某某运输公司",
            "area": "510402",
        }
        for number, phone in enumerate(PHONES, 1)
    ]
    pq.write_table(pa.Table.from_pylist(rows, schema=REGISTER), data.register)


class Platform:
    """One installation: data folder, gateway, links."""

    def __init__(self, folder: Path, links: list[LinkConfig]) -> None:
        self.data = DataDir(folder).create()
        register(self.data)
        self.links = links
        self.orders = 0

    async def start(self) -> None:
        self.log = SqliteLog(self.data.feeds_log, writer=True)
        self.commands = SqliteLog(self.data.commands_log, writer=True)
        self.service = PlatformLinks(
            self.data, self.links, CLOCK, self.commands, tick_s=0.05, orders_every_s=0.02
        )
        self.gateway = Gateway(
            self.log,
            self.commands,
            CLOCK,
            sessions(CODES, CLOCK, Cards(), require_auth=False),
            Settings(port=0, ticks=Ticks(busy_s=0.005, calm_s=0.005)),
            services=[self.service],
        )
        self.task = asyncio.create_task(self.gateway.run())
        await asyncio.wait(
            {self.task, asyncio.ensure_future(self.gateway.listening.wait())},
            return_when=asyncio.FIRST_COMPLETED,
        )
        assert self.gateway.listening.is_set(), self.task.exception()

    async def stop(self) -> None:
        self.gateway.stop()
        await asyncio.wait_for(self.task, 30)
        self.log.close()
        self.commands.close()

    def rows(self, topic: str, kind: str = "") -> list[dict[str, Any]]:
        found = [row for one in self.log.read(topic, 0, 10**9) for row in one.batch.to_pylist()]
        return [row for row in found if row.get("kind", "").endswith(kind)] if kind else found

    def observations(self) -> set[tuple[str, Any]]:
        return {(row["vehicle"], row["time"]) for row in self.rows("positions")}

    def order(self, kind: str, fields: dict[str, Any], plate: str | None = None) -> str:
        """Order a message to the other platform, as the desk would."""
        self.orders += 1
        name = f"{self.data.root.name}-{self.orders}"
        row = {
            "order": name,
            "time": round(time.time() * 1e6),
            "link": LINK.name,
            "kind": kind,
            "plate": plate,
            "plate_colour": 2 if plate else None,
            "body": json.dumps(fields),
            "expires": None,
        }
        batch = pa.RecordBatch.from_pylist([row], schema=PLATFORM_ORDER)
        self.commands.append({"platform_orders": batch})
        return name

    @property
    def runner(self) -> Any:
        return self.service.runners[LINK.name]


class Proxy:
    """Passes bytes on; can cut, refuse, or swallow them in silence."""

    def __init__(self) -> None:
        self.target = 0
        self.swallow = False
        self.refuse = False
        self.passed = 0
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> Proxy:
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    def cut(self) -> None:
        """End every connection without a goodbye."""
        for writer in list(self._writers):
            writer.transport.abort()

    async def stop(self) -> None:
        self.server.close()
        self.cut()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        other: asyncio.StreamWriter | None = None
        try:
            if self.refuse:
                return
            back, other = await asyncio.open_connection("127.0.0.1", self.target)
            self._writers.add(other)
            await asyncio.gather(self._pass(reader, other), self._pass(back, writer))
        except OSError:
            pass
        finally:
            self._tasks.discard(task)
            for one in (writer, other):
                if one is not None:
                    self._writers.discard(one)
                    one.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65_536):
                if not self.swallow:
                    self.passed += len(data)
                    writer.write(data)
        except ConnectionError:
            pass
        writer.transport.abort()


class Chain:
    """A province above a city; terminals report to the city."""

    def __init__(self, folder: Path, link: LinkParams = LINK, **forward: Any) -> None:
        self.folder = folder
        self.link = link
        self.forward = Forward(**forward)
        self.serials = 0
        self.sent: set[tuple[str, int]] = set()

    async def start(self) -> None:
        self.main, self.sub = await Proxy().start(), await Proxy().start()
        here = ("127.0.0.1", 0)
        self.upper = Platform(self.folder / "upper", [LinkConfig(self.link, "upper", here)])
        await self.upper.start()
        self.main.target = self.upper.service.ports[here]
        link = replace(self.link, down_link=("127.0.0.1", self.sub.port))
        config = LinkConfig(link, "lower", ("127.0.0.1", self.main.port), here, self.forward)
        self.lower = Platform(self.folder / "lower", [config])
        await self.start_lower()
        self.terminals: list[Terminal] = []

    async def start_lower(self) -> None:
        await self.lower.start()
        self.sub.target = self.lower.service.ports["127.0.0.1", 0]

    async def dial_in(self) -> None:
        """The terminals connect to the city."""
        self.terminals = [
            await Terminal(phone).connect(self.lower.gateway.port) for phone in PHONES
        ]

    async def report(self, times: int = 1) -> None:
        """Every terminal reports so often, each time of a second of its own."""
        for _ in range(times):
            self.serials += 1
            last = [
                (one, one.position(60.0, ago_s=1000.0 - self.serials)) for one in self.terminals
            ]
            for terminal, serial in last:
                assert await terminal.answered(serial) == 0

    async def hang_up(self) -> None:
        for terminal in self.terminals:
            await terminal.leave()
        self.terminals = []

    def both_up(self) -> bool:
        return bool(self.upper.runner.pair.up("sub") and self.lower.runner.pair.up("sub"))

    def all_arrived(self) -> bool:
        return self.upper.observations() == self.lower.observations()

    async def stop(self) -> None:
        await self.hang_up()
        await self.lower.stop()
        await self.upper.stop()
        await self.main.stop()
        await self.sub.stop()


@asynccontextmanager
async def chained(folder: Path, link: LinkParams = LINK, **forward: Any) -> AsyncIterator[Chain]:
    """Both platforms up, both links standing."""
    chain = Chain(folder, link, **forward)
    await chain.start()
    try:
        await until(chain.both_up)
        await chain.dial_in()
        yield chain
    finally:
        await chain.stop()


async def until(condition: Callable[[], bool], limit_s: float = 30.0) -> None:
    """Wait for what must happen, however busy the machine is."""
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, "did not happen"
        await asyncio.sleep(0.02)


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
