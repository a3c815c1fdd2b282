"""Evidence files of active-safety alarms: 0x9208 asks, 0x1210 to 0x1212 announce, 0x9212 ends.

Source: T/JSATL 12-2017 tables 4-21 to 4-27. Guangdong widens terminal ids from 7 to 30 bytes and
identities from 16 to 40; the total length tells which.
"""

from __future__ import annotations

from typing import Any

from sizao.feeds.jt808.alarms import IDENTITY, WIDE_IDENTITY, read_identity
from sizao.feeds.jt808.fields import Reader
from sizao.feeds.jt808.problems import Malformed


def decode_request(body: bytes, version: str) -> dict[str, Any]:
    """0x9208: where to send the files of an alarm."""
    wide = bool(body) and len(body) >= 1 + body[0] + 4 + WIDE_IDENTITY + 32 + 16
    reader = Reader(body)
    return {
        "server_ip": reader.short_text(),
        "tcp_port": reader.u16(),
        "udp_port": reader.u16(),
        "alarm_ident": read_identity(reader, WIDE_IDENTITY if wide else IDENTITY),
        "alarm_number": reader.text(32),
        "reserved": reader.take(16).hex(),
    }


def _files(reader: Reader) -> list[dict[str, Any]]:
    return [{"name": reader.short_text(), "size": reader.u32()} for _ in range(reader.u8())]


def decode_announcement(body: bytes, version: str) -> dict[str, Any]:
    """0x1210: the files that will follow. Read in the widths that use up the whole body."""
    last: Malformed | None = None
    for terminal, identity in ((7, IDENTITY), (30, WIDE_IDENTITY)):
        reader = Reader(body)
        try:
            fields = {
                "terminal_id": reader.text(terminal),
                "alarm_ident": read_identity(reader, identity),
                "alarm_number": reader.text(32),
                "info_type": reader.u8(),
                "files": _files(reader),
            }
        except Malformed as problem:
            last = problem
            continue
        if not reader.left:
            return fields
    raise last or Malformed("bad_length", f"{len(body)} bytes fit neither width of identity")


def decode_file(body: bytes, version: str) -> dict[str, Any]:
    """0x1211 and 0x1212: one file, before and after it was sent."""
    reader = Reader(body)
    return {"name": reader.short_text(), "file_type": reader.u8(), "size": reader.u32()}


def decode_file_answer(body: bytes, version: str) -> dict[str, Any]:
    """0x9212: complete, or the stretches to send again."""
    reader = Reader(body)
    fields: dict[str, Any] = {
        "name": reader.short_text(),
        "file_type": reader.u8(),
        "result": reader.u8(),
    }
    count = reader.u8() if reader.left else 0
    fields["retransmit"] = [{"offset": reader.u32(), "length": reader.u32()} for _ in range(count)]
    return fields
