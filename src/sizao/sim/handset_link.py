"""A handset's connection, over TCP or UDP, that tells what goes over it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

from sizao.feeds.jt808 import Framer, decode_frame
from sizao.feeds.jt808.header import Header
from sizao.sim.handset import Handset
from sizao.sim.link import Link, Tally

Tell = Callable[[bool, dict[str, Any]], None]
"""Called with whether the platform said it, and the decoded frame."""


class HandsetLink(Link):
    """The connection of one handset. ``on_request`` is called with each 0x9208."""

    def __init__(
        self, handset: Handset, tell: Tell, on_request: Callable[[dict[str, Any]], None]
    ) -> None:
        self.tally = Tally()
        super().__init__(0, handset, self.tally, lambda *_: None)
        self._handset = handset
        self._tell = tell
        self._want_files = on_request

    @property
    def unanswered(self) -> int:
        """Frames sent or waiting that the platform has not answered."""
        return len(self._open) + len(self._queue)

    def say(self, message_id: int, fields: dict[str, Any]) -> None:
        """A message that is lost if there is no connection."""
        self._write(self._handset.frame(0, message_id, fields))

    def data_received(self, data: bytes) -> None:
        for raw in Framer().feed(data) if self._whole else self._watch.feed(data):
            self._tell(True, decode_frame(raw))
        super().data_received(data)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._watch = Framer()
        super().connection_made(transport)

    _whole = False
    """Every arrival holds whole frames."""

    def _write(self, raw: bytes) -> None:
        if self._transport is not None:
            for one in Framer().feed(raw):
                self._tell(False, decode_frame(one))
        super()._write(raw)

    def _heard(self, header: Header, fields: dict[str, Any]) -> None:
        if header.message_id in (0x8001, 0x8100):
            super()._heard(header, fields)
            return
        for message_id, answer in self._handset.answer(header, fields):
            self.say(message_id, answer)
        if header.message_id == 0x9208:
            self._want_files(fields)


class UdpHandsetLink(HandsetLink, asyncio.DatagramProtocol):
    """The same by datagrams. What gets no answer is sent again by whoever waits for it."""

    _whole = True

    async def _dial(self, loop: asyncio.AbstractEventLoop, host: str, port: int) -> None:
        await loop.create_datagram_endpoint(lambda: self, remote_addr=(host, port))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        way = _Datagrams(cast(asyncio.DatagramTransport, transport))
        super().connection_made(cast(asyncio.BaseTransport, way))

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.data_received(data)

    def again(self) -> None:
        """Send the registration, or whatever was not answered, once more."""
        if not self.ready:
            self._write(self._handset.registration(0))
        for raw, _ in list(self._open.values()):
            self._write(raw)


class _Datagrams:
    """A datagram transport as a link writes to it: a frame a datagram."""

    def __init__(self, transport: asyncio.DatagramTransport) -> None:
        self._transport = transport

    def write(self, data: bytes) -> None:
        for raw in Framer().feed(data):
            self._transport.sendto(b"\x7e" + raw + b"\x7e")

    def close(self) -> None:
        self._transport.close()

    def get_write_buffer_size(self) -> int:
        return 0
