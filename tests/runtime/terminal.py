"""A terminal for tests: says what it is told to over a real socket and collects the answers."""

from __future__ import annotations

import asyncio
import time

from sizao.feeds.jt808.encode import encode_body, encode_frame
from sizao.feeds.jt808.framing import Framer, unescape
from sizao.feeds.jt808.header import parse_header
from sizao.feeds.jt808.location import encode_location


class Terminal:
    """Connects, numbers its messages, keeps every answer as (message id, body)."""

    def __init__(self, phone: str = "13800000001") -> None:
        self.phone = phone
        self.serial = 0
        self.answers: list[tuple[int, bytes]] = []
        self.last_serial: dict[int, int] = {}
        """Serial of the last message heard, by message id."""
        self.closed = asyncio.Event()
        self._came = asyncio.Event()
        self._framer = Framer()

    async def connect(self, port: int) -> Terminal:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", port)
        self._task = asyncio.create_task(self._listen())
        return self

    def frame(self, message_id: int, body: bytes = b"") -> bytes:
        self.serial += 1
        return encode_frame(message_id, self.phone, self.serial, body)

    def send(self, message_id: int, body: bytes = b"") -> int:
        """Send a message; returns its serial."""
        self.writer.write(self.frame(message_id, body))
        return self.serial

    def position(self, speed_kmh: float = 50.0, ago_s: float = 0.0, alarm: int = 0) -> int:
        return self.send(0x0200, location(speed_kmh, ago_s, alarm))

    async def answered(self, serial: int, limit_s: float = 30.0) -> int:
        """Result code of the general answer to a serial."""
        until = time.monotonic() + limit_s
        while True:
            for message_id, body in self.answers:
                if message_id == 0x8001 and body[:2] == serial.to_bytes(2, "big"):
                    return body[4]
            self._came.clear()
            await asyncio.wait_for(self._came.wait(), max(until - time.monotonic(), 0.001))

    async def heard(self, message_id: int, limit_s: float = 30.0) -> bytes:
        """Body of the first message with this id."""
        until = time.monotonic() + limit_s
        while True:
            for found, body in self.answers:
                if found == message_id:
                    return body
            self._came.clear()
            await asyncio.wait_for(self._came.wait(), max(until - time.monotonic(), 0.001))

    def results(self) -> list[int]:
        return [body[4] for message_id, body in self.answers if message_id == 0x8001]

    async def leave(self) -> None:
        self.writer.close()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _listen(self) -> None:
        try:
            while data := await self.reader.read(65_536):
                for raw in self._framer.feed(data):
                    plain = unescape(raw)[:-1]
                    header = parse_header(plain)
                    self.last_serial[header.message_id] = header.serial
                    self.answers.append((header.message_id, plain[header.size :]))
                    self._came.set()
        except ConnectionError:
            pass
        finally:
            self.writer.close()
            self.closed.set()
            self._came.set()


def location(speed_kmh: float = 50.0, ago_s: float = 0.0, alarm: int = 0) -> bytes:
    at_us = int((time.time() - ago_s) * 1_000_000)
    return encode_location(
        time_us=at_us, lat=26.58, lon=101.72, speed_kmh=speed_kmh, heading_deg=90, alarm=alarm
    )


def authentication(code: str) -> bytes:
    return encode_body(0x0102, {"auth_code": code})
