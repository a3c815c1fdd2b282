"""Rows of windows that late points re-open: what is kept of them, and columns made of them again.

See ``windows.py``. Only few rows go through here at a time, so what matters is how often NumPy is
called and not how many rows there are: what would be dozens of calls is compiled.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.detect.stage import Columns

ROW = np.dtype(
    [
        ("time_us", "i8"),
        ("received_us", "i8"),
        ("lat", "f8"),
        ("lon", "f8"),
        ("stake_m", "f8"),
        ("prev_us", "i8"),
        ("prev_fix_us", "i8"),
        ("prev_lat", "f8"),
        ("prev_lon", "f8"),
        ("row", "i8"),
        ("slot", "i4"),
        ("driver", "i4"),
        ("segment", "i4"),
        ("speed_kmh", "f4"),
        ("recorder_speed_kmh", "f4"),
        ("kind", "i1"),
        ("service", "i1"),
    ]
)
"""What is kept of a row: the columns that rules of driving and rest read."""

NONE = np.zeros(0, ROW)
_NO_FENCE = np.empty(0, np.int32)
_GIVEN = [name for name in ROW.names or () if name not in ("slot", "row")]


def joined(*parts: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """ROWs one after the other. NumPy would first compare their types, field by field."""
    rows = np.empty(sum(map(len, parts)), ROW)
    begin = 0
    for part in parts:
        rows[begin : begin + len(part)] = part
        begin += len(part)
    return rows


@njit(cache=True, nogil=True)
def later(rows, slots, place, number, after_us):  # type: ignore[no-untyped-def]  # numba
    """Rows of m vehicles, each one's after a moment, and where those of each end, from 0 on.

    All are found in one pass, in which only the slots of the others are looked at.

    slots : of each row
    place, number : ``number[place[slot]]`` is which of the m a vehicle is; -1 for none
    after_us : (m,)
    """
    own = np.empty(len(slots), np.int64)
    count = 0
    for i in range(len(slots)):
        # Written in any case: quicker than to guess whether.
        own[count] = i
        count += number[place[slots[i]]] >= 0
    ends = np.zeros(len(after_us) + 1, np.int64)
    kept = 0
    for i in own[:count]:
        k = number[place[slots[i]]]
        own[kept] = i
        if rows[i].time_us > after_us[k]:
            ends[k + 1] += 1
            kept += 1
    ends = np.cumsum(ends)
    to = ends.copy()
    some = np.empty(kept, rows.dtype)
    for i in own[:kept]:
        k = number[place[slots[i]]]
        some[to[k]] = rows[i]
        to[k] += 1
    return some, ends


@njit(cache=True, nogil=True)
def closed_up(rows, slots, place, after_us):  # type: ignore[no-untyped-def]  # numba
    """Move rows of vehicles that have a place together, those after its moment, and their slots
    with them. Returns how many there are."""
    count = 0
    for i in range(len(slots)):
        at = place[slots[i]]
        if at > 0 and rows[i].time_us > after_us[at - 1]:
            if count < i:
                rows[count] = rows[i]
                slots[count] = slots[i]
            count += 1
    return count


def late_rows(values: Mapping[str, npt.NDArray[Any]]) -> npt.NDArray[Any]:
    """Rows (ROW) out of columns, shape (n,) each, in order of arrival; on no road."""
    late = np.zeros(len(values["row"]), ROW)
    for name, column in values.items():
        late[name] = column
    late["segment"], late["stake_m"] = -1, np.nan
    return late


def taken(columns: Columns, rows: npt.NDArray[np.int64]) -> Columns:
    """These rows, without their fences: a rule that looks at those has no windows."""
    some: list[Any] = [column[rows] for column in columns[:-2]]
    return Columns._make([*some, np.zeros(len(rows) + 1, np.int64), _NO_FENCE])


def showing(columns: Columns, rows: npt.NDArray[np.int64]) -> Columns:
    """All rows, the others without a speed and of no kind: to a rule of driving and rest they are
    not there.

    Three columns are copied where :func:`taken` copies all.
    """
    kind, speed, recorder = _showing(
        rows, columns.kind, columns.speed_kmh, columns.recorder_speed_kmh
    )
    return columns._replace(kind=kind, speed_kmh=speed, recorder_speed_kmh=recorder)


@njit(cache=True, nogil=True)
def _showing(rows, kind, speed, recorder):  # type: ignore[no-untyped-def]  # numba
    kinds = np.full(len(kind), np.int8(-1))
    speeds = np.full(len(kind), np.float32(np.nan))
    recorders = np.full(len(kind), np.float32(np.nan))
    for i in rows:
        kinds[i], speeds[i], recorders[i] = kind[i], speed[i], recorder[i]
    return kinds, speeds, recorders


def keep(
    columns: Columns,
    at: npt.NDArray[np.int64],
    rows: npt.NDArray[Any],
    slots: npt.NDArray[np.int32],
) -> None:
    """Write these rows of a batch into ``rows`` (ROW), and their slots once more."""
    # Not the columns as they are: to hand on all takes longer than to write some hundred rows.
    _keep(at, rows, slots, *(getattr(columns, name) for name in _KEPT))


_KEPT = [name for name in ROW.names or () if name != "row"]


@njit(cache=True)
def _keep(  # type: ignore[no-untyped-def]  # numba
    at,
    rows,
    slots,
    time_us,
    received_us,
    lat,
    lon,
    stake_m,
    prev_us,
    prev_fix_us,
    prev_lat,
    prev_lon,
    slot,
    driver,
    segment,
    speed_kmh,
    recorder_speed_kmh,
    kind,
    service,
):
    for k in range(len(at)):
        i = at[k]
        row = rows[k]
        row.time_us, row.received_us = time_us[i], received_us[i]
        row.lat, row.lon, row.stake_m = lat[i], lon[i], stake_m[i]
        row.prev_us, row.prev_fix_us = prev_us[i], prev_fix_us[i]
        row.prev_lat, row.prev_lon = prev_lat[i], prev_lon[i]
        # Places in a batch that is over by then: they would tell where it was cut.
        row.row = 0
        slots[k] = row.slot = slot[i]
        row.driver, row.segment = driver[i], segment[i]
        row.speed_kmh, row.recorder_speed_kmh = speed_kmh[i], recorder_speed_kmh[i]
        row.kind, row.service = kind[i], service[i]


@njit(cache=True)
def unknown(rows, late):  # type: ignore[no-untyped-def]  # numba
    """The late ones of moments at which none of ``rows``, rising in time, is; the first of each."""
    new = np.empty(len(late), late.dtype)
    count = 0
    for i in range(len(late)):
        us = late[i].time_us
        low, high = 0, len(rows)
        while low < high:
            middle = (low + high) // 2
            if rows[middle].time_us < us:
                low = middle + 1
            else:
                high = middle
        known = low < len(rows) and rows[low].time_us == us
        for k in range(count):
            known = known or new[k].time_us == us
        if not known:
            new[count] = late[i]
            count += 1
    return new[:count]


@njit(cache=True)
def in_order(rows, late):  # type: ignore[no-untyped-def]  # numba
    """A window's rows, the late ones in their places; of two with one time the first counts.

    rows : rising in time
    """
    order = np.arange(len(late))
    for k in range(1, len(order)):
        at = k
        while at > 0 and late[order[at - 1]].time_us > late[order[at]].time_us:
            order[at - 1], order[at] = order[at], order[at - 1]
            at -= 1
    out = np.empty(len(rows) + len(late), rows.dtype)
    count = 0
    i = j = 0
    while i < len(rows) or j < len(late):
        if j == len(late) or (i < len(rows) and rows[i].time_us <= late[order[j]].time_us):
            out[count] = rows[i]
            i += 1
        else:
            out[count] = late[order[j]]
            j += 1
        if count == 0 or out[count].time_us != out[count - 1].time_us:
            count += 1
    out[0].prev_us = rows[0].prev_us
    out[0].prev_fix_us = rows[0].prev_fix_us
    out[0].prev_lat = rows[0].prev_lat
    out[0].prev_lon = rows[0].prev_lon
    _link(out[:count])
    return out[:count]


@njit(cache=True)
def _link(rows):  # type: ignore[no-untyped-def]  # numba
    """What each row's vehicle was like before it, from the second row on."""
    for at in range(1, len(rows)):
        before, row = rows[at - 1], rows[at]
        fixed = not np.isnan(before.lat)
        row.prev_us = before.time_us
        row.prev_fix_us = before.time_us if fixed else before.prev_fix_us
        row.prev_lat = before.lat if fixed else before.prev_lat
        row.prev_lon = before.lon if fixed else before.prev_lon


def columns_of(*vehicles: npt.NDArray[Any]) -> Columns:
    """Of one vehicle, called slot 0, in this order, then of the next, called 1, and so on."""
    rows = vehicles[0] if len(vehicles) == 1 else joined(*vehicles)
    n = len(rows)
    unknown = np.full(n, np.nan)
    slight = np.full(n, np.nan, np.float32)
    words = np.zeros(n, np.uint32)
    small = np.zeros(n, np.int8)
    given = {name: np.ascontiguousarray(rows[name]) for name in _GIVEN}
    return Columns(
        **given,
        slot=np.repeat(np.arange(len(vehicles), dtype=np.int32), list(map(len, vehicles))),
        row=np.arange(n),
        heading_deg=slight,
        altitude_m=slight,
        alarm=words,
        status=words,
        match=small,
        road_class=np.full(n, -1, np.int8),
        limit_kmh=slight,
        usual_kmh=slight,
        sure_kmh=slight,
        sure_usual_kmh=slight,
        measure=np.zeros(n, np.int32),
        offset_m=unknown,
        limit_default=np.zeros(n, np.bool_),
        bound=np.zeros(n, np.int32),
        fence_from=np.zeros(n + 1, np.int64),
        fence=_NO_FENCE,
    )
