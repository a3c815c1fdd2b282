"""Kinds of field: how bytes become a JSON value and a JSON value becomes bytes.

Integers are big-endian, text is GBK padded with NUL on the right; times are u64 seconds since
the epoch, UTC, given as ISO 8601 with +08:00.

Source: JT/T 809-2011 clause 4.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from sizao.core.clock import SHANGHAI
from sizao.feeds.jt808.fields import Reader, pad, text, word
from sizao.feeds.jt809.dialect import Dialect

_EPOCH = datetime(1970, 1, 1, 8, tzinfo=SHANGHAI)
_LAST_S = 253_402_214_400
"""Seconds of the year 9999: what follows has no ISO form."""
_MILLISECONDS_FROM = 100_000_000_000
"""Numbers above are milliseconds: as seconds they would lie beyond the year 5000."""


class Kind(Protocol):
    """One kind of field."""

    @property
    def width(self) -> int | None:
        """Bytes it takes, None if that varies."""
        ...

    @property
    def form(self) -> str:
        """In words, for the reference page."""
        ...

    def read(self, reader: Reader, dialect: Dialect) -> Any: ...

    def write(self, value: Any, dialect: Dialect) -> bytes: ...


@dataclass(frozen=True)
class Number:
    """An unsigned integer; ``words`` writes it as ``0x1402``."""

    width: int
    words: bool = False

    @property
    def form(self) -> str:
        return f"u{8 * self.width}"

    def read(self, reader: Reader, dialect: Dialect) -> int | str:
        value = int.from_bytes(reader.take(self.width), "big")
        return word(value) if self.words else value

    def write(self, value: Any, dialect: Dialect) -> bytes:
        number = int(value, 16) if isinstance(value, str) else int(value)
        return number.to_bytes(self.width, "big")


@dataclass(frozen=True)
class Hex:
    """Bytes as hexadecimal digits; without a width all that is left."""

    width: int | None = None

    @property
    def form(self) -> str:
        return "bytes, the rest" if self.width is None else f"bytes[{self.width}]"

    def read(self, reader: Reader, dialect: Dialect) -> str:
        return (reader.rest() if self.width is None else reader.take(self.width)).hex()

    def write(self, value: Any, dialect: Dialect) -> bytes:
        raw = bytes.fromhex(value)
        return raw if self.width is None else raw.ljust(self.width, b"\0")[: self.width]


@dataclass(frozen=True)
class Text:
    """Text of a fixed width; without a width all that is left."""

    width: int | None = None

    @property
    def form(self) -> str:
        return "text, the rest" if self.width is None else f"text[{self.width}]"

    def read(self, reader: Reader, dialect: Dialect) -> str:
        return text(reader.rest() if self.width is None else reader.take(self.width))

    def write(self, value: Any, dialect: Dialect) -> bytes:
        if self.width is None:
            return str(value).encode("gbk", "replace")
        # A character of two bytes is not cut in half.
        raw = str(value).encode("gbk", "replace")[: self.width].decode("gbk", "ignore")
        return pad(raw, self.width)


@dataclass(frozen=True)
class Counted:
    """A u32 length, then so many bytes of text (or, with ``raw``, of anything, as hex)."""

    raw: bool = False
    width = None

    @property
    def form(self) -> str:
        return "u32 length, bytes" if self.raw else "u32 length, text"

    def read(self, reader: Reader, dialect: Dialect) -> str:
        value = reader.take(reader.u32())
        return value.hex() if self.raw else text(value)

    def write(self, value: Any, dialect: Dialect) -> bytes:
        raw = bytes.fromhex(value) if self.raw else str(value).encode("gbk", "replace")
        return len(raw).to_bytes(4, "big") + raw


@dataclass(frozen=True)
class PlatformId:
    """The 11-byte id of a platform: ASCII digits, or the same number as a big integer."""

    width = 11
    form = "platform id[11]"

    def read(self, reader: Reader, dialect: Dialect) -> str:
        raw = reader.take(self.width)
        bare = raw.strip(b"\0")
        if raw[0] == 0 and not all(0x20 <= byte < 0x7F for byte in bare):
            return str(int.from_bytes(raw, "big"))
        return text(raw)

    def write(self, value: Any, dialect: Dialect) -> bytes:
        digits = str(value).isdecimal() and str(value).isascii()
        # More digits than there is room for can only have been a number.
        if digits and (dialect.platform_id == "integer" or len(str(value)) > self.width):
            return int(value).to_bytes(self.width, "big")
        return pad(str(value), self.width)


@dataclass(frozen=True)
class Moment:
    """A u64 time. Which unit it came in shows in the fraction: ``.352`` means milliseconds."""

    follows_unit: bool = False
    """Written in the dialect's ``time_unit`` where the value has no fraction."""
    width = 8
    form = "u64 time"

    def read(self, reader: Reader, dialect: Dialect) -> str | None:
        return iso(int.from_bytes(reader.take(8), "big"), dialect.time_shift_h)

    def write(self, value: Any, dialect: Dialect) -> bytes:
        number = number_of(str(value), dialect.time_shift_h)
        if self.follows_unit and dialect.time_unit == "ms" and number < _MILLISECONDS_FROM:
            number *= 1000
        return number.to_bytes(8, "big")


def iso(number: int, shift_h: int = 0) -> str | None:
    """A u64 time as ISO 8601 in UTC+8, with milliseconds if it counts those; None if impossible."""
    thousandths = number >= _MILLISECONDS_FROM
    seconds, rest = divmod(number, 1000) if thousandths else (number, 0)
    if seconds > _LAST_S:
        return None
    at = _EPOCH + timedelta(seconds=seconds - 3600 * shift_h, milliseconds=rest)
    return at.isoformat(timespec="milliseconds" if thousandths else "seconds")


def number_of(value: str, shift_h: int = 0) -> int:
    """The inverse of :func:`iso`."""
    at = datetime.fromisoformat(value) - _EPOCH + timedelta(hours=shift_h)
    whole = at.days * 86_400 + at.seconds
    return whole * 1000 + at.microseconds // 1000 if "." in value else whole


def us_of(value: str | None) -> int | None:
    """Microseconds since the epoch of an ISO time."""
    if value is None:
        return None
    since = datetime.fromisoformat(value) - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def iso_of_us(at_us: int) -> str:
    """ISO time in UTC+8, whole seconds, of microseconds since the epoch."""
    return (_EPOCH + timedelta(seconds=at_us // 1_000_000)).isoformat(timespec="seconds")


U8, U16, U32 = Number(1), Number(2), Number(4)
WORD = Number(2, words=True)
TIME = Moment()
ALARM_TIME = Moment(follows_unit=True)
