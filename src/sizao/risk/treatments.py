"""What was done to places, when: the file, and whether a treatment may be judged at all.

    kind,name,lat,lon,from,to,cost,source,recorded,selected
    lighting,弯道照明,26.58,101.71,2023-03-01,2023-05-20,180000,隐患台账,2023-06-01,2020-2022

``from`` and ``to`` bound the works. ``recorded`` is the day of the entry: a treatment that is
entered when its outcome can be seen is likely there because of it. ``selected`` are the years by
whose crashes the place was picked, if it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa

from sizao.core.errors import ConfigError
from sizao.risk import tables
from sizao.risk.breaks import Break
from sizao.risk.crashes import years_of

BEFORE_YEARS = AFTER_YEARS = 3
"""Whole years on each side at most: longer ones compare another traffic; proposed."""

LATE = timedelta(days=365)
"""An entry later than this after the works was made when an outcome could be seen; proposed."""

COLUMNS = {"kind": pa.string(), "lat": pa.float64(), "lon": pa.float64(), "from": pa.string(),
           "to": pa.string()}  # fmt: skip
OPTIONAL = {"name": pa.string(), "cost": pa.float64(), "source": pa.string(),
            "recorded": pa.string(), "selected": pa.string()}  # fmt: skip
REASONS = {
    "bad_place": "latitude or longitude outside the globe",
    "bad_day": "from, to or recorded is no day like 2023-05-20, or to is before from",
    "bad_years": "selected is no years like 2020-2022",
    "bad_cost": "cost is below 0",
}


@dataclass(frozen=True)
class Treatment:
    """Works at a place. ``recorded`` None: the day of the entry is not known."""

    kind: str
    name: str
    lat: float
    lon: float
    first: date
    last: date
    cost: float | None = None
    source: str = ""
    recorded: date | None = None
    selected: range | None = None


def read_treatments(path: Path) -> tuple[list[Treatment], list[tables.Rejected]]:
    """Treatments of a .csv or .csv.gz file, and the rows left out with their reason.

    Raises ConfigError if the file cannot be read.
    """
    table = tables.read(path, COLUMNS, OPTIONAL)
    texts = {name: table.texts(name) for name in ("from", "to", "recorded", "selected")}
    days = {name: [_day(text) for text in texts[name]] for name in ("from", "to", "recorded")}
    years = [_years(text) for text in texts["selected"]]
    lat, lon, cost = table.floats("lat"), table.floats("lon"), table.floats("cost")
    bad = {
        "bad_place": ~((np.abs(lat) <= 90) & (np.abs(lon) <= 180)),
        "bad_day": np.array(
            [
                first is None or last is None or last < first or (said != "" and recorded is None)
                for first, last, recorded, said in zip(
                    days["from"], days["to"], days["recorded"], texts["recorded"], strict=True
                )
            ],
            np.bool_,
        ),
        "bad_years": np.array([one is None for one in years], np.bool_),
        "bad_cost": cost < 0,
    }
    kinds, names, sources = table.texts("kind"), table.texts("name"), table.texts("source")
    wrong = np.logical_or.reduce(list(bad.values()))
    found = []
    for row in np.flatnonzero(~wrong).tolist():
        first, last = days["from"][row], days["to"][row]
        assert first is not None
        assert last is not None
        found.append(
            Treatment(
                str(kinds[row]), str(names[row]) or str(kinds[row]), float(lat[row]),
                float(lon[row]), first, last, None if np.isnan(cost[row]) else float(cost[row]),
                str(sources[row]), days["recorded"][row], years[row] or None,
            )
        )  # fmt: skip
    return found, table.reject(bad).rejected


def periods(one: Treatment, first_year: int, last_year: int) -> tuple[range, range]:
    """Whole years before and after the works within those that have records.

    The years of the works belong to neither.
    """
    before = range(max(first_year, one.first.year - BEFORE_YEARS), one.first.year)
    after = range(one.last.year + 1, min(last_year, one.last.year + AFTER_YEARS) + 1)
    return before, after


def refusals(
    one: Treatment, breaks: Sequence[Break], before: range, after: range
) -> list[tuple[str, int]]:
    """Why a treatment must not be judged, as codes with a year (0 where none belongs to it).

    ``no_before``, ``no_after``; ``late``: entered when its outcome could be seen; ``selected``:
    picked by crashes of the years it would be judged by; ``break``: reporting changed in between.
    """
    found: list[tuple[str, int]] = []
    if not before:
        found.append(("no_before", 0))
    if not after:
        found.append(("no_after", one.last.year + 1))
    if one.recorded is not None and one.recorded > one.last + LATE:
        found.append(("late", one.recorded.year))
    if one.selected is not None and set(one.selected) & set(after):
        found.append(("selected", one.selected[-1]))
    if before and after:
        span = range(before[0], after[-1] + 1)
        found += [
            ("break", broken.year)
            for broken in breaks
            if broken.year in span and not (broken.kind == "level_shift" and broken.year == span[0])
        ]
    return found


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def _years(text: str) -> range | None:
    """The years; an empty range where nothing is given, None where it cannot be read."""
    if not text.strip():
        return range(0)
    try:
        return years_of(text.strip())
    except ConfigError:
        return None
