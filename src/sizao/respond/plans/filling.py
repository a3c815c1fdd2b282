"""What a plan's measure puts into the form of a control measure: read by a person, then ordered.

Parameters of a measure in a plan, beside those that are words of the form (``limit_kmh``, ``text``,
``kinds``):

- ``upstream_km``: the stretch before the place, in driving order
- ``radius_m``: so much either side of it, and round it for an area
- ``visibility_m``: the control grade that goes with it
- ``up``: it stands already when the tasks before it were done
- ``hours``, ``speed_kmh``, ``gap_m``, ``entrances``, ``one_way``: told in the reason
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sizao.core.rulebook import entry
from sizao.respond.measure_kinds import AREA, KINDS, POINT

USUAL_M = {"closure": 500.0, AREA: 2000.0}
"""Metres either side of the place where the plan says nothing; the project's own."""
OTHERWISE_M = 1000.0
CORNERS = 12


@dataclass(frozen=True)
class Filling:
    """What the form starts with; stakes in metres, None where the road has none."""

    kind: str
    stake_from_m: float | None = None
    stake_to_m: float | None = None
    ring: tuple[tuple[float, float], ...] = ()
    """(lon, lat) in degrees."""
    limit_kmh: float | None = None
    text: str = ""
    grade: str = ""
    vehicles: tuple[str, ...] = ()
    up: bool = False
    notes: tuple[tuple[str, str], ...] = ()
    """What the form has no field for, in Chinese and English."""


def fill(
    proposed: Mapping[str, Any],
    *,
    stake_m: float | None = None,
    direction: str = "",
    at: tuple[float, float] | None = None,
    before_done: bool = False,
) -> Filling:
    """The form of one proposed measure.

    proposed : ``kind`` and the parameters of the plan
    stake_m, direction : where the case is, 下行 being towards greater stakes; both sides of it
        are upstream where the direction is not known
    at : (lat, lon) of the case
    before_done : the tasks before this one were done as the plan says

    >>> fill({"kind": "closure", "upstream_km": 5}, stake_m=9e4, direction="下行").stake_from_m
    85000.0
    """
    kind = KINDS[proposed["kind"]]
    low, high = _reach(proposed, kind.code, kind.place, direction)
    ring: tuple[tuple[float, float], ...] = ()
    if kind.place == AREA and at is not None:
        ring = circle(*at, float(proposed.get("radius_m") or USUAL_M[AREA]))
    placed = stake_m is not None and kind.place != AREA
    return Filling(
        kind=kind.code,
        stake_from_m=max(stake_m - low, 0.0) if placed and stake_m is not None else None,
        stake_to_m=stake_m + high
        if placed and stake_m is not None and kind.place != POINT
        else None,
        ring=ring,
        limit_kmh=float(proposed["limit_kmh"]) if "limit_kmh" in proposed else None,
        text=str(proposed.get("text") or ""),
        grade=_grade(proposed.get("visibility_m")),
        vehicles=tuple(proposed.get("kinds") or ()),
        up=bool(proposed.get("up")) and before_done,
        notes=_notes(proposed),
    )


def circle(lat: float, lon: float, radius_m: float) -> tuple[tuple[float, float], ...]:
    """Corners (lon, lat) of a ring round a place, counter-clockwise."""
    north = radius_m / 111_195.0
    east = north / max(math.cos(math.radians(lat)), 0.01)
    turns = [2 * math.pi * one / CORNERS for one in range(CORNERS)]
    return tuple(
        (round(lon + east * math.cos(a), 6), round(lat + north * math.sin(a), 6)) for a in turns
    )


def _reach(
    proposed: Mapping[str, Any], kind: str, place: str, direction: str
) -> tuple[float, float]:
    """Metres before and after the place, by stake. The place itself is well inside a closure that
    is given by how far it reaches upstream."""
    around = float(proposed.get("radius_m") or USUAL_M.get(kind, OTHERWISE_M))
    if "upstream_km" not in proposed:
        return (0.0, 0.0) if place == POINT else (around, around)
    upstream = float(proposed["upstream_km"]) * 1000
    if place == POINT:
        return (-upstream, 0.0) if direction == "上行" else (upstream, 0.0)
    if direction == "下行":
        return upstream, around
    return (around, upstream) if direction == "上行" else (upstream, upstream)


def _grade(visibility: Any) -> str:
    """The grade whose range of visibility is the plan's."""
    if not visibility:
        return ""
    wanted = [float(one) for one in visibility]
    for raw in entry("control.expressway_visibility").value("grades"):
        if [float(one) for one in raw["visibility_m"]] == wanted:
            return str(raw["grade"])
    return ""


def _notes(proposed: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    found = []
    if isinstance(hours := proposed.get("hours"), list):
        spans = [f"{start}:00–{end}:00" for start, end in hours]
        found.append((f"时段{'、'.join(spans)}", f"from {', '.join(spans)}"))
    if speed := proposed.get("speed_kmh"):
        found.append((f"车速不超过 {speed:g} km/h", f"at most {speed:g} km/h"))
    if gap := proposed.get("gap_m"):
        found.append((f"车距不小于 {gap:g} 米", f"{gap:g} m apart at least"))
    if proposed.get("entrances"):
        found.append(("关闭入口", "entrances closed"))
    if proposed.get("one_way"):
        found.append(("单向循环", "one way round"))
    return tuple(found)
