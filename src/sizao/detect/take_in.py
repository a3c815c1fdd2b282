"""Which rows of a batch are taken in, and their columns in order of vehicle and time: compiled.

``prepare.py`` says what is left out and why. One pass decides, each column is then moved once.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.detect.last import KEPT, MOVED, apart_of, fix_of, flags_of, is_plain, keep
from sizao.detect.raw import Raw, is_set, picked
from sizao.detect.room import ahead

FUTURE_US = 600_000_000
"""10 min: clocks of terminals set by satellite are right to the second, others by minutes."""

FROZEN_M = 20.0
"""More than a receiver's noise, and 200 steps of the protocol's resolution."""

FROZEN_KMH = 10.0
"""Slower than this, standing still with a wandering speed looks the same."""

IMPOSSIBLE_KMH = 300.0
"""Above this a speed counts as not reported."""


class Arrived(NamedTuple):
    """What a batch says, in order of arrival; ``driver`` is int32, -1 unknown."""

    time: Raw
    received: Raw
    lat: Raw
    lon: Raw
    positioned: Raw
    speed_kmh: Raw
    recorder_speed_kmh: Raw
    heading_deg: Raw
    altitude_m: Raw
    alarm: Raw
    status: Raw
    driver: Raw


class Taken(NamedTuple):
    """Rows taken in, as in ``stage.Columns``; what was left out; the table of the few anew.

    late : int64, rows of the batch that are late, in order of arrival
    counts : repeated, late, future, frozen rows, and those without a fix among the rows taken in
    """

    row: npt.NDArray[np.int64]
    slot: npt.NDArray[np.int32]
    time_us: npt.NDArray[np.int64]
    received_us: npt.NDArray[np.int64]
    lat: npt.NDArray[np.float64]
    lon: npt.NDArray[np.float64]
    speed_kmh: npt.NDArray[np.float32]
    recorder_speed_kmh: npt.NDArray[np.float32]
    heading_deg: npt.NDArray[np.float32]
    altitude_m: npt.NDArray[np.float32]
    alarm: npt.NDArray[np.uint32]
    status: npt.NDArray[np.uint32]
    driver: npt.NDArray[np.int32]
    prev_us: npt.NDArray[np.int64]
    prev_fix_us: npt.NDArray[np.int64]
    prev_lat: npt.NDArray[np.float64]
    prev_lon: npt.NDArray[np.float64]
    late: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]
    apart: npt.NDArray[Any]


@njit(cache=True)
def speeds(column, rows):  # type: ignore[no-untyped-def]  # numba
    """Speeds of these rows; what no vehicle drives is not reported."""
    speed = picked(column, rows, np.nan)
    for k in range(len(speed)):
        if not 0.0 <= speed[k] <= IMPOSSIBLE_KMH:
            speed[k] = np.nan
    return speed


@njit(cache=True)
def places(arrived, rows):  # type: ignore[no-untyped-def]  # numba
    """Places of these rows, NaN without a fix and for those that cannot be."""
    lat = picked(arrived.lat, rows, np.nan)
    lon = picked(arrived.lon, rows, np.nan)
    fixed, said, first = arrived.positioned
    for k in range(len(rows)):
        at = np.uint64(first) + np.uint64(rows[k])
        # A terminal that does not say whether it had a fix is believed.
        fix = is_set(fixed, at) or (len(said) > 0 and not is_set(said, at))
        y, x = lat[k], lon[k]
        # All asked at once, as nearly all of them are true.
        possible = (abs(y) <= 90.0) & (abs(x) <= 180.0) & ((y != 0.0) | (x != 0.0))
        if not (fix and possible):
            lat[k] = lon[k] = np.nan
    return lat, lon


_REPEATED, _LATE, _FUTURE = 1, 2, 3
"""Why a row is left out, plus one the place of its count; 0 it is taken in."""


@njit(cache=True, nogil=True)
def take_in(slots, order, arrived, last, apart):  # type: ignore[no-untyped-def]  # numba
    """Rows that rise in time within each vehicle, as ``Taken``.

    slots : int32, of every row of the batch
    order : int32, rows of the batch by vehicle
    last, apart : of ``last.py``; changed in place

    The place of a frozen row becomes NaN.
    """
    slot = _at(slots, order)
    time_us = picked(arrived.time, order, 0)
    received_us = picked(arrived.received, order, 0)
    lat, lon = places(arrived, order)
    speed = speeds(arrived.speed_kmh, order)
    left, counts, before, apart = _follow(slot, time_us, received_us, lat, lon, speed, last, apart)
    prev_us, prev_fix_us, prev_lat, prev_lon = before
    row = order.astype(np.int64)
    late = row[:0]
    if counts[:3].any():
        late = np.sort(row[left == _LATE])
        stay = np.flatnonzero(left == 0)
        row, slot, time_us, received_us = (
            _at(row, stay),
            _at(slot, stay),
            _at(time_us, stay),
            _at(received_us, stay),
        )
        lat, lon, speed = _at(lat, stay), _at(lon, stay), _at(speed, stay)
        prev_us, prev_fix_us = _at(prev_us, stay), _at(prev_fix_us, stay)
        prev_lat, prev_lon = _at(prev_lat, stay), _at(prev_lon, stay)
        order = _at(order, stay)
    return (
        row,
        slot,
        time_us,
        received_us,
        lat,
        lon,
        speed,
        speeds(arrived.recorder_speed_kmh, order),
        picked(arrived.heading_deg, order, np.nan),
        picked(arrived.altitude_m, order, np.nan),
        picked(arrived.alarm, order, 0),
        picked(arrived.status, order, 0),
        picked(arrived.driver, order, -1),
        prev_us,
        prev_fix_us,
        prev_lat,
        prev_lon,
        late,
        counts,
        apart,
    )


@njit(cache=True)
def _at(column, rows):  # type: ignore[no-untyped-def]  # numba
    """``column[rows]``."""
    out = np.empty(len(rows), column.dtype)
    for k in range(len(rows)):
        out[k] = column[np.uint64(rows[k])]
    return out


@njit(cache=True)
def _follow(slot, time_us, received_us, lat, lon, speed, last, apart):  # type: ignore[no-untyped-def]  # numba
    """Each row after the one before of its vehicle.

    Returns, a number a row, why it is left out; the counts of ``Taken``; the four columns of the
    row before, of rows that are taken in; and the table of the few anew. Nothing is moved here:
    that nobody is left out is what most batches are like, and moving took a third of the time.
    """
    n = len(slot)
    left = np.zeros(n, np.uint8)
    counts = np.zeros(5, np.int64)
    prev_us = np.empty(n, np.int64)
    prev_fix_us = np.empty(n, np.int64)
    prev_lat = np.empty(n, np.float64)
    prev_lon = np.empty(n, np.float64)
    no_fix = 0
    for at in range(n):
        i = np.uint64(at)  # without a sign: see ``picked``
        ahead(last, slot, at)
        own = np.uint64(slot[i])
        was = last[own]
        flags, before = was.flags, was.time_us
        now = time_us[i]
        if flags and now <= before:
            left[i] = _REPEATED if now == before else _LATE
            counts[left[i] - 1] += 1
            continue
        if now - received_us[i] > FUTURE_US:
            left[i] = _FUTURE
            counts[2] += 1
            continue
        if flags & KEPT:
            fix_us, since_us = apart_of(apart, own)
        else:
            fix_us, since_us = fix_of(flags, before)
        was_lat, was_lon = was.lat, was.lon
        moved = flags & MOVED != 0
        prev_us[i] = before
        prev_fix_us[i] = fix_us
        prev_lat[i] = was_lat if fix_us != 0 else np.nan
        prev_lon[i] = was_lon if fix_us != 0 else np.nan
        y, x, kmh = lat[i], lon[i], speed[i]
        if np.isnan(y):
            no_fix += 1
        else:
            hung = False
            fast = kmh > FROZEN_KMH
            if was_lat != y or was_lon != x:
                # A fix is never at 0, 0 (see places), so zeros mean "none yet".
                moved = moved or was_lat != 0.0 or was_lon != 0.0
                was.lat = y
                was.lon = x
                since_us = now if fast else 0
            elif not fast:
                since_us = 0
            elif since_us == 0:
                since_us = now
            elif moved and kmh / 3.6 * (now - since_us) / 1e6 > FROZEN_M:
                lat[i] = lon[i] = np.nan
                hung = True
                counts[3] += 1
                no_fix += 1
            if not hung:
                fix_us = now
        was.time_us = now
        if flags & KEPT == 0 and is_plain(now, fix_us, since_us):
            was.flags = flags_of(moved, fix_us, since_us)
        else:
            apart = keep(was, apart, own, moved, fix_us, since_us)
    counts[4] = no_fix
    return left, counts, (prev_us, prev_fix_us, prev_lat, prev_lon), apart
