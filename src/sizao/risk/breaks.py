"""Partial years and changes of reporting, before anybody calls them safety.

A month with less than a quarter of the usual month's crashes is missing records. A level shift is
a whole network's change between two years, compared over months that both have whole: at least
``SHIFT`` up or down and far outside what months differ by. A treatment works at its sites; what
moves everywhere at once is the weather, a pandemic or the form that officers fill in.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sizao.risk.crashes import Crashes

SHIFT = 0.20
"""Smallest relative change of a whole network that is worth a warning; proposed."""

SCORE = 4.0
_MISSING = 0.25
_ENOUGH = 12.0
"""Usual crashes a month below which an empty month may well be chance."""


@dataclass(frozen=True)
class Break:
    """``kind`` is ``partial_year`` or ``level_shift``; ``change`` relative, ``since`` YYYY-MM."""

    kind: str
    year: int
    change: float
    since: str
    text: str

    def row(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def find_breaks(crashes: Crashes) -> list[Break]:
    """All partial years and level shifts of a record, by year.

    Without months only whole years are compared.
    """
    if not len(crashes):
        return []
    years = np.arange(crashes.year.min(), crashes.year.max() + 1)
    if (crashes.month > 0).mean() < 0.9:
        table = np.bincount(crashes.year - years[0], minlength=len(years)).astype(float)[:, None]
    else:
        dated = crashes.month > 0
        place = (crashes.year - years[0])[dated] * 12 + crashes.month[dated] - 1
        table = np.bincount(place, minlength=12 * len(years)).reshape(-1, 12).astype(float)
    usual = _usual(table)
    whole = (table >= _MISSING * usual) | (usual < _ENOUGH)
    found = []
    for i, year in enumerate(years):
        missing = np.flatnonzero(~whole[i])
        if len(missing) and table.shape[1] == 12:
            found.append(
                Break(
                    "partial_year",
                    int(year),
                    round(float(-len(missing) / 12), 3),
                    f"{year}-{missing[0] + 1:02d}",
                    f"{year} is incomplete: {len(missing)} of 12 months have almost no records",
                )
            )
        if i:
            shift = _shift(table, whole, years, i)
            if shift:
                found.append(shift)
    return found


def _usual(table: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The median month of each year and its neighbours, shape (years, 1)."""
    usual = [
        np.median(around[around > 0]) if (around := table[max(0, i - 1) : i + 2]).any() else 0.0
        for i in range(len(table))
    ]
    return np.array(usual)[:, None]


def _shift(
    table: npt.NDArray[np.float64],
    whole: npt.NDArray[np.bool_],
    years: npt.NDArray[np.int64],
    i: int,
) -> Break | None:
    both = whole[i] & whole[i - 1]
    before, after = table[i - 1][both], table[i][both]
    if min(before.sum(), after.sum()) < 1:
        return None
    ratio = after.sum() / before.sum()
    # How much months of two years differ beyond Poisson, about a common ratio.
    expected = np.maximum(before * ratio, 1e-9)
    if both.sum() > 2:
        spread = ((after - expected) ** 2 / (expected * (1 + ratio))).sum() / (both.sum() - 1)
        # A shift within the year inflates the spread of its own months: capped by the usual.
        spread = min(max(spread, 1.0), 9.0)
    else:
        spread = 9.0
    error = math.sqrt(spread * (1 / before.sum() + 1 / max(after.sum(), 1.0)))
    score = math.log(max(ratio, 1e-9)) / error
    if abs(score) < SCORE or abs(ratio - 1) < SHIFT:
        return None
    since = f"{years[i]}"
    if table.shape[1] == 12:
        month = _first_month(table, i)
        since = f"{years[0] + month // 12}-{month % 12 + 1:02d}"
    change = float(ratio - 1)
    return Break(
        "level_shift",
        int(years[i]),
        round(change, 3),
        since,
        f"{years[i]} has {abs(change):.0%} {'fewer' if change < 0 else 'more'} crashes than"
        f" {years[i - 1]} everywhere at once, from about {since}: a change of reporting or of"
        " traffic, not of safety at sites",
    )


def _first_month(table: npt.NDArray[np.float64], i: int) -> int:
    """Where in the two years a step explains the months best (likelihood of two levels)."""
    months = table[i - 1 : i + 1].ravel()
    total = np.concatenate(([0.0], np.cumsum(months)))
    n = len(months)
    best, at = -np.inf, 12
    # The step belongs to the second year, or to the last months before it.
    for cut in range(9, n - 2):
        left, right = total[cut], total[n] - total[cut]
        value = left * math.log(max(left, 1) / cut) + right * math.log(max(right, 1) / (n - cut))
        if value > best:
            best, at = value, cut
    return (i - 1) * 12 + at
