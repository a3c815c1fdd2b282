"""The header: 22 bytes with the opening delimiter not counted, 30 in the 2019 edition.

2019 adds the moment of sending as u64 behind the key. Nothing in the header says which edition
it is (the version bytes are set at will), so the bytes after the key decide: no 2011 body starts
like a time. A link that knows its edition says so.

Source: JT/T 809-2011 clause 4.4; -2019 clause 4.4 adds the time.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

from sizao.feeds.jt808.fields import word
from sizao.feeds.jt808.problems import Malformed
from sizao.feeds.jt809.fields import iso

SHORT, LONG = 22, 30
"""Header sizes in bytes."""
_BASE = struct.Struct(">IIHI3sBI")
VERSION_2011, VERSION_2019 = bytes((1, 0, 0)), bytes((1, 2, 15))
_EARLIEST_S, _LATEST_S = 1_262_304_000, 4_294_967_295
"""2010-01-01 to 2106: what a 2019 header's time can be, in seconds."""


@dataclass(frozen=True, slots=True)
class Header:
    """One message header."""

    length: int
    """Declared length of the whole frame before escaping, delimiters and CRC included."""
    serial: int
    business: int
    access_code: int
    version: bytes
    encrypted: int
    key: int
    sent: int | None
    """2019: the moment of sending as it came, seconds (some peers: milliseconds) UTC."""

    @property
    def edition(self) -> str:
        return "2011" if self.sent is None else "2019"

    @property
    def size(self) -> int:
        return SHORT if self.sent is None else LONG


def parse_header(plain: bytes, edition: str | None = None) -> Header:
    """Header of an unescaped frame without CRC; ``edition`` where the link knows it.

    Raises Malformed ``bad_length``.
    """
    size = LONG if edition == "2019" else SHORT
    if len(plain) < size:
        raise Malformed("bad_length", f"{len(plain)} bytes, the header alone takes {size}")
    length, serial, business, access_code, version, encrypted, key = _BASE.unpack_from(plain)
    long = edition == "2019" or (edition is None and _looks_long(plain))
    sent = int.from_bytes(plain[SHORT:LONG], "big") if long else None
    return Header(length, serial, business, access_code, version, encrypted, key, sent)


def _looks_long(plain: bytes) -> bool:
    if len(plain) < LONG:
        return False
    sent = int.from_bytes(plain[SHORT:LONG], "big")
    if _EARLIEST_S <= sent <= _LATEST_S or _EARLIEST_S <= sent // 1000 <= _LATEST_S:
        return True
    # A sender without a clock that says outright which edition it follows.
    return sent == 0 and plain[14:17] == VERSION_2019


def build_header(header: Header) -> bytes:
    """The inverse of :func:`parse_header`; the length is as given."""
    base = _BASE.pack(
        header.length,
        header.serial & 0xFFFFFFFF,
        header.business,
        header.access_code,
        header.version,
        header.encrypted,
        header.key,
    )
    return base if header.sent is None else base + header.sent.to_bytes(8, "big")


def header_fields(header: Header, length_ok: bool, crc: int, crc_ok: bool) -> dict[str, Any]:
    """The header as the JSON keys of ``sizao decode``."""
    fields: dict[str, Any] = {
        "msg_length": header.length,
        "length_ok": length_ok,
        "msg_sn": header.serial,
        "business_type": word(header.business),
        "gnss_center_id": header.access_code,
        "protocol_version_flag": header.version.hex(),
        "encrypt_flag": header.encrypted,
        "encrypt_key": header.key,
        "crc": f"0x{crc:04X}",
        "crc_ok": crc_ok,
    }
    if header.sent is not None:
        fields["time"] = iso(header.sent)
    fields["version"] = header.edition
    return fields
