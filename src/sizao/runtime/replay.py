"""Recorded frames, played into a running gateway over real TCP, and what it answered.

A recording is a text file: a hex frame a line, or JSON objects with a ``hex`` key (a list of hex
strings under ``frames`` or ``chunks`` goes before it). Messages from the platform (message id
0x8000 and above) are left out. Bytes are sent as they are, good or bad: each readable phone on a
connection of its own, what names no phone on one they share.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sizao.core.errors import ConfigError
from sizao.feeds.jt808.fields import time_us
from sizao.feeds.jt808.framing import DELIMITER, Framer, checksum, unescape
from sizao.feeds.jt808.header import Header, parse_header
from sizao.feeds.jt808.problems import Malformed

SHARED = ""
"""Key of the connection for bytes whose phone cannot be read."""

PLATFORM = 0x8000
IN_FLIGHT = 64
"""Frames sent on a connection before the first of them must have been answered."""

_NO_ANSWER = frozenset({0x0001})
"""A terminal's general reply is not answered."""


@dataclass(frozen=True)
class Shot:
    """Something to send: its pieces, the phone it is from, the frames it wants answered."""

    pieces: tuple[bytes, ...]
    phone: str
    awaits: tuple[tuple[int, int], ...]
    """(serial, message id) of each sound frame in it."""
    time_s: float | None = None
    """When it was sent originally, if known: seconds since the epoch."""


@dataclass
class Summary:
    """What happened. ``acked`` counts general replies and registrations by result code."""

    sent: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    connections: int = 0
    acked: Counter[str] = field(default_factory=Counter)
    no_answer: int = 0
    """Sound frames that were not answered in time: refused messages, parts of a message that
    never became whole."""
    drops: int = 0
    """Connections that the gateway closed or refused."""
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        return vars(self) | {"skipped": dict(self.skipped), "acked": dict(self.acked)}


def load(lines: Iterable[str], summary: Summary, only_phone: str | None = None) -> list[Shot]:
    """What to send, in the order of the file; what is left out is counted in ``summary``.

    Raises ConfigError, with the line number, for a line that is neither hex nor JSON.
    """
    shots = []
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text:
            continue
        try:
            shot = _shot(text)
        except (ValueError, KeyError, TypeError) as error:
            raise ConfigError(f"line {number} is neither hex nor a JSON frame: {error}") from error
        if shot is None:
            summary.skipped["from_platform"] += 1
        elif only_phone is not None and shot.phone != only_phone:
            summary.skipped["other_phone"] += 1
        else:
            shots.append(shot)
    return shots


async def play(
    shots: Iterable[Shot],
    host: str,
    port: int,
    *,
    speed: float | None = None,
    wait_s: float = 3.0,
    summary: Summary | None = None,
) -> Summary:
    """Send everything and wait for answers, at most ``wait_s`` after a connection's last bytes.

    ``speed`` keeps the recorded pace, so many times as fast; without it each connection sends as
    fast as it is answered. A connection that drops is opened again for what is left.
    """
    summary = summary or Summary()
    loop = asyncio.get_running_loop()
    began = loop.time()
    queues: dict[str, list[Shot]] = {}
    for shot in shots:
        queues.setdefault(shot.phone, []).append(shot)
    first_s = min(
        (one.time_s for queue in queues.values() for one in queue if one.time_s is not None),
        default=0.0,
    )
    room = asyncio.Semaphore(1000)

    def due(shot: Shot) -> float:
        if speed is None or shot.time_s is None:
            return 0.0
        return began + (shot.time_s - first_s) / speed

    async def one(queue: list[Shot]) -> None:
        async with room:
            await _Player(host, port, summary, wait_s).play(queue, due)

    await asyncio.gather(*(one(queue) for queue in queues.values()))
    summary.seconds = round(loop.time() - began, 3)
    return summary


