"""Photos: pictures only, and nothing of the camera's notes but which way is up."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sizao.web.reports.photos import clean

from .conftest import chunk, png


def segment(marker: int, body: bytes) -> bytes:
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2) + body


def exif(orientation: int, order: str = "<") -> bytes:
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    entries = struct.pack(order + "H", 2)
    entries += struct.pack(order + "HHIHH", 0x0112, 3, 1, orientation, 0)
    entries += struct.pack(order + "HHII", 0x8825, 4, 1, 999)  # where the GPS block begins
    return segment(0xE1, b"Exif\0\0" + head + entries + b"GPS 26.58 101.72 PHONE-OF-WANG")


def jpeg(*segments: bytes, tail: bytes = b"") -> bytes:
    quantization = segment(0xDB, bytes(65))
    scan = segment(0xDA, b"\x01\x01\x00\x00\x3f\x00") + b"\x12\x34\xff\x00\x56"
    jfif = segment(0xE0, b"JFIF\0\1\1")
    return b"\xff\xd8" + jfif + b"".join(segments) + quantization + scan + b"\xff\xd9" + tail


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_jpeg_keeps_which_way_is_up_and_nothing_else(order: str) -> None:
    found = clean(jpeg(exif(6, order), segment(0xFE, b"comment of WANG"), tail=b"film of WANG"))
    assert found is not None
    assert found.format == "jpg"
    assert b"WANG" not in found.data
    assert b"GPS" not in found.data
    # The orientation, in a block of our own; the rest of the picture as it was.
    assert b"Exif\0\0MM\0*" in found.data
    assert struct.pack(">HHIHH", 0x0112, 3, 1, 6, 0) in found.data
    assert clean(found.data) == found


def test_the_control_the_notes_were_there() -> None:
    assert b"PHONE-OF-WANG" in jpeg(exif(6))


def test_a_jpeg_that_is_upright_has_no_exif_at_all() -> None:
    found = clean(jpeg(exif(1)))
    assert found is not None
    assert found.data == jpeg()


def test_png_and_webp() -> None:
    found = clean(png(chunk(b"tEXt", b"Author\0WANG"), chunk(b"eXIf", b"GPS")))
    assert found is not None
    assert found.data == png()
    body = b"WEBP" + b"VP8X" + struct.pack("<I", 10) + bytes([0x0C]) + bytes(9)
    body += b"VP8 " + struct.pack("<I", 4) + b"abcd" + b"EXIF" + struct.pack("<I", 4) + b"WANG"
    webp = clean(b"RIFF" + struct.pack("<I", len(body)) + body)
    assert webp is not None
    assert webp.format == "webp"
    assert b"WANG" not in webp.data
    assert webp.data[20] == 0
    assert struct.unpack("<I", webp.data[4:8])[0] == len(webp.data) - 8


@pytest.mark.parametrize(
    "data",
    [b"", b"GIF89a", b"<svg onload='x'/>", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF....WEBP",
     jpeg()[:30], png()[:20]],
)  # fmt: skip
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    assert clean(data) is None


@given(st.sampled_from([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF1234WEBP"]), st.binary())
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_cleaned_or_refused(head: bytes, rest: bytes) -> None:
    clean(head + rest)
