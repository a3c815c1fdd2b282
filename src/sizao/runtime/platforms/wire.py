"""One connection of a platform link: bytes to its owner, frames back."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol, cast

from sizao.feeds.jt809.bulk import ROOM

logger = logging.getLogger(__name__)

READ_SIZE = 1 << 20
"""Bytes taken at a time; a province's link carries megabytes a second, and what comes together is
decoded together: of four times as many bytes a position costs a sixth less."""
MAX_UNANSWERED = 4 << 20
"""Bytes that may wait for the disk before nothing more is read."""
MAX_UNREAD = 16 << 20
"""Bytes the peer may leave unread before it is cut off."""

_buffer = memoryview(bytearray(ROOM + READ_SIZE))
"""One for all wires: the loop fills it and hands it over before it serves the next."""


class Owner(Protocol):
    """Who takes what arrives."""

    def arrived(self, wire: Wire, data: memoryview) -> None:
        """The first :data:`ROOM` bytes may be overwritten, the others are what arrived. All are
        the wire's again when this returns."""
        ...

    def ended(self, wire: Wire, reason: str) -> None: ...


class Wire(asyncio.BufferedProtocol):
    """A connection. Its owner may change: first the door, then a pair of links."""

    transport: asyncio.Transport

    def __init__(self, owner: Owner) -> None:
        self.owner = owner
        self.peer = ""
        self.channel = ""
        """Which link it is, once somebody has let it in."""
        self.reason: str | None = None
        self._waiting = 0
        self._resting = False
        self._open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        address = transport.get_extra_info("peername") or ("?", 0)
        self.peer = f"{address[0]}:{address[1]}"
        self.transport.set_write_buffer_limits(high=MAX_UNREAD)
        self._open = True

    def get_buffer(self, sizehint: int) -> memoryview:
        return _buffer[ROOM:]

    def buffer_updated(self, nbytes: int) -> None:
        if self.reason is None:
            self.owner.arrived(self, _buffer[: ROOM + nbytes])

    def eof_received(self) -> bool:
        return False

    def pause_writing(self) -> None:
        self.abort("does not read")

    def connection_lost(self, exc: Exception | None) -> None:
        if self._open:
            self._open = False
            self.owner.ended(self, self.reason or ("reset by peer" if exc else "left"))

    @property
    def alive(self) -> bool:
        return self._open and not self.transport.is_closing()

    @property
    def unsent(self) -> int:
        """Bytes the peer has not taken yet."""
        return self.transport.get_write_buffer_size() if self.alive else 0

    def send(self, data: bytes) -> bool:
        """False if nobody is there to read it."""
        if not self.alive:
            return False
        self.transport.write(data)
        return True

    def wait(self, size: int) -> None:
        """So many bytes are on their way to the log."""
        self._waiting += size
        if self._waiting >= MAX_UNANSWERED:
            self.pause()

    def kept(self, size: int, held: bool) -> None:
        """They are durable."""
        self._waiting -= size
        if not held and self._waiting < MAX_UNANSWERED:
            self.resume()

    def pause(self) -> None:
        if self.alive and self.transport.is_reading():
            self.transport.pause_reading()

    def resume(self) -> None:
        wanted = self._waiting < MAX_UNANSWERED and not self._resting
        if self.alive and wanted and not self.transport.is_reading():
            self.transport.resume_reading()

    def rest(self, seconds: float, held: Callable[[], bool]) -> None:
        """Read nothing for a while, so that more comes together; ``held`` then says whether nobody
        is to be read from: who ends that resumes this too."""
        self._resting = True
        self.pause()
        asyncio.get_running_loop().call_later(seconds, self._rested, held)

    def _rested(self, held: Callable[[], bool]) -> None:
        self._resting = False
        if not held():
            self.resume()

    def close(self, reason: str) -> None:
        """Close after what was written has gone out."""
        if self.reason is None and self.alive:
            self.reason = reason
            self.transport.close()

    def abort(self, reason: str) -> None:
        """Cut off."""
        self.reason = self.reason or reason
        if self._open:
            self.transport.abort()
