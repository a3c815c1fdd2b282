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

    ``version`` is 2011, 2013 or 2019. A message without a layout is written from ``body_hex``.
    Raises KeyError for a missing field, ValueError, OverflowError or struct.error for a value
    that has no room.
    """
    message = MESSAGES.get(message_id)
    if message is None:
        return bytes.fromhex(fields["body_hex"])
    return message.encode(fields, str(version)) + bytes.fromhex(fields.get("trailing", ""))


def encode_decoded(fields: Mapping[str, Any]) -> bytes:
    """The frame, with delimiters, that :func:`.decode.decode_frame` made ``fields`` of.

    Of a part of a message and of an enciphered body the bytes are taken as they are. What
    decoding does not keep is written as the standard has it: padding behind texts, not before.
    Raises as :func:`encode_body` does.
    """
    message_id = int(fields["message_id"], 16)
    parts = fields["subpackage"]
    if parts or fields["encryption"]:
        body = bytes.fromhex(fields["body_hex"])
    else:
        body = encode_body(message_id, fields, fields["version"])
    # Bit 14 is taken from the words sent: some terminals leave it clear in the 2019 header.
    properties = int(fields["properties"], 16) & ~MAX_BODY | len(body)
    head = message_id.to_bytes(2, "big") + properties.to_bytes(2, "big")
    if "protocol_version" in fields:
        head += bytes((fields["protocol_version"],))
    head += bytes.fromhex(fields["phone_raw"]) + fields["serial"].to_bytes(2, "big")
    if parts:
        head += parts["total"].to_bytes(2, "big") + parts["index"].to_bytes(2, "big")
    return seal(head + body)
