"""0x0100 registration, 0x8100 its answer, 0x0102 authentication.

The three editions give maker, model and terminal id different widths: 5/8/7 (2011), 5/20/7
(2013), 11/30/30 (2019). 2011 and 2013 share a header, so the body's own layout tells them apart.
Plate colour 0 means unplated; the plate field then holds the frame number (VIN).

Source: JT/T 808-2011 table 8, -2013 table 6, -2019 table 7; plate colours JT/T 697.7-2014.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sizao.feeds.jt808.fields import Reader, pad, short, text

WIDTHS = {"2011": (5, 8, 7), "2013": (5, 20, 7), "2019": (11, 30, 30)}
"""Edition to bytes of maker id, terminal model, terminal id."""

_COLOURS = frozenset((*range(10), *range(91, 96)))


def layout_of(body: bytes, version: str) -> str:
    """The edition whose 0x0100 layout the body has.

    A body that ends before the 2013 plate colour is from 2011. A longer one is from 2011 only if
    a plate colour stands where 2011 puts it and none where 2013 does.
    """
    if version == "2019":
        return "2019"
    if len(body) < 37:
        return "2011"
    return "2011" if body[24] in _COLOURS and body[36] not in _COLOURS else "2013"


def decode_registration(body: bytes, version: str) -> dict[str, Any]:
    """0x0100; ``version`` in the result is the edition the layout shows."""
    edition = layout_of(body, version)
    maker, model, terminal = WIDTHS[edition]
    reader = Reader(body)
    return {
        "province_id": reader.u16(),
        "city_id": reader.u16(),
        "maker_id": reader.text(maker),
        "terminal_model": reader.text(model),
        "terminal_id": reader.text(terminal),
        "plate_color": reader.u8(),
        "plate": text(reader.rest()),
        "version": edition,
    }


def encode_registration(fields: Mapping[str, Any], version: str) -> bytes:
    """A 0x0100 body in the widths of ``version`` (2011, 2013 or 2019)."""
    maker, model, terminal = WIDTHS[version]
    return (
        int(fields["province_id"]).to_bytes(2, "big")
        + int(fields["city_id"]).to_bytes(2, "big")
        + pad(fields["maker_id"], maker)
        + pad(fields["terminal_model"], model)
        + pad(fields["terminal_id"], terminal)
        + bytes((fields["plate_color"],))
        + fields["plate"].encode("gbk", "replace")
    )


def decode_registration_answer(body: bytes, version: str) -> dict[str, Any]:
    """0x8100: result 0 carries the code, any other result nothing more."""
    reader = Reader(body)
    serial, result = reader.u16(), reader.u8()
    code = text(reader.rest()) if result == 0 else None
    return {"reply_serial": serial, "result": result, "auth_code": code}


def encode_registration_answer(fields: Mapping[str, Any], version: str) -> bytes:
    """A 0x8100 body; ``auth_code`` is sent only with result 0."""
    head = int(fields["reply_serial"]).to_bytes(2, "big") + bytes((fields["result"],))
    return head + (fields["auth_code"].encode("gbk") if fields["result"] == 0 else b"")


def decode_authentication(body: bytes, version: str) -> dict[str, Any]:
    """0x0102: the code; 2019 adds IMEI and software version.

    A 2019 terminal whose length byte runs past the body sent the bare code of 2013.
    """
    if version != "2019" or not body or 1 + body[0] > len(body):
        return {"auth_code": text(body)}
    reader = Reader(body)
    fields: dict[str, Any] = {"auth_code": reader.short_text()}
    if reader.left >= 15:
        fields["imei"] = reader.text(15)
        fields["software_version"] = text(reader.rest())
    elif reader.left:
        fields["trailing"] = reader.rest().hex()
    return fields


def encode_authentication(fields: Mapping[str, Any], version: str) -> bytes:
    """A 0x0102 body."""
    if version != "2019":
        code: bytes = fields["auth_code"].encode("gbk")
        return code
    return (
        short(fields["auth_code"])
        + pad(fields.get("imei", ""), 15)
        + pad(fields.get("software_version", ""), 20)
    )
