"""The compiled loops of ``arrivals.py``: rows as records, their order, columns out of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba import njit

from sizao.core.prefetch import prefetch
from sizao.log.archive.columns import SAME, SCALED
from sizao.log.archive.days import DAY_S, OFFSET_S
from sizao.log.packed import COLUMNS, Narrow

Rows: TypeAlias = npt.NDArray[np.void]
Codes: TypeAlias = npt.NDArray[np.int32]

RECORD = np.dtype(
    [
        ("time_us", np.int64),
        ("mileage_hm", np.int64),
        ("delay_ds", np.int32),
        ("lat_e6", np.int32),
        ("lon_e6", np.int32),
        ("speed_dkmh", np.int32),
        ("heading_deg", np.int32),
        ("altitude_m", np.int32),
        ("recorder_dkmh", np.int32),
        ("alarm", np.uint32),
        ("status", np.uint32),
        ("vehicle", np.int32),
        ("driver", np.int32),
        ("source", np.int32),
        ("flags", np.uint32),
    ],
    align=True,
)
"""As in ARCHIVED, but: time_us is the whole event time; vehicle, driver and source are numbers of
words, -1 for null; flags has a bit for each column that may be null and those of truth values
(:data:`FLAGS`, :data:`TRUTHS`)."""

FLAGS = {name: bit for bit, name in enumerate((*SCALED, *SAME))}
"""Column to the bit that says that it is null."""
TRUTHS = {"positioned": 16, "catch_up": 17}
"""Column of truth values to the bit that is its value."""
_LAT, _LON, _SPEED, _HEADING, _ALTITUDE, _RECORDER, _MILEAGE = (
    np.uint32(1 << FLAGS[name]) for name in SCALED
)

_NARROW = (
    "time_us",
    "delay_ds",
    "lat_e6",
    "lon_e6",
    "speed_dkmh",
    "heading_deg",
    "altitude_m",
    "recorder_dkmh",
    "alarm",
    "status",
    "vehicle",
    "driver",
    "source",
)
"""Columns of four bytes, in the order in which :func:`_gather` gives them."""

_POSITIONED, _CATCH_UP = (np.uint32(1 << bit) for bit in TRUTHS.values())
_AHEAD = 16
"""So many rows ahead memory is asked for."""
_I32, _I64 = 2.0**31, 2.0**63


def from_positions(batch: pa.RecordBatch, codes: Mapping[str, Codes], rows: Rows) -> None:
    """Write the rows of a batch of POSITION, ``codes`` their words' numbers, to ``rows``."""
    flags = np.zeros(len(batch), np.uint32)
    for name in SAME:
        _note_nulls(flags, name, batch.column(name))
    _take(
        rows,
        *(_plain(batch.column(name).cast(pa.int64())) for name in ("time", "received")),
        *(_plain(batch.column(given)) for given, _ in SCALED.values()),
        *(_filled(batch.column(name)) for name in SAME),
        flags,
        *(_only_read(codes[name]) for name in ("vehicle", "driver", "source")),
    )


def from_narrow(part: Narrow, vehicle: Codes, source: Codes, rows: Rows) -> None:
    """The same of a packed segment as it lies in the log, with all its rows.

    vehicle : number of each row's word
    source : number of each arrival's word
    """
    columns = part.columns
    _take_narrow(
        rows,
        part.base_s,
        part.received,
        *part.marks(),
        *(columns[name] for name, _ in COLUMNS[1:]),
        vehicle,
        source,
    )


def from_archived(table: pa.Table, codes: Mapping[str, Codes], rows: Rows) -> None:
    """The same of rows of ARCHIVED, whose columns are in one piece."""
    flags = np.zeros(len(table), np.uint32)
    for name in FLAGS:
        _note_nulls(flags, name, table[name].chunk(0))
    _take_archived(
        rows,
        *(_filled(table[name].chunk(0)) for name in ("time_s", "time_us", "delay_ds")),
        *(_filled(table[name].chunk(0)) for name in (*SCALED, *SAME)),
        flags,
        *(_only_read(codes[name]) for name in ("vehicle", "driver", "source")),
    )


def days(rows: Rows) -> npt.NDArray[np.int32]:
    """Number of the day of Shanghai of each row, shape (n,)."""
    return _days(rows)


def ordered(
    rows: Rows, days: npt.NDArray[np.int32], day: int | None, place: Codes, vehicles: int
) -> tuple[Codes, npt.NDArray[np.int64]]:
    """Numbers of rows by vehicle and time, of each moment the first that came.

    day : only rows for which ``days`` says so; None for all
    place : for each word, the place of that vehicle in the order of all ``vehicles``

    Returns them, and where the rows of each place end.
    """
    return _ordered(rows, days, day or 0, day is None, place, vehicles)


