"""Orders to read quarantine again, carried out by the process that writes the log.

One writer a file: the web process orders, in its own log, and whoever writes the log that the
order names carries it out: the gateway and the intake each run one of these beside their work.
"""

from __future__ import annotations

import asyncio
import logging
from types import MappingProxyType

from sizao.core.clock import Clock
from sizao.feeds.redecode import Links
from sizao.log.evidence import EvidenceStore
from sizao.log.interface import LogReader
from sizao.runtime.collector import Collector
from sizao.runtime.embedded.log import SqliteLog
from sizao.runtime.embedded.quarantine import Order, Replayer

logger = logging.getLogger(__name__)

LOOK_S = 1.0


class QuarantineReplays:
    """A service of the gateway (``gateway.Service``); the intake runs it as a way's chores."""

    def __init__(
        self,
        name: str,
        log: SqliteLog,
        orders: LogReader,
        clock: Clock,
        links: Links = MappingProxyType({}),
        evidence: EvidenceStore | None = None,
    ) -> None:
        """``name`` is how orders call the log: ``feeds`` or ``intake``."""
        self.name = name
        self.orders = orders
        self.clock = clock
        self.replayer = Replayer(log, links, evidence)
        self.taken = 0
        self._after = 0
        self._task: asyncio.Task[None] | None = None

    async def open(self, collector: Collector) -> None:
        self._task = asyncio.create_task(self.run(collector))

    async def run(self, collector: Collector) -> None:
        """Look for orders until cancelled. Trouble is logged and tried again."""
        while True:
            try:
                await self.look(collector)
            except Exception:
                logger.exception("quarantine could not be read again; trying later")
            await asyncio.sleep(LOOK_S)

    async def look(self, collector: Collector) -> None:
        """Carry out every order that waits. Raises LogError."""
        loop = asyncio.get_running_loop()
        while segments := await loop.run_in_executor(
            None, self.orders.read, "quarantine_orders", self._after
        ):
            for segment in segments:
                for row in segment.batch.to_pylist():
                    order = Order.of(row)
                    if order.log == self.name:
                        await self._carry_out(order, collector)
                self._after = segment.seq

    async def _carry_out(self, order: Order, collector: Collector) -> None:
        loop = asyncio.get_running_loop()
        if await loop.run_in_executor(None, self.replayer.finished, order):
            return
        more = True
        while more:
            # Decoding beside the appends, the append in their thread and their order.
            helping = await loop.run_in_executor(None, self.replayer.prepare, order)
            now_us = round(self.clock.time_s() * 1e6)
            more = await loop.run_in_executor(
                collector.worker, self.replayer.commit, helping, now_us
            )
            self.taken += len(helping.marks)
        logger.info("order %s: %s", order.id, self.replayer.store.outcome(order.id))

    def figures(self) -> dict[str, object]:
        return {"quarantine_replayed": self.taken}

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
