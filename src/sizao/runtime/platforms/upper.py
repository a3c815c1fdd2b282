"""We are the upper platform: dial the sub link back, answer what the lower platform asks."""

from __future__ import annotations

import asyncio
import logging
import secrets
from datetime import UTC, datetime

import pyarrow as pa

from sizao.core.clock import Clock
from sizao.core.errors import LogError
from sizao.feeds.jt809.outcome import SUB, Asked, Outcome
from sizao.feeds.jt809.upper import Upper
from sizao.feeds.jt809.vehicles import Directory
from sizao.runtime.collector import Collector
from sizao.runtime.embedded.log import SqliteLog
from sizao.runtime.platforms.config import LinkConfig
from sizao.runtime.platforms.runner import Runner
from sizao.runtime.platforms.tail import Tail, rows_of
from sizao.runtime.platforms.wire import Wire
from sizao.runtime.tracks import TrackReader

logger = logging.getLogger(__name__)

CONNECT_S = 10.0
POLL_S = 0.5
MAX_HISTORY = 100_000
"""Positions sent for one request."""


class UpperRunner(Runner):
    """One lower platform."""

    pair: Upper

    def __init__(
        self,
        config: LinkConfig,
        collector: Collector,
        clock: Clock,
        directory: Directory,
        log: SqliteLog,
    ) -> None:
        pair = Upper(
            config.params,
            directory,
            new_code=lambda: secrets.randbelow(0xFFFFFFFE) + 1,
            busy=lambda: collector.held,
        )
        super().__init__(config, pair, collector, clock)
        self.pair = pair
        self._log = log

    def start(self) -> None:
        self.spawn(self._exchanging())

    def happened(self, out: Outcome) -> None:
        if out.logged_in:
            logger.info("%s: logged in from %s", self.name, self.pair.peer)
        if out.dial is not None:
            self.spawn(self._dial(*out.dial))
        for asked in out.asked:
            if asked.what == "history":
                self.spawn(self._history(asked))
            else:
                self.collect(self.pair.watch(asked, self.now_us))

    async def _dial(self, host: str, port: int) -> None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_S):
                _, wire = await loop.create_connection(lambda: Wire(self), host, port)
        except (OSError, TimeoutError, UnicodeError) as error:
            logger.warning("%s: sub link to %s:%d failed: %s", self.name, host, port, error)
            self.collect(self.pair.could_not_dial(self.now_us))
        else:
            self.join(SUB, wire)

    async def _history(self, asked: Asked) -> None:
        """What we have of a vehicle in a period, from the tracks."""
        start, end = (
            datetime.fromtimestamp(us / 1e6, UTC) for us in (asked.start_us or 0, asked.end_us or 0)
        )
        loop = asyncio.get_running_loop()
        reader = TrackReader(self._log)
        try:
            track = await loop.run_in_executor(
                None, lambda: reader.track(asked.vehicle, start, end, max_rows=MAX_HISTORY)
            )
        except LogError as error:
            logger.error("%s: track of %s: %s", self.name, asked.vehicle, error)
            track = pa.RecordBatch.from_pylist([])
        rows = [] if not len(track) else pa.Table.from_batches([track]).to_pylist()
        for row in rows:
            row["time"] = round(row["time"].timestamp() * 1_000_000)
        own = self.config.params.source
        rows = [row for row in rows if row["source"] != own]
        self.collect(self.pair.history(asked, rows, self.now_us))

    async def _exchanging(self) -> None:
        """Positions of vehicles that the lower platform watches, as our log gets them."""
        loop = asyncio.get_running_loop()
        tail: Tail | None = None
        while True:
            await asyncio.sleep(POLL_S)
            if not self.pair.watched:
                tail = None
                continue
            try:
                tail = tail or Tail(self._log, self._log.last("positions"))
                segments = await loop.run_in_executor(None, tail.read)
            except LogError as error:
                logger.error("%s: %s; trying again", self.name, error)
                continue
            for segment in segments:
                rows = rows_of(segment, self._watched, self.config.params.source)
                self.collect(self.pair.exchange(rows, self.now_us))

    def _watched(self, vehicle: str) -> bool:
        return self.pair.directory.plate(vehicle) in self.pair.watched

    def goodbye(self) -> Outcome:
        return self.pair.end(0, self.now_us)