class _Player:
    """One connection at a time, for one phone."""

    def __init__(self, host: str, port: int, summary: Summary, wait_s: float) -> None:
        self.host, self.port = host, port
        self.summary = summary
        self.wait_s = wait_s
        self.awaiting: Counter[tuple[int, int]] = Counter()
        self.moved = asyncio.Event()

    async def play(self, queue: list[Shot], due: Any) -> None:
        left = list(queue)
        while left:
            try:
                reader, writer = await asyncio.open_connection(self.host, self.port)
            except OSError as error:
                self.summary.drops += 1
                self.summary.no_answer += sum(len(shot.awaits) for shot in left)
                raise ConfigError(f"{self.host}:{self.port}: {error.strerror or error}") from error
            self.summary.connections += 1
            listening = asyncio.create_task(self._listen(reader))
            before = len(left)
            try:
                await self._send(writer, left, due, listening)
                await self._settle(0, listening)
            except ConnectionError:
                pass
            if listening.done():
                self.summary.drops += 1
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
            self.summary.no_answer += self.awaiting.total()
            self.awaiting.clear()
            writer.close()
            if len(left) == before:
                # Closed on us before a single frame: trying for ever would help nobody.
                self.summary.no_answer += sum(len(shot.awaits) for shot in left)
                return

    async def _send(
        self,
        writer: asyncio.StreamWriter,
        left: list[Shot],
        due: Any,
        listening: asyncio.Task[None],
    ) -> None:
        while left and not listening.done():
            shot = left[0]
            pause_s = due(shot) - asyncio.get_running_loop().time()
            if pause_s > 0:
                await asyncio.sleep(pause_s)
            await self._settle(IN_FLIGHT, listening)
            left.pop(0)
            self.awaiting.update(shot.awaits)
            self.summary.sent += max(len(shot.awaits), 1)
            for piece in shot.pieces:
                writer.write(piece)
                await writer.drain()
                if len(shot.pieces) > 1:
                    # Pieces were cut on purpose: let them arrive as such.
                    await asyncio.sleep(0.01)

    async def _settle(self, at_most: int, listening: asyncio.Task[None]) -> None:
        """Wait until no more than ``at_most`` frames are unanswered, or patience ends."""
        while self.awaiting.total() > at_most and not listening.done():
            self.moved.clear()
            try:
                async with asyncio.timeout(self.wait_s):
                    await self.moved.wait()
            except TimeoutError:
                return

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        framer = Framer()
        try:
            while data := await reader.read(65_536):
                for raw in framer.feed(data):
                    self._answered(raw)
        except ConnectionError:
            pass
        finally:
            self.moved.set()

    def _answered(self, raw: bytes) -> None:
        try:
            plain = unescape(raw)[:-1]
            header = parse_header(plain)
        except Malformed:
            return
        body = plain[header.size :]
        if header.message_id == 0x8001 and len(body) >= 5:
            key, result = (_u16(body, 0), _u16(body, 2)), body[4]
        elif header.message_id == 0x8100 and len(body) >= 3:
            key, result = (_u16(body, 0), 0x0100), body[2]
        else:
            return
        self.summary.acked[str(result)] += 1
        if self.awaiting[key] > 0:
            self.awaiting[key] -= 1
            self.moved.set()


def _shot(text: str) -> Shot | None:
    record: dict[str, Any] = json.loads(text) if text.startswith("{") else {"hex": text}
    parts = record.get("frames") or record.get("chunks") or [record["hex"]]
    pieces = tuple(bytes.fromhex(part.replace(" ", "")) for part in parts)
    if not text.startswith("{") and DELIMITER not in pieces[0]:
        # Recorders often leave the delimiters out; without them it would never be a frame.
        pieces = (b"\x7e" + pieces[0] + b"\x7e",)
    if "message_id" in record:
        name = record["message_id"]
        if name.startswith("0x") and int(name, 16) >= PLATFORM:
            return None
    headers = list(_headers(b"".join(pieces)))
    if headers and all(header.message_id >= PLATFORM for header, _, _ in headers):
        return None
    return Shot(
        pieces=pieces,
        phone=headers[0][0].phone if headers else SHARED,
        awaits=tuple(
            (header.serial, header.message_id)
            for header, _, sound in headers
            if sound and header.message_id < PLATFORM and header.message_id not in _NO_ANSWER
        ),
        time_s=_time_s(record.get("time"), headers),
    )


def _headers(stream: bytes) -> Iterator[tuple[Header, bytes, bool]]:
    """Headers and bodies of the frames that can be read, and whether their checksum is right."""
    for raw in Framer().feed(stream):
        try:
            plain = unescape(raw)
            header = parse_header(plain[:-1])
        except Malformed:
            continue
        yield header, plain[header.size : -1], checksum(plain) == 0


def _time_s(stated: str | float | None, headers: list[tuple[Header, bytes, bool]]) -> float | None:
    if isinstance(stated, str):
        return datetime.fromisoformat(stated).timestamp()
    if stated is not None:
        return float(stated)
    for header, body, _ in headers:
        if header.message_id == 0x0200 and len(body) >= 28:
            at = time_us(body[22:28])
            return None if at is None else at / 1_000_000
    return None


def _u16(data: bytes, offset: int) -> int:
    return data[offset] << 8 | data[offset + 1]
