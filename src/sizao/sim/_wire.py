"""Reports to JT/T 808 bytes, many at once.

The layout is written out a second time here, apart from ``feeds.jt808``: a test encodes the same
reports with both and compares the bytes, and so the two check each other.

Source: JT/T 808-2013 clauses 4.4 (frame), 8.18 (0x0200) and 8.49 (0x0704); -2019 for the longer
header.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

REPORT = np.dtype(
    [
        ("send_us", "i8"),
        ("vehicle", "i4"),
        ("batch", "i4"),
        ("time_s", "i8"),
        ("lat", "i4"),
        ("lon", "i4"),
        ("altitude", "u2"),
        ("speed", "u2"),
        ("heading", "u2"),
        ("recorder", "u2"),
        ("mileage", "u4"),
        ("alarm", "u4"),
        ("status", "u4"),
        ("damage", "u1"),
    ]
)
"""One position report. send_us: when it goes out; batch: 0, or the number of the 0x0704 it
travels in; time_s: event time, seconds since the epoch; lat, lon: 1e-6 degrees; altitude: m;
speed, recorder: 0.1 km/h, recorder 65535 if it has none; mileage: 0.1 km; damage: BAD_CHECKSUM,
GARBAGE or 0."""

NO_RECORDER = 65535
BAD_CHECKSUM, GARBAGE = 1, 2
MAX_BATCH = 20
"""Most reports in one 0x0704, so that its body stays under 1,023 bytes."""

_LONGEST = 2 * (17 + 3 + MAX_BATCH * 46 + 2) + 34
"""Bytes one frame can take, everything escaped and garbage before it."""


@njit(cache=True, inline="always")
def _bcd(two_digits: int) -> int:
    return (two_digits // 10) * 16 + two_digits % 10


@njit(cache=True)
def _clock(body: npt.NDArray[np.uint8], at: int, time_s: int) -> None:
    """BCD[6] YYMMDDhhmmss in UTC+8 (civil-from-days after Howard Hinnant)."""
    local = time_s + 28800
    days, rest = local // 86400, local % 86400
    z = days + 719468
    era = z // 146097
    doe = z - era * 146097
    yoe = (doe - doe // 1460 + doe // 36524 - doe // 146096) // 365
    doy = doe - (365 * yoe + yoe // 4 - yoe // 100)
    mp = (5 * doy + 2) // 153
    day = doy - (153 * mp + 2) // 5 + 1
    month = mp + 3 if mp < 10 else mp - 9
    year = yoe + era * 400 + (1 if month <= 2 else 0)
    body[at] = _bcd(year % 100)
    body[at + 1] = _bcd(month)
    body[at + 2] = _bcd(day)
    body[at + 3] = _bcd(rest // 3600)
    body[at + 4] = _bcd(rest // 60 % 60)
    body[at + 5] = _bcd(rest % 60)


@njit(cache=True, inline="always")
def _u16(body: npt.NDArray[np.uint8], at: int, value: int) -> None:
    body[at] = (value >> 8) & 255
    body[at + 1] = value & 255


@njit(cache=True, inline="always")
def _u32(body: npt.NDArray[np.uint8], at: int, value: int) -> None:
    _u16(body, at, value >> 16)
    _u16(body, at + 2, value & 65535)


@njit(cache=True)
def _location(body: npt.NDArray[np.uint8], at: int, r: Any) -> int:
    """Write one 0x0200 body; returns the offset after it."""
    _u32(body, at, np.int64(r["alarm"]))
    _u32(body, at + 4, np.int64(r["status"]))
    _u32(body, at + 8, np.int64(r["lat"]))
    _u32(body, at + 12, np.int64(r["lon"]))
    _u16(body, at + 16, np.int64(r["altitude"]))
    _u16(body, at + 18, np.int64(r["speed"]))
    _u16(body, at + 20, np.int64(r["heading"]))
    _clock(body, at + 22, r["time_s"])
    at += 28
    body[at] = 0x01
    body[at + 1] = 4
    _u32(body, at + 2, np.int64(r["mileage"]))
    at += 6
    if r["recorder"] != NO_RECORDER:
        body[at] = 0x03
        body[at + 1] = 2
        _u16(body, at + 2, np.int64(r["recorder"]))
        at += 4
    body[at] = 0x30
    body[at + 1] = 1
    body[at + 2] = 25
    body[at + 3] = 0x31
    body[at + 4] = 1
    body[at + 5] = 11 if np.int64(r["status"]) & 2 else 0
    return at + 6


@njit(cache=True)
def _seal(
    out: npt.NDArray[np.uint8], at: int, plain: npt.NDArray[np.uint8], size: int, damage: int
) -> int:
    """Checksum, escape and delimit; returns the offset after the frame."""
    check = 0
    for k in range(size):
        check ^= plain[k]
    if damage == BAD_CHECKSUM:
        check ^= 0x55
    plain[size] = check
    out[at] = 0x7E
    at += 1
    for k in range(size + 1):
        byte = plain[k]
        if byte == 0x7E or byte == 0x7D:
            out[at] = 0x7D
            out[at + 1] = 2 if byte == 0x7E else 1
            at += 2
        else:
            out[at] = byte
            at += 1
    out[at] = 0x7E
    return at + 1


@njit(cache=True)
def _encode(
    reports: npt.NDArray[Any],
    phone: npt.NDArray[np.uint8],
    edition_2019: npt.NDArray[np.bool_],
    serial: npt.NDArray[np.uint16],
    out: npt.NDArray[np.uint8],
    first: npt.NDArray[np.int64],
    frame_of: npt.NDArray[np.int64],
) -> int:
    """Frames of sorted reports; serial numbers count on in place. Returns the number of frames.

    phone : BCD (n, 10), 2013 terminals use the last six bytes
    first : start of each frame in ``out`` and one more; frame_of : a report of each frame
    """
    plain = np.empty(1100, np.uint8)
    at = 0
    frames = 0
    row = 0
    while row < len(reports):
        r = reports[row]
        stop = row + 1
        if r["batch"] > 0:
            while (
                stop < len(reports)
                and stop - row < MAX_BATCH
                and reports[stop]["batch"] == r["batch"]
                and reports[stop]["vehicle"] == r["vehicle"]
            ):
                stop += 1
        vehicle = r["vehicle"]
        long = edition_2019[vehicle]
        head = 17 if long else 12
        if r["batch"] > 0:
            end = head + 3
            for k in range(row, stop):
                after = _location(plain, end + 2, reports[k])
                _u16(plain, end, after - end - 2)
                end = after
            _u16(plain, head, stop - row)
            plain[head + 2] = 1
            _u16(plain, 0, 0x0704)
        else:
            end = _location(plain, head, r)
            _u16(plain, 0, 0x0200)
        _u16(plain, 2, (end - head) | (0x4000 if long else 0))
        if long:
            plain[4] = 1
            plain[5:15] = phone[vehicle]
        else:
            plain[4:10] = phone[vehicle, 4:]
        _u16(plain, head - 2, np.int64(serial[vehicle]))
        serial[vehicle] = np.uint16((np.int64(serial[vehicle]) + 1) & 65535)
        first[frames] = at
        frame_of[frames] = row
        if r["damage"] == GARBAGE:
            for k in range(5):
                out[at + k] = (r["time_s"] * (k + 3)) % 97 + 128
            at += 5
        at = _seal(out, at, plain, end, r["damage"])
        frames += 1
        row = stop
    first[frames] = at
    return frames


def encode(
    reports: npt.NDArray[Any],
    phone: npt.NDArray[np.uint8],
    edition_2019: npt.NDArray[np.bool_],
    serial: npt.NDArray[np.uint16],
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """(bytes, start of each frame and the end, one report's row of each frame).

    ``reports`` are sorted by send time; the reports of one batch stand together.
    """
    batches = int(np.count_nonzero(reports["batch"]))
    room = 140 * (len(reports) - batches) + 110 * batches + 100 * (batches > 0) + _LONGEST
    out = np.empty(room, np.uint8)
    first = np.empty(len(reports) + 1, np.int64)
    frame_of = np.empty(len(reports), np.int64)
    frames = _encode(reports, phone, edition_2019, serial, out, first, frame_of)
    return out[: first[frames]], first[: frames + 1], frame_of[:frames]
