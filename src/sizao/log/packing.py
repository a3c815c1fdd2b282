"""The compiled loops of :mod:`.packed`: columns to narrow columns in another order, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.core.bits import turned
from sizao.core.loads import BLOCK, copy_block, get32, get64, put8, put64, u8
from sizao.log.counting import same

Array = npt.NDArray[Any]

LAT, LON, SPEED, HEADING, ALTITUDE, RECORDER, MILEAGE = (1 << bit for bit in range(7))
"""Bits of a row's first byte of marks: the column has a value. Bit 7 is ``positioned``."""
_INT32 = 1 << 31


@njit(cache=True, nogil=True)
def gather_bits(n: int, bitmaps: Array, to: int) -> None:
    """One byte a row out of eight bitmaps, whose addresses are given; up to seven bytes more are
    written."""
    for group in range((n + 7) >> 3):
        word: Any = np.int64(0)
        for bit in range(8):
            word |= u8(bitmaps[bit] + group) << 8 * bit
        put64(to + 8 * group, turned(word))


@njit(cache=True, nogil=True)
def spread_bits(n: int, marks: int, bitmaps: Array) -> None:
    """Eight bitmaps out of one byte a row; what follows the last row is read too."""
    for group in range((n + 7) >> 3):
        word = turned(get64(marks + 8 * group))
        for bit in range(8):
            put8(bitmaps[bit] + group, word >> 8 * bit)


@njit(cache=True, nogil=True)
def narrow(
    places: Array,
    marks: Array,
    more: Array,
    time: Array,
    received: Array,
    source_at: int,
    source: int,
    lat: Array,
    lon: Array,
    speed: Array,
    heading: Array,
    altitude: Array,
    recorder: Array,
    mileage: Array,
    alarm: Array,
    status: Array,
    base_s: int,
    arrivals: Array,
    known: int,
    span: Array,
    to_marks: Array,
    to_more: Array,
    to_seconds: Array,
    to_arrival: Array,
    to_lat: Array,
    to_lon: Array,
    to_speed: Array,
    to_heading: Array,
    to_altitude: Array,
    to_recorder: Array,
    to_mileage: Array,
    to_alarm: Array,
    to_status: Array,
) -> int:
    """Put the rows of a batch to their places, uint32 (n,), column by column.

    marks, more : uint8 (n,), two bytes of bits a row
    source_at, source : addresses of offsets and of bytes
    arrivals : int64 (m, 3): moment of receipt, address and size of the source's name, of those
        ``known`` already; new ones are added
    span : int64 (2,): first and last moment, made wider

    Returns how many arrivals are known then, -1 if a value cannot be said this way.
    """
    n = len(places)
    bad = False
    arrival: Any = 0
    before_us: Any = np.int64(0)
    before_at: Any = np.int64(0)
    before_size: Any = np.int64(-1)
    for row in range(n):
        at = source + get32(source_at + 4 * row)
        size = source + get32(source_at + 4 * row + 4) - at
        if received[row] != before_us or size != before_size or not same(at, before_at, size):
            before_us, before_at, before_size = received[row], at, size
            arrival = 0
            while arrival < known and not (
                arrivals[arrival, 0] == before_us
                and arrivals[arrival, 2] == size
                and same(at, arrivals[arrival, 1], size)
            ):
                arrival += 1
            if arrival == known:
                if known == len(arrivals):
                    return -1
                arrivals[known, 0], arrivals[known, 1], arrivals[known, 2] = before_us, at, size
                known += 1
        to_arrival[places[row]] = arrival
    for row in range(n):
        to_marks[places[row]] = marks[row]
    for row in range(n):
        to_more[places[row]] = more[row]
    first: Any = span[0]
    last: Any = span[1]
    for row in range(n):
        moment: Any = time[row]
        first, last = min(first, moment), max(last, moment)
        second: Any = moment // 1_000_000
        bad |= second * 1_000_000 != moment
        to_seconds[places[row]] = second - base_s
    span[0], span[1] = first, last
    for row in range(n):
        value: Any = lat[row] if marks[row] & LAT else 0.0
        whole: Any = np.int64(np.rint(value * 1e6))
        bad |= whole / 1e6 != value or whole < -_INT32 or whole >= _INT32
        to_lat[places[row]] = whole
    for row in range(n):
        value = lon[row] if marks[row] & LON else 0.0
        whole = np.int64(np.rint(value * 1e6))
        bad |= whole / 1e6 != value or whole < -_INT32 or whole >= _INT32
        to_lon[places[row]] = whole
    for row in range(n):
        value = speed[row] if marks[row] & SPEED else np.float32(0)
        whole = np.int64(np.rint(value * 10))
        bad |= np.float32(whole) / np.float32(10) != value or whole < 0 or whole > 0xFFFF
        to_speed[places[row]] = whole
    for row in range(n):
        value = heading[row] if marks[row] & HEADING else np.float32(0)
        whole = np.int64(value)
        bad |= np.float32(whole) != value or whole < 0 or whole > 0xFFFF
        to_heading[places[row]] = whole
    for row in range(n):
        value = altitude[row] if marks[row] & ALTITUDE else np.float32(0)
        whole = np.int64(value)
        bad |= np.float32(whole) != value or whole < 0 or whole > 0xFFFF
        to_altitude[places[row]] = whole
    for row in range(n):
        value = recorder[row] if marks[row] & RECORDER else np.float32(0)
        whole = np.int64(np.rint(value * 10))
        bad |= np.float32(whole) / np.float32(10) != value or whole < 0 or whole > 0xFFFF
        to_recorder[places[row]] = whole
    for row in range(n):
        value = mileage[row] if marks[row] & MILEAGE else 0.0
        whole = np.int64(np.rint(value * 10))
        bad |= whole / 10.0 != value or whole < 0 or whole > 0xFFFF_FFFF
        to_mileage[places[row]] = whole
    for row in range(n):
        to_alarm[places[row]] = alarm[row]
    for row in range(n):
        to_status[places[row]] = status[row]
    bad |= last // 1_000_000 - base_s >= _INT32 or first // 1_000_000 - base_s < -_INT32
    return -1 if bad else known


