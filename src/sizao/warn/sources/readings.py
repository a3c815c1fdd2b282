"""A road weather station's reading as facts: visibility, ice, rain over the last hours."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from sizao.core.ids import content_id
from sizao.warn.facts import Facts
from sizao.warn.nearness import Spot

CLEAR_M = 2_000.0
"""Visibility from here on is no fact: the widest band of any signal begins at 500 m."""

HOURS = (3, 6, 12)
"""Rain is summed over these, as the rainstorm signals are defined."""

LONGEST_GAP_S = 3_600.0
"""An intensity speaks for the time since the reading before, at most an hour."""

FREEZING_C = 0.0

Rain = tuple[float, float]
"""Seconds since the epoch, mm/h."""


def facts_of(
    reading: Mapping[str, Any], earlier: Iterable[Rain], spot: Spot, road_class: str
) -> list[Facts]:
    """The facts of one row of WEATHER_READING; none where the road is clear, dry and warm.

    earlier : rain intensities of the same station in the twelve hours before
    spot, road_class : the road beside the station, worked out once
    """
    at_s = reading["time"].timestamp()
    found: list[tuple[str, str, float, str, dict[str, float]]] = []
    visibility = reading["visibility_m"]
    if visibility is not None and 0 <= visibility < CLEAR_M:
        found.append(("low_visibility", "", float(visibility), "m", {}))
    state = icy(reading)
    if state:
        degrees = reading["road_c"] if reading["road_c"] is not None else reading["air_c"]
        found.append(("road_ice", state, math.nan if degrees is None else degrees, "degC", {}))
    rain = reading["rain_mm_h"]
    if rain is not None and rain > 0:
        sums = sums_of([*earlier, (at_s, float(rain))], at_s)
        found.append(("rain", "", float(rain), "mm/h", sums))
    reference = f"{reading['station']}@{reading['time'].isoformat()}"
    return [
        Facts(
            detection=content_id("place", "weather", reference, kind),
            rule=kind,
            severity=severity,
            vehicle="",
            measured=measured,
            limit=math.nan,
            measured_unit=unit,
            start_s=at_s,
            end_s=at_s,
            fired_s=at_s,
            origin="weather",
            road=spot.road,
            road_class=road_class,
            stake_m=spot.stake_m,
            lat=spot.lat,
            lon=spot.lon,
            area=spot.area,
            sums=sums,
        )
        for kind, severity, measured, unit, sums in found
    ]


def told_of(reading: Mapping[str, Any]) -> set[str]:
    """The kinds of fact that a reading speaks of, whether or not there is one: a station without a
    rain gauge says nothing of rain."""
    told = set()
    if reading["visibility_m"] is not None and reading["visibility_m"] >= 0:
        told.add("low_visibility")
    if reading["road_state"]:
        told.add("road_ice")
    if reading["rain_mm_h"] is not None:
        told.add("rain")
    return told


def icy(reading: Mapping[str, Any]) -> str:
    """``ice`` or ``snow_cover`` as the station tells, ``freezing`` where it follows; else empty.

    Source: 气象灾害预警信号, road icing: surface below 0 °C with precipitation.
    """
    told = {"ice": "ice", "snow": "snow_cover"}.get(reading["road_state"] or "")
    if told:
        return told
    cold = reading["road_c"] is not None and reading["road_c"] < FREEZING_C
    wet = reading["road_state"] in ("wet", "damp") or (reading["rain_mm_h"] or 0) > 0
    return "freezing" if cold and wet else ""


def sums_of(rain: Iterable[Rain], now_s: float) -> dict[str, float]:
    """Millimetres fallen in the last 3, 6 and 12 hours: ``mm_3h`` ...

    Each intensity counts from the reading before to its own moment, so that a station that reports
    each five minutes and one that reports each half hour sum alike. Order does not matter.
    """
    ordered = sorted(set(rain))
    sums = {f"mm_{hours}h": 0.0 for hours in HOURS}
    for index, (at_s, rate) in enumerate(ordered):
        if at_s > now_s:
            continue
        before = ordered[index - 1][0] if index else at_s - 300.0
        lasted = min(at_s - before, LONGEST_GAP_S)
        for hours in HOURS:
            begins = now_s - hours * 3600.0
            inside = min(lasted, max(0.0, at_s - begins))
            sums[f"mm_{hours}h"] += rate * inside / 3600.0
    return {name: round(total, 2) for name, total in sums.items()}
