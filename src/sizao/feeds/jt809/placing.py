"""One position from its bytes into a row of columns, compiled: for :mod:`.kernel`."""

from __future__ import annotations

from typing import Any

from numba import njit

from sizao.core.loads import put32, put64, put_f32, put_f64, u8, u16, u32
from sizao.feeds.jt808.columns import (
    ALTITUDE,
    HEADING,
    MILEAGE,
    PLACE,
    POSITIONED,
    RECORDER,
    SPEED,
    Places,
    Rules,
)
from sizao.feeds.jt808.kernel import NO_TIME, bcd_time_us


@njit(cache=True, inline="always")
def _old_time_us(at: int) -> int:
    """UTC microseconds of day, month, year u16, hour, minute, second in UTC+8, or NO_TIME."""
    day, month, year = u8(at), u8(at + 1), u16(at + 2)
    hour, minute, second = u8(at + 4), u8(at + 5), u8(at + 6)
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


@njit(cache=True, inline="always")
def _put_place(lat: Any, lon: Any, status: Any, out: Places, row: int) -> int:
    """Coordinates of a row. Returns the marks for them, -1 for a fix that is no place on Earth."""
    marks = POSITIONED if status & 2 else 0
    if status & 32:
        lat = lon = 0
    elif lat > 90_000_000 or lon > 180_000_000:
        if marks:
            return -1
        lat = lon = 0
    elif lat or lon:
        marks |= PLACE
    else:
        marks = 0
    put_f64(out.lat + row * 8, (-lat if status & 4 else lat) / 1e6)
    put_f64(out.lon + row * 8, (-lon if status & 8 else lon) / 1e6)
    return marks


@njit(cache=True, inline="always")
def _put_common(
    speed: float, heading: Any, altitude: Any, rules: Rules, out: Places, row: int
) -> int:
    """Returns the marks for what is within its limits."""
    marks = 0
    if speed <= rules.speed_kmh:
        marks |= SPEED
    if heading <= 360:
        marks |= HEADING
    if altitude <= rules.altitude_m:
        marks |= ALTITUDE
    put_f32(out.speed_kmh + row * 4, speed)
    put_f32(out.heading_deg + row * 4, heading)
    put_f32(out.altitude_m + row * 4, altitude)
    return marks


@njit(cache=True, inline="always")
def _in_time(at: int, rules: Rules) -> bool:
    if at == NO_TIME or at - rules.received_us > rules.future_us:
        return False
    return rules.received_us - at <= rules.age_us


@njit(cache=True, inline="always")
def put_old(at: int, rules: Rules, out: Places, row: int) -> int:
    """The 35 bytes of 2011 behind the flag. Returns the row's marks, -1 if it is refused."""
    moment = _old_time_us(at)
    if not _in_time(moment, rules):
        return -1
    lon, lat = u32(at + 7), u32(at + 11)
    speed, recorder = u16(at + 15), u16(at + 17)
    mileage = u32(at + 19)
    status = u32(at + 27)
    marks = _put_place(lat, lon, status, out, row)
    if marks < 0:
        return -1
    marks |= _put_common(float(speed), u16(at + 23), u16(at + 25), rules, out, row)
    if recorder <= rules.speed_kmh and (recorder > 0 or speed == 0):
        marks |= RECORDER
    if mileage > 0:
        marks |= MILEAGE
    put64(out.time_us + row * 8, moment)
    put_f32(out.recorder_speed_kmh + row * 4, recorder)
    put_f64(out.mileage_km + row * 8, mileage)
    put32(out.alarm + row * 4, u32(at + 31))
    put32(out.status + row * 4, status)
    return marks


@njit(cache=True, inline="always")
def put_new(at: int, end: int, rules: Rules, out: Places, row: int) -> int:
    """A JT/T 808 location, perhaps filled up with zeros. Returns the row's marks, -1 if it is
    refused."""
    if end - at < 28:
        return -1
    moment = bcd_time_us(at + 22)
    if not _in_time(moment, rules):
        return -1
    marks: Any = 0
    mileage: Any = 0
    recorder: Any = 0.0
    item: Any = at + 28
    while item < end:
        if u8(item) == 0:
            zeros = True
            for i in range(item, end):
                if u8(i) != 0:
                    zeros = False
                    break
            if zeros:
                break
        if item + 1 >= end:
            return -1
        length = u8(item + 1)
        if item + 2 + length > end:
            return -1
        if u8(item) == 0x01 and length == 4:
            mileage = u32(item + 2)
            marks |= MILEAGE
        elif u8(item) == 0x03 and length == 2:
            recorder = u16(item + 2) / 10
            marks = marks | RECORDER if recorder <= rules.speed_kmh else marks & ~RECORDER
        item += 2 + length
    status = u32(at + 4)
    place = _put_place(u32(at + 8), u32(at + 12), status, out, row)
    if place < 0:
        return -1
    marks |= place
    marks |= _put_common(u16(at + 18) / 10, u16(at + 20), u16(at + 16), rules, out, row)
    put64(out.time_us + row * 8, moment)
    put_f32(out.recorder_speed_kmh + row * 4, recorder)
    put_f64(out.mileage_km + row * 8, mileage / 10)
    put32(out.alarm + row * 4, u32(at))
    put32(out.status + row * 4, status)
    return marks
