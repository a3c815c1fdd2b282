"""The decoding loops, compiled: bytes to columns in one pass.

A frame is read where it lies; only one with 0x7D is copied. Whatever is not a whole, correct
0x0200 or 0x0704 whose positions all pass the rules is left to the Python path, so this file
knows two messages and no error kind. ``positions.position_row`` is the rule book; a test holds
both to the same values.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.core.loads import (
    BLOCK,
    copy_block,
    find,
    hex_digits,
    leading_zeros,
    lowest_bit,
    put8,
    put16,
    put32,
    put64,
    put_f32,
    put_f64,
    put_u64,
    u8,
    u16,
    u32,
    u64,
)
from sizao.feeds.jt808.columns import (
    ALTITUDE,
    CATCH_UP,
    HEADING,
    LONG,
    MILEAGE,
    PLACE,
    POSITIONED,
    RECORDER,
    SPEED,
    Places,
    Rules,
)
from sizao.feeds.jt808.framing import MAX_PLAIN, MAX_RAW

Integers = npt.NDArray[np.int64]

NO_TIME = np.iinfo(np.int64).min
"""A date that does not exist."""

SCRATCH = MAX_RAW + 2 * BLOCK
"""Bytes to unescape a frame into: block copies may write past its end."""

SHORTEST_POSITION = 30
"""Bytes that the shortest position takes: an item of 0x0704 and its length."""
SHORTEST_ALARM = 41
"""Bytes of the shortest active-safety item; a shorter one under these ids is another maker's."""

OVER_CAPACITY = 1 << 4
"""Bit of item 0x14, see ``safety``: such a report takes the long way."""

ALARM = np.dtype([("row", np.int32), ("item", np.uint8), ("start", np.int64), ("end", np.int64)])
"""An active-safety item: its position's row, its id, and where its value stands in the bytes of
all alarms."""

_BCD = np.array(
    [(b >> 4) * 10 + (b & 15) if (b >> 4) < 10 and (b & 15) < 10 else -1 for b in range(256)],
    np.int64,
)


def _months() -> tuple[Integers, Integers]:
    """Of each month from 2000-01 to 2099-12: its first midnight in China as UTC microseconds,
    and its length in days."""
    edges = np.arange("2000-01", "2100-02", dtype="datetime64[M]").astype("datetime64[D]")
    days = edges.astype(np.int64)
    return (days[:-1] * 24 - 8) * 3_600_000_000, np.diff(days)


_MONTH_US, _MONTH_DAYS = _months()


@njit(cache=True, inline="always")
def bcd_time_us(at: int) -> int:
    """UTC microseconds of BCD[6] in UTC+8, or NO_TIME."""
    year, month, day = _BCD[u8(at)], _BCD[u8(at + 1)], _BCD[u8(at + 2)]
    hour, minute, second = _BCD[u8(at + 3)], _BCD[u8(at + 4)], _BCD[u8(at + 5)]
    if (year | hour | minute | second) < 0 or month < 1 or month > 12 or day < 1:
        return NO_TIME
    if hour > 23 or minute > 59 or second > 59:
        return NO_TIME
    which = year * 12 + month - 1
    if day > _MONTH_DAYS[which]:
        return NO_TIME
    seconds = ((day - 1) * 24 + hour) * 3600 + minute * 60 + second
    return int(_MONTH_US[which] + seconds * 1_000_000)


@njit(cache=True, inline="always")
def xor_of(at: int, end: int) -> int:
    """XOR of the bytes from ``at`` up to ``end``."""
    eight: Any = np.int64(0)
    while at + 8 <= end:
        eight ^= u64(at)
        at += 8
    while at < end:
        eight ^= u8(at)
        at += 1
    eight ^= eight >> 32
    eight ^= eight >> 16
    eight ^= eight >> 8
    return eight & 0xFF


@njit(cache=True, inline="always")
def frame_end(at: int, end: int) -> tuple[int, bool]:
    """The next delimiter from ``at`` on, ``end`` if there is none, and whether an escape stands
    before it."""
    escapes = np.int64(0)
    while at + BLOCK <= end:
        ends = find(at, 0x7E)
        escape = find(at, 0x7D)
        if ends:
            # Of the escapes, those below the delimiter.
            return at + lowest_bit(ends), (escapes | (escape & ((ends & -ends) - 1))) != 0
        escapes |= escape
        at += BLOCK
    while at < end and u8(at) != 0x7E:
        escapes |= u8(at) == 0x7D
        at += 1
    return at, escapes != 0


