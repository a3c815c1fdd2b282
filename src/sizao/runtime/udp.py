"""JT/T 808 over UDP, beside TCP on the same gateway.

A terminal is a phone and the address its datagrams come from. To the gateway it is a link like
any other: the same session, admission, durability before the answer, orders, idle time. What UDP
cannot do is left out: nothing can be slowed down, so datagrams that find the disk or their own
link behind are dropped, and the terminal, unanswered, sends again.

Source: JT/T 808-2013 clause 4.1: terminals may use TCP or UDP.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections import Counter
from typing import Any, cast

from sizao.core.errors import ConfigError
from sizao.feeds.jt808.framing import unescape
from sizao.feeds.jt808.header import parse_header
from sizao.feeds.jt808.problems import Malformed
from sizao.runtime.collector import Collector
from sizao.runtime.gateway import Gateway
from sizao.runtime.link import Link

logger = logging.getLogger(__name__)

RECEIVE_BUFFER = 4 << 20
"""Bytes the system may hold for us while the loop is busy."""

Address = tuple[Any, ...]
Key = tuple[bytes, Address]


class Udp(asyncio.DatagramProtocol):
    """A :class:`~sizao.runtime.gateway.Service`. :meth:`attach` it to the gateway it serves."""

    def __init__(self, host: str, port: int | None = None, *, max_peers: int = 16_000) -> None:
        """``port`` None is the number of the gateway's TCP port."""
        self.host = host
        self.port = port or 0
        self._same_port = port is None
        self.max_peers = max_peers
        self.counts: Counter[str] = Counter()
        self._peers: dict[Key, _Peer] = {}
        self._transport: asyncio.DatagramTransport | None = None
        self._closing = False

    def attach(self, gateway: Gateway) -> None:
        """Say whose links the peers are."""
        self._gateway = gateway

    async def open(self, collector: Collector) -> None:
        loop = asyncio.get_running_loop()
        port = self._gateway.port if self._same_port else self.port
        try:
            transport, _ = await loop.create_datagram_endpoint(
                lambda: self, local_addr=(self.host, port)
            )
        except OSError as error:
            why = error.strerror or str(error)
            raise ConfigError(
                f"{self.host}:{port} UDP: {why}; choose another with --udp-port, or --no-udp"
            ) from error
        self._transport = transport
        sock = transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        self.port = transport.get_extra_info("sockname")[1]
        logger.info("listening on %s:%d, UDP", self.host, self.port)

    def figures(self) -> dict[str, object]:
        return {"udp": {"peers": len(self._peers), **self.counts}}

    async def close(self) -> None:
        # The gateway still answers what is on its way, then ends the links.
        self._closing = True
        self._close_when_empty()

    # What asyncio calls

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self.counts["datagrams"] += 1
        key = (phone_of(data), addr)
        peer = self._peers.get(key)
        if peer is None:
            peer = self._new(key)
            if peer is None:
                return
        if peer.paused or self._gateway.held:
            self.counts["dropped"] += 1
            return
        peer.link.heard = time.monotonic()
        self._gateway.take(peer.link, data)

    def error_received(self, exc: Exception) -> None:
        # An answer to a terminal that has gone: the next one may be there again.
        self.counts["unreachable"] += 1

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None

    # What peers call

    def send(self, frame: bytes, addr: Address) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(frame, addr)

    def drop(self, key: Key) -> None:
        self._peers.pop(key, None)
        self._close_when_empty()

    def _close_when_empty(self) -> None:
        if self._closing and not self._peers and self._transport is not None:
            # After the answers that are being written in this turn of the loop.
            asyncio.get_running_loop().call_soon(self._transport.close)

    def _new(self, key: Key) -> _Peer | None:
        if len(self._peers) >= self.max_peers:
            self.counts["refused"] += 1
            return None
        peer = _Peer(self, key)
        peer.link = UdpLink(self._gateway)
        self._peers[key] = peer
        peer.link.connection_made(cast(asyncio.BaseTransport, peer))
        return self._peers.get(key)


def phone_of(data: bytes) -> bytes:
    """Raw phone of the first frame of a datagram, or nothing if none can be read."""
    raw = next((piece for piece in data.split(b"\x7e") if piece), b"")
    try:
        return parse_header(unescape(raw)[:-1]).raw_phone
    except Malformed:
        return b""


class UdpLink(Link):
    """A link whose bytes come as datagrams: nothing is carried over to the next."""

    datagrams = True


class _Peer:
    """What a link takes for its transport: one address of one terminal."""

    link: UdpLink

    def __init__(self, service: Udp, key: Key) -> None:
        self._service = service
        self._key = key
        self._closed = False
        self.paused = False

    def write(self, data: bytes) -> None:
        # A datagram a frame: a terminal need not look for a second one.
        for piece in data.split(b"\x7e"):
            if piece:
                self._service.send(b"\x7e" + piece + b"\x7e", self._key[1])

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._service.drop(self._key)
            asyncio.get_running_loop().call_soon(self.link.connection_lost, None)

    abort = close

    def is_closing(self) -> bool:
        return self._closed

    def is_reading(self) -> bool:
        return not self.paused

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Datagrams are not buffered."""

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._key[1] if name == "peername" else default
