"""The decoding loop of :mod:`.bulk`, compiled: bytes to columns in one pass.

A frame without escapes is read in place; only one with 0x7D is copied. Everything that is not a
plain, whole, correct 0x0200 is left to the Python path as a pair of offsets, so this file knows
one message and no error kind.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.feeds.jt808.framing import MAX_PLAIN, MAX_RAW

Bytes = npt.NDArray[np.uint8]

NO_TIME = np.iinfo(np.int64).min
"""Time column of a date that does not exist."""

ROW = np.dtype(
    [
        ("frame", np.int64),
        ("time_us", np.int64),
        ("lat", np.float64),
        ("lon", np.float64),
        ("mileage_km", np.float64),
        ("speed_kmh", np.float64),
        ("recorder_speed_kmh", np.float64),
        ("alarm", np.uint32),
        ("status", np.uint32),
        ("serial", np.uint16),
        ("heading_deg", np.uint16),
        ("altitude_m", np.uint16),
        ("version", np.uint16),
        ("phone", np.uint8, (10,)),
    ],
    align=True,
)
"""One decoded 0x0200. ``frame`` is its number among the non-empty frames of the buffer; phone is
BCD, padded with zeros on the left; version 2013 or 2019; NaN is "not reported"."""


@njit(cache=True, inline="always")
def _u16(b: Bytes, at: int) -> Any:
    # np.int64 because a shifted uint8 would overflow.
    return np.int64(b[at]) << 8 | np.int64(b[at + 1])


@njit(cache=True, inline="always")
def _u32(b: Bytes, at: int) -> Any:
    return _u16(b, at) << 16 | _u16(b, at + 2)


@njit(cache=True, inline="always")
def _bcd(value: int) -> int:
    high, low = value >> 4, value & 15
    return high * 10 + low if high < 10 and low < 10 else -1


@njit(cache=True)
def bcd_time_us(b: Bytes, at: int) -> int:
    """UTC microseconds of BCD[6] in UTC+8, or NO_TIME."""
    year, month, day = _bcd(b[at]), _bcd(b[at + 1]), _bcd(b[at + 2])
    hour, minute, second = _bcd(b[at + 3]), _bcd(b[at + 4]), _bcd(b[at + 5])
    if year < 0 or month < 1 or month > 12 or day < 1 or hour < 0 or hour > 23:
        return NO_TIME
    if minute < 0 or minute > 59 or second < 0 or second > 59:
        return NO_TIME
    # 2000 to 2099: every fourth year is a leap year.
    leap = year % 4 == 0
    length = 31
    if month == 4 or month == 6 or month == 9 or month == 11:
        length = 30
    elif month == 2:
        length = 29 if leap else 28
    if day > length:
        return NO_TIME
    # Days since 1970-01-01, of a year that starts in March so that the leap day comes last.
    y = 2000 + year - (1 if month <= 2 else 0)
    m = month + (9 if month <= 2 else -3)
    days = y // 400 * 146097 + (y % 400) * 1461 // 4 - (y % 400) // 100
    days += (153 * m + 2) // 5 + day - 1 - 719468
    return ((days * 24 + hour - 8) * 60 + minute) * 60_000_000 + second * 1_000_000


@njit(cache=True)
def _location(b: Bytes, start: int, end: int, row: Any) -> bool:
    """Fill ``row`` from the unescaped frame ``b[start:end]``, checksum included and known to be
    right. False if it is anything but a plain, whole 0x0200."""
    size = end - start
    if size < 13 + 28 or b[start] != 0x02 or b[start + 1] != 0x00:
        return False
    properties = _u16(b, start + 2)
    if properties & 0x3C00:  # encrypted, or a part
        return False
    declared = properties & 0x03FF
    head = 12
    if properties & 0x4000 or declared == size - 18:
        head = 17
    if declared != size - head - 1 or declared < 28:
        return False
    body = start + head
    stop = end - 1
    mileage = np.nan
    recorder = np.nan
    at = body + 28
    while at < stop:
        if at + 1 >= stop:
            return False
        length = int(b[at + 1])
        if at + 2 + length > stop:
            return False
        if b[at] == 0x01 and length == 4:
            mileage = _u32(b, at + 2) / 10
        elif b[at] == 0x03 and length == 2:
            recorder = _u16(b, at + 2) / 10
        at += 2 + length
    status = _u32(b, body + 4)
    lat = _u32(b, body + 8) / 1e6
    lon = _u32(b, body + 12) / 1e6
    row.time_us = bcd_time_us(b, body + 22)
    row.lat = -lat if status & 4 else lat
    row.lon = -lon if status & 8 else lon
    row.mileage_km = mileage
    row.recorder_speed_kmh = recorder
    row.alarm = _u32(b, body)
    row.status = status
    row.altitude_m = _u16(b, body + 16)
    row.speed_kmh = _u16(b, body + 18) / 10
    row.heading_deg = _u16(b, body + 20)
    row.serial = _u16(b, body - 2)
    if head == 17:
        row.version = 2019
        for i in range(10):
            row.phone[i] = b[start + 5 + i]
    else:
        row.version = 2013
        for i in range(4):
            row.phone[i] = 0
        for i in range(6):
            row.phone[4 + i] = b[start + 4 + i]
    return True


@njit(cache=True)
def decode(b: Bytes, rows: Any, rest: npt.NDArray[np.int64]) -> tuple[int, int, int]:
    """Decode every frame of ``b`` that is closed.

    b : uint8 (n,), with the delimiters
    rows : ROW (m,), filled; m is at least the number of frames
    rest : int64 (m, 3), filled with frame number, first byte, end of each frame for the other path

    Returns the number of rows, of rest, and the offset of the last delimiter (-1 if none): what
    stands from there on is not decoded yet. Bytes before the first delimiter are skipped.
    """
    scratch = np.empty(MAX_PLAIN, np.uint8)
    n_rows = 0
    n_rest = 0
    number = 0
    size = len(b)
    at = 0
    while at < size and b[at] != 0x7E:
        at += 1
    if at == size:
        return 0, 0, -1
    last = at
    while True:
        start = last + 1
        at = start
        xor = np.uint8(0)
        escapes = False
        while at < size and b[at] != 0x7E:
            xor ^= b[at]
            escapes |= b[at] == 0x7D
            at += 1
        if at >= size:
            return n_rows, n_rest, last
        last = at
        if at == start:
            continue
        good = at - start <= MAX_RAW
        if good and escapes:
            used = 0
            xor = np.uint8(0)
            i = start
            while i < at and good:
                value = b[i]
                if value == 0x7D:
                    i += 1
                    if i < at and b[i] == 0x01:
                        value = np.uint8(0x7D)
                    elif i < at and b[i] == 0x02:
                        value = np.uint8(0x7E)
                    else:
                        good = False
                if used == MAX_PLAIN:
                    good = False
                else:
                    scratch[used] = value
                    xor ^= value
                    used += 1
                i += 1
            good = good and xor == 0 and _location(scratch, 0, used, rows[n_rows])
        elif good:
            good = xor == 0 and _location(b, start, at, rows[n_rows])
        if good:
            rows[n_rows].frame = number
            n_rows += 1
        else:
            rest[n_rest, 0] = number
            rest[n_rest, 1] = start
            rest[n_rest, 2] = at
            n_rest += 1
        number += 1
