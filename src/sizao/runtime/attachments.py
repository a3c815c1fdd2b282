"""The attachment server: where terminals send the files of an alarm (T/JSATL 12).

A service of the gateway with a port of its own. Each connection is one pure
:class:`~sizao.feeds.jt808.attachments.AttachmentSession`; a whole file goes to the keeper, its row
to the gateway's collector, and only then is the terminal told that it is complete.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import cast

from sizao.core.clock import Clock
from sizao.core.errors import ConfigError
from sizao.feeds.jt808.attachments import Arrived, AttachmentLimits, AttachmentSession, Shelf
from sizao.feeds.jt808.policy import AlarmNumber
from sizao.feeds.jt808.positions import Row
from sizao.log.evidence import EvidenceStore
from sizao.log.spool import Spool
from sizao.runtime.collector import Collector, Item
from sizao.runtime.keeper import Keeper
from sizao.runtime.sessions import now_us

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class AttachmentSettings:
    """Where it listens and how much it takes; times in wall seconds."""

    host: str = "127.0.0.1"
    port: int = 6818
    max_connections: int = 256
    tidy_every_s: float = 5.0
    limits: AttachmentLimits = field(default_factory=AttachmentLimits)


class Attachments:
    """A :class:`~sizao.runtime.gateway.Service`."""

    def __init__(
        self,
        clock: Clock,
        keeper: Keeper,
        spool: Spool,
        number: AlarmNumber,
        settings: AttachmentSettings | None = None,
    ) -> None:
        self.settings = settings or AttachmentSettings()
        self.port = self.settings.port
        """The port in use once open."""
        self.keeper = keeper
        self.shelf = Shelf()
        self.counts: Counter[str] = Counter()
        self._clock = clock
        self._spool = spool
        self._number = number
        self._links: set[_Link] = set()

    async def open(self, collector: Collector) -> None:
        self.collector = collector
        loop = asyncio.get_running_loop()
        host, port = self.settings.host, self.settings.port
        try:
            self._server = await loop.create_server(lambda: _Link(self), host, port)
        except OSError as error:
            why = error.strerror or str(error)
            raise ConfigError(f"{host}:{port} for evidence files: {why}") from error
        self.port = self._server.sockets[0].getsockname()[1]
        self._tidying = asyncio.create_task(self._tidy())
        logger.info("taking evidence files on %s:%d", host, self.port)

    def figures(self) -> dict[str, object]:
        return {
            "attachments": {
                "connections": len(self._links),
                "half_received": len(self.shelf),
                "spool_bytes": self._spool.bytes,
                **self.counts,
                **self.keeper.figures(),
            }
        }

    async def close(self) -> None:
        self._server.close()
        self._tidying.cancel()
        await asyncio.gather(self._tidying, return_exceptions=True)
        await self.keeper.finish()
        for link in list(self._links):
            link.end("gateway stops")
        self.shelf.close()

    # What links call

    def admit(self, link: _Link) -> bool:
        if len(self._links) >= self.settings.max_connections:
            self.counts["refused_connections"] += 1
            return False
        self._links.add(link)
        return True

    def new_session(self, peer: str) -> AttachmentSession:
        limits = self.settings.limits
        return AttachmentSession(peer, self._number, self.shelf, self._spool, limits)

    def now_us(self) -> int:
        return now_us(self._clock)

    def forget(self, link: _Link) -> None:
        self._links.discard(link)
        self.counts.update({k: v for k, v in link.session.counts.items() if k != "bytes"})
        self.counts["bytes_received"] += link.session.counts["bytes"]

    # Inside

    async def _tidy(self) -> None:
        while True:
            await asyncio.sleep(self.settings.tidy_every_s)
            silent_since = time.monotonic() - self.settings.limits.idle_s
            for link in [one for one in self._links if one.heard < silent_since]:
                link.end("idle")
            dropped = self.shelf.tidy(self.now_us())
            if dropped:
                self.counts["given_up"] += dropped
                logger.info("gave up %d half-received evidence files", dropped)


class _Link(asyncio.Protocol):
    """One terminal that sends files."""

    transport: asyncio.Transport

    def __init__(self, server: Attachments) -> None:
        self._server = server
        self.heard = time.monotonic()
        self._admitted = False
        self._waiting = 0
        """Files on their way to the disk; nothing is read meanwhile."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        address = transport.get_extra_info("peername") or ("?", 0)
        self.peer = f"{address[0]}:{address[1]}"
        self.session = self._server.new_session(self.peer)
        self._admitted = self._server.admit(self)
        if not self._admitted:
            self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._admitted:
            self._server.forget(self)

    def data_received(self, data: bytes) -> None:
        self.heard = time.monotonic()
        taken = self.session.receive(data, self._server.now_us())
        if taken.quarantine:
            rows = [("quarantine", taken.quarantine)]
            send = partial(self._answer, taken.replies)
            self._server.collector.add(Item(rows, send, self.end, size=len(data)))
        else:
            self._answer(taken.replies)
        for arrived in taken.arrived:
            self._keep(arrived)
        if taken.closed is not None:
            self.end(taken.closed)

    def end(self, reason: str) -> None:
        """Close after what was written has gone out."""
        if not self.transport.is_closing():
            logger.info("%s %s: closed, %s", self.peer, self.session.phone or "-", reason)
            self.transport.close()

    def _answer(self, replies: list[bytes]) -> None:
        if replies and not self.transport.is_closing():
            self.transport.write(b"".join(replies))

    def _keep(self, arrived: Arrived) -> None:
        self._waiting += 1
        self.transport.pause_reading()
        server = self._server
        received_us = server.now_us()

        def write(store: EvidenceStore) -> Row:
            return arrived.waiting.keep(store, received_us, "jt808")

        def kept(row: Row) -> None:
            server.collector.add(Item([("evidence", [row])], durable, self._failed))

        def durable() -> None:
            server.shelf.done(arrived.waiting.place)
            server.counts["files"] += 1
            self._answer(arrived.replies)
            self._go_on()

        server.keeper.keep(write, kept, self._failed)

    def _failed(self, reason: str) -> None:
        # Not answered: the terminal still has the file and will come again.
        self.end(reason)

    def _go_on(self) -> None:
        self._waiting -= 1
        if not self._waiting and not self.transport.is_closing():
            self.heard = time.monotonic()
            self.transport.resume_reading()
