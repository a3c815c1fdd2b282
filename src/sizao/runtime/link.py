"""One terminal's connection: bytes to its session, answers back, and why it ended."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Protocol, cast

from sizao.feeds.jt808.session import Session

logger = logging.getLogger(__name__)

MAX_UNREAD = 256 << 10
"""Bytes of answers a terminal may leave unread (some 10,000 of them) before it is cut off."""

MAX_UNANSWERED = 256 << 10
"""Bytes of one connection that may wait for the disk before nothing more is read from it."""

ORDINARY = frozenset({"left", "logout", "gateway stops"})
"""Endings that are not worth a line each."""


class Owner(Protocol):
    """What a link needs of the gateway: the registry of links and the way to the log."""

    @property
    def held(self) -> bool:
        """Nothing more is read from anybody: the queue to the disk is full."""
        ...

    def admit(self, link: Link) -> bool:
        """Whether there is room for one more connection."""
        ...

    def new_session(self, peer: str) -> Session: ...

    def take(self, link: Link, data: bytes) -> None:
        """Bytes have come."""
        ...

    def forget(self, link: Link, reason: str) -> None:
        """The connection is gone."""
        ...


class Link:
    """A connection. ``transport`` is a :class:`~.wire.Peer`, or whatever else writes and closes."""

    transport: asyncio.Transport
    datagrams = False
    """Each arrival stands for itself: a frame does not go on in the next."""

    def __init__(self, gateway: Owner) -> None:
        self._gateway = gateway
        self.peer = ""
        self.phone: str | None = None
        """Whom it speaks for, once known; in a recording the last of several."""
        self.heard = time.monotonic()
        self.pending = 0
        """Arrivals whose records are not durable yet, so not answered,"""
        self.waiting = 0
        """and their bytes."""
        self.reason: str | None = None
        """Why it was or is being closed; the first reason stands."""
        self.shared = False
        """Another link speaks for the same phone, as in recordings."""
        self._half_closed = False
        self._open = False
        self._full = False

    # What the transport calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        address = transport.get_extra_info("peername") or ("?", 0)
        self.peer = f"{address[0]}:{address[1]}"
        if not self._gateway.admit(self):
            self.reason = "too many connections"
            self.transport.abort()
            return
        self._open = True
        self.transport.set_write_buffer_limits(high=MAX_UNREAD)
        self.session = self._gateway.new_session(self.peer)

    def eof_received(self) -> bool:
        # A sender that has said everything still wants its answers.
        self._half_closed = True
        self._close_when_answered()
        return True

    def pause_writing(self) -> None:
        self.abort("does not read its answers")

    def connection_lost(self, exc: Exception | None) -> None:
        if self._open:
            self._open = False
            self._gateway.forget(self, self.reason or ("reset by peer" if exc else "left"))

    # What the gateway calls

    @property
    def alive(self) -> bool:
        return self._open and not self.transport.is_closing()

    def wait(self, size: int) -> None:
        """An arrival of so many bytes is on its way to the log."""
        self.pending += 1
        self.waiting += size
        if self.waiting >= MAX_UNANSWERED:
            self._full = True
            self.pause()

    def answer(self, replies: list[bytes], size: int, closing: str | None = None) -> bool:
        """The arrival is durable: send what may now be sent. False if nobody is there."""
        self.pending -= 1
        self.waiting -= size
        if self._full and self.waiting < MAX_UNANSWERED:
            self._full = False
            if not self._gateway.held:
                self.resume()
        there = self.alive
        if there and replies:
            self.transport.write(b"".join(replies))
        if closing is not None:
            self.close(closing)
        else:
            self._close_when_answered()
        return there

    def send(self, data: bytes) -> bool:
        """Send what is not an answer. False if nobody is there to read it."""
        if not self.alive:
            return False
        self.transport.write(data)
        return self.alive

    def close(self, reason: str) -> None:
        """Close after what was written has gone out."""
        if self.reason is None and self.alive:
            self.reason = reason
            level = logging.DEBUG if reason in ORDINARY else logging.INFO
            logger.log(level, "%s %s: closed, %s", self.peer, self.phone or "-", reason)
            self.transport.close()

    def abort(self, reason: str) -> None:
        """Cut off without waiting for the peer to read."""
        self.reason = self.reason or reason
        if self._open:
            level = logging.DEBUG if self.reason in ORDINARY else logging.INFO
            logger.log(level, "%s %s: cut off, %s", self.peer, self.phone or "-", self.reason)
            self.transport.abort()

    def pause(self) -> None:
        if self.alive and self.transport.is_reading():
            self.transport.pause_reading()

    def resume(self) -> None:
        if self.alive and not self._full and not self.transport.is_reading():
            self.transport.resume_reading()

    def _close_when_answered(self) -> None:
        if self._half_closed and self.pending <= 0:
            self.close("left")
