"""From fields to frames.

>>> heartbeat = encode_frame(0x0002, "13912345678", 1, b"")
>>> heartbeat.hex()
'7e000200000139123456780001997e'
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sizao.feeds.jt808.framing import seal
from sizao.feeds.jt808.messages import MESSAGES

MAX_BODY = 1023
"""Longest body of one frame: the length field has ten bits."""

PROTOCOL_VERSION = 1
"""The 2019 header's version byte; it rises with amendments."""


def header_bytes(
    message_id: int,
    phone: str,
    serial: int,
    length: int,
    version: int | str = 2013,
    subpackage: tuple[int, int] | None = None,
) -> bytes:
    """A plain header. ``subpackage`` is (number of parts, 1-based index).

    Raises ValueError for a phone that does not fit or a body over 1023 bytes.
    """
    long = int(version) == 2019
    width = 20 if long else 12
    if len(phone) > width:
        raise ValueError(f"phone {phone!r} has more than {width} digits")
    if length > MAX_BODY:
        raise ValueError(f"a frame holds {MAX_BODY} body bytes, not {length}: sub-package it")
    properties = length | (0x4000 if long else 0) | (0x2000 if subpackage else 0)
    head = message_id.to_bytes(2, "big") + properties.to_bytes(2, "big")
    if long:
        head += bytes((PROTOCOL_VERSION,))
    head += bytes.fromhex(phone.zfill(width)) + (serial & 0xFFFF).to_bytes(2, "big")
    if subpackage:
        total, index = subpackage
        head += total.to_bytes(2, "big") + index.to_bytes(2, "big")
    return head


def encode_frame(
    message_id: int,
    phone: str,
    serial: int,
    body: bytes,
    version: int | str = 2013,
    subpackage: tuple[int, int] | None = None,
) -> bytes:
    """A complete frame with delimiters; ``version`` is 2011, 2013 (same header) or 2019.

    Raises ValueError as :func:`header_bytes` does.
    """
    return seal(header_bytes(message_id, phone, serial, len(body), version, subpackage) + body)


def encode_message(
    message_id: int,
    phone: str,
    serial: int,
    body: bytes,
    version: int | str = 2013,
    max_body: int = MAX_BODY,
) -> list[bytes]:
    """One frame, or as many parts with consecutive serials as the body needs."""
    if len(body) <= max_body:
        return [encode_frame(message_id, phone, serial, body, version)]
    parts = [body[at : at + max_body] for at in range(0, len(body), max_body)]
    return [
        encode_frame(message_id, phone, serial + index, part, version, (len(parts), index + 1))
        for index, part in enumerate(parts)
    ]


def encode_body(message_id: int, fields: Mapping[str, Any], version: int | str = 2013) -> bytes:
    """Body of a message from the keys :func:`.decode.decode_body` gives.

    Raises KeyError if the message has no encoder or a field is missing.
    """
    encode = MESSAGES[message_id].encode
    if encode is None:
        raise KeyError(f"message 0x{message_id:04X} has no encoder")
    return encode(fields, str(version))