@njit(cache=True)
def unescape(at: int, end: int, limit: int, out: int) -> int:
    """Put the bytes from ``at`` up to ``end`` at ``out`` without escapes; ``limit`` is where the
    readable bytes end. Returns the length, or -1 if it is no frame: a wrong escape, or too long.
    out: at least SCRATCH bytes.
    """
    used = 0
    while at < end:
        if used > MAX_PLAIN:
            return -1
        # Up to the next escape, a block at a time where the buffer goes on far enough.
        if at + BLOCK <= limit:
            copy_block(out + used, at)
            plain = min(lowest_bit(find(at, 0x7D)), BLOCK, end - at)
            at += plain
            used += plain
            if at >= end or plain == BLOCK:
                continue
        elif u8(at) != 0x7D:
            put8(out + used, u8(at))
            at += 1
            used += 1
            continue
        # At an escape.
        if at + 1 >= end or not 1 <= u8(at + 1) <= 2:
            return -1
        put8(out + used, 0x7C + u8(at + 1))
        at += 2
        used += 1
    return used if used <= MAX_PLAIN else -1


@njit(cache=True, inline="always")
def put_name(at: int, size: int, to: int) -> int:
    """Write the phone of ``size`` bytes, 6 or 10, as text without leading zeros; returns its end.
    24 bytes may be overwritten."""
    if size == 6:
        upper, lower = np.int64(0), u64(at) >> 16 & 0xFFFF_FFFF_FFFF
    else:
        upper, lower = u16(at), u64(at + 2)
    if upper:
        digits = 16 - (leading_zeros(upper) >> 2)
        put_u64(to, hex_digits(upper << 64 - 4 * digits))
        to += digits
        digits = 16
    else:
        digits = max(16 - (leading_zeros(lower) >> 2), 1)
        lower <<= 64 - 4 * digits
    put_u64(to, hex_digits(lower))
    put_u64(to + 8, hex_digits(lower << 32))
    return to + digits


@njit(cache=True, inline="always")
def put_location(body: int, stop: int, out: Places, row: int, rules: Rules) -> int:
    """Write a location body to a row, but for its name, serial and frame.

    Returns 1 if it is good, 2 if it is good and has active-safety items, 0 if it is refused or
    has a reason for quarantine. stop - body must be at least 28.
    """
    status = u32(body + 4)
    lat, lon = u32(body + 8), u32(body + 12)
    time_us = bcd_time_us(body + 22)
    if time_us == NO_TIME:
        return 0
    if time_us - rules.received_us > rules.future_us:
        return 0
    if rules.received_us - time_us > rules.age_us:
        return 0
    marks = POSITIONED if status & 2 else 0
    if status & 32:  # enciphered
        lat = lon = 0
    elif lat > 90_000_000 or lon > 180_000_000:
        if marks:
            return 0
        lat = lon = 0
    elif lat | lon:
        marks |= PLACE
    else:
        marks = 0
    mileage = np.int64(0)
    recorder = 0.0
    result = 1
    at = body + 28
    while at < stop:
        if at + 1 >= stop:
            return 0
        head = u16(at)
        at += 2
        if at + (head & 0xFF) > stop:
            return 0
        if head == 0x0104:
            mileage = u32(at)
            marks |= MILEAGE
        elif head == 0x0302:
            recorder = u16(at) / 10
            if recorder <= rules.speed_kmh:
                marks |= RECORDER
            else:
                marks &= ~RECORDER
                recorder = 0.0
        elif (0x6400 <= head < 0x6800 and head & 0xFF >= SHORTEST_ALARM) or (
            head == 0x1404 and u32(at) & OVER_CAPACITY
        ):
            result = 2
        at += head & 0xFF
    speed = u16(body + 18) / 10
    if speed <= rules.speed_kmh:
        marks |= SPEED
    else:
        speed = 0.0
    heading, altitude = u16(body + 20), u16(body + 16)
    if heading <= 360:
        marks |= HEADING
    else:
        heading = 0
    if altitude <= rules.altitude_m:
        marks |= ALTITUDE
    else:
        altitude = 0
    put64(out.time_us + row * 8, time_us)
    put_f64(out.lat + row * 8, (-lat if status & 4 else lat) / 1e6)
    put_f64(out.lon + row * 8, (-lon if status & 8 else lon) / 1e6)
    put_f32(out.speed_kmh + row * 4, speed)
    put_f32(out.heading_deg + row * 4, heading)
    put_f32(out.altitude_m + row * 4, altitude)
    put_f32(out.recorder_speed_kmh + row * 4, recorder)
    put_f64(out.mileage_km + row * 8, mileage / 10)
    put32(out.alarm + row * 4, u32(body))
    put32(out.status + row * 4, status)
    put16(out.marks + row * 2, marks)
    return result


@njit(cache=True, inline="always")
def marks_of(out: Places, row: int) -> int:
    """What :func:`put_location` marked."""
    return u8(out.marks + row * 2) | u8(out.marks + row * 2 + 1) << 8


