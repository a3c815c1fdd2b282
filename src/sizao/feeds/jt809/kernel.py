"""The decoding loop of :mod:`.bulk`, compiled: bytes to columns of positions in one pass.

A frame without escapes is read in place. Everything that is not a plain, whole, correct frame of
positions that all become rows is left to the Python path as a pair of offsets, so this file knows
two messages and no error kind.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.feeds.jt808.kernel import NO_TIME, bcd_time_us

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]

SCRATCH = 4096
"""Longest frame the loop unescapes; longer ones are left to the other path."""
KEY = 3
"""Words of a plate (21 bytes) and colour, the last two bytes masked away. The table compares
words as the machine reads them; the mask is right where the low byte comes first."""
_COLOUR = np.uint64(0x0000FFFFFFFFFFFF)
FIRST = 2
"""Where a frame begins in the scratch, so that its body falls on a whole word."""
FRAME, STRAY = 0, 1
"""What a stretch for the other path is: a frame, or bytes between frames."""

ROW = np.dtype(
    [
        ("time_us", np.int64),
        ("lat", np.float64),
        ("lon", np.float64),
        ("mileage_km", np.float64),
        ("speed_kmh", np.float32),
        ("heading_deg", np.float32),
        ("altitude_m", np.float32),
        ("recorder_speed_kmh", np.float32),
        ("alarm", np.uint32),
        ("status", np.uint32),
        ("plate", np.int32),
        ("positioned", np.bool_),
        ("catch_up", np.bool_),
    ],
    align=True,
)
"""One position; ``plate`` is its number in the table of plates, NaN is "not reported"."""


def _crc_tables() -> npt.NDArray[np.uint16]:
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


CRC = _crc_tables()


@njit(cache=True)
def crc16(b: Bytes, at: int, end: int, t: npt.NDArray[np.uint16]) -> int:
    """CRC-16/CCITT of ``b[at:end]``."""
    crc = np.uint32(0xFFFF)
    while at + 8 <= end:
        crc = np.uint32(
            t[7, (crc >> 8) ^ b[at]]
            ^ t[6, (crc & 0xFF) ^ b[at + 1]]
            ^ t[5, b[at + 2]]
            ^ t[4, b[at + 3]]
            ^ t[3, b[at + 4]]
            ^ t[2, b[at + 5]]
            ^ t[1, b[at + 6]]
            ^ t[0, b[at + 7]]
        )
        at += 8
    while at < end:
        crc = np.uint32((crc << 8 & 0xFFFF) ^ t[0, (crc >> 8) ^ b[at]])
        at += 1
    return int(crc)


@njit(cache=True, inline="always")
def _u16(b: Bytes, at: int) -> Any:
    return np.int64(b[at]) << 8 | np.int64(b[at + 1])


@njit(cache=True, inline="always")
def _u32(b: Bytes, at: int) -> Any:
    return _u16(b, at) << 16 | _u16(b, at + 2)


@njit(cache=True)
def _old_time_us(b: Bytes, at: int) -> int:
    """UTC microseconds of day, month, year u16, hour, minute, second in UTC+8, or NO_TIME."""
    day, month, year = np.int64(b[at]), np.int64(b[at + 1]), _u16(b, at + 2)
    hour, minute, second = np.int64(b[at + 4]), np.int64(b[at + 5]), np.int64(b[at + 6])
    if year < 1900 or year > 9000 or month < 1 or month > 12 or day < 1:
        return NO_TIME
    if hour > 23 or minute > 59 or second > 59:
        return NO_TIME
    length = 31
    if month == 4 or month == 6 or month == 9 or month == 11:
        length = 30
    elif month == 2:
        length = 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    if day > length:
        return NO_TIME
    y = year - (1 if month <= 2 else 0)
    m = month + (9 if month <= 2 else -3)
    era = y // 400
    of_era = y - era * 400
    days = era * 146097 + of_era * 365 + of_era // 4 - of_era // 100
    days += (153 * m + 2) // 5 + day - 1 - 719468
    return ((days * 24 + hour - 8) * 60 + minute) * 60_000_000 + second * 1_000_000


@njit(cache=True)
def plate_number(a: Any, b: Any, c: Any, keys: Words, slots: Any, used: Ints) -> int:
    """Number of a plate and colour, given as three words; a new one gets the next number. -1 when
    there is no room."""
    mask = np.uint64(len(slots) - 1)
    h = (a * np.uint64(0x9E3779B97F4A7C15)) ^ (b * np.uint64(0xC2B2AE3D27D4EB4F)) ^ c
    h *= np.uint64(0xFF51AFD7ED558CCD)
    place = (h ^ h >> np.uint64(32)) & mask
    while True:
        number = slots[place]
        if number < 0:
            if used[0] >= len(keys):
                return -1
            number = used[0]
            keys[number, 0] = a
            keys[number, 1] = b
            keys[number, 2] = c
            slots[place] = number
            used[0] += 1
            return number
        if keys[number, 0] == a and keys[number, 1] == b and keys[number, 2] == c:
            return number
        place = (place + np.uint64(1)) & mask


@njit(cache=True)
def enter(some: Words, keys: Words, slots: Any, used: Ints) -> None:
    """Put plates into an empty table, in their order."""
    for number in range(len(some)):
        plate_number(some[number, 0], some[number, 1], some[number, 2], keys, slots, used)


@njit(cache=True)
def _place(lat: Any, lon: Any, status: Any, row: Any) -> bool:
    """Coordinates of a row. False for a fix that is no place on Earth."""
    fix = (status & 2) != 0
    row.lat = np.nan
    row.lon = np.nan
    if status & 32:
        pass
    elif lat > 90_000_000 or lon > 180_000_000:
        if fix:
            return False
    elif lat or lon:
        row.lat = -lat / 1e6 if status & 4 else lat / 1e6
        row.lon = -lon / 1e6 if status & 8 else lon / 1e6
    else:
        fix = False
    row.positioned = fix
    return True


@njit(cache=True)
def _common(speed: float, heading: Any, altitude: Any, limits: Any, row: Any) -> None:
    row.speed_kmh = np.float32(speed) if speed <= limits[2] else np.float32(np.nan)
    row.heading_deg = np.float32(heading) if heading <= 360 else np.float32(np.nan)
    row.altitude_m = np.float32(altitude) if altitude <= limits[3] else np.float32(np.nan)


@njit(cache=True)
def _in_time(at: int, now_us: int, limits: Any) -> bool:
    if at == NO_TIME or at - now_us > limits[0]:
        return False
    return limits[1] < 0 or now_us - at <= limits[1]


@njit(cache=True)
def _old(b: Bytes, at: int, now_us: int, limits: Any, row: Any) -> bool:
    """The 35 bytes of 2011 behind the flag."""
    moment = _old_time_us(b, at)
    if not _in_time(moment, now_us, limits):
        return False
    lon, lat = _u32(b, at + 7), _u32(b, at + 11)
    speed, recorder = _u16(b, at + 15), _u16(b, at + 17)
    mileage = _u32(b, at + 19)
    status, alarm = _u32(b, at + 27), _u32(b, at + 31)
    if not _place(lat, lon, status, row):
        return False
    row.time_us = moment
    _common(float(speed), _u16(b, at + 23), _u16(b, at + 25), limits, row)
    known = recorder <= limits[2] and (recorder > 0 or speed == 0)
    row.recorder_speed_kmh = np.float32(recorder) if known else np.float32(np.nan)
    row.mileage_km = float(mileage) if mileage > 0 else np.nan
    row.alarm = alarm
    row.status = status
    return True


@njit(cache=True)
def _new(b: Bytes, at: int, end: int, now_us: int, limits: Any, row: Any) -> bool:
    """A JT/T 808 location, perhaps filled up with zeros."""
    if end - at < 28:
        return False
    moment = bcd_time_us(b, at + 22)
    if not _in_time(moment, now_us, limits):
        return False
    mileage: Any = np.nan
    recorder: Any = np.nan
    item: Any = at + 28
    while item < end:
        if b[item] == 0:
            zeros = True
            for i in range(item, end):
                if b[i] != 0:
                    zeros = False
                    break
            if zeros:
                break
        if item + 1 >= end:
            return False
        length = np.int64(b[item + 1])
        if item + 2 + length > end:
            return False
        if b[item] == 0x01 and length == 4:
            mileage = _u32(b, item + 2) / 10
        elif b[item] == 0x03 and length == 2:
            recorder = _u16(b, item + 2) / 10
            if recorder > limits[2]:
                recorder = np.nan
        item += 2 + length
    status = _u32(b, at + 4)
    if not _place(_u32(b, at + 8), _u32(b, at + 12), status, row):
        return False
    row.time_us = moment
    _common(_u16(b, at + 18) / 10, _u16(b, at + 20), _u16(b, at + 16), limits, row)
    row.recorder_speed_kmh = np.float32(recorder)
    row.mileage_km = mileage
    row.alarm = _u32(b, at)
    row.status = status
    return True


@njit(cache=True)
def _positions(
    b: Bytes,
    words: Words,
    end: int,
    head: int,
    access_code: int,
    now_us: int,
    limits: Any,
    keys: Words,
    slots: Any,
    used: Ints,
    row: int,
    rows: Any,
) -> int:
    """Rows from the unescaped frame ``b[FIRST:end]`` whose CRC is right; how many, or -1 if it is
    anything but a plain frame of positions that all become rows. ``words`` are the same bytes."""
    start = FIRST
    size = end - start
    if size < head + 28 + 36 + 2 or _u32(b, start) != size + 2:
        return -1
    business = _u16(b, start + 8)
    if business != 0x1200 and business != 0x9200:
        return -1
    if _u32(b, start + 10) != access_code or b[start + 17] != 0:
        return -1
    body = start + head
    sub = _u16(b, body + 22)
    later = sub == business + 3
    if sub != business + 2 and not later:
        return -1
    at = body + 28
    stop = end - 2
    if _u32(b, body + 24) != stop - at or b[body] == 0:
        return -1
    if row + 255 >= len(rows):
        return -1
    count: Any = 1
    if later:
        count = np.int64(b[at])
        at += 1
        if count == 0:
            return -1
    # Which form a single position has: that of its length, else the link's.
    old = head == 22
    if stop - at == count * 36:
        old = True
    for n in range(count):
        if b[at] != 0:
            return -1
        if old:
            if at + 36 > stop or not _old(b, at + 1, now_us, limits, rows[row + n]):
                return -1
            at += 36
        else:
            if at + 5 > stop:
                return -1
            length = _u32(b, at + 1)
            # 35 bytes may be those of 2011: not worth a branch here.
            if at + 5 + length + 45 > stop or length == 35:
                return -1
            if not _new(b, at + 5, at + 5 + length, now_us, limits, rows[row + n]):
                return -1
            at += 5 + length + 45
        rows[row + n].catch_up = later
    if at != stop:
        return -1
    word = body >> 3
    number = plate_number(
        words[word], words[word + 1], words[word + 2] & _COLOUR, keys, slots, used
    )
    if number < 0:
        return -1
    for n in range(count):
        rows[row + n].plate = number
    return count


@njit(cache=True)
def specials(b: Bytes, found: Any) -> int:
    """Where the delimiters and escapes of ``b`` are; how many. Without a branch a byte."""
    n = 0
    for at in range(len(b)):
        above = np.uint8(b[at] - np.uint8(0x5A))
        found[n] = at
        n += (above <= 4) & (above != 2)
    return n


@njit(cache=True, nogil=True)
def decode(
    b: Bytes,
    head: int,
    access_code: int,
    now_us: int,
    limits: Any,
    keys: Words,
    slots: Any,
    used: Ints,
    t: npt.NDArray[np.uint16],
    marks: Any,
    rest: Ints,
    rows: Any,
) -> tuple[int, int, int, int, int]:
    """Decode every frame of ``b`` that is closed.

    b : uint8 (n,), with the delimiters
    head : 22 or 30, the link's header
    limits : float64 (4,): future us, age us (-1 for none), km/h, m
    keys, slots, used : the plates seen so far, see :func:`plate_number`
    marks : int32 (n + 1,), room for the places of delimiters and escapes
    rest : int64 (m, 3), filled with kind, first byte, end for the other path
    rows : ROW (k,), filled

    Returns the number of rows, of rest, of frames read here, where the last unfinished frame
    begins (-1 if none), and where reading stopped because there was no room (-1 if it did not).
    """
    scratch = np.zeros(SCRATCH, np.uint8)
    words = scratch.view(np.uint64)
    n_rows = 0
    n_rest = 0
    n_frames = 0
    size = len(b)
    n_marks = specials(b, marks)
    inside = False
    outside: Any = 0
    start: Any = 0
    source: Any = 0
    filled: Any = FIRST
    good = True
    for k in range(n_marks):
        at: Any = np.int64(marks[k])
        value = b[at]
        if not inside:
            if value != 0x5B:
                continue
            if at > outside:
                rest[n_rest, 0] = STRAY
                rest[n_rest, 1] = outside
                rest[n_rest, 2] = at
                n_rest += 1
        elif value == 0x5B and at > start:
            # A frame that was never closed.
            rest[n_rest, 0] = STRAY
            rest[n_rest, 1] = start
            rest[n_rest, 2] = at
            n_rest += 1
        if value == 0x5B:
            if n_rest + 2 >= len(rest) or n_rows + 255 >= len(rows):
                return n_rows, n_rest, n_frames, -1, at
            inside = True
            start = at + 1
            source = start
            filled = FIRST
            good = True
            continue
        if at < source:
            # The follower of an escape that is none: the frame is bad already.
            continue
        room = SCRATCH - 8 - filled
        count = at - source
        if count > room:
            good = False
        elif good:
            for i in range(count):
                scratch[filled + i] = b[source + i]
            filled += count
        if value != 0x5D:
            follower = b[at + 1] if at + 1 < size else np.uint8(0)
            if follower == 0x02:
                scratch[filled] = value
            elif follower == 0x01:
                scratch[filled] = 0x5B if value == 0x5A else 0x5D
            else:
                good = False
                source = at + 1
                continue
            filled += 1
            source = at + 2
            continue
        inside = False
        outside = at + 1
        if at == start:
            continue
        found = -1
        if good and filled > FIRST + 24:
            sent = _u16(scratch, filled - 2)
            if crc16(scratch, FIRST, filled - 2, t) == sent:
                found = _positions(
                    scratch,
                    words,
                    filled,
                    head,
                    access_code,
                    now_us,
                    limits,
                    keys,
                    slots,
                    used,
                    n_rows,
                    rows,
                )
        if found >= 0:
            n_rows += found
            n_frames += 1
        else:
            rest[n_rest, 0] = FRAME
            rest[n_rest, 1] = start
            rest[n_rest, 2] = at
            n_rest += 1
    if inside:
        return n_rows, n_rest, n_frames, start - 1, -1
    if size > outside:
        rest[n_rest, 0] = STRAY
        rest[n_rest, 1] = outside
        rest[n_rest, 2] = size
        n_rest += 1
    return n_rows, n_rest, n_frames, -1, -1
