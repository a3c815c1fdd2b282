"""0x1500 and 0x9500: listening in, photographs, texts to a vehicle, recorder data, emergencies.

Source: JT/T 809-2011 clause 4.5.11; the 15-byte form of 0x9504 from captures.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sizao.feeds.jt808.fields import Reader
from sizao.feeds.jt809.dialect import Dialect
from sizao.feeds.jt809.exchange import ANSWERED, RESULT
from sizao.feeds.jt809.fields import TIME, U8, U16, U32, Counted, Hex, Text
from sizao.feeds.jt809.layouts import Layout
from sizao.feeds.jt809.position import (
    OLD,
    decode_2019,
    decode_old,
    encode_position,
)

LISTEN = (Layout((("monitor_tel", Text(20)),)),)
LISTEN_ANSWER = (RESULT, ANSWERED)
PHOTO = (Layout((("lens_id", U8), ("size_type", U8))),)
VEHICLE_TEXT = (Layout((("msg_id", U32), ("priority", U8), ("content", Counted()))),)
VEHICLE_TEXT_ANSWER = (Layout((("msg_id", U32), ("result", U8)), ("2011",)), ANSWERED)
RECORDER = (
    Layout((("command", U8),), ("2011",)),
    Layout((("start_time", TIME), ("end_time", TIME), ("command", U8)), ("2019",)),
    Layout((("command", U8), ("start_bcd", Hex(6)), ("end_bcd", Hex(6)), ("blocks", U16)), ()),
)
RECORDER_ANSWER = (Layout((("command", U8), ("data", Counted(raw=True)))),)
EMERGENCY = (
    Layout(
        (
            ("auth_code", Hex(10)),
            ("access_point", Text(20)),
            ("user", Text(49)),
            ("password", Text(22)),
            ("server_ip", Text(32)),
            ("tcp_port", U16),
            ("udp_port", U16),
            ("end_time", TIME),
        )
    ),
)
EMERGENCY_ANSWER = (RESULT, ANSWERED)

_SHOT = ("lens_id", "photo_length", "size_type", "format")


def decode_photo(data: bytes, edition: str, dialect: Dialect) -> dict[str, Any]:
    """0x1502: a flag, a position, then the picture (as hex)."""
    reader = Reader(data)
    fields: dict[str, Any] = {"photo_rsp_flag": reader.u8()}
    if edition == "2019":
        fields["position"] = decode_2019(reader)
    else:
        fields["position"] = {"encrypt": reader.u8(), **decode_old(reader.take(OLD.size))}
    fields |= dict(zip(_SHOT, (reader.u8(), reader.u32(), reader.u8(), reader.u8()), strict=True))
    fields["photo"] = reader.take(fields["photo_length"]).hex()
    if reader.left:
        fields["trailing"] = reader.rest().hex()
    return fields


def encode_photo(fields: Mapping[str, Any], edition: str, dialect: Dialect) -> bytes:
    """The inverse."""
    photo = bytes.fromhex(fields["photo"])
    return b"".join(
        (
            bytes((fields["photo_rsp_flag"],)),
            encode_position(fields["position"], edition),
            bytes((fields["lens_id"],)),
            len(photo).to_bytes(4, "big"),
            bytes((fields["size_type"], fields["format"])),
            photo,
        )
    )
