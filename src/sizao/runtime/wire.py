"""Many connections as one: what has arrived on any of them is read in a sweep.

The event loop only says that something has come; :mod:`.syscalls` reads it. While much comes, a
sweep every few milliseconds takes it; when little does, each arrival wakes the loop. A
:class:`Wire` knows sockets and bytes; who speaks and what is said is :class:`Receiver`'s.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import resource
import select
import socket
import time
from typing import Any, Protocol, cast

import numpy as np
import numpy.typing as npt

from sizao.core.loads import address
from sizao.runtime.link import MAX_UNANSWERED, MAX_UNREAD, Link
from sizao.runtime.syscalls import (
    CHUNK,
    CLOSING,
    EVENT,
    FREE,
    GONE,
    KEPT,
    OPEN,
    PAUSED,
    POSITION,
    SOCKET,
    WATCH,
    WRITABLE,
    note,
    send_all,
    sweep,
)

logger = logging.getLogger(__name__)

READ_SIZE = 64 << 10
"""Bytes taken from one connection at a time, so that a flood does not delay all others."""

ARENA = 2 << 20
"""Bytes of one sweep."""

EVENTS = 8192
"""Connections of one sweep."""

PACE_S = 0.01
"""Time between sweeps while something comes. A sweep of one message costs as much as 500 more do
(0.15 ms, without the sockets), and nobody is answered within a tick of the collector anyway."""

_ONCE = select.EPOLLIN | select.EPOLLONESHOT
_RETRY_S = 1.0
_BACKLOG = 4096


class Peer:
    """One connection: what its :class:`~.link.Link` takes for a transport."""

    __slots__ = (
        "_closing",
        "_paused",
        "_unsent",
        "_wire",
        "address",
        "ended",
        "fd",
        "life",
        "link",
    )

    link: Link

    def __init__(self, wire: Wire, fd: int, address: tuple[Any, ...]) -> None:
        self._wire = wire
        self.fd = fd
        self.life = wire.lives
        self.address = address
        self.ended = False
        """The other side has said everything; its link hears of it when all is answered."""
        self._unsent: bytearray | None = None
        self._closing = False
        self._paused = False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self.address if name == "peername" else default

    def set_write_buffer_limits(self, high: int) -> None:
        """It is :data:`MAX_UNREAD`."""

    def get_write_buffer_size(self) -> int:
        return 0 if self._unsent is None else len(self._unsent)

    def is_closing(self) -> bool:
        return self._closing

    def is_reading(self) -> bool:
        return not self._paused and not self._closing

    def write(self, data: bytes) -> None:
        """Send now what fits, the rest when the other side reads. Never raises."""
        if self._closing:
            return
        if self._unsent is None:
            try:
                data = data[os.write(self.fd, data) :]
            except BlockingIOError:
                pass
            except OSError as error:
                self.fail(error)
                return
        self.keep(data)

    def keep(self, data: bytes) -> None:
        """What could not be sent: goes out when the other side reads."""
        if not data or self._closing:
            return
        self._unsent = (self._unsent or bytearray()) + data
        self._wire.sockets[self.fd]["full"] = 1
        if len(self._unsent) > MAX_UNREAD:
            self.link.pause_writing()

    def writable(self) -> None:
        """There is room again."""
        unsent = self._unsent
        if unsent is None:
            return
        try:
            del unsent[: os.write(self.fd, unsent)]
        except BlockingIOError:
            return
        except OSError as error:
            self.fail(error)
            return
        if not unsent:
            self._unsent = None
            self._wire.sockets[self.fd]["full"] = 0
            if self._closing:
                self._wire.drop(self, None)

    def close(self) -> None:
        """Close after what was written has gone out."""
        if not self._closing:
            self._closing = True
            self._wire.sockets[self.fd]["state"] = CLOSING
            if self._unsent is None:
                self._wire.drop(self, None)

    def abort(self) -> None:
        """Cut off without waiting for the other side to read."""
        self._closing = True
        self._wire.drop(self, None)

    def fail(self, error: Exception) -> None:
        """The connection is broken."""
        self._closing = True
        self._wire.drop(self, error)

    def pause_reading(self) -> None:
        if not self._closing:
            self._paused = True
            self._wire.sockets[self.fd]["state"] = PAUSED

    def resume_reading(self) -> None:
        if not self._closing:
            self._paused = False
            self._wire.rearm(self.fd)


class Receiver(Protocol):
    """Whose connections they are."""

    def opened(self, peer: Peer) -> Link:
        """Somebody has dialled in. The link is told of the connection afterwards."""
        ...

    def arrived(self, chunks: npt.NDArray[np.void], now_s: float) -> None:
        """A sweep, dtype CHUNK: sizes and places in the wire's ``arena``, which the next sweep
        overwrites."""
        ...


class Wire:
    """Listens, sweeps, sends."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        most = min(resource.getrlimit(resource.RLIMIT_NOFILE)[0], 1 << 20)
        self.sockets = np.zeros(most, SOCKET)
        """By file descriptor."""
        self.peers: dict[int, Peer] = {}
        """Open connections by file descriptor."""
        self._full: set[int] = set()
        """Read from again when some of what waits is answered."""
        self._leaving: set[Peer] = set()
        """Have said everything and await answers."""
        self.lives = 0
        self.epoll = select.epoll()
        self._bell = select.epoll()
        self.arena = np.empty(ARENA, np.uint8)
        self._events = np.empty(EVENTS * EVENT, np.uint8)
        self._state = np.zeros(3, np.int64)
        self._chunks = np.empty(2 * EVENTS, CHUNK)
        self._odd = np.empty((1024, 2), np.int64)
        self._listener: socket.socket | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.Handle | None = None
        self.held = False

    def warm_up(self) -> None:
        """Have the sweep compiled; there is nothing to read yet."""
        self._read(time.monotonic())

    def listen(self, host: str, port: int) -> int:
        """Begin; returns the port. Raises OSError if the address cannot be had."""
        self._loop = asyncio.get_running_loop()
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, port), family=family, backlog=_BACKLOG)
        self._listener.setblocking(False)
        # Answers are small and awaited. Connections inherit it.
        self._listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._loop.add_reader(self._listener.fileno(), self._accept)
        self._bell.register(self.epoll.fileno(), _ONCE)
        self._loop.add_reader(self._bell.fileno(), self._rung)
        found: int = self._listener.getsockname()[1]
        return found

    def refuse(self) -> None:
        """Let nobody in any more."""
        if self._listener is not None and self._loop is not None:
            self._loop.remove_reader(self._listener.fileno())
            self._listener.close()
            self._listener = None

    def hold(self) -> None:
        """Read from nobody until :meth:`release`."""
        self.held = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def release(self) -> None:
        if self.held:
            self.held = False
            self._again(0.0)

    def close(self) -> None:
        """Drop everything that is still open."""
        self.refuse()
        self.hold()
        for peer in list(self.peers.values()):
            peer.abort()
        if self._loop is not None:
            self._loop.remove_reader(self._bell.fileno())
        self._bell.close()
        self.epoll.close()

    def mute(self) -> None:
        """Read nothing any more; go on sending."""
        readers = self.sockets["state"] == OPEN
        self.sockets["state"][readers] = PAUSED
        self.held = False
        if self._loop is not None:
            self._again(0.0)

    def heard(self, peer: Peer) -> float:
        """Monotonic second of the last read from it."""
        return float(self.sockets[peer.fd]["heard"]) if not peer.is_closing() else 0.0

    def rearm(self, fd: int) -> None:
        """Read from it again: what came meanwhile is an edge anew."""
        self.sockets[fd]["state"] = OPEN
        self.epoll.modify(fd, WATCH)

    def wait(self, replies: npt.NDArray[np.void]) -> None:
        """Note the arrivals that these (dtype REPLIES) will answer, and ``life`` of each."""
        for fd in note(self.sockets, replies, MAX_UNANSWERED).tolist():
            self._full.add(fd)
            self.sockets[fd]["state"] = PAUSED

    def send(self, data: npt.NDArray[np.uint8], replies: npt.NDArray[np.void]) -> list[int]:
        """Send the answers; returns the indexes of those whom nobody is there any more to read.

        Nobody's trouble delays or stops the others: what does not fit waits with its connection.
        """
        n = len(replies)
        if n > len(self._odd):
            self._odd = np.empty((n, 2), np.int64)
        n_odd = send_all(self.sockets, address(data), replies, n, self._odd)
        lost = []
        for index, sent in self._odd[:n_odd].tolist():
            reply = replies[index]
            fd, start, size = int(reply["fd"]), int(reply["start"]), int(reply["size"])
            if sent == -GONE:
                lost.append(index)
                continue
            peer = self.peers[fd]
            if sent < 0:
                lost.append(index)
                peer.fail(OSError(-sent, os.strerror(-sent)))
            else:
                peer.keep(data[start + sent : start + size].tobytes())
        self._settle()
        return lost

    def fail(self, replies: npt.NDArray[np.void], reason: str) -> None:
        """These arrivals will not be answered: cut their connections off."""
        for fd, life in zip(replies["fd"].tolist(), replies["life"].tolist(), strict=True):
            peer = self.peers.get(fd)
            if peer is not None and peer.life == life:
                peer.link.abort(reason)

    def drop(self, peer: Peer, error: Exception | None) -> None:
        """Close a connection's socket now; its link hears of it afterwards."""
        fd = peer.fd
        if self.peers.get(fd) is not peer:
            return
        del self.peers[fd]
        self.sockets[fd]["state"] = FREE
        self.sockets[fd]["full"] = 0
        self._full.discard(fd)
        self._leaving.discard(peer)
        os.close(fd)  # epoll forgets it with that
        assert self._loop is not None
        self._loop.call_soon(peer.link.connection_lost, error)

    # Inside

    def _settle(self) -> None:
        """After answers: go on reading from those that waited for them, let those go that left."""
        for fd in [fd for fd in self._full if self.sockets[fd]["waiting"] < MAX_UNANSWERED]:
            self._full.discard(fd)
            if self.peers[fd].is_reading():
                self.rearm(fd)
        for peer in [one for one in self._leaving if self.sockets[one.fd]["pending"] <= 0]:
            self._leaving.discard(peer)
            peer.link.eof_received()

    def _ended(self, peer: Peer) -> None:
        peer.ended = True
        if self.sockets[peer.fd]["pending"] > 0:
            self._leaving.add(peer)
        else:
            peer.link.eof_received()

    def _accept(self) -> None:
        assert self._listener is not None
        for _ in range(256):
            try:
                connection, address = self._listener.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno not in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM):
                    raise
                # Out of files: those who wait are let in when others have gone.
                logger.error("no room for a connection: %s", error.strerror)
                self._pause_accepting()
                return
            fd = connection.detach()
            self._welcome(fd, address)

    def _welcome(self, fd: int, address: tuple[Any, ...]) -> None:
        if fd >= len(self.sockets):
            os.close(fd)
            return
        os.set_blocking(fd, False)
        self.lives = (self.lives + 1) & 0x7FFF_FFFF
        one = self.sockets[fd]
        one["life"], one["state"], one["full"] = self.lives, OPEN, 0
        one["pending"] = one["waiting"] = 0
        one["heard"] = time.monotonic()
        peer = Peer(self, fd, address)
        self.peers[fd] = peer
        peer.link = self._receiver.opened(peer)
        peer.link.connection_made(cast(asyncio.Transport, peer))
        if not peer.is_closing():
            self.epoll.register(fd, WATCH)

    def _pause_accepting(self) -> None:
        assert self._listener is not None
        assert self._loop is not None
        fd = self._listener.fileno()
        self._loop.remove_reader(fd)

        def again() -> None:
            if self._listener is not None and self._loop is not None:
                self._loop.add_reader(fd, self._accept)

        self._loop.call_later(_RETRY_S, again)

    def _listen_for_more(self) -> None:
        """Have the loop wake us at the next arrival.

        Not by adding and removing a reader each time: to add an epoll to another one, the system
        looks at every connection in it, for fear of a ring.
        """
        self._bell.modify(self.epoll.fileno(), _ONCE)

    def _rung(self) -> None:
        self._bell.poll(0, 1)
        if self._timer is None:
            self._sweep()

    def _again(self, after_s: float) -> None:
        assert self._loop is not None
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(after_s, self._sweep)

    def _sweep(self) -> None:
        self._timer = None
        if self.held:
            return
        now_s = time.monotonic()
        n = self._read(now_s)
        if n == 0 and self._state[KEPT] == 0:
            self._listen_for_more()
            return
        try:
            self._serve(self._chunks[:n], now_s)
        finally:
            if not self.held:
                unfinished = self._state[KEPT] or self._state[POSITION] < self._state[1]
                self._again(0.0 if unfinished else PACE_S)

    def _read(self, now_s: float) -> int:
        n, _ = sweep(
            self.epoll.fileno(),
            address(self._events),
            EVENTS,
            self._state,
            self.sockets,
            address(self.arena),
            ARENA,
            READ_SIZE,
            now_s,
            self._chunks,
        )
        return int(n)

    def _serve(self, chunks: npt.NDArray[np.void], now_s: float) -> None:
        odd = chunks["size"] <= 0
        if not odd.any():
            self._receiver.arrived(chunks, now_s)
            return
        data = chunks[~odd]
        if len(data):
            self._receiver.arrived(data, now_s)
        for fd, size, _ in chunks[odd].tolist():
            peer = self.peers.get(fd)
            if peer is None:
                continue
            if size == WRITABLE:
                peer.writable()
            elif size == 0:
                self._ended(peer)
            else:
                peer.fail(OSError(-size, os.strerror(-size)))
