"""A body as a list of fields, and the choice between the layouts a message has.

One declaration gives the decoder, the encoder and the line of the reference page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sizao.feeds.jt808.fields import Reader
from sizao.feeds.jt808.problems import Malformed
from sizao.feeds.jt809.dialect import PLAIN, Dialect
from sizao.feeds.jt809.fields import Kind


@dataclass(frozen=True)
class Layout:
    """Fields in order. ``editions`` are those that prefer it; others try it when theirs does not
    fit. ``given`` are keys that decoding adds because the layout itself says them."""

    fields: Sequence[tuple[str, Kind]] = ()
    editions: tuple[str, ...] = ("2011", "2019")
    given: Mapping[str, Any] | None = None
    chosen: Callable[[Dialect], bool] | None = None
    """Whether a dialect asks for this layout; None: the dialect says nothing about it."""
    only: bool = False
    """Other editions never write it, whatever the fields."""

    def decode(self, data: bytes, dialect: Dialect = PLAIN) -> dict[str, Any]:
        """The fields. Bytes after the last one are ``trailing``. Raises Malformed."""
        reader = Reader(data)
        found = {key: kind.read(reader, dialect) for key, kind in self.fields}
        if self.given:
            found.update(self.given)
        if reader.left:
            found["trailing"] = reader.rest().hex()
        return found

    def encode(self, fields: Mapping[str, Any], dialect: Dialect = PLAIN) -> bytes:
        """The inverse. Raises KeyError for a missing field, OverflowError for a large number."""
        body = b"".join(kind.write(fields[key], dialect) for key, kind in self.fields)
        return body + bytes.fromhex(fields.get("trailing", ""))

    def covers(self, fields: Mapping[str, Any]) -> bool:
        """Whether there is a value for each field."""
        return all(key in fields for key, _ in self.fields) and all(
            fields.get(key, value) == value for key, value in (self.given or {}).items()
        )


def ranked(layouts: Sequence[Layout], edition: str, dialect: Dialect) -> list[Layout]:
    """The layouts, the likeliest first: what the dialect asks for, then the edition's own."""

    def rank(layout: Layout) -> tuple[bool, bool]:
        asked = layout.chosen is not None and layout.chosen(dialect)
        return not asked, edition not in layout.editions

    return sorted(layouts, key=rank)


def decode(
    layouts: Sequence[Layout], data: bytes, edition: str, dialect: Dialect = PLAIN
) -> dict[str, Any]:
    """Decode with the first layout that fits to the byte, else with the likeliest that can be
    read at all. Raises Malformed ``bad_length`` if none can."""
    best: dict[str, Any] | None = None
    problem: Malformed | None = None
    for layout in ranked(layouts, edition, dialect):
        try:
            found = layout.decode(data, dialect)
        except Malformed as reason:
            problem = problem or reason
            continue
        if "trailing" not in found:
            return found
        best = best or found
    if best is not None:
        return best
    assert problem is not None
    raise problem


def encode(
    layouts: Sequence[Layout], fields: Mapping[str, Any], edition: str, dialect: Dialect = PLAIN
) -> bytes:
    """Encode with a layout the fields suffice for: the one the dialect asks for, else the one
    that says most of them, the edition's own of two. Raises KeyError if there is none."""
    order = ranked(layouts, edition, dialect)
    able = [
        layout
        for layout in order
        if layout.covers(fields) and (edition in layout.editions or not layout.only)
    ]
    if not able:
        return order[0].encode(fields, dialect)

    def rank(layout: Layout) -> tuple[bool, int]:
        asked = layout.chosen is not None and layout.chosen(dialect)
        return not asked, -len(layout.fields)

    return min(able, key=rank).encode(fields, dialect)
