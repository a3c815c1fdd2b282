"""Photos people send: pictures only, and without what the camera wrote into them.

A phone writes where and when a picture was taken, and with which device, into the file. The report
says where and when; the rest is the reporter's own business and is cut out before the file is kept.
Which way up the picture is stays.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

FORMATS = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp"}
MAX_BYTES = 12 << 20
"""A phone's photo has 3 to 8 MB."""
MAX_PHOTOS = 5

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"sRGB", b"iCCP"}


@dataclass(frozen=True)
class Photo:
    """A picture as it is kept."""

    data: bytes
    format: str


def clean(data: bytes) -> Photo | None:
    """The picture without the camera's notes; None if it is none that a browser shows."""
    try:
        if data.startswith(b"\xff\xd8\xff"):
            return Photo(_jpeg(data), "jpg")
        if data.startswith(_PNG):
            return Photo(_png(data), "png")
        if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            return Photo(_webp(data), "webp")
    except (struct.error, IndexError, ValueError):
        return None
    return None


def _jpeg(data: bytes) -> bytes:
    """Without APP1 to APP13 and comments; with an Exif block that holds the orientation alone."""
    parts = [b"\xff\xd8"]
    orientation = 1
    at = 2
    while True:
        if data[at] != 0xFF:
            raise ValueError("no marker")
        marker = data[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
            continue
        if marker == 0xDA:  # the picture itself: to the end
            end = data.rfind(b"\xff\xd9")
            # Behind the end some phones put a film: not what was reported.
            parts.append(data[at : end + 2] if end > at else data[at:] + b"\xff\xd9")
            break
        (length,) = struct.unpack(">H", data[at + 2 : at + 4])
        if length < 2 or at + 2 + length > len(data):
            raise ValueError("cut off")
        body = data[at + 4 : at + 2 + length]
        if marker == 0xE1 and body.startswith(b"Exif\0\0"):
            orientation = _orientation(body[6:]) or orientation
        elif not (0xE1 <= marker <= 0xED or marker == 0xFE):
            parts.append(data[at : at + 2 + length])
        at += 2 + length
    if orientation != 1:
        parts.insert(1, _exif(orientation))
    return b"".join(parts)


def _orientation(tiff: bytes) -> int:
    """Tag 0x0112 of the first directory, 1 to 8; 0 if there is none or the block is damaged."""
    try:
        order = {b"II": "<", b"MM": ">"}[tiff[:2]]
        (first,) = struct.unpack(order + "I", tiff[4:8])
        (count,) = struct.unpack(order + "H", tiff[first : first + 2])
        for number in range(min(count, 64)):
            at = first + 2 + 12 * number
            tag, kind = struct.unpack(order + "HH", tiff[at : at + 4])
            if tag == 0x0112 and kind == 3:
                (value,) = struct.unpack(order + "H", tiff[at + 8 : at + 10])
                return value if 1 <= value <= 8 else 0
    except (KeyError, struct.error):
        return 0
    return 0


def _exif(orientation: int) -> bytes:
    tiff = b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)
    body = b"Exif\0\0" + tiff
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body


def _png(data: bytes) -> bytes:
    """Without text, time and Exif chunks."""
    parts = [_PNG]
    at = len(_PNG)
    while True:
        (length,) = struct.unpack(">I", data[at : at + 4])
        kind = data[at + 4 : at + 8]
        end = at + 12 + length
        if end > len(data) or len(kind) < 4:
            raise ValueError("cut off")
        if kind in _PNG_KEPT:
            parts.append(data[at:end])
        at = end
        if kind == b"IEND":
            return b"".join(parts)


def _webp(data: bytes) -> bytes:
    """Without Exif and XMP chunks, and with the flags that announced them cleared."""
    parts = []
    at = 12
    while at + 8 <= len(data):
        kind = data[at : at + 4]
        (length,) = struct.unpack("<I", data[at + 4 : at + 8])
        end = at + 8 + length + (length & 1)
        if at + 8 + length > len(data):
            raise ValueError("cut off")
        chunk = data[at:end]
        if kind == b"VP8X" and length >= 1:
            chunk = chunk[:8] + bytes([chunk[8] & ~0x0C]) + chunk[9:]
        if kind not in (b"EXIF", b"XMP "):
            parts.append(chunk)
        at = end
    body = b"WEBP" + b"".join(parts)
    if len(parts) == 0:
        raise ValueError("empty")
    return b"RIFF" + struct.pack("<I", len(body)) + body
