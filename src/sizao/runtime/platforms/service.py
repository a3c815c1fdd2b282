"""All platform links of an installation, as a service of the gateway."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from functools import partial

from sizao.core.clock import Clock
from sizao.core.errors import LogError
from sizao.core.source_book import SourceBook
from sizao.feeds.jt809.bulk import ROOM, warm_up
from sizao.feeds.jt809.door import FIRST_BYTES, first_frame, knock
from sizao.feeds.jt809.links import OTHER
from sizao.feeds.jt809.outcome import MAIN, SUB
from sizao.feeds.jt809.pair import Pair
from sizao.log.datadir import DataDir
from sizao.log.interface import LogReader
from sizao.runtime.collector import Collector
from sizao.runtime.embedded.log import SqliteLog
from sizao.runtime.platforms.config import Address, LinkConfig
from sizao.runtime.platforms.lower import LowerRunner
from sizao.runtime.platforms.orders import known_ids, orders
from sizao.runtime.platforms.register import RegisterFile
from sizao.runtime.platforms.runner import Runner
from sizao.runtime.platforms.tail import Offset
from sizao.runtime.platforms.upper import UpperRunner
from sizao.runtime.platforms.wire import Wire

logger = logging.getLogger(__name__)

PATIENCE_S = 20.0
"""Wall seconds a connection has to say who it is."""
MAX_AT_THE_DOOR = 256
"""Connections that may be undecided at one time."""


class Door:
    """A listening address: tells from the first frame whose connection it is."""

    def __init__(self, channel: str, runners: Sequence[Runner]) -> None:
        self._channel = channel
        self._runners = {runner.config.params.access_code: runner for runner in runners}
        self._heard: dict[Wire, tuple[float, bytes]] = {}
        self.turned_away = 0

    def wire(self) -> Wire:
        return Wire(self)

    def arrived(self, wire: Wire, data: memoryview) -> None:
        since, before = self._heard.get(wire, (time.monotonic(), b""))
        if wire not in self._heard and len(self._heard) >= MAX_AT_THE_DOOR:
            self._turn_away(wire, "too many at the door")
            return
        heard = before + bytes(data[ROOM:])
        raw = first_frame(heard)
        if raw is None:
            self._heard[wire] = since, heard
            if len(heard) > FIRST_BYTES:
                self._turn_away(wire, "no frame")
            return
        self._heard.pop(wire, None)
        pairs = {code: runner.pair for code, runner in self._runners.items()}
        found = knock(raw, pairs, wire.peer.rpartition(":")[0])
        if found.pair is None:
            wire.send(found.reply)
            self._turn_away(wire, found.reason)
            return
        runner = self._runners[found.pair.params.access_code]
        refusal = runner.refusal()
        if refusal is not None:
            wire.send(self._no(found.pair))
            self._turn_away(wire, f"{runner.name}: {refusal}")
            return
        runner.join(self._channel, wire, heard)

    def ended(self, wire: Wire, reason: str) -> None:
        self._heard.pop(wire, None)

    def tick(self) -> None:
        for wire, (since, _) in list(self._heard.items()):
            if time.monotonic() - since > PATIENCE_S:
                self._turn_away(wire, "said nothing")

    def _no(self, pair: Pair) -> bytes:
        """The answer 'other reason' to a login or to the sub link."""
        now_us = int(time.time() * 1_000_000)
        if self._channel == MAIN:
            return pair.writer.frame(0x1002, {"result": OTHER, "verify_code": 0}, now_us)[1]
        return pair.writer.frame(0x9002, {"code": 3}, now_us)[1]

    def _turn_away(self, wire: Wire, reason: str) -> None:
        self.turned_away += 1
        self._heard.pop(wire, None)
        logger.warning("%s: turned away at the %s link: %s", wire.peer, self._channel, reason)
        wire.close(reason)


class PlatformLinks:
    """``runtime.gateway.Service`` of all links of ``links.yaml``."""

    def __init__(
        self,
        data: DataDir,
        links: Sequence[LinkConfig],
        clock: Clock,
        commands: LogReader,
        *,
        tick_s: float = 1.0,
        orders_every_s: float = 0.5,
    ) -> None:
        self._data = data
        self._links = links
        self._clock = clock
        self._commands = commands
        self._tick_s = tick_s
        self._orders_every_s = orders_every_s
        self.runners: dict[str, Runner] = {}
        self.doors: dict[Address, Door] = {}
        self.ports: dict[Address, int] = {}
        """Port in use of each address: the one asked for, or what the system chose for 0."""
        self._servers: list[asyncio.Server] = []
        self._chores: list[asyncio.Task[None]] = []
        self._known: set[str] = set()

    async def open(self, collector: Collector) -> None:
        """Listen and dial. Raises OSError if an address cannot be had, ConfigError for a bad
        register."""
        register = RegisterFile(self._data.register)
        self._log = SqliteLog(self._data.feeds_log)
        self._book = SourceBook(self._data.root)
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, self._restore)
        # Before anybody is let in: compiling takes seconds, and loading a good part of one.
        await loop.run_in_executor(None, warm_up)
        by_door: dict[tuple[str, Address], list[Runner]] = {}
        for link in self._links:
            runner: Runner
            if link.role == "upper":
                runner = UpperRunner(link, collector, self._clock, register.directory, self._log)
                by_door.setdefault((MAIN, link.main), []).append(runner)
            else:
                path = self._data.root / "links" / f"{link.params.name}.json"
                runner = LowerRunner(
                    link,
                    collector,
                    self._clock,
                    register.directory,
                    self._log,
                    Offset(path, link.forward.durable),
                )
                if link.sub is not None:
                    by_door.setdefault((SUB, link.sub), []).append(runner)
            runner.refusal = partial(self._refusal, link.params.source)
            self.runners[link.params.name] = runner
        for (channel, address), runners in by_door.items():
            door = self.doors[address] = Door(channel, runners)
            server = await loop.create_server(door.wire, *address)
            self._servers.append(server)
            self.ports[address] = server.sockets[0].getsockname()[1]
            logger.info("%s links listen on %s:%d", channel, address[0], self.ports[address])
        for runner in self.runners.values():
            runner.start()
        self._chores = [
            asyncio.create_task(self._ticking(register)),
            asyncio.create_task(self._ordering()),
        ]

    def figures(self) -> dict[str, object]:
        return {
            "links": {name: runner.figures() for name, runner in self.runners.items()},
            "turned_away": sum(door.turned_away for door in self.doors.values()),
        }

    async def close(self) -> None:
        for server in self._servers:
            server.close()
        for chore in self._chores:
            chore.cancel()
        await asyncio.gather(*self._chores, return_exceptions=True)
        for runner in self.runners.values():
            await runner.close()
        # What was said last goes out once the collector has committed what stands before it.
        until = time.monotonic() + 2.0
        while any(r.wires for r in self.runners.values()) and time.monotonic() < until:
            await asyncio.sleep(0.02)
        for runner in self.runners.values():
            for wire in list(runner.wires.values()):
                wire.abort("gateway stops")
        await asyncio.sleep(0)
        self._log.close()

    async def _ticking(self, register: RegisterFile) -> None:
        while True:
            await asyncio.sleep(self._tick_s)
            try:
                register.look()
                for runner in self.runners.values():
                    runner.tick()
                for door in self.doors.values():
                    door.tick()
            except Exception:
                logger.exception("platform links: a tick failed; going on")

    def _refusal(self, source: str) -> str | None:
        """A link of links.yaml is known to us, entry or not; a switch or a date holds."""
        found = self._book.refusal(source, self._clock.time_s())
        if found is None or found.code != "unknown_source":
            return None if found is None else str(found)
        why = self._book.registry.off.get(source)
        return None if why is None else f"switched off: {why}"

    # Orders

    def _restore(self) -> None:
        after = 0
        while segments := self._log.read("platform_messages", after):
            self._known |= known_ids(segment.batch for segment in segments)
            after = segments[-1].seq

    async def _ordering(self) -> None:
        """Tail ``platform_orders`` from the start: what was dealt with before is known."""
        loop = asyncio.get_running_loop()
        after = 0
        while True:
            try:
                while segments := await loop.run_in_executor(
                    None, self._commands.read, "platform_orders", after
                ):
                    for segment in segments:
                        for order in orders(segment.batch):
                            runner = self.runners.get(order.link)
                            if runner is None or order.id in self._known:
                                continue
                            self._known.add(order.id)
                            if not runner.carry(order):
                                runner.waiting[order.id] = order
                    after = segments[-1].seq
            except LogError as error:
                logger.error("orders to platforms could not be read; trying again: %s", error)
            await asyncio.sleep(self._orders_every_s)