@njit(cache=True, inline="always")
def header_size(at: int, size: int) -> int:
    """12 or 17 if a frame of so many bytes, checksum included, has a plain header whose length
    fits; 0 for parts, ciphers and wrong lengths."""
    properties = u16(at + 2)
    declared = properties & 0x03FF
    if properties & 0x3C00:
        return 0
    if declared == size - 18:
        return 17
    return 12 if declared == size - 13 and not properties & 0x4000 else 0


@njit(cache=True, inline="always")
def put_batch(body: int, stop: int, out: Places, row: int, rules: Rules) -> tuple[int, bool]:
    """Write the items of a 0x0704 body from ``row`` on, but for names, serials and frames.

    Returns their number, or -1 if anything at all is wrong with one, and whether one has
    active-safety items.
    """
    n = 0
    safety = False
    if stop - body < 3:
        return -1, safety
    at = body + 3
    while at + 2 <= stop:
        length = u16(at)
        at += 2
        if length < 28 or at + length > stop:
            return -1, safety
        good = put_location(at, at + length, out, row + n, rules)
        if good == 0:
            return -1, safety
        safety |= good == 2
        at += length
        n += 1
    return (n if n == u16(body) and at == stop else -1), safety


@njit(cache=True)
def _keep_alarms(
    body: int, stop: int, row: int, alarms: Any, n: int, kept: int, used: int
) -> tuple[int, int]:
    """Copy the active-safety items of a good location out; returns the new counts."""
    at = body + 28
    while at < stop:
        item, length = u8(at), u8(at + 1)
        at += 2
        if 0x64 <= item < 0x68 and length >= SHORTEST_ALARM:
            alarms[n].row = row
            alarms[n].item = item
            alarms[n].start = used
            for i in range(length):
                put8(kept + used + i, u8(at + i))
            used += length
            alarms[n].end = used
            n += 1
        at += length
    return n, used


@njit(cache=True, nogil=True)
def decode(
    begin: int,
    size: int,
    out: Places,
    rest: Integers,
    alarms: Any,
    kept: int,
    scratch: int,
    rules: Rules,
) -> tuple[int, int, int, int, int]:
    """Decode every frame of the ``size`` bytes at ``begin`` that is closed.

    out : room for size // 30 + 1 positions
    rest : int64 (m, 3), filled with frame number, first byte, end of each frame for the other path
    alarms : ALARM (size // 41 + 1,)
    kept : address of ``size`` bytes, for their values one behind the other
    scratch : address of SCRATCH bytes

    Returns the number of frames, positions, rest and alarms, and the offset of the last
    delimiter (-1 if none): what stands from there on is not decoded yet. Bytes before the first
    delimiter are skipped. Stops early, at a delimiter, when ``rest`` is full.
    """
    limit = begin + size
    row = 0
    n_rest = 0
    n_alarms = 0
    used = 0
    number = 0
    name = out.name
    last, _ = frame_end(begin, limit)
    if last == limit:
        return 0, 0, 0, 0, -1
    while n_rest < len(rest):
        start = last + 1
        at, escapes = frame_end(start, limit)
        if at >= limit:
            break
        last = at
        if at == start:
            continue
        p, length = start, at - start
        if escapes:
            length = unescape(start, at, limit, scratch) if length <= MAX_RAW else -1
            p = scratch
        n = -1
        head = 0
        safety = False
        catch_up = 0
        if 16 <= length <= MAX_PLAIN and xor_of(p, p + length) == 0:
            message = u16(p)
            if message == 0x0200:
                head = header_size(p, length)
                if head and length - head >= 29:
                    good = put_location(p + head, p + length - 1, out, row, rules)
                    if good:
                        n = 1
                        safety = good == 2
            elif message == 0x0704:
                head = header_size(p, length)
                catch_up = CATCH_UP
                if head:
                    n, safety = put_batch(p + head, p + length - 1, out, row, rules)
        if n < 0:
            rest[n_rest, 0] = number
            rest[n_rest, 1] = start - begin
            rest[n_rest, 2] = at - begin
            n_rest += 1
        elif n > 0:
            more = catch_up
            if head == 17:
                to = put_name(p + 5, 10, name)
                more |= LONG
            else:
                to = put_name(p + 4, 6, name)
            serial = u16(p + head - 2)
            letters = to - name
            item = p + head + 3
            for k in range(row, row + n):
                if k > row:
                    copy_block(to, name)
                    to += letters
                put32(out.name_at + (k + 1) * 4, to - out.name)
                put16(out.serial + k * 2, serial)
                put32(out.frame + k * 4, number)
                if more:
                    put16(out.marks + k * 2, marks_of(out, k) | more)
                if safety:
                    body, stop = p + head, p + length - 1
                    if catch_up:
                        body = item + 2
                        stop = item = body + u16(item)
                    n_alarms, used = _keep_alarms(body, stop, k, alarms, n_alarms, kept, used)
            name = to
            row += n
        number += 1
    return number, row, n_rest, n_alarms, last - begin
