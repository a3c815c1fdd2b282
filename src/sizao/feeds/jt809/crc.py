"""The check sum of a frame, compiled: CRC-16/CCITT, polynomial 0x1021, start FFFF."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.core.folding import FOLDS, fold, product
from sizao.core.loads import u8, u16, u64

BEFORE = 16
"""Bytes before a frame that :func:`right` reads."""
_POLYNOMIAL = 0x1_1021


def _tables() -> npt.NDArray[np.uint16]:
    """Eight tables, so that eight bytes are folded in at a time."""
    tables = np.zeros((8, 256), np.uint16)
    for byte in range(256):
        crc = byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
        tables[0, byte] = crc
    for number in range(1, 8):
        before = tables[number - 1].astype(np.uint32)
        tables[number] = (before << 8 & 0xFFFF) ^ tables[0][before >> 8]
    return tables


_CRC = _tables()


def _power(exponent: int, of: int = 1) -> int:
    """``of * x**exponent`` mod P; the exponent may be negative, because P is odd."""
    for _ in range(exponent):
        of <<= 1
        of ^= _POLYNOMIAL if of >> 16 else 0
    for _ in range(-exponent):
        of = (of ^ (_POLYNOMIAL if of & 1 else 0)) >> 1
    return of


_X192, _X128, _X64, _X32 = map(_power, (192, 128, 64, 32))
_OWN = np.array([[(1 << 8 * k) - 1 >> 64, (1 << 8 * k) - 1 & 2**64 - 1] for k in range(16)], "u8")
_ONE, _OTHER = np.ascontiguousarray(_OWN.T).view(np.int64)
"""Of the two words that end ``k`` bytes behind a message's beginning, its own bits."""
_START = np.array([_power(8 * k - 16, 0xFFFF) for k in range(16)], np.int64)
"""FFFF over the first two bytes is ``FFFF * x**-16`` before them: that, ``k`` bytes later."""


@njit(cache=True, inline="always")
def crc16(at: int, end: int) -> int:
    """The check sum of the bytes from ``at`` up to ``end``."""
    crc: Any = np.int64(0xFFFF)
    while at + 8 <= end:
        crc = np.int64(
            _CRC[7, (crc >> 8) ^ u8(at)]
            ^ _CRC[6, (crc & 0xFF) ^ u8(at + 1)]
            ^ _CRC[5, u8(at + 2)]
            ^ _CRC[4, u8(at + 3)]
            ^ _CRC[3, u8(at + 4)]
            ^ _CRC[2, u8(at + 5)]
            ^ _CRC[1, u8(at + 6)]
            ^ _CRC[0, u8(at + 7)]
        )
        at += 8
    while at < end:
        crc = np.int64((crc << 8 & 0xFFFF) ^ _CRC[0, (crc >> 8) ^ u8(at)])
        at += 1
    return int(crc)


@njit(cache=True, inline="always")
def right_by_tables(at: int, end: int) -> bool:
    """Whether the two bytes before ``end`` are the check sum of those from ``at`` on."""
    return crc16(at, end - 2) == u16(end - 2)


@njit(cache=True, inline="always")
def right_by_folding(at: int, end: int) -> bool:
    """The same: a message with its right check sum behind it leaves no remainder. Reads
    :data:`BEFORE` bytes before it, whatever they are."""
    odd = (end - at) & 15
    at += odd
    one, other = u64(at - 16) & _ONE[odd], u64(at - 8) & _OTHER[odd]
    one, other = fold(at, end, one, other ^ _START[odd], _X192, _X128)
    # 128 bits become 80, 64, 48 and 32.
    high, low = product(one, _X64)
    low ^= other ^ product(high, _X64)[1]
    low = product(low >> 32 & 0xFFFF_FFFF, _X32)[1] ^ low & 0xFFFF_FFFF
    low = product(low >> 32, _X32)[1] ^ low & 0xFFFF_FFFF
    last = np.int64(_CRC[1, low >> 24 & 0xFF] ^ _CRC[0, low >> 16 & 0xFF])
    return bool(last == low & 0xFFFF)


right = right_by_folding if FOLDS else right_by_tables
"""Whether a frame is right, in the faster of both ways."""
