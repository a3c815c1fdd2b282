"""Pictures inside messages: base64 to bytes, with the format read from the bytes themselves."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MAX_BYTES = 8 << 20
"""Largest picture taken from a message."""
MAX_IMAGES = 16
"""Pictures of one record; a checkpoint sends two to five."""

_MAGIC = (
    (b"\xff\xd8\xff", "jpg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"BM", "bmp"),
    (b"GIF8", "gif"),
    (b"II*\x00", "tif"),
    (b"MM\x00*", "tif"),
)
_DATA_URL = re.compile(r"data:[\w/+.-]{0,60};base64,")
_BLANKS = str.maketrans("", "", " \t\r\n")


@dataclass(frozen=True)
class Image:
    """One picture. ``format`` by its first bytes, else None; ``name`` as the sender calls it."""

    data: bytes
    format: str | None
    name: str | None = None
    time_us: int | None = None


def decode_image(encoded: Any, name: str | None = None, time_us: int | None = None) -> Image | str:
    """The picture of a base64 text (also as a data URL), or why there is none."""
    if not isinstance(encoded, str):
        return "the picture is no base64 text"
    if len(encoded) > MAX_BYTES * 4 // 3 + 100:
        return f"the picture is larger than {MAX_BYTES >> 20} MiB"
    plain = encoded[match.end() :] if (match := _DATA_URL.match(encoded)) else encoded
    try:
        data = base64.b64decode(plain.translate(_BLANKS), validate=True)
    except (binascii.Error, ValueError):
        return "the picture is no valid base64"
    if not data:
        return "the picture is empty"
    return Image(data, sniff(data), name, time_us)


def sniff(data: bytes) -> str | None:
    """The format by the first bytes, None if unknown."""
    return next((name for magic, name in _MAGIC if data.startswith(magic)), None)


def without_pictures(value: Any, longest: int = 2000) -> Any:
    """A copy of JSON data in which long texts are replaced by their length: for quarantine."""
    if isinstance(value, str):
        return value if len(value) <= longest else f"({len(value)} characters left out)"
    if isinstance(value, Mapping):
        return {key: without_pictures(item, longest) for key, item in value.items()}
    if isinstance(value, list):
        return [without_pictures(item, longest) for item in value]
    return value