def columns_of(
    rows: Rows, which: Codes, place: Codes
) -> tuple[dict[str, npt.NDArray[Any]], npt.NDArray[np.uint32], Codes]:
    """Columns as in ARCHIVED of some rows in order, their flags, and the places of the vehicles.

    ``vehicle`` is the number of a row's among the latter, ``driver`` and ``source`` are words.
    """
    n = len(which)
    narrow, wide = np.empty((len(_NARROW), n), np.int32), np.empty((2, n), np.int64)
    flags, met = np.empty(n, np.uint32), np.empty(n, np.int32)
    count = _gather(rows, which, place, narrow, wide, flags, met)
    found: dict[str, npt.NDArray[Any]] = dict(zip(_NARROW, narrow, strict=True))
    for name in ("alarm", "status"):
        found[name] = found[name].view(np.uint32)
    found["time_s"], found["mileage_hm"] = wide
    return found, flags, met[:count]


def _note_nulls(flags: npt.NDArray[np.uint32], name: str, column: pa.Array) -> None:
    if column.null_count:
        flags |= np.asarray(column.is_null()).astype(np.uint32) << FLAGS[name]


def _filled(column: pa.Array) -> npt.NDArray[Any]:
    """Whole numbers or truth values, 0 for null: numpy's have no null."""
    if column.null_count:
        column = column.fill_null(pa.scalar(0, pa.int8()).cast(column.type))
    return _plain(column)


def _plain(column: pa.Array) -> npt.NDArray[Any]:
    return _only_read(column.to_numpy(zero_copy_only=False))


