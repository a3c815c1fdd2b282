"""A gateway with everything it can have: UDP, evidence store, attachment server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sizao.core.clock import SystemClock
from sizao.feeds.jt808.attachments import AttachmentLimits
from sizao.feeds.jt808.auth import DerivedCodes
from sizao.feeds.jt808.cards import Cards
from sizao.feeds.jt808.policy import EvidencePolicy, derived_numbers
from sizao.log.evidence import EvidenceStore
from sizao.log.spool import Spool
from sizao.runtime.attachments import Attachments, AttachmentSettings
from sizao.runtime.collector import Ticks
from sizao.runtime.embedded.log import SqliteLog
from sizao.runtime.gateway import Gateway, Settings
from sizao.runtime.keeper import Keeper
from sizao.runtime.sessions import sessions
from sizao.runtime.udp import Udp

SECRET = b"sixteen bytes at the least"
CODES = DerivedCodes(SECRET)
NUMBER = derived_numbers(SECRET)
CLOCK = SystemClock()
TICKS = Ticks(busy_s=0.005, calm_s=0.005, retry_s=2.0, retry_every_s=0.05)


@dataclass
class Served:
    """What runs."""

    gateway: Gateway
    udp: Udp
    attachments: Attachments
    log: SqliteLog
    store: EvidenceStore
    spool: Spool

    def rows(self, topic: str) -> list[dict[str, Any]]:
        """Everything of a topic."""
        found: list[dict[str, Any]] = []
        for segment in self.log.read(topic, 0, 1_000_000):
            found += segment.batch.to_pylist()
        return found


@asynccontextmanager
async def served(
    folder: Path,
    *,
    auth: bool = False,
    log: type[SqliteLog] = SqliteLog,
    limits: AttachmentLimits | None = None,
    **settings: Any,
) -> AsyncIterator[Served]:
    """Run it on ports of its own for as long as the block lasts."""
    spool, store = Spool(folder / "spool"), EvidenceStore(folder / "evidence")
    keeper = Keeper(store)
    udp = Udp("127.0.0.1", None)
    where = AttachmentSettings(port=0, tidy_every_s=0.05, limits=limits or AttachmentLimits())
    attachments = Attachments(CLOCK, keeper, spool, NUMBER, where)
    policy = EvidencePolicy("127.0.0.1", 0, NUMBER)
    settings = {"port": 0, "status_every_s": 0.05, "orders_every_s": 0.02, **settings}
    with (
        log(folder / "feeds.sqlite", writer=True) as written,
        SqliteLog(folder / "commands.sqlite") as commands,
    ):
        gateway = Gateway(
            written,
            commands,
            CLOCK,
            sessions(CODES, CLOCK, Cards(), require_auth=auth, evidence=policy, spool=spool),
            Settings(ticks=TICKS, **settings),
            services=[udp, attachments],
            keeper=keeper,
        )
        udp.attach(gateway)
        running = asyncio.create_task(gateway.run())
        listening = asyncio.create_task(gateway.listening.wait())
        await asyncio.wait({running, listening}, return_when=asyncio.FIRST_COMPLETED)
        # The port is known only now; no session exists yet.
        gateway._new_session = sessions(
            CODES,
            CLOCK,
            Cards(),
            require_auth=auth,
            evidence=replace(policy, tcp_port=attachments.port),
            spool=spool,
        )
        try:
            yield Served(gateway, udp, attachments, written, store, spool)
        finally:
            gateway.stop()
            await asyncio.wait_for(running, 20)
            keeper.close()


async def until(what: Any, limit_s: float = 20.0) -> None:
    """Wait for something to become true."""
    end = asyncio.get_running_loop().time() + limit_s
    while not what():
        assert asyncio.get_running_loop().time() < end, "it never became true"
        await asyncio.sleep(0.01)
