"""The rows and windows that late points re-open, as arrays and as JSON: see ``reopen.py``."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

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
    ]
)
"""What is kept of a row: the columns that rules of continuous driving read."""

NONE = np.zeros(0, ROW)

_NAMES = ROW.names or ()


@dataclass
class Window:
    """One vehicle's. ``each`` and ``few`` are the memory before ``rows``."""

    gap_us: int
    until_us: int
    each: bytes
    few: bytes
    rows: npt.NDArray[Any]
    late: npt.NDArray[Any] = field(default_factory=lambda: NONE)
    """Gathered, not judged yet."""
    reported: dict[int, dict[str, Any]] = field(default_factory=dict)
    """Start of an episode to its last report in this window."""


Windows = dict[int, Window]
"""By slot, in the order in which they opened."""


def late_rows(
    rows: npt.NDArray[np.int64], slots: npt.NDArray[np.int32], values: dict[str, Any]
) -> npt.NDArray[Any]:
    """Rows (ROW) out of a batch's columns, in order of arrival."""
    late = np.zeros(len(rows), ROW)
    for name, column in values.items():
        late[name] = column[rows]
    late["slot"], late["row"] = slots[rows], rows
    late["segment"], late["stake_m"] = -1, np.nan
    return late


def taken(columns: Columns, rows: npt.NDArray[np.int64]) -> Columns:
    """Some rows, without their fences: a rule that looks at those has no windows."""
    some = {
        name: column[rows]
        for name, column in columns._asdict().items()
        if name not in ("fence_from", "fence")
    }
    nothing = np.zeros(len(rows) + 1, np.int64)
    return Columns(**some, fence_from=nothing, fence=np.empty(0, np.int32))


def link(rows: npt.NDArray[Any]) -> None:
    """What each row's vehicle was like before it, from the second row on."""
    for at in range(1, len(rows)):
        before, row = rows[at - 1], rows[at]
        row["prev_us"] = before["time_us"]
        fixed = not np.isnan(before["lat"])
        row["prev_fix_us"] = before["time_us"] if fixed else before["prev_fix_us"]
        row["prev_lat"] = before["lat"] if fixed else before["prev_lat"]
        row["prev_lon"] = before["lon"] if fixed else before["prev_lon"]


def columns_of(rows: npt.NDArray[Any]) -> Columns:
    n = len(rows)
    unknown = np.full(n, np.nan)
    words = np.zeros(n, np.uint32)
    small = np.zeros(n, np.int8)
    given = {name: np.ascontiguousarray(rows[name]) for name in _NAMES}
    return Columns(
        **{**given, "slot": np.zeros(n, np.int32)},
        heading_deg=unknown.astype(np.float32),
        altitude_m=unknown.astype(np.float32),
        alarm=words,
        status=words,
        service=small,
        match=small,
        road_class=np.full(n, -1, np.int8),
        limit_kmh=unknown.astype(np.float32),
        usual_kmh=unknown.astype(np.float32),
        measure=np.zeros(n, np.int32),
        offset_m=unknown,
        limit_default=np.zeros(n, np.bool_),
        bound=np.zeros(n, np.int32),
        fence_from=np.zeros(n + 1, np.int64),
        fence=np.empty(0, np.int32),
    )


def packed(windows: Windows) -> list[dict[str, Any]]:
    """What JSON can hold; the same windows give the same."""
    return [
        {
            "slot": slot,
            "gap_us": window.gap_us,
            "until_us": window.until_us,
            "reported": [window.reported[start] for start in sorted(window.reported)],
            **{name: base64.b64encode(getattr(window, name)).decode() for name in ("each", "few")},
            **{
                name: base64.b64encode(getattr(window, name).tobytes()).decode()
                for name in ("rows", "late")
            },
        }
        for slot, window in windows.items()
    ]


def unpacked(windows: list[dict[str, Any]]) -> Windows:
    """Windows of :func:`packed`."""
    raw = base64.b64decode
    return {
        one["slot"]: Window(
            one["gap_us"],
            one["until_us"],
            raw(one["each"]),
            raw(one["few"]),
            np.frombuffer(raw(one["rows"]), ROW).copy(),
            np.frombuffer(raw(one["late"]), ROW).copy(),
            {report["start_us"]: report for report in one["reported"]},
        )
        for one in windows
    }
