"""Small messages that are a handful of numbers or one text.

Source: JT/T 808-2013 clauses 8.10 to 8.58, each named at its function.
"""

from __future__ import annotations

from typing import Any

from sizao.feeds.jt808.fields import Reader, text


def decode_upgrade_result(body: bytes, version: str) -> dict[str, Any]:
    """0x0108: how a terminal upgrade went."""
    reader = Reader(body)
    return {"upgrade_type": reader.u8(), "result": reader.u8()}


def decode_event_report(body: bytes, version: str) -> dict[str, Any]:
    """0x0301: the driver chose an event."""
    return {"event_id": Reader(body).u8()}


def decode_question_answer(body: bytes, version: str) -> dict[str, Any]:
    """0x0302: the driver answered a question."""
    reader = Reader(body)
    return {"reply_serial": reader.u16(), "answer_id": reader.u8()}


def decode_info_request(body: bytes, version: str) -> dict[str, Any]:
    """0x0303: information on demand, 1 wanted, 0 cancelled."""
    reader = Reader(body)
    return {"info_type": reader.u8(), "flag": reader.u8()}


def decode_can(body: bytes, version: str) -> dict[str, Any]:
    """0x0705: CAN bus frames; the time is hhmmss and milliseconds in BCD[5]."""
    reader = Reader(body)
    count = reader.u16()
    fields: dict[str, Any] = {"count": count, "first_time_bcd": reader.take(5).hex()}
    fields["items"] = [
        {"can_id_raw": f"0x{reader.u32():08X}", "data_hex": reader.take(8).hex()}
        for _ in range(count)
    ]
    return fields


def decode_transparent(body: bytes, version: str) -> dict[str, Any]:
    """0x0900 and 0x8900: bytes passed through, with their type."""
    reader = Reader(body)
    return {"transparent_type": f"0x{reader.u8():02X}", "data_hex": reader.rest().hex()}


def decode_compressed(body: bytes, version: str) -> dict[str, Any]:
    """0x0901: GZIP bytes passed through."""
    reader = Reader(body)
    length = reader.u32()
    return {"compressed_length": length, "data_hex": reader.take(length).hex()}


def decode_terminal_control(body: bytes, version: str) -> dict[str, Any]:
    """0x8105: upgrade, power off, reset and the like."""
    reader = Reader(body)
    return {"command": reader.u8(), "args": text(reader.rest())}


def decode_tracking(body: bytes, version: str) -> dict[str, Any]:
    """0x8202: report every ``interval_s`` for ``validity_s``; interval 0 stops and ends there."""
    reader = Reader(body)
    interval = reader.u16()
    return {"interval_s": interval, "validity_s": reader.u32() if reader.left else None}


def decode_call_back(body: bytes, version: str) -> dict[str, Any]:
    """0x8400: the terminal shall phone this number."""
    reader = Reader(body)
    return {"flag": reader.u8(), "phone_number": text(reader.rest())}


def decode_deletion(body: bytes, version: str) -> dict[str, Any]:
    """0x8601 and its kin: ids of areas or routes to delete; none means all."""
    reader = Reader(body)
    count = reader.u8()
    return {"count": count, "ids": [reader.u32() for _ in range(count)]}


def decode_rsa_key(body: bytes, version: str) -> dict[str, Any]:
    """0x8A00 and 0x0A00: a public key, exponent and modulus."""
    reader = Reader(body)
    return {"rsa_e": reader.u32(), "rsa_n_hex": reader.take(128).hex()}
