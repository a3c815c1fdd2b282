"""How much a day differs from an average one: month, holiday, school term, market.

Over the whole network a Poisson regression of crashes a day on months and kinds of days is
fitted, each coefficient then weighed against 1 by its error: a holiday that was seen twice moves
little. Around a market or an event, crashes near it on its days are set against those expected
from all its days, again shrunk. Factors are of the average day of the years learned from, so that
a forecast of a whole year adds up to what is expected of the place.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from sizao.risk import negbin
from sizao.risk.crashes import Crashes
from sizao.risk.day_calendar import Calendar, Entry
from sizao.risk.sites import Sites
from sizao.roads.geometry import metres_per_degree

Floats = npt.NDArray[np.float64]

MONTH_LOG_SD, KIND_LOG_SD = 0.10, 0.25
"""How far months and kinds of days are thought to differ before any record; proposed."""

MARKET_CRASHES = 10.0
"""Crashes that a market's default weighs; proposed."""

NETWORK_KINDS = ("holiday", "workday", "school_term", "event")


@dataclass(frozen=True)
class DayFactors:
    """log : month number or kind of day to the logarithm of its factor, with ``log_error``;
    mean : over the days learned from; local : (on, off) for each entry with a place."""

    log: Mapping[int | str, float]
    log_error: Mapping[int | str, float]
    mean: float
    local: Mapping[Entry, tuple[float, float]]

    def network(self, calendar: Calendar, day: date) -> float:
        """Factor of the whole network on a day."""
        keys: set[int | str] = {day.month} | {
            entry.kind for entry in calendar.on(day) if entry.lat is None
        }
        return math.exp(sum(self.log.get(key, 0.0) for key in keys)) / self.mean


def near(sites: Sites, entry: Entry) -> npt.NDArray[np.bool_]:
    """Edges whose middle lies within an entry's radius: (e,)."""
    assert entry.lat is not None
    assert entry.lon is not None
    north, east = metres_per_degree(entry.lat)
    lat = (sites.lat[sites.a] + sites.lat[sites.b]) / 2
    lon = (sites.lon[sites.a] + sites.lon[sites.b]) / 2
    found: npt.NDArray[np.bool_] = (
        np.hypot((lat - entry.lat) * north, (lon - entry.lon) * east) <= entry.radius_m
    )
    return found


def learn(crashes: Crashes, years: range, week: Floats, calendar: Calendar) -> DayFactors:
    """Learn from crashes with a date; others are left aside.

    week : (168,), the network's share of each hour of the week
    """
    dated = crashes.in_years(years) & (crashes.month > 0) & (crashes.day > 0)
    first = date(years.start, 1, 1)
    days = [first + timedelta(days=i) for i in range((date(years.stop, 1, 1) - first).days)]
    number = _day_numbers(crashes, first)
    counts = np.bincount(number[dated], minlength=len(days)).astype(np.float64)
    found = [calendar.on(day) for day in days]
    weekday = np.asarray(week, np.float64).reshape(7, 24).sum(axis=1)
    expected = weekday[[calendar.like(day) for day in days]]
    for year in years:
        rows = np.array([day.year == year for day in days])
        expected[rows] *= max(counts[rows].sum(), 0.5) / expected[rows].sum()
    # Months without any record are missing, not safe.
    month = np.array([day.year * 12 + day.month for day in days])
    keep = np.bincount(month, counts)[month] > 0
    columns = {m: np.array([day.month == m for day in days], np.float64) for m in range(1, 13)}
    kinds = {
        kind: np.array([any(e.kind == kind and e.lat is None for e in on) for on in found], float)
        for kind in NETWORK_KINDS
    }
    log, error = _shrunk(columns | kinds, counts, expected, keep)
    for kind in NETWORK_KINDS:
        if kind not in log:
            given = [e.ratio for e in calendar.entries if e.kind == kind and e.lat is None]
            log[kind], error[kind] = math.log(given[0]) if given else 0.0, KIND_LOG_SD
    eta = sum((log[key] * values for key, values in (columns | kinds).items() if key in log),
              np.zeros(len(days)))  # fmt: skip
    mean = float(np.average(np.exp(eta[keep]), weights=expected[keep])) if keep.any() else 1.0
    daily = expected * np.exp(eta) / mean
    local = {}
    for entry in calendar.entries:
        if entry.lat is None:
            continue
        on = np.array([entry in one for one in found])
        local[entry] = _local(entry, crashes, dated, number, on, daily * keep)
    return DayFactors(log, error, mean, local)


def _day_numbers(crashes: Crashes, first: date) -> npt.NDArray[np.int64]:
    month = (crashes.year - 1970) * 12 + np.maximum(crashes.month - 1, 0)
    day = month.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return day + np.maximum(crashes.day - 1, 0) - np.datetime64(first, "D").astype(np.int64)


def _shrunk(
    columns: Mapping[int | str, Floats],
    counts: Floats,
    expected: Floats,
    keep: npt.NDArray[np.bool_],
) -> tuple[dict[int | str, float], dict[int | str, float]]:
    """Coefficients of columns that vary, each weighed against 0."""
    used = (
        [key for key, values in columns.items() if np.ptp(values[keep]) > 0] if keep.any() else []
    )
    # One month is what the constant stands for; then all are set against their mean.
    months = [key for key in used if isinstance(key, int)]
    free = [key for key in used if key not in months[:1]]
    if not used or counts[keep].sum() < 100:
        return {}, {}
    x = np.column_stack([np.ones(keep.sum()), *(columns[key][keep] for key in free)])
    fit = negbin.fit(x, counts[keep], np.maximum(expected[keep], 1e-9))
    raw = dict.fromkeys(months, 0.0) | dict(zip(free, fit.coefficients[1:].tolist(), strict=True))
    centre = float(np.mean([raw[key] for key in months])) if months else 0.0
    errors = dict(zip(free, fit.standard_errors[1:].tolist(), strict=True))
    log, error = {}, {}
    for key in used:
        own = max(errors.get(key, max(errors.values(), default=1.0)), 1e-6)
        wide = MONTH_LOG_SD if isinstance(key, int) else KIND_LOG_SD
        weight = wide**2 / (wide**2 + own**2)
        log[key] = weight * (raw[key] - (centre if isinstance(key, int) else 0.0))
        error[key] = wide * math.sqrt(1 - weight)
    return log, error


def _local(
    entry: Entry,
    crashes: Crashes,
    dated: npt.NDArray[np.bool_],
    number: npt.NDArray[np.int64],
    on: npt.NDArray[np.bool_],
    daily: Floats,
) -> tuple[float, float]:
    """Factors near a market on its days and on others; their mean over all days is 1."""
    assert entry.lat is not None
    assert entry.lon is not None
    north, east = metres_per_degree(entry.lat)
    here = dated & (
        np.hypot((crashes.lat - entry.lat) * north, (crashes.lon - entry.lon) * east)
        <= entry.radius_m
    )
    share = float(daily[on].sum() / daily.sum()) if daily.sum() else 0.0
    if not 0 < share < 1:
        return entry.ratio, 1.0
    total = float(here.sum())
    market = float((here & on[np.clip(number, 0, len(on) - 1)]).sum())
    ratio = entry.ratio
    # The default's part of the total, so that both factors shrink to it and keep the mean.
    prior = share * ratio / (share * ratio + 1 - share)
    part = (market + MARKET_CRASHES * prior) / (total + MARKET_CRASHES)
    return part / share, (1 - part) / (1 - share)
