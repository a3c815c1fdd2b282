"""We are the lower platform: dial, listen for the sub link, forward what our log gets."""

from __future__ import annotations

import asyncio
import logging
import time

from sizao.core.clock import Clock
from sizao.core.errors import LogError
from sizao.feeds.jt809.lower import Lower
from sizao.feeds.jt809.outcome import MAIN, Outcome
from sizao.feeds.jt809.vehicles import Directory
from sizao.log.interface import Segment
from sizao.runtime.collector import Collector
from sizao.runtime.embedded.log import SqliteLog
from sizao.runtime.platforms.config import LinkConfig
from sizao.runtime.platforms.runner import Runner
from sizao.runtime.platforms.tail import Offset, Tail, rows_of
from sizao.runtime.platforms.wire import Wire

logger = logging.getLogger(__name__)

REDIAL_S = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0)
"""Wall seconds between attempts at the main link, the last one for ever."""
CONNECT_S = 10.0
POLL_S = 0.2
CHUNK = 500
"""Positions made into frames between two turns of the event loop."""
MAX_UNSENT = 1 << 20
"""Bytes the upper platform may be behind before we wait for it."""


class LowerRunner(Runner):
    """One upper platform."""

    pair: Lower

    def __init__(
        self,
        config: LinkConfig,
        collector: Collector,
        clock: Clock,
        directory: Directory,
        log: SqliteLog,
        offset: Offset,
    ) -> None:
        pair = Lower(config.params, directory)
        super().__init__(config, pair, collector, clock)
        self.pair = pair
        self._directory = directory
        self._log = log
        self.offset = offset
        self.without_plate = 0
        """Positions of vehicles whose plate the register does not have."""
        self.pruned = 0
        """Segments that the log no longer had when they could have been sent."""
        self._tail = Tail(log, 0)
        self._behind = 0
        """Segments up to here are sent as back-fill: they are older than the login."""
        self._tries = 0
        self._ready = False
        """We know where to go on on this login: nothing goes over the main link before."""

    def start(self) -> None:
        self.spawn(self._dialling())
        self.spawn(self._forwarding())

    async def _dialling(self) -> None:
        """Keep the main link standing."""
        loop = asyncio.get_running_loop()
        while True:
            if MAIN not in self.wires and self.refusal() is None:
                try:
                    async with asyncio.timeout(CONNECT_S):
                        _, wire = await loop.create_connection(
                            lambda: Wire(self), *self.config.main
                        )
                    self.join(MAIN, wire)
                except (OSError, TimeoutError) as error:
                    level = logging.WARNING if self._tries == 0 else logging.DEBUG
                    host, port = self.config.main
                    logger.log(
                        level, "%s: %s:%d cannot be reached: %s", self.name, host, port, error
                    )
                await asyncio.sleep(REDIAL_S[min(self._tries, len(REDIAL_S) - 1)])
                self._tries += 1
            else:
                await asyncio.sleep(POLL_S)

    def happened(self, out: Outcome) -> None:
        if out.logged_in:
            self._tries = 0
            logger.info("%s: logged in", self.name)
            self._begin()
        if out.confirmed:
            self.offset.confirm(out.confirmed[-1])

    def _begin(self) -> None:
        """A new login: go on from what was confirmed."""
        end = self._log.last("positions")
        if self.offset.seq is None:
            # Never used before: history only if it was asked for.
            self.offset.confirm(0 if self.config.forward.from_start else end)
        first = self._log.first("positions")
        if (self.offset.seq or 0) + 1 < first:
            gone = first - (self.offset.seq or 0) - 1
            self.pruned += gone
            logger.error(
                "%s: %d segments were deleted from the log before the upper platform had them"
                " (--keep-days)",
                self.name,
                gone,
            )
            self.offset.confirm(first - 1)
        self._behind = end
        self._ready = True
        back_fill = self.config.forward.back_fill
        self._tail = Tail(self._log, (self.offset.seq or 0) if back_fill else end)

    def lost(self, channel: str, reason: str) -> None:
        if channel == MAIN:
            self._ready = False

    def _wanted(self, vehicle: str) -> bool:
        forward = self.config.forward
        if forward.vehicles and vehicle in forward.vehicles:
            return True
        entry = self._directory.entry(vehicle)
        if forward.enterprises or forward.kinds:
            return entry is not None and (
                (entry.enterprise or "") in forward.enterprises or entry.kind in forward.kinds
            )
        return not forward.vehicles

    async def _forwarding(self) -> None:
        """Send what the log gets, as fast as the upper platform reads it."""
        loop = asyncio.get_running_loop()
        while True:
            channel = self.pair.best()
            if channel is None or (channel == MAIN and not self._ready):
                await asyncio.sleep(POLL_S)
                continue
            tail = self._tail
            try:
                segments = await loop.run_in_executor(None, tail.read)
            except LogError as error:
                logger.error("%s: %s; trying again", self.name, error)
                await asyncio.sleep(5)
                continue
            for segment in segments:
                # Another tail: a new login goes on elsewhere.
                if tail is not self._tail or not await self._forward(segment):
                    break
            if not segments:
                await asyncio.sleep(POLL_S)

    async def _forward(self, segment: Segment) -> bool:
        """Send one segment. False if a new login has moved us elsewhere meanwhile."""
        rows = rows_of(segment, self._wanted, self.config.params.source)
        plated = [row for row in rows if self._directory.plate(row["vehicle"]) is not None]
        self.without_plate += len(rows) - len(plated)
        logins = self.pair.counts.logins
        later = segment.seq <= self._behind
        for at in range(0, max(len(plated), 1), CHUNK):
            last = at + CHUNK >= len(plated)
            mark = segment.seq if last else segment.seq - 1
            out = self.pair.send_positions(plated[at : at + CHUNK], mark, self.now_us, later=later)
            self._say(out, self.wires)
            began = time.monotonic()
            while any(wire.unsent > MAX_UNSENT for wire in self.wires.values()):
                await asyncio.sleep(0.02)
                if time.monotonic() - began > 60:
                    for wire in list(self.wires.values()):
                        wire.abort("does not read what we send")
            await asyncio.sleep(0)
            if self.pair.counts.logins != logins:
                return False
        return True

    def goodbye(self) -> Outcome:
        return self.pair.end(0, self.now_us)

    def figures(self) -> dict[str, object]:
        behind = self._log.last("positions") - (self.offset.seq or 0)
        return super().figures() | {
            "confirmed": self.offset.seq,
            "unconfirmed_segments": behind,
            "without_plate": self.without_plate,
            "pruned_segments": self.pruned,
            "result": self.pair.result,
        }
