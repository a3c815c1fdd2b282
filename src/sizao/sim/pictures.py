"""Tiny pictures that the simulated devices send: a box on wheels, drawn here, nobody's vehicle."""

from __future__ import annotations

import struct
import zlib
from functools import cache

import numpy as np
import numpy.typing as npt

from sizao.sim.bodies import RGB

WIDTH, HEIGHT = 96, 54


@cache
def picture(kind: str, colour: str, lane: int) -> bytes:
    """A PNG of a vehicle of a kind in a lane: a few hundred bytes, the same for the same words."""
    pixels = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    pixels[:20] = (150, 185, 215)
    pixels[20:] = (95, 95, 100)
    pixels[36:38, ::12] = 240
    length = {"semi_tractor": 62, "heavy_truck": 48, "hazmat": 50, "line_coach": 44}.get(kind, 34)
    left, top = 10 + 4 * lane, 14 if length > 40 else 20
    pixels[top:40, left : left + length] = RGB[colour]
    pixels[top + 3 : top + 10, left + length - 9 : left + length - 2] = (205, 230, 240)
    for wheel in range(left + 4, left + length - 6, 13):
        pixels[38:44, wheel : wheel + 6] = 20
    return png(pixels)


def png(pixels: npt.NDArray[np.uint8]) -> bytes:
    """Pixels of shape (height, width, 3) as a PNG file."""
    height, width, _ = pixels.shape
    lines = b"".join(b"\0" + row.tobytes() for row in pixels)
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in parts
    )
