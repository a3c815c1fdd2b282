"""A terminal's side of an evidence upload: what 0x9208 asks for, over TCP (T/JSATL 12)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sizao.feeds.jt808 import Framer, decode_frame, encode_body, encode_frame
from sizao.feeds.jt808.evidence import piece

PIECE_BYTES = 64 << 10
"""Bytes of a file in one raw piece."""
ROUNDS = 5
"""Times a file's missing stretches are sent again."""
WAIT_S = 30.0


class UploadRefused(Exception):
    """The attachment server would not take something; the message says what it answered."""


@dataclass(frozen=True)
class File:
    """One file of an alarm."""

    name: str
    file_type: int
    """0 picture, 1 sound, 2 video, 3 text, 4 other."""
    data: bytes


class Uploader:
    """One connection to an attachment server. Use as an async context manager."""

    def __init__(self, host: str, port: int, phone: str, version: str = "2013") -> None:
        self._address = (host, port)
        self._phone = phone
        self._version = version
        self._serial = 0
        self._framer = Framer()
        self._heard: list[dict[str, Any]] = []

    async def __aenter__(self) -> Uploader:
        self._reader, self._writer = await asyncio.open_connection(*self._address)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()
        with suppress(ConnectionError):
            await self._writer.wait_closed()

    async def announce(self, request: Mapping[str, Any], files: Sequence[File]) -> None:
        """0x1210. Raises UploadRefused."""
        ident = request["alarm_ident"]
        await self.ask(
            0x1210,
            {
                "terminal_id": ident["terminal_id"],
                "alarm_ident": ident,
                "alarm_number": request["alarm_number"],
                "info_type": 0,
                "files": [{"name": one.name, "size": len(one.data)} for one in files],
            },
        )

    async def send(
        self, file: File, between: Callable[[int, bytes], bytes] = lambda at, raw: raw
    ) -> int:
        """One file; returns how often stretches were asked for again. Raises UploadRefused.

        ``between`` may change or drop a piece on its way, for tests of bad networks.
        """
        about = {"name": file.name, "file_type": file.file_type, "size": len(file.data)}
        await self.ask(0x1211, about)
        wanted = [(0, len(file.data))]
        for round_number in range(ROUNDS):
            for start, length in wanted:
                for at in range(start, start + length, PIECE_BYTES):
                    data = file.data[at : min(at + PIECE_BYTES, start + length)]
                    self._writer.write(between(at, piece(file.name, at, data)))
                    await self._writer.drain()
            answer = await self.ask(0x1212, about, 0x9212)
            if answer["result"] == 0:
                return round_number
            wanted = [(one["offset"], one["length"]) for one in answer["retransmit"]]
        raise UploadRefused(f"{file.name}: still incomplete after {ROUNDS} rounds")

    async def ask(
        self, message_id: int, fields: Mapping[str, Any], answer_id: int = 0x8001
    ) -> dict[str, Any]:
        """Send a message and wait for its answer. Raises UploadRefused."""
        self._serial += 1
        body = encode_body(message_id, fields, self._version)
        self._writer.write(encode_frame(message_id, self._phone, self._serial, body, self._version))
        wanted = f"0x{answer_id:04X}"
        while True:
            while self._heard:
                answer = self._heard.pop(0)
                if answer["message_id"] == "0x8001" and answer["result"] != 0:
                    raise UploadRefused(f"0x{message_id:04X}: result {answer['result']}")
                if answer["message_id"] == wanted:
                    return answer
            async with asyncio.timeout(WAIT_S):
                data = await self._reader.read(65_536)
            if not data:
                raise UploadRefused(f"0x{message_id:04X}: the server hung up")
            self._heard += [decode_frame(raw) for raw in self._framer.feed(data)]


async def upload(
    request: Mapping[str, Any], files: Sequence[File], phone: str, version: str = "2013"
) -> None:
    """All files of an alarm to where a decoded 0x9208 says. Raises UploadRefused, OSError."""
    where = request["server_ip"], request["tcp_port"]
    async with Uploader(*where, phone, version) as connection:
        await connection.announce(request, files)
        for file in files:
            await connection.send(file)
