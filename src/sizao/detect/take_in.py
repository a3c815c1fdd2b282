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
        at = first + rows[k]
        # A terminal that does not say whether it had a fix is believed.
        fix = is_set(fixed, at) or (len(said) > 0 and not is_set(said, at))
        y, x = lat[k], lon[k]
        possible = abs(y) <= 90.0 and abs(x) <= 180.0 and (y != 0.0 or x != 0.0)
        if not (fix and possible):
            lat[k] = lon[k] = np.nan
    return lat, lon


@njit(cache=True, nogil=True)
def take_in(slots, order, arrived, last, apart):  # type: ignore[no-untyped-def]  # numba
    """Rows that rise in time within each vehicle, as ``Taken``.

    slots : int32, of every row of the batch
    order : int64, rows of the batch by vehicle
    last, apart : of ``last.py``; changed in place

    The place of a frozen row becomes NaN.
    """
    n = len(order)
    row = np.empty(n, np.int64)
    slot = np.empty(n, np.int32)
    time_us = picked(arrived.time, order, 0)
    received_us = picked(arrived.received, order, 0)
    lat, lon = places(arrived, order)
    speed = speeds(arrived.speed_kmh, order)
    is_late = np.zeros(n, np.bool_)
    counts = np.zeros(5, np.int64)
    prev_us = np.empty(n, np.int64)
    prev_fix_us = np.empty(n, np.int64)
    prev_lat = np.empty(n, np.float64)
    prev_lon = np.empty(n, np.float64)
    for i in range(n):
        slot[i] = slots[order[i]]
    taken = 0
    for i in range(n):
        ahead(last, slot, i)
        own = slot[i]
        was = last[own]
        flags, before = was.flags, was.time_us
        now = time_us[i]
        if flags and now <= before:
            counts[0 if now == before else 1] += 1
            is_late[order[i]] = now < before
            continue
        if now - received_us[i] > FUTURE_US:
            counts[2] += 1
            continue
        if flags & KEPT:
            fix_us, since_us = apart_of(apart, own)
        else:
            fix_us, since_us = fix_of(flags, before)
        was_lat, was_lon = was.lat, was.lon
        moved = flags & MOVED != 0
        prev_us[taken] = before
        prev_fix_us[taken] = fix_us
        prev_lat[taken] = was_lat if fix_us != 0 else np.nan
        prev_lon[taken] = was_lon if fix_us != 0 else np.nan
        y, x, kmh = lat[i], lon[i], speed[i]
        if not np.isnan(y):
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
                y = x = np.nan
                hung = True
                counts[3] += 1
            if not hung:
                fix_us = now
        counts[4] += np.isnan(y)
        was.time_us = now
        if flags & KEPT == 0 and is_plain(now, fix_us, since_us):
            was.flags = flags_of(moved, fix_us, since_us)
        else:
            apart = keep(was, apart, own, moved, fix_us, since_us)
        # Those before this one have been read: what is taken in moves up to them.
        row[taken], slot[taken] = order[i], own
        time_us[taken], received_us[taken] = now, received_us[i]
        lat[taken], lon[taken], speed[taken] = y, x, kmh
        taken += 1
    row = row[:taken]
    return (
        row,
        slot[:taken],
        time_us[:taken],
        received_us[:taken],
        lat[:taken],
        lon[:taken],
        speed[:taken],
        speeds(arrived.recorder_speed_kmh, row),
        picked(arrived.heading_deg, row, np.nan),
        picked(arrived.altitude_m, row, np.nan),
        picked(arrived.alarm, row, 0),
        picked(arrived.status, row, 0),
        picked(arrived.driver, row, -1),
        prev_us[:taken],
        prev_fix_us[:taken],
        prev_lat[:taken],
        prev_lon[:taken],
        np.flatnonzero(is_late),
        counts,
        apart,
    )
