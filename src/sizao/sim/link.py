"""One terminal's TCP connection: dials, registers, sends, counts answers, dials again."""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from sizao.feeds.jt808 import Framer, decode_body
from sizao.feeds.jt808.decode import open_frame
from sizao.feeds.jt808.framing import unescape
from sizao.feeds.jt808.header import Header
from sizao.feeds.jt808.problems import Malformed

KEPT_FRAMES = 4000
"""Frames a terminal stores while it has no connection; the oldest go first."""
QUIET_S = 50.0
"""Wall seconds of silence after which a heartbeat is sent."""
_FULL = 256 * 1024


class Speaker(Protocol):
    """What a connection needs to know about its terminal."""

    def registration(self, vehicle: int) -> bytes: ...
    def authentication(self, vehicle: int, code: str) -> bytes: ...
    def frame(self, vehicle: int, message_id: int, fields: dict[str, object]) -> bytes: ...


class Tally:
    """Counters of all connections together."""

    def __init__(self) -> None:
        self.connected = 0
        self.sent = 0
        self.acknowledged = 0
        self.refused = 0
        self.reconnects = 0
        self.dropped = 0
        self.texts = 0
        self.latency_ms: deque[float] = deque(maxlen=5000)
        self.errors: dict[str, int] = {}


OnText = Callable[[int, str], object]
OnRequest = Callable[[int, dict[str, Any]], object]


