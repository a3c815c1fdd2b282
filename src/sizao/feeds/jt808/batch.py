"""0x0704 stored locations sent in one message: count u16, type u8, then length u16 + location.

Type 0 is a batch, 1 a catch-up after a blind spot. Items may repeat or be out of time order,
and their number may differ from the count: what is there is decoded either way.

Source: JT/T 808-2013 clause 8.49.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sizao.feeds.jt808.fields import Reader
from sizao.feeds.jt808.location import decode_location, encode_report
from sizao.feeds.jt808.problems import Malformed


def split_batch(body: bytes) -> tuple[int, int, list[bytes], bytes]:
    """Declared count, type, the location bodies that are whole, and the bytes after them."""
    reader = Reader(body)
    declared, kind = reader.u16(), reader.u8()
    items: list[bytes] = []
    while reader.left >= 2:
        length = int.from_bytes(body[reader.at : reader.at + 2], "big")
        if length + 2 > reader.left:
            break
        reader.at += 2
        items.append(reader.take(length))
    return declared, kind, items, reader.rest()


def _items(bodies: Sequence[bytes]) -> Iterator[dict[str, Any]]:
    for body in bodies:
        try:
            yield decode_location(body)
        except Malformed as problem:
            error = {"kind": problem.kind, "detail": problem.detail}
            yield {"error": error, "raw": body.hex()}


def decode_batch(body: bytes, version: str) -> dict[str, Any]:
    """Count, type and the locations. Raises Malformed ``count_mismatch``, items beside it."""
    declared, kind, bodies, rest = split_batch(body)
    items = list(_items(bodies))
    if declared != len(items):
        raise Malformed(
            "count_mismatch",
            f"{declared} locations declared, {len(items)} are whole",
            declared=declared,
            items_present=len(items),
            type=kind,
            items=items,
        )
    fields: dict[str, Any] = {"count": declared, "type": kind, "items": items}
    if rest:
        fields["trailing"] = rest.hex()
    return fields


def encode_batch(bodies: Sequence[bytes], kind: int = 1) -> bytes:
    """A 0x0704 body of 0x0200 bodies. Type 1 is a catch-up, 0 a batch."""
    head = len(bodies).to_bytes(2, "big") + bytes((kind,))
    return head + b"".join(len(body).to_bytes(2, "big") + body for body in bodies)


def encode_fields(fields: Mapping[str, Any], version: str) -> bytes:
    """The inverse of :func:`decode_batch`."""
    bodies = [encode_report(item, version) for item in fields["items"]]
    return encode_batch(bodies, fields["type"])
