"""The calendar of a demonstration: market days of its towns and a school year, made up."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import yaml

from sizao.core import durable
from sizao.core.clock import load_clock
from sizao.log.datadir import DataDir

if TYPE_CHECKING:
    from sizao.sim.city import City

_HEAD = """\
# Days that are not like others (risk/day_calendar.py); changed on the page "Calendar".
# This is the schematic city of the demonstration: market days and terms are made up.
"""
_DAYS = ([1, 4, 7], [2, 5, 8], [3, 6, 9])
_IN_TOWN = ("510402", "510403")
"""Divisions that are mostly town: nobody goes to a fair there by the lunar calendar."""
MARKETS = 9
YEARS = 4
"""Terms reach back over the years of the crash history, so that their effect can be learned."""


def write_calendar(city: City, data: DataDir) -> None:
    """Make ``calendar.yaml`` if the folder has none."""
    if data.calendar.exists():
        return
    year = datetime.fromtimestamp(load_clock(data.clock).time_s(), ZoneInfo("Asia/Shanghai")).year
    entries = [*_markets(city), *_terms(year)]
    for number, entry in enumerate(entries, 1):
        entry["number"] = number
    text = yaml.safe_dump(entries, allow_unicode=True, sort_keys=False, width=100)
    durable.replace(data.calendar, (_HEAD + text).encode())


def _markets(city: City) -> list[dict[str, Any]]:
    towns = [
        (name, place)
        for name, place in city.places.items()
        if place["kind"] == "town" and place["area"] not in _IN_TOWN
    ]
    return [
        {
            "kind": "market",
            "name": name,
            "rule": {"lunar_days": list(_DAYS[number % 3])},
            "lat": round(float(place["lat"]), 5),
            "lon": round(float(place["lon"]), 5),
            "ratio": 1.3,
            "basis": "虚构集期",
        }
        for number, (name, place) in enumerate(towns[:MARKETS])
    ]


def _terms(year: int) -> list[dict[str, Any]]:
    return [
        {
            "kind": "school_term",
            "name": f"{first}学年",
            "dates": [f"{first}-09-01..{first + 1}-01-20", f"{first + 1}-02-25..{first + 1}-07-05"],
            "basis": "虚构校历",
        }
        for first in range(year - YEARS, year + 1)
    ]
