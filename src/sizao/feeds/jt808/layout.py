"""Bodies described once, read and written both ways.

Most messages are a row of fields. A :class:`Layout` names each with its wire type, unit and
meaning; decoding, encoding, the reference page and the property tests all come from it, so they
cannot disagree.

>>> from sizao.feeds.jt808.codecs import U16, U32
>>> tracking = Layout("8.21", F("interval_s", U16, "s"), F("validity_s", U32, "s", absent=None))
>>> tracking.decode(bytes.fromhex("000100000014"), "2013")
{'interval_s': 1, 'validity_s': 20}
>>> tracking.encode({"interval_s": 0, "validity_s": None}, "2013").hex()
'0000'
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sizao.feeds.jt808.codecs import Codec, CountOf, Fields, LengthOf, Number
from sizao.feeds.jt808.fields import Reader
from sizao.feeds.jt808.problems import Malformed

When = Callable[[Fields, str], bool]
"""Whether a field is there, from the fields before it and the edition."""


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
