"""One pair of links at work: its connections, its way to the log, what it is asked to send."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from sizao.core.clock import Clock
from sizao.feeds.jt809.bulk import BULK_FROM, ROOM
from sizao.feeds.jt809.outcome import Outcome
from sizao.feeds.jt809.pair import Pair
from sizao.runtime.collector import Collector, Item, Records
from sizao.runtime.platforms.config import LinkConfig
from sizao.runtime.platforms.orders import PlatformOrder
from sizao.runtime.platforms.wire import Wire
from sizao.runtime.sessions import now_us

logger = logging.getLogger(__name__)

REST_S = 0.02
"""A busy link is not read for so long after an arrival, as long as a commit waits for company: each
arrival costs as much as a thousand of its positions, however few these are."""
ENOUGH = 256 << 10
"""Bytes of an arrival that is not waited after: more than that come together by themselves."""


class Runner:
    """Everything of one entry of ``links.yaml`` that both roles share."""

    def __init__(self, config: LinkConfig, pair: Pair, collector: Collector, clock: Clock) -> None:
        self.config = config
        self.pair = pair
        self.name = config.params.name
        self.wires: dict[str, Wire] = {}
        self.waiting: dict[str, PlatformOrder] = {}
        """Orders that no link could carry yet."""
        self._collector = collector
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()
        self.refusal: Callable[[], str | None] = lambda: None
        """Why the registry of sources does not let this link work at present."""

    @property
    def now_us(self) -> int:
        return now_us(self._clock)

    def start(self) -> None:
        """Begin what this role does by itself."""

    # Connections

    def join(self, channel: str, wire: Wire, first: bytes = b"") -> None:
        """A connection belongs to this pair from now on."""
        before = self.wires.pop(channel, None)
        if before is not None:
            before.abort("replaced by a newer connection")
        wire.owner, wire.channel = self, channel
        self.wires[channel] = wire
        logger.info("%s: %s link with %s", self.name, channel, wire.peer)
        self.collect(self.pair.connected(channel, self.now_us, wire.peer))
        if first:
            self.arrived(wire, memoryview(bytearray(ROOM) + first))

    def arrived(self, wire: Wire, data: memoryview) -> None:
        if self.wires.get(wire.channel) is not wire:
            return
        moment, size = self.now_us, len(data) - ROOM
        try:
            out = self.pair.receive(wire.channel, data, moment, ROOM)
        except Exception:
            # A pair promises not to raise. If it does, keep the evidence and lose one link.
            logger.exception("%s: failed on %d bytes", self.name, size)
            out = Outcome(closed={wire.channel: "internal error"})
            source = self.config.params.source
            evidence = bytes(data[ROOM:])
            out.quarantine.append((moment, source, wire.peer, "internal_error", None, evidence))
        self.collect(out, wire, size)
        if BULK_FROM <= size < ENOUGH:
            wire.rest(REST_S, lambda: self._collector.held)

    def ended(self, wire: Wire, reason: str) -> None:
        if self.wires.get(wire.channel) is not wire:
            return
        del self.wires[wire.channel]
        logger.info("%s: %s link ended: %s", self.name, wire.channel, reason)
        self.collect(self.pair.closed(wire.channel, self.now_us, reason))
        self.lost(wire.channel, reason)

    def lost(self, channel: str, reason: str) -> None:
        """A connection has ended."""

    # To the log, then to the peer

    def collect(self, out: Outcome, wire: Wire | None = None, size: int = 0) -> None:
        """Queue what a pair made; what it says follows when that is durable."""
        records: list[tuple[str, Records]] = [("positions", batch) for batch in out.batches]
        for topic, rows in (
            ("positions", out.positions),
            ("platform_messages", out.messages),
            ("quarantine", out.quarantine),
        ):
            if rows:
                records.append((topic, rows))
        follows = bool(out.sends or out.closed or out.dial or out.confirmed or out.asked)
        if not records and not follows and not out.logged_in:
            return
        if wire is not None:
            wire.wait(size)
        wires = dict(self.wires)

        def durable() -> None:
            if wire is not None:
                # After the collector has let go, should it have held.
                asyncio.get_running_loop().call_soon(lambda: wire.kept(size, self._collector.held))
            self._say(out, wires)
            self.happened(out)

        def failed(reason: str) -> None:
            for one in wires.values():
                one.abort(reason)

        self._collector.add(Item(records, durable, failed, size=4 * size))
        if self._collector.held and wire is not None:
            wire.pause()

    def _say(self, out: Outcome, wires: dict[str, Wire]) -> None:
        frames: dict[str, list[bytes]] = {}
        for channel, frame in out.sends:
            frames.setdefault(channel, []).append(frame)
        for channel, some in frames.items():
            if channel in wires:
                wires[channel].send(b"".join(some))
        for channel, reason in out.closed.items():
            if channel in wires:
                wires[channel].close(reason)

    def happened(self, out: Outcome) -> None:
        """The outcome is durable and said."""

    # The clock and orders

    def tick(self) -> None:
        """A second has passed."""
        refusal = self.refusal()
        for wire in list(self.wires.values()):
            if refusal is not None:
                wire.close(refusal)
            elif not self._collector.held:
                wire.resume()
        self.collect(self.pair.tick(self.now_us))
        for key, order in list(self.waiting.items()):
            if self.carry(order):
                del self.waiting[key]

    def carry(self, order: PlatformOrder) -> bool:
        """Send an order if that can be done now, or let it expire. False: later."""
        moment = self.now_us
        if order.expires_us is not None and moment >= order.expires_us:
            out = Outcome()
            self.pair.row(order.kind, order.fields, "out", "expired", moment, out, message=order.id)
        else:
            sent = self.pair.order(order.id, order.kind, order.fields, moment)
            if sent is None:
                return False
            out = sent
        self.collect(out)
        return True

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Say goodbye and let go."""
        self.collect(self.goodbye())
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def goodbye(self) -> Outcome:
        """What this side says on leaving."""
        return Outcome()

    def figures(self) -> dict[str, object]:
        counts = self.pair.counts
        return {
            "main": self.pair.up("main"),
            "sub": self.pair.up("sub"),
            "waiting_orders": len(self.waiting),
            **vars(counts),
        }
