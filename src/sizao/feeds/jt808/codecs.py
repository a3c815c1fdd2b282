"""Values on the wire: numbers, texts, bytes, times, places. What :mod:`.layout` is built of.

A codec may look at the fields before its own (``seen``) when it reads, and at all of them
(``fields``) when it writes.

Source: JT/T 808-2013 clause 4.2 (data types).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sizao.feeds.jt808.fields import Reader, bcd_from_iso, iso_time, pad, text

Fields = Mapping[str, Any]


class Codec(Protocol):
    """One value on the wire."""

    @property
    def kind(self) -> str:
        """What the reference page calls it."""
        ...

    def read(self, reader: Reader, seen: Fields, version: str) -> Any:
        """The value at the reader's place. Raises Malformed."""
        ...

    def write(self, value: Any, fields: Fields, version: str) -> bytes:
        """Its bytes. Raises OverflowError or ValueError for a value that has no room."""
        ...


@dataclass(frozen=True)
class Number:
    """An integer of ``size`` bytes."""

    size: int
    signed: bool = False

    @property
    def kind(self) -> str:
        return f"{'i' if self.signed else 'u'}{8 * self.size}"

    def read(self, reader: Reader, seen: Fields, version: str) -> int:
        return int.from_bytes(reader.take(self.size), "big", signed=self.signed)

    def write(self, value: Any, fields: Fields, version: str) -> bytes:
        return int(value).to_bytes(self.size, "big", signed=self.signed)


U8, U16, U32 = Number(1), Number(2), Number(4)
I16 = Number(2, signed=True)


@dataclass(frozen=True)
class Word:
    """A number shown the way the standard writes ids and types: ``0x0200``."""

    size: int
    digits: int
    """Least digits shown."""

    @property
    def kind(self) -> str:
        return f"u{8 * self.size}, hexadecimal"

    def read(self, reader: Reader, seen: Fields, version: str) -> str:
        return f"0x{int.from_bytes(reader.take(self.size), 'big'):0{self.digits}X}"

    def write(self, value: Any, fields: Fields, version: str) -> bytes:
        return int(value, 16).to_bytes(self.size, "big")


@dataclass(frozen=True)
class Text:
    """GBK text of a fixed width, NUL-padded."""

    width: int

    @property
    def kind(self) -> str:
        return f"text[{self.width}]"

    def read(self, reader: Reader, seen: Fields, version: str) -> str:
        return reader.text(self.width)

    def write(self, value: Any, fields: Fields, version: str) -> bytes:
        return pad(value, self.width)


@dataclass(frozen=True)
class SizedText:
    """GBK text behind its length."""

    length: Number = U8

    @property
    def kind(self) -> str:
        return f"{self.length.kind} + text"

    def read(self, reader: Reader, seen: Fields, version: str) -> str:
        return text(reader.take(self.length.read(reader, seen, version)))

    def write(self, value: Any, fields: Fields, version: str) -> bytes:
        raw = value.encode("gbk", "replace")
        return self.length.write(len(raw), fields, version) + raw


@dataclass(frozen=True)
class RestText:
    """GBK text to the end of the body."""

    kind = "text to the end"

    def read(self, reader: Reader, seen: Fields, version: str) -> str:
        return text(reader.rest())

    def write(self, value: Any, fields: Fields, version: str) -> bytes:
        raw: bytes = value.encode("gbk", "replace")
        return raw


@dataclass(frozen=True)
class Raw:
    """Bytes of a fixed width, as hexadecimal."""

    width: int

    @property
    def kind(self) -> str:
        return f"byte[{self.width}]"

    def read(self, reader: Reader, seen: Fields, version: str) -> str:
        return reader.take(self.width).hex()

    def write(self, value: Any, fields: Fields, version: str) -> bytes:
        raw = bytes.fromhex(value)
        if len(raw) != self.width:
            raise ValueError(f"{len(raw)} bytes where {self.width} belong")
        return raw


@dataclass(frozen=True)
class RestRaw:
    """Bytes to the end of the body, as hexadecimal."""

    kind = "byte[] to the end"

    def read(self, reader: Reader, seen: Fields, version: str) -> str:
        return reader.rest().hex()

    def write(self, value: Any, fields: Fields, version: str) -> bytes:
        return bytes.fromhex(value)


@dataclass(frozen=True)
class SizedRaw:
    """Bytes behind their length, as hexadecimal; ``shown`` names the key that shows the length."""

    shown: str

    kind = "byte[] of that length"

    def read(self, reader: Reader, seen: Fields, version: str) -> str:
        return reader.take(seen[self.shown]).hex()

    def write(self, value: Any, fields: Fields, version: str) -> bytes:
        return bytes.fromhex(value)


@dataclass(frozen=True)
class Time:
    """BCD[6] YYMMDDhhmmss in UTC+8, as ISO 8601; null if there is no such time."""

    kind = "BCD[6] time"

    def read(self, reader: Reader, seen: Fields, version: str) -> str | None:
        return iso_time(reader.take(6))

    def write(self, value: Any, fields: Fields, version: str) -> bytes:
        return bytes(6) if value is None else bcd_from_iso(value)


@dataclass(frozen=True)
class Place:
    """Latitude or longitude, u32 of 1e-6 degrees; bit ``negative`` of the field ``attribute``
    says south or west; without it the value is as sent, unsigned."""

    negative: int | None

    kind = "u32, 1e-6 degrees"

    def read(self, reader: Reader, seen: Fields, version: str) -> float:
        degrees = reader.u32() / 1e6
        if self.negative is not None and seen["attribute"] >> self.negative & 1:
            # ``or 0.0`` because minus zero would come out as -0.0.
            return -degrees or 0.0
        return degrees

    def write(self, value: Any, fields: Fields, version: str) -> bytes:
        return round(abs(value) * 1e6).to_bytes(4, "big")


@dataclass(frozen=True)
class CountOf:
    """The number of entries of the list ``of``; shown, because senders get it wrong."""

    of: str
    size: Number = U8

    @property
    def kind(self) -> str:
        return self.size.kind

    def read(self, reader: Reader, seen: Fields, version: str) -> int:
        return self.size.read(reader, seen, version)

    def write(self, value: Any, fields: Fields, version: str) -> bytes:
        return self.size.write(len(fields[self.of]), fields, version)


@dataclass(frozen=True)
class LengthOf:
    """The length in bytes of the hexadecimal field ``of``."""

    of: str
    size: Number

    @property
    def kind(self) -> str:
        return self.size.kind

    def read(self, reader: Reader, seen: Fields, version: str) -> int:
        return self.size.read(reader, seen, version)

    def write(self, value: Any, fields: Fields, version: str) -> bytes:
        return self.size.write(len(fields[self.of]) // 2, fields, version)
