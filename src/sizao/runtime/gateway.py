"""The gateway: terminals' TCP connections in, durable observations and answers out.

One :class:`~sizao.runtime.link.Link` a connection holds one pure ``feeds.jt808`` session. What a
session makes of a chunk goes to the collector, which appends it together with everything else of
the tick and then lets the link answer. Connections that send what terminals nearly always send
go a shorter way to the same place: their sessions lend what they know to a
:class:`~sizao.feeds.jt808.steady.SteadyTable`, which reads a whole sweep of the
:class:`~sizao.runtime.wire.Wire` at once. Nothing here decodes, and nothing in ``feeds`` knows of
sockets.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from sizao.core.clock import Clock
from sizao.feeds.jt808.cards import Cards
from sizao.feeds.jt808.columns import rules_at
from sizao.feeds.jt808.outcome import Outcome, rows_of
from sizao.feeds.jt808.policy import SessionParams
from sizao.feeds.jt808.positions import Row
from sizao.feeds.jt808.session import Session
from sizao.feeds.jt808.steady import SteadyTable, Taken
from sizao.feeds.jt808.text import DISPLAY, SPEAK, URGENT
from sizao.feeds.jt808.uploads import Upload
from sizao.log import loops
from sizao.log.interface import LogReader, LogWriter
from sizao.runtime.collector import Collector, Item, Ticks
from sizao.runtime.counters import GatewayCounters
from sizao.runtime.keeper import Keeper
from sizao.runtime.link import Link
from sizao.runtime.orders import Decision, OrderBook, result_row
from sizao.runtime.sessions import NewSession, now_us
from sizao.runtime.syscalls import CHUNK
from sizao.runtime.wire import Peer, Wire

logger = logging.getLogger(__name__)

_REASON, _STATE = 3, 3
"""Columns of a QUARANTINE and of a COMMAND_RESULT row."""

FLAGS = URGENT | DISPLAY | SPEAK
"""An order is said aloud and stays on the screen."""


@dataclass(frozen=True)
class Settings:
    """How the gateway behaves; times in wall seconds."""

    host: str = "127.0.0.1"
    port: int = 6808
    idle_s: float = 180.0
    """A terminal sends a heartbeat at least each minute or so; after this silence it is gone."""
    max_connections: int = 16_000
    orders_every_s: float = 0.2
    status_every_s: float = 1.0
    sessions_every_s: float = 2.0
    """How often sessions look for missing parts and overdue answers."""
    ticks: Ticks = field(default_factory=Ticks)


class Service(Protocol):
    """Another way in that shares the gateway's log: datagrams, evidence, platform links.

    A file of its own each; what it receives goes to ``collector.add`` and is answered from the
    item's ``durable``.
    """

    async def open(self, collector: Collector) -> None:
        """Begin. Raises OSError if an address cannot be had."""
        ...

    def figures(self) -> dict[str, object]:
        """Counters for the heartbeat, under names of the service's own."""
        ...

    async def close(self) -> None:
        """Take nothing more; called while the collector still commits."""
        ...


