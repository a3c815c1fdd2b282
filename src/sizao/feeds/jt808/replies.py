"""Messages that answer or steer: 0x0001, 0x8001, 0x8003, 0x0005, 0x8203, and bodies that are empty.

Source: JT/T 808-2013 clauses 8.1, 8.2, 8.4, 8.22; 0x0005 is -2019's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sizao.feeds.jt808.fields import Reader, word

OK, FAILED, BAD_MESSAGE, UNSUPPORTED, ALARM_CONFIRMED = range(5)
"""Results of a general answer; only the platform sends the last."""

RESULTS = {OK: "ok", FAILED: "failed", BAD_MESSAGE: "bad message", UNSUPPORTED: "unsupported"}


def decode_empty(body: bytes, version: str) -> dict[str, Any]:
    """A message that is its header: 0x0002, 0x0003, 0x8104."""
    return {"trailing": body.hex()} if body else {}


def encode_empty(fields: Mapping[str, Any], version: str) -> bytes:
    return b""


def decode_general(body: bytes, version: str) -> dict[str, Any]:
    """0x0001 and 0x8001: what is answered, and how it went."""
    reader = Reader(body)
    return {
        "reply_serial": reader.u16(),
        "reply_message_id": word(reader.u16()),
        "result": reader.u8(),
    }


def general(serial: int, message_id: int, result: int) -> bytes:
    """Body of 0x0001 or 0x8001: answer to ``serial`` of ``message_id``."""
    return serial.to_bytes(2, "big") + message_id.to_bytes(2, "big") + bytes((result,))


def encode_general(fields: Mapping[str, Any], version: str) -> bytes:
    return general(fields["reply_serial"], int(fields["reply_message_id"], 16), fields["result"])


def decode_resend(body: bytes, version: str) -> dict[str, Any]:
    """0x8003: which parts to send again; the count is a byte before 2019 and a word since."""
    reader = Reader(body)
    serial = reader.u16()
    count = reader.u16() if version == "2019" else reader.u8()
    indexes = [reader.u16() for _ in range(count)]
    return {"original_serial": serial, "count": count, "indexes": indexes}


def encode_resend(fields: Mapping[str, Any], version: str) -> bytes:
    """A 0x8003 body; before 2019 it has room for 255 parts, the others are asked for later."""
    width = 2 if version == "2019" else 1
    indexes = fields["indexes"][: 256**width - 1]
    return (
        int(fields["original_serial"]).to_bytes(2, "big")
        + len(indexes).to_bytes(width, "big")
        + b"".join(int(index).to_bytes(2, "big") for index in indexes)
    )


def decode_alarm_confirmation(body: bytes, version: str) -> dict[str, Any]:
    """0x8203: a person has taken note of an alarm."""
    reader = Reader(body)
    return {"alarm_serial": reader.u16(), "alarm_type": reader.u32()}


def encode_alarm_confirmation(fields: Mapping[str, Any], version: str) -> bytes:
    return int(fields["alarm_serial"]).to_bytes(2, "big") + int(fields["alarm_type"]).to_bytes(
        4, "big"
    )
