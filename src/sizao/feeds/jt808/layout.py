"""Bodies described once, read and written both ways.

Most messages are a row of fields. A :class:`Layout` names each with its wire type, unit and
meaning; decoding, encoding, the reference page and the property tests all come from it, so they
cannot disagree.

>>> tracking = Layout("8.21", F("interval_s", U16, "s"), F("validity_s", U32, "s", absent=None))
>>> tracking.decode(bytes.fromhex("000100000014"), "2013")
{'interval_s': 1, 'validity_s': 20}
>>> tracking.encode({"interval_s": 0, "validity_s": None}, "2013").hex()
'0000'
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sizao.feeds.jt808.fields import Reader, bcd_from_iso, iso_time, pad, text
from sizao.feeds.jt808.problems import Malformed

Fields = Mapping[str, Any]
When = Callable[[Fields, str], bool]
"""Whether a field is there, from the fields before it and the edition."""


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


@dataclass(frozen=True)
class Each:
    """A list of as many values as the field ``count`` says, or, with ``count`` a number type,
    as the number in front of it says. ``count`` "" is to the end of the body."""

    item: Codec | Layout
    count: str | Number

    @property
    def kind(self) -> str:
        inner = "" if isinstance(self.item, Layout) else f" of {self.item.kind}"
        front = f"{self.count.kind} + " if isinstance(self.count, Number) else ""
        return f"{front}list{inner}"

    def read(self, reader: Reader, seen: Fields, version: str) -> list[Any]:
        if self.count == "":
            found = []
            while reader.left:
                found.append(self.item.read(reader, seen, version))
            return found
        if isinstance(self.count, Number):
            count = self.count.read(reader, seen, version)
        else:
            count = seen[self.count]
        return [self.item.read(reader, seen, version) for _ in range(count)]

    def write(self, value: Any, fields: Fields, version: str) -> bytes:
        front = b""
        if isinstance(self.count, Number):
            front = self.count.write(len(value), fields, version)
        return front + b"".join(self.item.write(one, fields, version) for one in value)


_NEEDED = object()


@dataclass(frozen=True)
class F:
    """One field. With ``absent`` it may be missing at the end of a body and then has that value,
    which is not written again unless ``always`` says so; with ``when`` it is there only then."""

    key: str
    codec: Codec | Layout
    unit: str = ""
    doc: str = ""
    when: When | None = None
    absent: Any = _NEEDED
    always: bool = False

    @property
    def optional(self) -> bool:
        return self.absent is not _NEEDED


class Layout:
    """Fields in order, and the clause of the standard they come from.

    Bytes after the last field are kept under ``trailing``. A Layout is a codec too: its value is
    then an object.
    """

    kind = "object"

    def __init__(self, source: str, *fields: F) -> None:
        self.source = source
        self.fields = fields

    def decode(self, body: bytes, version: str) -> dict[str, Any]:
        """A whole body. Raises Malformed ``bad_length``."""
        reader = Reader(body)
        found = self.read(reader, {}, version)
        if reader.left:
            found["trailing"] = reader.rest().hex()
        return found

    def encode(self, fields: Fields, version: str) -> bytes:
        """The inverse, without what trails. Raises KeyError for a missing field."""
        return self.write(fields, fields, version)

    def read(self, reader: Reader, seen: Fields, version: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for field in self.fields:
            if field.when is not None and not field.when(found, version):
                continue
            if field.optional and not reader.left:
                found[field.key] = field.absent
            else:
                found[field.key] = field.codec.read(reader, found, version)
        return found

    def write(self, value: Any, fields: Fields, version: str) -> bytes:
        return b"".join(self._written(value, version))

    def _written(self, value: Fields, version: str) -> list[bytes]:
        parts = []
        for field in self.fields:
            if field.when is not None and not field.when(value, version):
                continue
            if isinstance(field.codec, CountOf):
                one = len(value[field.codec.of])
            elif isinstance(field.codec, LengthOf):
                one = len(value[field.codec.of]) // 2
            else:
                one = value[field.key]
            left_out = field.optional and not field.always and one == field.absent
            if left_out and "trailing" not in value:
                # At the end of a body, so nothing can follow it.
                break
            parts.append(field.codec.write(one, value, version))
        return parts


class Widths:
    """Layouts that differ in the widths of their texts; the body's length tells which it is.

    For encoding, ``choose`` names the layout from the fields; without it ``layout`` among the
    fields does, which decoding puts there, else the first that the edition allows is taken.
    ``loose`` accepts bytes after the last field where no layout fits exactly.
    """

    def __init__(
        self,
        source: str,
        layouts: Mapping[str, Layout],
        *,
        choose: Callable[[Fields], str] | None = None,
        loose: bool = False,
    ) -> None:
        self.source = source
        self.layouts = layouts
        self.fields = next(iter(layouts.values())).fields
        self.choose = choose
        self.loose = loose

    def decode(self, body: bytes, version: str) -> dict[str, Any]:
        """The first layout that uses up the whole body. Raises Malformed if none does."""
        spare: dict[str, Any] | None = None
        for name in self._order(version):
            try:
                found = self.layouts[name].decode(body, version)
            except Malformed:
                continue
            if self.choose is None:
                found = {"layout": name, **found}
            if "trailing" not in found:
                return found
            spare = spare or found
        if spare is not None and self.loose:
            return spare
        raise Malformed("bad_length", f"{len(body)} bytes fit none of {', '.join(self.layouts)}")

    def encode(self, fields: Fields, version: str) -> bytes:
        """In the layout that ``fields`` ask for."""
        name = self.choose(fields) if self.choose else fields.get("layout")
        return self.layouts[name or self._order(version)[0]].encode(fields, version)

    def _order(self, version: str) -> list[str]:
        # Names begin with their edition; those of the sender's come first.
        return sorted(self.layouts, key=lambda name: not name.startswith(version))


def edition(*names: str) -> When:
    """A field of these editions only."""
    return lambda fields, version: version in names


def bit(number: int, *editions: str) -> When:
    """A field that is there when bit ``number`` of ``attribute`` is set (in these editions)."""

    def there(fields: Fields, version: str) -> bool:
        return bool(fields["attribute"] >> number & 1) and (not editions or version in editions)

    return there
