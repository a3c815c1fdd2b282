"""Terminal parameters: 0x8103 sets them, 0x8106 asks for some, 0x0104 answers.

Each is ``id u32, length u8, value``. A known number is read at whatever width of 1, 2 or 4 bytes
it came; an unknown id or an odd width keeps its bytes as ``raw``.

Source: JT/T 808-2013 tables 12 and 13; -2019 tables 11 and 12.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sizao.feeds.jt808.fields import Reader, text, word
from sizao.feeds.jt808.problems import Malformed

TEXTS = frozenset(
    (*range(0x10, 0x18), 0x1A, 0x1D, *range(0x23, 0x27), *range(0x40, 0x45), 0x48, 0x49, 0x83)
)
"""Ids whose value is text."""

NUMBERS = frozenset(
    (
        *range(0x01, 0x08),
        *(0x18, 0x19, 0x1B, 0x1C),
        *range(0x20, 0x23),
        *range(0x27, 0x2A),
        *range(0x2C, 0x33),
        *range(0x45, 0x48),
        *range(0x50, 0x5F),
        *(0x64, 0x65),
        *range(0x70, 0x75),
        *(0x7A, 0x7B),
        *range(0x80, 0x83),
        0x84,
        *range(0x90, 0x96),
        *range(0x0100, 0x0104),
    )
)
"""Ids whose value is a number: heartbeat 0x0001 s, overspeed 0x0055 km/h, driving 0x0057 s ..."""


def _decode_one(number: int, value: bytes) -> dict[str, Any]:
    entry: dict[str, Any] = {"id": word(number), "length": len(value)}
    if number in TEXTS:
        entry["value"] = text(value)
    elif number in NUMBERS and len(value) in (1, 2, 4):
        entry["value"] = int.from_bytes(value, "big")
    else:
        entry["raw"] = value.hex()
    return entry


def _decode_list(reader: Reader, declared: int) -> list[dict[str, Any]]:
    """Parameters to the end of the body. Raises Malformed ``count_mismatch``."""
    params: list[dict[str, Any]] = []
    while reader.left >= 5:
        mark = reader.at
        number, length = reader.u32(), reader.u8()
        if length > reader.left:
            reader.at = mark
            break
        params.append(_decode_one(number, reader.take(length)))
    if len(params) != declared:
        raise Malformed(
            "count_mismatch",
            f"{declared} parameters declared, {len(params)} are whole",
            declared=declared,
            items_present=len(params),
            params=params,
        )
    return params


def decode_settings(body: bytes, version: str) -> dict[str, Any]:
    """0x8103: parameters to set."""
    reader = Reader(body)
    count = reader.u8()
    return {"count": count, "params": _decode_list(reader, count)}


def decode_parameters(body: bytes, version: str) -> dict[str, Any]:
    """0x0104: the parameters a terminal has."""
    reader = Reader(body)
    serial, count = reader.u16(), reader.u8()
    return {"reply_serial": serial, "count": count, "params": _decode_list(reader, count)}


def _encode_list(params: Sequence[Mapping[str, Any]]) -> bytes:
    body = bytes((len(params),))
    for entry in params:
        number = int(entry["id"], 16)
        if "raw" in entry:
            value = bytes.fromhex(entry["raw"])
        elif isinstance(entry["value"], str):
            value = entry["value"].encode("gbk", "replace")
        else:
            value = int(entry["value"]).to_bytes(entry.get("length", 4), "big")
        body += number.to_bytes(4, "big") + bytes((len(value),)) + value
    return body


def encode_settings(fields: Mapping[str, Any], version: str) -> bytes:
    """A 0x8103 body; numbers are four bytes wide unless the entry gives a ``length``."""
    return _encode_list(fields["params"])


def encode_parameters(fields: Mapping[str, Any], version: str) -> bytes:
    """A 0x0104 body."""
    return int(fields["reply_serial"]).to_bytes(2, "big") + _encode_list(fields["params"])


def decode_query(body: bytes, version: str) -> dict[str, Any]:
    """0x8106: ids of the parameters asked for."""
    reader = Reader(body)
    count = reader.u8()
    return {"count": count, "param_ids": [word(reader.u32()) for _ in range(count)]}
