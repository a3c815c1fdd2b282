"""The week of a site as a table of 7 days by 24 hours, shaded, readable without the shades."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Hour:
    """One cell: hour 0-23, ``share`` of the most in the week, what is expected in it a year."""

    hour: int
    level: int
    a_year: float
    seen: int


LEVELS = 5


def table(week: np.ndarray, seen: Sequence[int]) -> list[list[Hour]]:
    """Rows Monday to Sunday.

    week : (168,), crashes expected in each hour of one week; seen : hours of recorded crashes
    """
    counts = np.bincount(np.asarray([one for one in seen if one >= 0], np.int64), minlength=168)
    most = float(week.max()) or 1.0
    level = np.minimum((week / most * LEVELS).astype(int), LEVELS - 1)
    return [
        [
            Hour(hour, int(level[at]), float(week[at]) * 365.2425 / 7, int(counts[at]))
            for hour in range(24)
            for at in (day * 24 + hour,)
        ]
        for day in range(7)
    ]


def peak(week: np.ndarray, hours: int = 4) -> tuple[int, int, float]:
    """First hour of the day and length of the worst span over all days, with its share."""
    by_hour = week.reshape(7, 24).sum(axis=0)
    twice = np.concatenate((by_hour, by_hour))
    sums = np.array([twice[start : start + hours].sum() for start in range(24)])
    start = int(sums.argmax())
    return start, hours, float(sums[start] / max(by_hour.sum(), 1e-12))
