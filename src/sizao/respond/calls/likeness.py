"""Whether two calls may be about the same thing: near along the road, in time, of one family.

A person decides; this says what speaks for it, in words.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from sizao.respond.calls.table import CallTable

EARTH_M = 6_371_008.8


@dataclass(frozen=True)
class Sighting:
    """A call, a case or a report, as far as likeness goes. Empty or None: not known.

    time_s : seconds since the epoch; within_m : how far off the place may be by its own words
    family : of ``table.Kind``, "" fits every family (a warning's case may be anything)
    """

    key: str
    time_s: float
    family: str = ""
    road: str = ""
    road_class: str = ""
    stake_m: float | None = None
    direction: str = ""
    lat: float | None = None
    lon: float | None = None
    within_m: float = 0.0


@dataclass(frozen=True)
class Likeness:
    """How near two sightings are, and why they may be the same."""

    key: str
    metres: float
    along: bool
    """Metres along the road; else as the crow flies."""
    minutes: float
    """How much earlier the other was; negative: later."""
    zh: tuple[str, ...]
    en: tuple[str, ...]


def alike(new: Sighting, other: Sighting, table: CallTable) -> Likeness | None:
    """What speaks for it that ``other`` is the same as ``new``; None if too little does."""
    minutes = (new.time_s - other.time_s) / 60
    if abs(minutes) > table.near_min:
        return None
    if new.family and other.family and new.family != other.family:
        return None
    apart = _apart(new, other)
    if apart is None:
        return None
    metres, along = apart
    most = table.near_m(new.road_class or other.road_class) + new.within_m + other.within_m
    if metres > most:
        return None
    zh, en = _words(new, other, metres, along, minutes)
    return Likeness(other.key, metres, along, minutes, tuple(zh), tuple(en))


def like(new: Sighting, others: list[Sighting], table: CallTable, limit: int = 5) -> list[Likeness]:
    """Those that may be the same, the nearest first; opposite carriageways after the own one."""
    found = [one for other in others if (one := alike(new, other, table)) is not None]
    facing = {
        other.key
        for other in others
        if new.direction and other.direction and new.direction != other.direction
    }
    found.sort(key=lambda one: (one.key in facing, one.metres, abs(one.minutes)))
    return found[:limit]


def _apart(new: Sighting, other: Sighting) -> tuple[float, bool] | None:
    """Metres between them and whether along the road; None if nothing can be said."""
    same_road = new.road != "" and new.road == other.road
    if same_road and new.stake_m is not None and other.stake_m is not None:
        return abs(new.stake_m - other.stake_m), True
    if new.lat is None or new.lon is None or other.lat is None or other.lon is None:
        return None
    north = math.radians(other.lat - new.lat)
    east = math.radians(other.lon - new.lon) * math.cos(math.radians((other.lat + new.lat) / 2))
    return EARTH_M * math.hypot(north, east), False


def _words(
    new: Sighting, other: Sighting, metres: float, along: bool, minutes: float
) -> tuple[list[str], list[str]]:
    far = f"{metres:.0f}" if metres < 10 else f"{round(metres, -1):.0f}"
    if along:
        zh, en = [f"同在 {new.road}，沿路相距 {far} 米"], [f"both on {new.road}, {far} m along it"]
    else:
        zh, en = [f"直线相距 {far} 米"], [f"{far} m as the crow flies"]
    when = f"{abs(minutes):.0f}"
    zh.append(f"{'早' if minutes >= 0 else '晚'} {when} 分钟")
    en.append(f"{when} min {'earlier' if minutes >= 0 else 'later'}")
    if new.family and new.family == other.family:
        zh.append("类型相同")
        en.append("of the same kind")
    if new.direction and other.direction:
        same = new.direction == other.direction
        zh.append("方向相同" if same else f"方向不同（{other.direction}）")
        en.append("the same direction" if same else f"the other direction ({other.direction})")
    return zh, en
