"""From drawn lines to road features: what ``roads.network.Network.from_features`` takes.

LineStrings with a road number, class, sign, tunnel, grade, division code, direction and stakes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from shapely.geometry import LineString
from shapely.ops import unary_union

from sizao.sim.city import geometry as g
from sizao.sim.city.geometry import Line
from sizao.sim.city.layout import TOWN_RADIUS_M, Layout, Road, carriageway, specials

PIECE_M = {"expressway": 1500.0}
"""Longest piece of a road class, metres; others a kilometre."""

BEND_LIMITS = {"national": (330.0, 40), "provincial": (380.0, 40), "county": (480.0, 30)}
"""A piece that turns more than this many degrees in a kilometre has this lower sign."""

TOWN_LIMITS = {"national": 40, "provincial": 40, "county": 30, "village": 20}
"""Sign in a town or village."""


def features(layout: Layout) -> list[dict[str, Any]]:
    """All roads as GeoJSON-like features."""
    water = unary_union(
        [LineString(river["line"]).buffer(river["width_m"] / 2) for river in layout.rivers]
    )
    out: list[dict[str, Any]] = []
    for road in layout.roads:
        if road.plan["road_class"] == "expressway":
            for falling in (False, True):
                out += _pieces(layout, road, water, falling=falling)
        else:
            out += _pieces(layout, road, water)
    for street in layout.streets:
        properties = {
            "road_class": "urban",
            "name": street["name"],
            "limit_kmh": street["limit"],
            "area": street["area"],
            "bridge": bool(LineString(street["line"]).intersects(water)),
        }
        out.append(_feature(street["line"], properties))
    for link in layout.links:
        properties = {
            "road_class": "county",
            "name": link["name"],
            "limit_kmh": 40,
            "area": layout.area_at(link["line"][len(link["line"]) // 2]),
            "bridge": bool(LineString(link["line"]).intersects(water)),
        }
        out.append(_feature(link["line"], properties))
    for ramp in layout.ramps:
        properties = {
            "road_class": "ramp",
            "name": ramp["name"],
            "limit_kmh": ramp["limit"],
            "oneway": True,
            "layer": 1,
            "area": layout.area_at(ramp["line"][len(ramp["line"]) // 2]),
        }
        out.append(_feature(ramp["line"], properties, tolerance_m=0.3))
    return out


def _pieces(
    layout: Layout, road: Road, water: Any, *, falling: bool | None = None
) -> list[dict[str, Any]]:
    """One road (or carriageway) cut where signs, tunnels, grades and junctions want it.

    Cuts are distances along the middle line; a carriageway is cut at the points abreast.
    """
    plan = road.plan
    longest = PIECE_M.get(plan["road_class"], 1000.0)
    wanted = sorted(at for at in road.cuts | {0.0, road.length_m} if 0 <= at <= road.length_m)
    cuts = [wanted[0]]
    for at in wanted[1:]:
        if at - cuts[-1] < 30:  # two cuts this close are one, and a junction is never dropped
            if at in (road.length_m,) and len(cuts) > 1:
                cuts[-1] = at
            elif at != cuts[-1] and at not in (road.length_m,):
                cuts.append(at)
            continue
        steps = math.ceil((at - cuts[-1]) / longest)
        cuts += list(np.linspace(cuts[-1], at, steps + 1)[1:])
    line = road.line
    if falling is None:
        pieces = g.cut(line, cuts[1:-1])
    else:
        way = carriageway(road, falling=falling)
        here = [g.nearest_along(way, g.point_at(line, at)) for at in cuts[1:-1]]
        pieces = g.cut(way, sorted(here))
        if falling:
            pieces = pieces[::-1]
    out = []
    for piece, start, stop in zip(pieces, cuts, cuts[1:], strict=False):
        properties = _properties(layout, road, piece, (start + stop) / 2, water)
        stakes = (plan["stake_km"] * 1000 + start, plan["stake_km"] * 1000 + stop)
        if falling:
            stakes = stakes[::-1]
        properties["stake_m"], properties["stake_end_m"] = stakes
        properties["direction"] = "上行" if falling else "下行"
        if properties.get("grade_pct") and falling:
            properties["grade_pct"] = -properties["grade_pct"]
        properties["oneway"] = falling is not None
        properties["lanes"] = 2 if falling is not None else 1
        properties["layer"] = 1 if falling is not None else 0
        out.append(_feature(piece, properties))
    return out


def _properties(
    layout: Layout, road: Road, piece: Line, middle: float, water: Any
) -> dict[str, Any]:
    plan = road.plan
    limit = plan["limit"]
    road_class = plan["road_class"]
    properties: dict[str, Any] = {
        "road_class": road_class,
        "ref": plan["ref"],
        "name": plan["name"],
        "area": layout.area_at(piece[len(piece) // 2]),
        "bridge": bool(LineString(piece).intersects(water)),
    }
    if road_class in BEND_LIMITS:
        degrees, lower = BEND_LIMITS[road_class]
        if g.turning_deg_per_km(piece) > degrees:
            limit = min(limit, lower)
    if any(abs(middle - at) <= TOWN_RADIUS_M for at in road.towns):
        limit = min(limit, TOWN_LIMITS[road_class])
    for span in specials(plan):
        if span["from_m"] <= middle <= span["to_m"]:
            limit = min(limit, span.get("limit", limit))
            if span.get("tunnel"):
                properties["tunnel"] = True
                properties["name"] = span["name"]
            else:
                properties["grade_pct"] = -span["percent"]
    properties["limit_kmh"] = limit
    return properties


def _feature(line: Line, properties: Mapping[str, Any], tolerance_m: float = 1.0) -> dict[str, Any]:
    coordinates: Sequence[tuple[float, float]] = [
        g.to_degrees(x, y)[::-1] for x, y in g.simplify(line, tolerance_m)
    ]
    return {
        "type": "Feature",
        "geometry": {"type": "LineString", "coordinates": coordinates},
        "properties": dict(properties),
    }