class Link(asyncio.Protocol):
    """The connection of one vehicle. ``on_text(vehicle, text)`` is called for 0x8300,
    ``on_request(vehicle, fields)`` for 0x9208."""

    def __init__(
        self,
        vehicle: int,
        speaker: Speaker,
        tally: Tally,
        on_text: OnText,
        on_request: OnRequest | None = None,
    ) -> None:
        self.vehicle = vehicle
        self.ready = False
        self.closed = asyncio.Event()
        self._speaker = speaker
        self._tally = tally
        self._on_text = on_text
        self._on_request = on_request
        self._transport: asyncio.Transport | None = None
        self._framer = Framer()
        self._code = ""
        self._queue: deque[bytes] = deque()
        self._open: dict[int, tuple[bytes, float]] = {}
        self._last_sent = 0.0

    # Life of the connection

    async def run(
        self, host: str, port: int, stagger_s: float, one_by_one: asyncio.Semaphore
    ) -> None:
        """Stay connected until cancelled; waits longer after each failure, up to half a minute."""
        await asyncio.sleep(stagger_s)
        loop = asyncio.get_running_loop()
        pause = 0.5
        while True:
            self.closed.clear()
            try:
                async with one_by_one:
                    async with asyncio.timeout(10):
                        await self._dial(loop, host, port)
            except (OSError, TimeoutError) as error:
                name = type(error).__name__
                self._tally.errors[name] = self._tally.errors.get(name, 0) + 1
            else:
                began = time.monotonic()
                await self.closed.wait()
                self._tally.reconnects += 1
                if time.monotonic() - began > 30:
                    pause = 0.5
            # Not all at the same moment, or a gateway that comes back is run over.
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))
            pause = min(pause * 2, 30.0)

    async def _dial(self, loop: asyncio.AbstractEventLoop, host: str, port: int) -> None:
        await loop.create_connection(lambda: self, host, port)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport) or hasattr(transport, "write")
        self._transport = transport  # type: ignore[assignment]  # or a test's double
        self._framer = Framer()
        self._tally.connected += 1
        if self._code:
            self._write(self._speaker.authentication(self.vehicle, self._code))
        else:
            self._write(self._speaker.registration(self.vehicle))

    def connection_lost(self, exc: Exception | None) -> None:
        self._tally.connected -= 1
        self.ready = False
        self._transport = None
        # What was not answered may not have arrived: at least once.
        self._queue.extendleft(raw for raw, _ in reversed(self._open.values()))
        self._open.clear()
        self._trim()
        self.closed.set()

    def hang_up(self) -> None:
        if self._transport is not None:
            self._transport.close()

    # Sending

    def send(self, raw: bytes) -> None:
        """Send a frame, or keep it until there is a connection."""
        if not self.ready or (
            self._transport is not None and self._transport.get_write_buffer_size() > _FULL
        ):
            self._queue.append(raw)
            self._trim()
        else:
            self._flush()
            self._track(raw)
            self._write(raw)

    def keep_alive(self) -> None:
        """A heartbeat after a long silence."""
        if self.ready:
            self._flush()
            if time.monotonic() - self._last_sent > QUIET_S:
                self._write(self._speaker.frame(self.vehicle, 0x0002, {}))

    def _flush(self) -> None:
        while self._queue and self._transport is not None:
            if self._transport.get_write_buffer_size() > _FULL:
                return
            raw = self._queue.popleft()
            self._track(raw)
            self._write(raw)

    def _write(self, raw: bytes) -> None:
        if self._transport is not None:
            self._transport.write(raw)
            self._tally.sent += 1
            self._last_sent = time.monotonic()

    def _trim(self) -> None:
        while len(self._queue) > KEPT_FRAMES:
            self._queue.popleft()
            self._tally.dropped += 1

    def _track(self, raw: bytes) -> None:
        """Remember a frame until it is answered. Damaged ones never are, so there is a bound."""
        try:
            plain = unescape(raw[raw.index(0x7E) + 1 : -1])
        except (Malformed, ValueError):
            return
        at = 15 if plain[2] & 0x40 else 10
        self._open[int.from_bytes(plain[at : at + 2], "big")] = (raw, time.monotonic())
        if len(self._open) > 500:
            self._open.pop(next(iter(self._open)))

    # Receiving

    def data_received(self, data: bytes) -> None:
        for raw in self._framer.feed(data):
            try:
                frame = open_frame(raw)
            except Malformed:
                continue
            header = frame.header
            fields = decode_body(header.message_id, frame.body, header.version)
            if "error" not in fields:
                self._heard(header, fields)

    def _heard(self, header: Header, fields: dict[str, Any]) -> None:
        """A message of the platform."""
        if header.message_id == 0x8001:
            self._answered(fields)
        elif header.message_id == 0x8100:
            if fields["result"] == 0:
                self._code = fields["auth_code"]
                self._write(self._speaker.authentication(self.vehicle, self._code))
            else:
                self._tally.refused += 1
                self.hang_up()
        elif header.message_id == 0x8300:
            self._spoken(header.serial, fields["text"])
        elif header.message_id == 0x9208 and self._on_request is not None:
            self._done(header.serial, "0x9208")
            self._on_request(self.vehicle, fields)

    def _done(self, serial: int, message_id: str) -> None:
        """0x0001: carried out."""
        fields: dict[str, object] = {
            "reply_serial": serial,
            "reply_message_id": message_id,
            "result": 0,
        }
        self._write(self._speaker.frame(self.vehicle, 0x0001, fields))

    def _answered(self, fields: dict[str, object]) -> None:
        if fields["reply_message_id"] == "0x0102":
            if fields["result"] == 0:
                self.ready = True
                self._flush()
            else:  # another platform, or another secret: register anew
                self._code = ""
                self._tally.refused += 1
                self.hang_up()
            return
        serial = fields["reply_serial"]
        assert isinstance(serial, int)
        found = self._open.pop(serial, None)
        if found is not None:
            self._tally.acknowledged += 1
            self._tally.latency_ms.append((time.monotonic() - found[1]) * 1000)

    def _spoken(self, serial: int, text: str) -> None:
        self._tally.texts += 1

        def answer() -> None:
            self._done(serial, "0x8300")
            self._on_text(self.vehicle, text)

        # The terminal reads it out first.
        asyncio.get_running_loop().call_later(random.uniform(1.0, 2.5), answer)