@njit(cache=True, nogil=True, error_model="numpy")
def widen(
    base_s: int,
    sizes: Array,
    seconds: Array,
    arrival: Array,
    lat: Array,
    lon: Array,
    speed: Array,
    heading: Array,
    altitude: Array,
    recorder: Array,
    mileage: Array,
    received: Array,
    to_ends: Array,
    to_time: Array,
    to_received: Array,
    to_lat: Array,
    to_lon: Array,
    to_speed: Array,
    to_heading: Array,
    to_altitude: Array,
    to_recorder: Array,
    to_mileage: Array,
) -> None:
    """The columns as they were. ``received`` is int64 (256,) by arrival; ``to_ends`` int32
    (n + 1,): where each name begins and the last ends."""
    n = len(sizes)
    end = np.int32(0)
    to_ends[0] = 0
    for row in range(n):
        end += np.int32(sizes[row])
        to_ends[row + 1] = end
    for row in range(n):
        to_time[row] = (base_s + seconds[row]) * 1_000_000
    for row in range(n):
        to_received[row] = received[arrival[row]]
    for row in range(n):
        to_lat[row] = lat[row] / 1e6
    for row in range(n):
        to_lon[row] = lon[row] / 1e6
    for row in range(n):
        to_speed[row] = np.float32(speed[row]) / np.float32(10)
    for row in range(n):
        to_heading[row] = np.float32(heading[row])
    for row in range(n):
        to_altitude[row] = np.float32(altitude[row])
    for row in range(n):
        to_recorder[row] = np.float32(recorder[row]) / np.float32(10)
    for row in range(n):
        to_mileage[row] = mileage[row] / 10.0


@njit(cache=True, nogil=True)
def put_sources(
    arrival: Array, texts: int, starts: Array, sizes: Array, ends: Array, to: int
) -> None:
    """The name of each row's source, one behind the other, and where each ends.

    texts : address of the names by arrival, with BLOCK bytes more behind them that may be read
    starts, sizes : int64 (256,): where each is
    ends : int32 (n + 1,), filled
    to : address to write to, with BLOCK bytes more behind them that may be overwritten
    """
    used = 0
    ends[0] = 0
    for row in range(len(arrival)):
        size = sizes[arrival[row]]
        at = texts + starts[arrival[row]]
        for k in range(0, size, BLOCK):
            copy_block(to + used + k, at + k)
        used += size
        ends[row + 1] = used
