"""The time of day inside kernels: local, which is UTC+8 all year round (China has no summer time).

>>> TEN_PM, SIX_AM = 22 * 60.0, 6 * 60.0
>>> night = hours_us(TEN_PM, SIX_AM)
>>> moment = 1_772_460_000_000_000  # 2026-03-02 22:00:00 in Shanghai
>>> is_within(moment, night), is_within(moment - 1, night), is_within(moment + 8 * HOUR_US, night)
(True, False, False)
>>> day_of(moment, night) == day_of(moment + 8 * HOUR_US - 1, night)
True
"""

from __future__ import annotations

from typing import NamedTuple

from numba import njit

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
_AHEAD_US = 8 * HOUR_US


class Hours(NamedTuple):
    """A span of the day, microseconds after midnight: start inclusive, end exclusive.

    It goes over midnight if the start is later than the end.
    """

    start_us: int
    end_us: int


def hours_us(start_min: float, end_min: float) -> Hours:
    """Hours from minutes after midnight."""
    return Hours(round(start_min * 60e6), round(end_min * 60e6))


@njit(cache=True)
def is_within(us, hours):  # type: ignore[no-untyped-def]  # numba
    """Whether a moment (microseconds since the epoch) lies within these hours, locally."""
    day = (us + _AHEAD_US) % DAY_US
    if hours.start_us <= hours.end_us:
        return hours.start_us <= day < hours.end_us
    return day >= hours.start_us or day < hours.end_us


@njit(cache=True)
def day_of(us, hours):  # type: ignore[no-untyped-def]  # numba
    """A number that is the same throughout one span of these hours and another in the next."""
    return (us + _AHEAD_US - hours.start_us) // DAY_US
