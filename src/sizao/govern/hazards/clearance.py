"""Dynamic clearance (动态清零): how the open stock moves, and when it would be zero at this rate.

The forecast draws whole weeks with replacement from the last ones (a bootstrap of what was opened
and closed together, so that a busy week stays one) and walks until nothing is open. The middle path
gives the date, the outer ones an interval. If fewer than half of the paths get there within two
years, the honest answer is: not at this rate. What it assumes is said on the page: the weeks to
come are like the last ones, and weeks do not depend on each other.

Method: B. Efron, "Bootstrap methods: another look at the jackknife", Ann. Stat. 7 (1979) 1-26.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

WEEKS = 12
"""Whole weeks that the forecast draws from."""
LEAST_WEEKS = 4
"""With fewer there is no forecast."""
HORIZON = 104
"""Weeks after which a path counts as not getting there."""
PATHS = 4000
LOW, HIGH = 0.05, 0.95
_SEED = 20_260_101


@dataclass(frozen=True)
class Week:
    """One week from Monday: what came, what went, what was open at its end."""

    monday: date
    opened: int
    closed: int
    stock: int


def weeks_of(
    spans: Sequence[tuple[date, date | None]], today: date, count: int = WEEKS
) -> list[Week]:
    """The last ``count`` whole weeks before this one, then this one.

    spans : for each hazard the day it was opened and the day it was closed, None while open. One
        that was reopened has a span for each time.
    """
    this_monday = today - timedelta(days=today.weekday())
    found = []
    for back in range(count, -1, -1):
        monday = this_monday - timedelta(weeks=back)
        end = min(monday + timedelta(days=6), today)
        found.append(
            Week(
                monday,
                sum(monday <= first <= end for first, _ in spans),
                sum(last is not None and monday <= last <= end for _, last in spans),
                sum(first <= end and (last is None or last > end) for first, last in spans),
            )
        )
    return found


@dataclass(frozen=True)
class Forecast:
    """When nothing would be open. ``day`` None: not at this rate, or too little to tell from."""

    verdict: str
    """``zero`` (nothing is open), ``date``, ``never`` (not at this rate), ``unknown``."""
    day: date | None = None
    low: date | None = None
    high: date | None = None
    """None while more than one path in twenty does not get there within the horizon."""
    arriving: float = 0.0
    """Share of the paths that get to zero within the horizon."""
    opened: float = 0.0
    closed: float = 0.0
    """A week, on average over the weeks drawn from."""
    weeks: int = 0


def forecast(weeks: Sequence[Week], stock: int, today: date) -> Forecast:
    """The date of zero from the whole weeks before this one. The same input, the same answer."""
    whole = [week for week in weeks if week.monday + timedelta(days=6) < today]
    whole = _since_the_first(whole)[-WEEKS:]
    if stock == 0:
        return Forecast("zero", today, today, today, 1.0, weeks=len(whole))
    if len(whole) < LEAST_WEEKS:
        return Forecast("unknown", weeks=len(whole))
    opened = np.array([week.opened for week in whole])
    closed = np.array([week.closed for week in whole])
    means = float(opened.mean()), float(closed.mean())
    draw = np.random.default_rng(_SEED).integers(0, len(whole), (PATHS, HORIZON))
    path = stock + np.cumsum(opened[draw] - closed[draw], axis=1)
    reached = path <= 0
    arrives = reached.any(axis=1)
    # A path that does not arrive is later than all that do: it sorts behind the horizon.
    when = np.sort(np.where(arrives, reached.argmax(axis=1) + 1, HORIZON + 1))

    def day(share: float) -> date | None:
        week = int(when[min(int(share * PATHS), PATHS - 1)])
        return None if week > HORIZON else today + timedelta(weeks=week)

    middle = day(0.5)
    return Forecast(
        "never" if middle is None else "date",
        middle,
        None if middle is None else day(LOW),
        None if middle is None else day(HIGH),
        float(arrives.mean()),
        *means,
        weeks=len(whole),
    )


def _since_the_first(weeks: list[Week]) -> list[Week]:
    """Weeks before the ledger was begun say nothing about the rate."""
    first = next((at for at, week in enumerate(weeks) if week.stock or week.opened), len(weeks))
    return weeks[first:]
