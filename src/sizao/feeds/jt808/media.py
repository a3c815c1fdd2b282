"""Pictures, sound and video: 0x0800, 0x0801, 0x0805 up; 0x8800, 0x8801 down.

Source: JT/T 808-2013 clauses 8.50 to 8.56.
"""

from __future__ import annotations

from typing import Any

from sizao.feeds.jt808.fields import Reader
from sizao.feeds.jt808.location import BASE, decode_base

PREFIX = 16
"""Bytes of media data shown by ``sizao decode``."""


def _event(reader: Reader) -> dict[str, Any]:
    return {
        "media_id": reader.u32(),
        "media_type": reader.u8(),
        "media_format": reader.u8(),
        "event": reader.u8(),
        "channel": reader.u8(),
    }


def decode_event(body: bytes, version: str) -> dict[str, Any]:
    """0x0800: media exist."""
    return _event(Reader(body))


def decode_data(body: bytes, version: str) -> dict[str, Any]:
    """0x0801: the media themselves, with the place where they were taken."""
    reader = Reader(body)
    fields = _event(reader)
    fields["location"] = decode_base(reader.take(BASE.size))
    data = reader.rest()
    fields["data_length"] = len(data)
    fields["data_prefix_hex"] = data[:PREFIX].hex()
    return fields


def decode_shot_answer(body: bytes, version: str) -> dict[str, Any]:
    """0x0805: ids of the pictures taken; none are listed unless the result is 0."""
    reader = Reader(body)
    serial, result = reader.u16(), reader.u8()
    count = reader.u16() if reader.left >= 2 else 0
    ids = [reader.u32() for _ in range(count)]
    return {"reply_serial": serial, "result": result, "media_ids": ids}


def decode_upload_answer(body: bytes, version: str) -> dict[str, Any]:
    """0x8800: all arrived (no tail), or the parts to send again."""
    reader = Reader(body)
    media_id = reader.u32()
    count = reader.u8() if reader.left else 0
    return {"media_id": media_id, "retransmit_ids": [reader.u16() for _ in range(count)]}


def decode_shot(body: bytes, version: str) -> dict[str, Any]:
    """0x8801: take pictures or record."""
    reader = Reader(body)
    return {
        "channel": reader.u8(),
        "command": reader.u16(),
        "interval_s": reader.u16(),
        "save_flag": reader.u8(),
        "resolution": reader.u8(),
        "quality": reader.u8(),
        "brightness": reader.u8(),
        "contrast": reader.u8(),
        "saturation": reader.u8(),
        "chroma": reader.u8(),
    }
