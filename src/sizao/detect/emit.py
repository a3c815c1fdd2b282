"""What kernels write their findings into, and how that becomes :class:`stage.Findings`.

A kernel cannot know beforehand how many findings a batch holds, so it fills an array of
``FINDING`` and lets :func:`room` double it when it is full.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.detect.stage import Findings

FINDING = np.dtype(
    [
        ("start_us", "i8"),
        ("end_us", "i8"),
        ("fired_us", "i8"),
        ("received_us", "i8"),
        ("worst_us", "i8"),
        ("measured", "f8"),
        ("limit", "f8"),
        ("lat", "f8"),
        ("lon", "f8"),
        ("stake_m", "f8"),
        ("slot", "i4"),
        ("segment", "i4"),
        ("driver", "i4"),
        ("quality", "i4"),
        ("code", "i4"),
        ("revision", "i2"),
    ],
    align=True,
)
"""One finding. ``quality`` is a sum of QUALITIES bits; ``code`` means what its rule says."""

GPS_ONLY = 1
GAP = 2
LIMIT_DEFAULT = 4
RECORDER_DIFFERS = 8
LIMIT_DOUBTFUL = 16
QUALITIES = {
    GPS_ONLY: "gps_only",
    GAP: "gap",
    LIMIT_DEFAULT: "limit_default",
    RECORDER_DIFFERS: "recorder_differs",
    LIMIT_DOUBTFUL: "limit_doubtful",
}

_FIRST_ROOM = 256


def no_findings() -> npt.NDArray[Any]:
    """A fresh array for a kernel to fill."""
    return np.empty(_FIRST_ROOM, FINDING)


@njit(cache=True)
def room(out, count):  # type: ignore[no-untyped-def]  # numba
    """``out``, or a copy twice as long if ``count`` rows fill it.

    A kernel begins to count at ``np.int64(0)`` and hands on ``np.int64(1)``: to the compiler a
    plain 0 or 1 is a type of its own, and all that is given it would be compiled once more for it,
    seconds for each rule.
    """
    if count < len(out):
        return out
    longer = np.empty(2 * len(out), out.dtype)
    longer[:count] = out[:count]
    return longer


@njit(cache=True)
def placed(row, c, i):  # type: ignore[no-untyped-def]  # numba
    """Note in ``row``, of FINDING or of a rule's memory, where row ``i`` is and who drives."""
    row.lat = c.lat[i]
    row.lon = c.lon[i]
    row.stake_m = c.stake_m[i]
    row.segment = c.segment[i]
    row.driver = c.driver[i]


@cache
def quality_text(bits: int) -> str:
    """The comma list of ``DETECTION.quality``.

    >>> quality_text(GPS_ONLY | LIMIT_DEFAULT)
    'gps_only,limit_default'
    """
    return ",".join(name for bit, name in QUALITIES.items() if bits & bit)


Severity = str | list[str] | Callable[[Any], str]


def findings(
    rows: npt.NDArray[Any],
    severity: Severity,
    part: Callable[[Any], str] | None = None,
    note: Callable[[Any], str] | None = None,
) -> Findings:
    """Columns of the kernel's rows; ``severity``, ``part`` and ``note`` see one row each, or the
    first is that of all, or a list of each's.

    ``note`` adds to the quality what no bit can say, ``unknown_min=12``; "" is nothing.

    Values are rounded to 0.001, finer than any terminal reports, so that a float32 speed of
    52.8 km/h is written as 52.8 and not as 52.79999924.
    """
    return _found(rows, severity, part, note) if len(rows) else NOTHING


def _found(
    rows: npt.NDArray[Any],
    severity: Severity,
    part: Callable[[Any], str] | None = None,
    note: Callable[[Any], str] | None = None,
) -> Findings:
    if isinstance(severity, str):
        severity = [severity] * len(rows)
    elif not isinstance(severity, list):
        severity = list(map(severity, rows))
    return Findings(
        slot=rows["slot"].copy(),
        revision=rows["revision"].copy(),
        start_us=rows["start_us"].copy(),
        end_us=rows["end_us"].copy(),
        fired_us=rows["fired_us"].copy(),
        received_us=rows["received_us"].copy(),
        worst_us=rows["worst_us"].copy(),
        measured=np.round(rows["measured"], 3),
        limit=np.round(rows["limit"], 3),
        lat=rows["lat"].copy(),
        lon=rows["lon"].copy(),
        segment=rows["segment"].copy(),
        stake_m=rows["stake_m"].copy(),
        driver=rows["driver"].copy(),
        severity=severity,
        quality=_with(list(map(quality_text, rows["quality"].tolist())), rows, note),
        part=[part(row) for row in rows] if part else [],
    )


def _with(texts: list[str], rows: npt.NDArray[Any], note: Callable[[Any], str] | None) -> list[str]:
    if note is None:
        return texts
    notes = map(note, rows)
    return [",".join(filter(None, both)) for both in zip(texts, notes, strict=True)]


NOTHING = _found(np.empty(0, FINDING), "")
"""Most batches hold nothing for most rules. One of which no row concerns a rule need not be handed
to its kernel: that takes as long as choosing from a hundred rows."""
