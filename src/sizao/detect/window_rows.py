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


@njit(cache=True)
def later(rows, slots, slot, after_us):  # type: ignore[no-untyped-def]  # numba
    """Rows of one vehicle after a moment. Only its own are looked at; the others' slots are."""
    own = np.empty(len(slots), np.int64)
    count = 0
    for i in range(len(slots)):
        own[count] = i
        count += slots[i] == slot
    some = np.empty(count, rows.dtype)
    kept = 0
    for i in own[:count]:
        if rows[i].time_us > after_us:
            some[kept] = rows[i]
            kept += 1
    return some[:kept]


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
    n = len(columns.slot)
    kind = np.full(n, -1, np.int8)
    speed, recorder = np.full(n, np.nan, np.float32), np.full(n, np.nan, np.float32)
    kind[rows] = columns.kind[rows]
    speed[rows], recorder[rows] = columns.speed_kmh[rows], columns.recorder_speed_kmh[rows]
    return columns._replace(kind=kind, speed_kmh=speed, recorder_speed_kmh=recorder)


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


def columns_of(rows: npt.NDArray[Any]) -> Columns:
    """Of one vehicle, called slot 0, in this order."""
    n = len(rows)
    unknown = np.full(n, np.nan)
    slight = np.full(n, np.nan, np.float32)
    words = np.zeros(n, np.uint32)
    small = np.zeros(n, np.int8)
    given = {name: np.ascontiguousarray(rows[name]) for name in _GIVEN}
    return Columns(
        **given,
        slot=np.zeros(n, np.int32),
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
