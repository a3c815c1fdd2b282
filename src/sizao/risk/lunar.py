"""Days of the Chinese lunar calendar, which rural markets go by (逢一四七赶集).

Twelve or thirteen months of 29 or 30 days a year, as a table: bits 15 to 4 are the long months 1
to 12, bits 3 to 0 the month that is followed by its leap month, bit 16 that this one is long.

Source: GB/T 33661-2017 lays the calendar down; the table is recalled and held by a test against
the new-year days of 2011 to 2031. Years outside the table are refused, not guessed.
"""

from __future__ import annotations

from datetime import date
from functools import cache

import numpy as np

from sizao.core.errors import ConfigError

FIRST_YEAR = 2010
_FIRST_DAY = date(2010, 2, 14)
_YEARS = (
    *(0x0A950, 0x0B4A0, 0x0BAA4, 0x0AD50, 0x055D9, 0x04BA0, 0x0A5B0, 0x15176, 0x052B0, 0x0A930),
    *(0x07954, 0x06AA0, 0x0AD50, 0x05B52, 0x04B60, 0x0A6E6, 0x0A4E0, 0x0D260, 0x0EA65, 0x0D530),
    *(0x05AA0, 0x076A3, 0x096D0, 0x04AFB, 0x04AD0, 0x0A4D0, 0x1D0B6, 0x0D250, 0x0D520, 0x0DD45),
)


def months(year: int) -> list[tuple[int, bool, int]]:
    """(month, leap, days) of a lunar year, in order.

    >>> [month for month in months(2025) if month[1]]
    [(6, True, 29)]
    """
    code = _YEARS[year - FIRST_YEAR]
    leap = code & 0xF
    found = []
    for month in range(1, 13):
        found.append((month, False, 30 if code >> (16 - month) & 1 else 29))
        if month == leap:
            found.append((month, True, 30 if code >> 16 & 1 else 29))
    return found


@cache
def _starts() -> tuple[np.ndarray, list[tuple[int, int, bool]]]:
    """Ordinal of the first day of every month of the table and of the day after it."""
    day, starts, names = _FIRST_DAY.toordinal(), [], []
    for year in range(FIRST_YEAR, FIRST_YEAR + len(_YEARS)):
        for month, leap, days in months(year):
            starts.append(day)
            names.append((year, month, leap))
            day += days
    return np.array([*starts, day]), names


def lunar(day: date) -> tuple[int, int, bool, int]:
    """Lunar year, month, whether it is a leap month, and day (1 to 30).

    >>> lunar(date(2026, 2, 17)), lunar(date(2025, 7, 25))
    ((2026, 1, False, 1), (2025, 6, True, 1))

    Raises ConfigError outside the table.
    """
    starts, names = _starts()
    place = int(np.searchsorted(starts, day.toordinal(), side="right")) - 1
    if not 0 <= place < len(names):
        last = FIRST_YEAR + len(_YEARS) - 1
        raise ConfigError(f"{day}: the lunar calendar is known from {FIRST_YEAR} to {last} only")
    return (*names[place], day.toordinal() - int(starts[place]) + 1)