def _only_read(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Arrow's memory may not be written, numpy's may: for Numba these are two types, and each
    mixture of them would be compiled once more."""
    values.setflags(write=False)
    return values


@njit(cache=True, nogil=True)
def _take(  # type: ignore[no-untyped-def]  # numba
    rows, time, received, lat, lon, speed, heading, altitude, recorder, mileage, alarm, status,
    positioned, catch_up, flags, vehicle, driver, source,
):  # fmt: skip
    for i in range(len(rows)):
        row = rows[i]
        row.time_us = time[i]
        delay = (received[i] - time[i]) // 100_000
        row.delay_ds = min(max(delay, -(2**31 - 1)), 2**31 - 1)
        none = flags[i] | _POSITIONED * positioned[i] | _CATCH_UP * catch_up[i]
        row.lat_e6, none = _steps(lat[i], 1e6, none, _LAT)
        row.lon_e6, none = _steps(lon[i], 1e6, none, _LON)
        row.speed_dkmh, none = _steps(speed[i], 10.0, none, _SPEED)
        row.heading_deg, none = _steps(heading[i], 1.0, none, _HEADING)
        row.altitude_m, none = _steps(altitude[i], 1.0, none, _ALTITUDE)
        row.recorder_dkmh, none = _steps(recorder[i], 10.0, none, _RECORDER)
        whole = np.rint(mileage[i] * 10.0)
        known = abs(whole) < _I64
        row.mileage_hm = np.int64(whole) if known else 0
        row.flags = none if known else none | _MILEAGE
        row.alarm, row.status = alarm[i], status[i]
        row.vehicle, row.driver, row.source = vehicle[i], driver[i], source[i]


@njit(cache=True, nogil=True)
def _take_narrow(  # type: ignore[no-untyped-def]  # numba
    rows, base_s, received, marks, more, seconds, arrival, lat, lon, speed, heading, altitude,
    recorder, mileage, alarm, status, vehicle, source,
):  # fmt: skip
    for i in range(len(rows)):
        row = rows[i]
        moment = (base_s + seconds[i]) * 1_000_000
        row.time_us = moment
        delay = (received[arrival[i]] - moment) // 100_000
        row.delay_ds = min(max(delay, -(2**31 - 1)), 2**31 - 1)
        row.lat_e6, row.lon_e6, row.speed_dkmh = lat[i], lon[i], speed[i]
        row.heading_deg, row.altitude_m = heading[i], altitude[i]
        row.recorder_dkmh, row.mileage_hm = recorder[i], mileage[i]
        row.alarm, row.status = alarm[i], status[i]
        row.vehicle, row.driver, row.source = vehicle[i], -1, source[arrival[i]]
        # As packed.py numbers bitmaps: whether there is one of SCALED, positioned and catch_up,
        # whether there is one of SAME.
        bits = np.uint32(marks[i]) | np.uint32(more[i]) << np.uint32(8)
        known = bits & np.uint32(0x7F) | bits >> np.uint32(2) & np.uint32(0x780)
        true = bits >> np.uint32(7) & known >> np.uint32(9) & np.uint32(3)
        row.flags = known ^ np.uint32(0x7FF) | true << np.uint32(16)


@njit(cache=True, nogil=True)
def _take_archived(  # type: ignore[no-untyped-def]  # numba
    rows, time_s, time_us, delay, lat, lon, speed, heading, altitude, recorder, mileage, alarm,
    status, positioned, catch_up, flags, vehicle, driver, source,
):  # fmt: skip
    for i in range(len(rows)):
        row = rows[i]
        row.time_us = time_s[i] * 1_000_000 + time_us[i]
        row.delay_ds = delay[i]
        row.lat_e6, row.lon_e6 = lat[i], lon[i]
        row.speed_dkmh, row.recorder_dkmh = speed[i], recorder[i]
        row.heading_deg, row.altitude_m, row.mileage_hm = heading[i], altitude[i], mileage[i]
        row.flags = flags[i] | _POSITIONED * positioned[i] | _CATCH_UP * catch_up[i]
        row.alarm, row.status = alarm[i], status[i]
        row.vehicle, row.driver, row.source = vehicle[i], driver[i], source[i]


@njit(cache=True, inline="always")
def _steps(value, steps, flags, bit):  # type: ignore[no-untyped-def]  # numba
    whole = np.rint(np.float64(value) * steps)
    if abs(whole) < _I32:
        return np.int32(whole), flags
    return np.int32(0), flags | bit


@njit(cache=True, nogil=True)
def _days(rows):  # type: ignore[no-untyped-def]  # numba
    days = np.empty(len(rows), np.int32)
    for i in range(len(rows)):
        days[i] = (rows[i].time_us + OFFSET_S * 1_000_000) // (DAY_S * 1_000_000)
    return days


@njit(cache=True, nogil=True)
def _ordered(rows, days, day, every, place, vehicles):  # type: ignore[no-untyped-def]  # numba
    ends = np.zeros(vehicles + 1, np.int64)
    for i in range(len(rows)):
        if every or days[i] == day:
            ends[place[rows[i].vehicle] + 1] += 1
    for at in range(vehicles):
        ends[at + 1] += ends[at]
    order, moments = np.empty(ends[-1], np.int32), np.empty(ends[-1], np.int64)
    free = ends[:-1].copy()
    for i in range(len(rows)):
        if every or days[i] == day:
            at = place[rows[i].vehicle]
            order[free[at]], moments[free[at]] = i, rows[i].time_us
            free[at] += 1
    kept = np.int64(0)
    for at in range(vehicles):
        first, end = ends[at], ends[at + 1]
        for k in range(first + 1, end):
            if moments[k] < moments[k - 1]:
                # Stable: of one moment the first that came stays first.
                by_time = np.argsort(moments[first:end], kind="mergesort")
                order[first:end] = order[first:end][by_time]
                moments[first:end] = moments[first:end][by_time]
                break
        for k in range(first, end):
            if k == first or moments[k] != moments[k - 1]:
                order[kept] = order[k]
                kept += 1
        free[at] = kept
    return order[:kept], free


@njit(cache=True, nogil=True)
def _gather(rows, which, place, narrow, wide, flags, met):  # type: ignore[no-untyped-def]  # numba
    count = -1
    for k in range(len(which)):
        prefetch(rows, which[min(k + _AHEAD, len(which) - 1)])
        row = rows[which[k]]
        seconds = row.time_us // 1_000_000
        wide[0, k], wide[1, k] = seconds, row.mileage_hm
        narrow[0, k] = row.time_us - seconds * 1_000_000
        narrow[1, k] = row.delay_ds
        narrow[2, k] = row.lat_e6
        narrow[3, k] = row.lon_e6
        narrow[4, k] = row.speed_dkmh
        narrow[5, k] = row.heading_deg
        narrow[6, k] = row.altitude_m
        narrow[7, k] = row.recorder_dkmh
        narrow[8, k] = np.int32(row.alarm)
        narrow[9, k] = np.int32(row.status)
        narrow[11, k] = row.driver
        narrow[12, k] = row.source
        flags[k] = row.flags
        at = place[row.vehicle]
        if count < 0 or met[count] != at:
            count += 1
            met[count] = at
        narrow[10, k] = count
    return count + 1
