"""Days of Shanghai, in which the archive is kept: of a moment, of many, and their dates."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from sizao.core.clock import SHANGHAI

DAY_S = 86_400
OFFSET_S = int(SHANGHAI.utcoffset(None).total_seconds())


def day_of(time_s: int) -> str:
    """The day of Shanghai that a moment lies in, as an ISO date.

    >>> day_of(1_795_622_400 - 1), day_of(1_795_622_400)
    ('2026-11-25', '2026-11-26')
    """
    return datetime.fromtimestamp(time_s, SHANGHAI).date().isoformat()


def days_between(first_s: int, last_s: int) -> list[str]:
    """Every day from that of ``first_s`` to that of ``last_s``, both included."""
    numbers = range((first_s + OFFSET_S) // DAY_S, (last_s + OFFSET_S) // DAY_S + 1)
    return [_date(number) for number in numbers]


def days_of(time_s: npt.NDArray[np.int64]) -> dict[str, int]:
    """ISO date to the number of these moments that lie in it."""
    return days_from((time_s + OFFSET_S) // DAY_S)


def days_from(numbers: npt.NDArray[Any]) -> dict[str, int]:
    """ISO date to how often it is among numbers of days."""
    if len(numbers) and numbers.min() == numbers.max():
        return {_date(int(numbers[0])): len(numbers)}
    found, counts = np.unique(numbers, return_counts=True)
    return dict(zip(map(_date, found.tolist()), counts.tolist(), strict=True))


def number_of_day(iso: str) -> int:
    """Number of a day, as ``(time_s + OFFSET_S) // DAY_S`` of its moments.

    >>> number_of_day("1970-01-02")
    1
    """
    return (date.fromisoformat(iso) - date(1970, 1, 1)).days


def _date(number: int) -> str:
    return day_of(number * DAY_S - OFFSET_S)
