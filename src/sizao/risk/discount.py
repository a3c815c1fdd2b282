"""How much a year of records counts: older ones less, and each at its own level of reporting.

A site's danger drifts, so that last year's crashes say more than those of five years ago. A
likelihood of a year raised to a power below 1 (power discounting) keeps the closed form of the
posterior: crashes and exposure of the year are both multiplied.

The factor was chosen on the Bronx, 2016 and 2017 against 2018 (0.5 to 1 looked at), not on the
years that results are quoted for. Source: Harvey and Fernandes (1989), JBES 7.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sizao.risk.crashes import Crashes

YEARLY = 0.7


@dataclass(frozen=True, eq=False)
class Weighted:
    """weight : (n,), how much each crash counts; exposure : years, weighed the same way;
    level : crashes a year of each year over the mean year."""

    weight: npt.NDArray[np.float64]
    exposure: float
    level: dict[int, float]


def weigh(crashes: Crashes, years: range, yearly: float = YEARLY) -> Weighted:
    """Weights of the crashes of ``years``; others get 0.

    A year's exposure is its share of the mean year's crashes: a partial year or a change of
    reporting then lowers a whole year and not the sites that happen to be worse in it.
    """
    total = np.array([(crashes.year == year).sum() for year in years], np.float64)
    mean = max(total.mean(), 1e-9)
    power = yearly ** np.arange(len(years) - 1, -1, -1, dtype=np.float64)
    inside = crashes.in_years(years)
    weight = np.zeros(len(crashes))
    weight[inside] = power[crashes.year[inside] - years.start]
    exposure = float((power * total / mean).sum()) if total.any() else float(power.sum())
    return Weighted(
        weight, exposure, {year: float(t / mean) for year, t in zip(years, total, strict=True)}
    )
