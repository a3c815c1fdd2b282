"""0x8300: a text the terminal shows, speaks or both.

Source: JT/T 808-2013 clause 8.23; -2019 adds the text type (1 notice, 2 service).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sizao.feeds.jt808.fields import Reader, text

URGENT, DISPLAY, SPEAK, AD_SCREEN, CAN_FAULT = 1, 4, 8, 16, 32
"""Bits of the flag byte, as the standard numbers them (bit 0, 2, 3, 4, 5)."""

MAX_BYTES = 1024
"""Longest text the standard allows, in GBK bytes."""


def decode_text(body: bytes, version: str) -> dict[str, Any]:
    reader = Reader(body)
    fields: dict[str, Any] = {"flag": reader.u8()}
    if version == "2019":
        fields["text_type"] = reader.u8()
    fields["text"] = text(reader.rest())
    return fields


def encode_text(fields: Mapping[str, Any], version: str) -> bytes:
    """A 0x8300 body; characters outside GBK become question marks, the text is cut at
    :data:`MAX_BYTES` without splitting a character."""
    raw = fields["text"].encode("gbk", "replace")[:MAX_BYTES]
    raw = raw.decode("gbk", "ignore").encode("gbk")
    head = bytes((fields["flag"],))
    if version == "2019":
        head += bytes((fields.get("text_type", 1),))
    return head + raw