class Gateway:
    """A server; :meth:`run` it until :meth:`stop` is called."""

    def __init__(
        self,
        log: LogWriter,
        commands: LogReader,
        clock: Clock,
        new_session: NewSession,
        settings: Settings | None = None,
        *,
        publish: Callable[[GatewayCounters], None] = lambda counters: None,
        tidy: Callable[[], bool] | None = None,
        tidy_every_s: float = 60.0,
        services: Sequence[Service] = (),
        keeper: Keeper | None = None,
    ) -> None:
        """``publish`` is called each second with the counters; ``tidy`` now and then in the log's
        thread, for work on the log file that may take a moment (retention, track pages); it says
        whether there is more of it to do. ``keeper`` stores the media that sessions with a spool
        hand over."""
        self.settings = settings or Settings()
        self.counters = GatewayCounters()
        self.collector = Collector(
            log, self.counters, self.settings.ticks, hold=self._hold, release=self._release
        )
        self._log = log
        self._commands = commands
        self._clock = clock
        self._new_session = new_session
        self._publish = publish
        self._tidy = tidy
        self._tidy_every_s = tidy_every_s
        self.services = services
        self._keeper = keeper
        self._wire = Wire(self)
        self._table = SteadyTable(len(self._wire.sockets))
        # What all sessions of the table have in common.
        self._params = SessionParams()
        self._cards: Cards | None = None
        self._links: set[Link] = set()
        self._by_phone: dict[str, Link] = {}
        self._book = OrderBook()
        self._stop = asyncio.Event()
        self.port = self.settings.port
        """The port in use once running: the one asked for, or what the system chose for 0."""
        self.listening = asyncio.Event()

    async def run(self) -> None:
        """Serve until :meth:`stop`; then stop accepting, commit, answer, close.

        Raises OSError if the address cannot be had, LogError if earlier orders cannot be read.
        """
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self.collector.worker, self._restore_orders)
        self._warm_up()
        self.port = self._wire.listen(self.settings.host, self.settings.port)
        logger.info("listening on %s:%d", self.settings.host, self.port)
        collecting = asyncio.create_task(self.collector.run())
        opened: list[Service] = []
        chores = [
            asyncio.create_task(self._orders()),
            asyncio.create_task(self._every(self.settings.status_every_s, self._heartbeat)),
            asyncio.create_task(self._every(self.settings.sessions_every_s, self._tick_sessions)),
        ]
        if self._tidy is not None:
            chores.append(asyncio.create_task(self._every(self._tidy_every_s, self._tidy_up)))
        try:
            for service in self.services:
                await service.open(self.collector)
                opened.append(service)
            self.listening.set()
            stopping = asyncio.create_task(self._stop.wait())
            await asyncio.wait({stopping, collecting}, return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
        finally:
            self._wire.refuse()
            self._wire.mute()
            for chore in chores:
                chore.cancel()
            await asyncio.gather(*chores, return_exceptions=True)
            for service in reversed(opened):
                await service.close()
            if self._keeper is not None:
                await self._keeper.finish()
            self.collector.stop()
            await collecting
            for link in list(self._links):
                link.close("gateway stops")
            await self._let_go()
            self._wire.close()
            self.collector.close()
            self._publish(self.counters)
            logger.info(
                "stopped: %d positions, %d commits", self.counters.positions, self.counters.commits
            )

    def _warm_up(self) -> None:
        """Load the compiled loops, or compile them, before anybody waits for an answer."""
        self._wire.warm_up()
        none = np.zeros(0, CHUNK)
        taken = self._table.take(self._wire.arena, none, rules_at(0, self._params.limits), "")
        self._wire.wait(taken.replies)
        self._wire.send(taken.answers, taken.replies)
        loops.warm_up()

    def stop(self) -> None:
        """Ask :meth:`run` to end. Safe to call twice and from a signal handler of the loop."""
        self._stop.set()

    # What links call

    def admit(self, link: Link) -> bool:
        """Whether there is room for one more connection."""
        if len(self._links) >= self.settings.max_connections or self._stop.is_set():
            self.counters.refused_connections += 1
            return False
        self._links.add(link)
        self.counters.connections = len(self._links)
        self.counters.connected_total += 1
        return True

    @property
    def held(self) -> bool:
        """Nobody is to be read from at present."""
        return self.collector.held or self._stop.is_set()

    def new_session(self, peer: str) -> Session:
        return self._new_session(peer)

    # What the wire calls

    def opened(self, peer: Peer) -> Link:
        """A terminal has dialled in. What was lent by whoever had its number before is void."""
        self._table.take_back(peer.fd)
        return Link(self)

    def arrived(self, chunks: npt.NDArray[np.void], now_s: float) -> None:
        """A sweep: first what goes the short way, then the rest one by one. The short way leaves
        everything that follows a connection's first slow chunk, so the order holds."""
        received_us = now_us(self._clock)
        rules = rules_at(received_us, self._params.limits)
        taken = self._table.take(self._wire.arena, chunks, rules, self._params.source)
        if len(taken.replies):
            self._collect_taken(taken, now_s)
        for fd, size, start in chunks[taken.slow].tolist():
            peer = self._wire.peers.get(fd)
            if peer is None or peer.link.reason is not None:
                continue
            link = peer.link
            link.heard = now_s
            self._session(link)
            self.take(link, self._wire.arena[start : start + size].tobytes())
            self._lend(link, peer)

    def _lend(self, link: Link, peer: Peer) -> None:
        """Let the connection's next chunks go the short way, if they may."""
        session = link.session
        if link.shared or peer.is_closing():
            return
        if self._cards is None:
            self._cards, self._params = session.cards, session.params
            self._cards.changed = self._cards_changed
        if session.cards is self._cards and session.params is self._params:
            known = session.known()
            if known is not None:
                self._table.lend(peer.fd, known)

    def _session(self, link: Link) -> Session:
        """The link's session, to be used: it answers itself until it is lent again."""
        peer = link.transport
        if isinstance(peer, Peer) and not peer.is_closing() and self._table.lent(peer.fd):
            link.session.resume(self._table.take_back(peer.fd))
        return link.session

    def _cards_changed(self, phone: str) -> None:
        link = self._by_phone.get(phone)
        if link is not None:
            self._session(link)

    def _collect_taken(self, taken: Taken, now_s: float) -> None:
        counters, replies = self.counters, taken.replies
        size = int(replies["read"].sum())
        counters.bytes += size
        counters.frames += taken.frames
        counters.positions += len(taken.positions)
        counters.records["positions"] += len(taken.positions)
        self._wire.wait(replies)

        def durable() -> None:
            lost = self._wire.send(taken.answers, replies)
            unanswered = int(replies["frames"][lost].sum()) if lost else 0
            counters.unanswered += unanswered
            counters.answers += taken.frames - unanswered
            counters.ack.extend([time.monotonic() - now_s] * (taken.frames - unanswered))

        def failed(reason: str) -> None:
            self._wire.fail(replies, reason)

        records = [("positions", taken.positions)]
        self.collector.add(Item(records, durable, failed, size=4 * size, at=now_s))

    def take(self, link: Link, data: bytes) -> None:
        """A chunk of bytes has arrived."""
        self.counters.bytes += len(data)
        received_us = now_us(self._clock)
        try:
            receive = link.session.datagram if link.datagrams else link.session.receive
            outcome = receive(data, received_us)
        except Exception:
            # The session promises not to raise. If it does, keep the evidence and lose one link.
            logger.exception("%s: session failed on %d bytes", link.peer, len(data))
            peer = link.phone or link.peer
            row = (received_us, "jt808", peer, "internal_error", None, data)
            outcome = Outcome(phone=link.phone, quarantine=[row], closed="internal error")
        if outcome.phone is not None and outcome.phone != link.phone:
            self._identify(link, outcome.phone)
        self._collect(link, outcome, len(data))
        for upload in outcome.uploads:
            self._keep(link, upload)

    def forget(self, link: Link, reason: str) -> None:
        """A link has ended; what its session still held is kept."""
        self._links.discard(link)
        self.counters.connections = len(self._links)
        self.counters.closed[reason.split(":")[0]] += 1
        if link.phone is not None and self._by_phone.get(link.phone) is link:
            del self._by_phone[link.phone]
        self._collect(link, link.session.close(now_us(self._clock)))

    # Inside

    def _identify(self, link: Link, phone: str) -> None:
        """The session vouches that the link speaks for this phone, from now on."""
        link.phone = phone
        older = self._by_phone.get(phone)
        self._by_phone[phone] = link
        # A terminal that lost its network comes back before its old socket times out. Without
        # authentication nobody vouches for a phone: recordings name one on several connections.
        if older is not None and older is not link:
            if link.session.authenticated:
                older.close("replaced by a newer connection")
            else:
                link.shared = older.shared = True
                self._session(older)

    def _collect(self, link: Link, outcome: Outcome, size: int = 0) -> None:
        """Queue what a session made; its replies follow when that is durable."""
        found = rows_of(outcome)
        counters = self.counters
        counters.frames += outcome.frames
        counters.positions += len(outcome.positions)
        counters.driver_cards += len(outcome.driver_cards)
        for topic, some in found:
            counters.records[topic] += len(some)
        for row in outcome.quarantine:
            counters.quarantined[row[_REASON]] += 1
        for row in outcome.command_results:
            counters.orders[row[_STATE]] += 1
        if not found and not outcome.replies and outcome.closed is None:
            return
        link.wait(size)
        arrived = time.monotonic()

        def durable() -> None:
            if link.answer(outcome.replies, size, outcome.closed):
                counters.answers += len(outcome.replies)
                if outcome.replies:
                    counters.ack.add(time.monotonic() - arrived)
            else:
                counters.unanswered += len(outcome.replies)

        self.collector.add(Item(found, durable, link.abort, size=4 * size, at=arrived))

    def _keep(self, link: Link, upload: Upload) -> None:
        """A medium: first the file, then its record, then the answer."""
        if self._keeper is None:
            upload.close()
            return

        def kept(row: Row) -> None:
            self._collect(link, Outcome(evidence=[row], replies=upload.replies))

        def refused(reason: str) -> None:
            self._collect(link, Outcome(replies=upload.refusal))

        self._keeper.keep(upload.keep, kept, refused)

    def _hold(self) -> None:
        self._wire.hold()

    def _release(self) -> None:
        if not self._stop.is_set():
            self._wire.release()

    async def _let_go(self, patience_s: float = 2.0) -> None:
        """Wait until the links' last bytes have gone out; cut off those who do not read."""
        until = time.monotonic() + patience_s
        while self._links and time.monotonic() < until:
            await asyncio.sleep(0.01)
        for link in list(self._links):
            link.abort("gateway stops")
        await asyncio.sleep(0)

    async def _every(self, seconds: float, chore: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await chore()
            except Exception:
                logger.exception("%s failed; trying again", chore.__name__)
            await asyncio.sleep(seconds)

    async def _heartbeat(self) -> None:
        silent_since = time.monotonic() - self.settings.idle_s
        for link in [one for one in self._links if one.heard < silent_since]:
            if isinstance(link.transport, Peer):
                link.heard = self._wire.heard(link.transport)
            # While reading is held the silence is ours, not the terminal's.
            if link.heard < silent_since and not self.collector.held:
                link.abort(f"idle: nothing heard for {self.settings.idle_s:g} s")
        for service in self.services:
            self.counters.services.update(service.figures())
        self._publish(self.counters)

    async def _tick_sessions(self) -> None:
        moment_us = now_us(self._clock)
        for link in [one for one in self._links if one.session.waits]:
            self._collect(link, self._session(link).tick(moment_us))

    async def _tidy_up(self) -> None:
        assert self._tidy is not None
        loop = asyncio.get_running_loop()
        # One helping at a time, so that the appends that queue meanwhile get their turn.
        while await loop.run_in_executor(self.collector.worker, self._tidy):
            pass

    # Orders

    def _restore_orders(self) -> None:
        after = 0
        while segments := self._log.read("command_results", after):
            self._book.restore(segment.batch for segment in segments)
            after = segments[-1].seq

    async def _orders(self) -> None:
        """Tail ``commands`` from the start: the book knows which of them were dealt with."""
        loop = asyncio.get_running_loop()
        after = 0
        while True:
            try:
                while segments := await loop.run_in_executor(
                    None, self._commands.read, "commands", after
                ):
                    for segment in segments:
                        self._book.add(segment.batch)
                    after = segments[-1].seq
                self._decide_orders()
            except Exception:
                logger.exception("orders could not be read; trying again")
            await asyncio.sleep(self.settings.orders_every_s)

    def _decide_orders(self) -> None:
        if not len(self._book):
            return
        before = {order.command: self._book.state(order.command) for order in self._book}
        for one in self._book.decide(now_us(self._clock), self._is_connected):
            self._record_order(one, before[one.order.command])

    def _is_connected(self, vehicle: str) -> bool:
        link = self._by_phone.get(vehicle)
        return link is not None and link.alive

    def _record_order(self, one: Decision, before: str | None) -> None:
        def durable() -> None:
            self.counters.orders[one.state] += 1
            logger.info("order %s to %s: %s", one.order.command, one.order.vehicle, one.state)
            if one.state == "sent" and not self._send(one):
                late = Decision(one.order, "offline", "发送前连接已断开，上线后补发")
                self._book.put_back(one.order, "offline")
                self._record_order(late, "sent")

        def failed(reason: str) -> None:
            self._book.put_back(one.order, before)

        row = result_row(one, now_us(self._clock))
        self.collector.add(Item([("command_results", [row])], durable, failed))

    def _send(self, one: Decision) -> bool:
        link = self._by_phone.get(one.order.vehicle)
        if link is None or not link.alive:
            return False
        moment_us = now_us(self._clock)
        return link.send(
            self._session(link).text(one.order.text, one.order.command, moment_us, FLAGS)
        )
