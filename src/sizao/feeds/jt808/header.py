"""Message headers of the 2011, 2013 and 2019 editions.

2011 and 2013 headers are identical; 2019 sets bit 14 of the properties, adds a protocol version
byte and widens the phone from BCD[6] to BCD[10]. Some terminals send the 2019 header and forget
bit 14: the declared body length gives them away. The other way round is not assumed: a frame
with bit 14 set whose length does not fit is ``bad_length``.

Source: JT/T 808-2013 clause 4.4.3, JT/T 808-2019 clause 4.4.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sizao.feeds.jt808.fields import word
from sizao.feeds.jt808.problems import Malformed

SHORT, LONG = 12, 17
"""Header sizes in bytes, without the four bytes of sub-package words."""


@dataclass(frozen=True, slots=True)
class Header:
    """One message header; the raw phone is kept because it may hold non-decimal nibbles."""

    message_id: int
    properties: int
    version: str
    """``2013`` or ``2019``: the header's form. 2011 looks like 2013."""
    protocol_version: int | None
    raw_phone: bytes
    serial: int
    total: int
    """Number of parts; 0 when the message is not sub-packaged."""
    index: int
    """1-based part number; 0 when the message is not sub-packaged."""
    size: int
    """Bytes the header takes, sub-package words included."""

    @property
    def body_length(self) -> int:
        """Declared length of this part's body."""
        return self.properties & 0x03FF

    @property
    def subpackaged(self) -> bool:
        """The body is one part of a longer message."""
        return bool(self.properties & 0x2000)

    @property
    def encryption(self) -> int:
        """Bits 10 to 12: 0 plain, 1 RSA."""
        return self.properties >> 10 & 7

    @property
    def phone_raw(self) -> str:
        """Every BCD digit, lower case."""
        return self.raw_phone.hex()

    @property
    def phone(self) -> str:
        """Without leading zeros: the name of the vehicle everywhere else."""
        return compact(self.raw_phone)


def compact(raw_phone: bytes) -> str:
    """BCD phone without leading zeros; all zeros are ``0``."""
    return raw_phone.hex().lstrip("0") or "0"


def parse_header(plain: bytes) -> Header:
    """Header of an unescaped frame without its checksum. Raises Malformed ``bad_length``."""
    if len(plain) < SHORT:
        raise Malformed("bad_length", f"{len(plain)} bytes are no header", actual=0)
    properties = plain[2] << 8 | plain[3]
    long = bool(properties & 0x4000)
    extra = 4 if properties & 0x2000 else 0
    if not long and len(plain) - LONG - extra == properties & 0x03FF:
        long = True
    size = (LONG if long else SHORT) + extra
    if len(plain) < size:
        raise Malformed(
            "bad_length",
            f"{len(plain)} bytes, the header alone takes {size}",
            declared=properties & 0x03FF,
            actual=0,
        )
    tail = size - extra
    return Header(
        message_id=plain[0] << 8 | plain[1],
        properties=properties,
        version="2019" if long else "2013",
        protocol_version=plain[4] if long else None,
        raw_phone=plain[5:15] if long else plain[4:10],
        serial=plain[tail - 2] << 8 | plain[tail - 1],
        total=plain[tail] << 8 | plain[tail + 1] if extra else 0,
        index=plain[tail + 2] << 8 | plain[tail + 3] if extra else 0,
        size=size,
    )


def header_fields(header: Header) -> dict[str, Any]:
    """The header as the JSON keys of ``sizao decode``."""
    fields: dict[str, Any] = {
        "message_id": word(header.message_id),
        "properties": word(header.properties),
        "body_length": header.body_length,
        "encryption": header.encryption,
        "subpackage": (
            {"total": header.total, "index": header.index} if header.subpackaged else None
        ),
        "phone_raw": header.phone_raw,
        "phone": header.phone,
        "serial": header.serial,
        "version": header.version,
    }
    if header.protocol_version is not None:
        fields["protocol_version"] = header.protocol_version
    return fields
