"""0x0702 driver card: put in or taken out, and what it says.

A removal and a failed reading stop early. The 2011 form is a bare identity without a status
byte; it is recognised by its lengths adding up.

Source: JT/T 808-2013 clause 8.48; -2019 adds the identity card number; -2011 clause 8.24.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sizao.feeds.jt808.fields import Reader, bcd_from_iso, iso_time, pad, short

INSERTED, REMOVED = 1, 2


def decode_driver(body: bytes, version: str) -> dict[str, Any]:
    """Status, time, and the card's text where it was read."""
    if body and body[0] not in (INSERTED, REMOVED):
        old = _decode_2011(body)
        if old is not None:
            return old
    reader = Reader(body)
    fields: dict[str, Any] = {"status": reader.u8(), "time": iso_time(reader.take(6))}
    if reader.left:
        fields["ic_read_result"] = reader.u8()
        if fields["ic_read_result"] == 0 and reader.left:
            fields["driver_name"] = reader.short_text()
            fields["license_no"] = reader.text(20)
            fields["license_authority"] = reader.short_text()
            fields["license_expiry"] = reader.take(4).hex()
            if version == "2019" and reader.left >= 20:
                fields["id_card_no"] = reader.text(20)
    if reader.left:
        fields["trailing"] = reader.rest().hex()
    return fields


def _decode_2011(body: bytes) -> dict[str, Any] | None:
    name = body[0]
    at = 1 + name + 20 + 40
    if len(body) <= at or len(body) != at + 1 + body[at]:
        return None
    reader = Reader(body)
    return {
        "driver_name": reader.short_text(),
        "id_card_no": reader.text(20),
        "license_no": reader.text(40),
        "license_authority": reader.short_text(),
        "version": "2011",
    }


def encode_driver(fields: Mapping[str, Any], version: str) -> bytes:
    """Bytes of ``status``, ``time`` (ISO), and the card's fields if ``ic_read_result`` is there;
    the 2011 form if there is no ``status``."""
    if "status" not in fields:
        return (
            short(fields["driver_name"])
            + pad(fields["id_card_no"], 20)
            + pad(fields["license_no"], 40)
            + short(fields["license_authority"])
        )
    time = bytes(6) if fields["time"] is None else bcd_from_iso(fields["time"])
    body = bytes((fields["status"],)) + time
    if "ic_read_result" not in fields:
        return body
    body += bytes((fields["ic_read_result"],))
    if fields["ic_read_result"] != 0 or "license_no" not in fields:
        return body
    body += short(fields.get("driver_name", ""))
    body += pad(fields["license_no"], 20)
    body += short(fields.get("license_authority", ""))
    body += bytes.fromhex(fields.get("license_expiry", "00000000"))
    if version == "2019":
        body += pad(fields.get("id_card_no", ""), 20)
    return body
