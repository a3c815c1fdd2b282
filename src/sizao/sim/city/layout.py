"""From ``roads.yaml`` to drawn lines: roads, streets, ramps and rivers in a local plane.

``features.py`` cuts them into pieces that say what holds on them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

import numpy as np
import yaml
from shapely.geometry import LineString

from sizao.core.errors import ConfigError
from sizao.sim.city import geometry as g
from sizao.sim.city.geometry import Line

WAVES: dict[str, list[tuple[float, float]]] = {
    "expressway": [(330, 6200), (90, 2600)],
    "national": [(420, 4600), (170, 1700), (48, 620)],
    "provincial": [(430, 4100), (180, 1400), (60, 480)],
    "county": [(420, 3300), (190, 1000), (62, 370)],
    "village": [(300, 2200), (170, 800), (62, 300)],
}
"""Sideways bends by road class: (amplitude, wave length) in metres."""

TOWN_RADIUS_M = 450.0
CARRIAGEWAY_M = 11.0
"""Distance of each carriageway of an expressway from the middle, metres."""
RAMP_REACH_M = 520.0
"""How far before and after an interchange's middle the ramps leave and join, metres."""
RAMP_ANGLE_DEG = 6.0
"""Angle at which ramps leave to the right and join from the right."""
TOLL_GATE_M = 420.0
"""Distance of a toll gate from the expressway, metres."""
HUB_REACH_M = 900.0


@dataclass
class Road:
    """One line of the plan, drawn, with where it is to be cut and what holds between the cuts."""

    plan: Mapping[str, Any]
    line: Line
    cuts: set[float] = field(default_factory=set)
    towns: list[float] = field(default_factory=list)

    @property
    def length_m(self) -> float:
        return float(g.along(self.line)[-1])


@dataclass
class Layout:
    """The drawn city, before it becomes a network."""

    nodes: dict[str, Line]
    towns: dict[str, dict[str, Any]]
    junctions: list[dict[str, Any]]
    streets: list[dict[str, Any]]
    roads: list[Road]
    rivers: list[dict[str, Any]]
    ramps: list[dict[str, Any]]
    gates: list[dict[str, Any]]
    links: list[dict[str, Any]]
    villages: list[str] = field(default_factory=list)

    def road(self, ref: str) -> list[Road]:
        """The parts of a road, in order of stakes."""
        found = [road for road in self.roads if road.plan["ref"] == ref]
        if not found:
            raise ConfigError(f"roads.yaml: no road {ref}")
        return found

    def on_road(self, ref: str, km: float) -> Line:
        """The point a distance along a road, its parts taken one after the other."""
        left = km * 1000
        for road in self.road(ref):
            if left <= road.length_m:
                return g.point_at(road.line, left)
            left -= road.length_m
        raise ConfigError(f"roads.yaml: {ref} is not {km} km long")

    def area_at(self, point: Line) -> str:
        """Division code of the nearest town: the schematic city's boundaries."""
        area: str = min(
            self.towns.values(), key=lambda town: float(np.hypot(*(town["xy"] - point)))
        )["area"]
        return area


def load(name: str) -> Any:
    """One of the data files beside this module."""
    return yaml.safe_load((resources.files(__package__) / name).read_text(encoding="utf-8"))


def draw() -> Layout:
    """Draw the whole city. Raises ConfigError naming what the plan gets wrong."""
    plan = load("roads.yaml")
    layout = Layout({}, {}, [], [], [], [], [], [], [])
    for name, (lat, lon, area, kind) in plan["nodes"].items():
        xy = np.array(g.to_plane(lat, lon))
        layout.nodes[name] = xy
        layout.towns[name] = {"xy": xy, "area": area, "kind": kind}
    for grid in plan["grids"]:
        _grid(layout, grid)
    for river in plan["rivers"]:
        points = np.array([g.to_plane(*point) for point in river["path"]])
        line, marks = g.spline(points, 60)
        bends = [(330.0, 5200.0), (120.0, 1900.0)]
        line = g.wiggle(line, [marks[0], marks[-1]], bends, g.seed_of(river["name"]))
        layout.rivers.append({"name": river["name"], "line": line, "width_m": river["width_m"]})
    for road in plan["roads"]:
        layout.roads.append(_road(layout, road))
    for interchange in plan["interchanges"]:
        _interchange(layout, interchange)
    for hub in plan["hubs"]:
        _hub(layout, hub)
    for road in layout.roads:
        if road.plan["road_class"] == "expressway":
            _turn_back(layout, road)
    return layout


def _grid(layout: Layout, grid: Mapping[str, Any]) -> None:
    centre = np.array(g.to_plane(*grid["centre"]))
    bearing = math.radians(grid["bearing_deg"])
    axis = np.array([math.sin(bearing), math.cos(bearing)])
    left = np.array([-axis[1], axis[0]])
    rng = np.random.default_rng(g.seed_of(grid["id"]))
    half = max(abs(column["at_m"]) for column in grid["columns"])
    layout.towns[grid["name"]] = {"xy": centre, "area": grid["area"], "kind": "city"}
    for r, row in enumerate(grid["rows"]):
        for c, column in enumerate(grid["columns"]):
            bend = grid["bend_m"] * (column["at_m"] / half) ** 2
            shift = rng.uniform(-1, 1, 2) * grid["jitter_m"]
            xy = centre + axis * (column["at_m"] + shift[0])
            xy = xy + left * (row["at_m"] + bend + shift[1])
            node = f"{grid['id']}.{r}.{c}"
            layout.nodes[node] = xy
            layout.junctions.append(
                {
                    "id": node,
                    "name": f"{row['name']}与{column['name']}路口",
                    "area": grid["area"],
                    "xy": xy,
                }
            )
    missing = {tuple(link) for link in grid["missing"]}
    rows, columns = len(grid["rows"]), len(grid["columns"])
    for r in range(rows):
        for c in range(columns):
            for r2, c2, street in (
                (r, c + 1, grid["rows"][r]),
                (r + 1, c, grid["columns"][c]),
            ):
                if r2 < rows and c2 < columns and (r, c, r2, c2) not in missing:
                    _street(
                        layout, grid, f"{grid['id']}.{r}.{c}", f"{grid['id']}.{r2}.{c2}", street
                    )


def _street(
    layout: Layout, grid: Mapping[str, Any], start: str, end: str, street: Mapping[str, Any]
) -> None:
    ends = np.array([layout.nodes[start], layout.nodes[end]])
    line, marks = g.spline(ends, 30)
    size = 0.03 * float(np.hypot(*(ends[1] - ends[0])))
    line = g.wiggle(line, marks, [(size, 420.0)], g.seed_of(start + end))
    line[0], line[-1] = ends
    layout.streets.append(
        {"name": street["name"], "limit": street["limit"], "area": grid["area"], "line": line}
    )


def _road(layout: Layout, plan: Mapping[str, Any]) -> Road:
    points: list[Line] = []
    named: list[int] = []
    town_at: list[int] = []
    for index, item in enumerate(plan["path"]):
        if isinstance(item, list):
            points.append(np.array(g.to_plane(*item)))
        elif "@" in item:
            ref, km = item.split("@")
            points.append(_join(layout, ref, float(km)))
            named.append(index)
        elif item in layout.nodes:
            points.append(layout.nodes[item])
            named.append(index)
            if layout.towns.get(item, {}).get("kind") == "town":
                town_at.append(index)
        else:
            raise ConfigError(f"roads.yaml: {plan['ref']}: no node {item!r}")
    control = np.array(points)
    line, marks = g.spline(control)
    kept = [marks[0], marks[-1]] + [marks[index] for index in named]
    line = g.wiggle(line, kept, WAVES[plan["road_class"]], g.seed_of(plan["ref"] + str(named)))
    for index in {0, len(points) - 1, *named}:
        line[marks[index]] = control[index]
    s = g.along(line)
    road = Road(plan, line, towns=[float(s[marks[index]]) for index in town_at])
    road.cuts |= {float(s[marks[index]]) for index in named}
    if plan["road_class"] == "village":  # a village road ends in its village
        road.towns.append(float(s[-1]))
        village = plan["name"].removesuffix("路")
        layout.nodes[village] = control[-1]
        layout.villages.append(village)
    for at in road.towns:
        road.cuts |= {at - TOWN_RADIUS_M, at + TOWN_RADIUS_M}
    for special in specials(plan):
        road.cuts |= {special["from_m"], special["to_m"]}
    return road


def specials(plan: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Tunnels and grades of a road as spans in metres along it."""
    spans = [
        {**tunnel, "from_m": tunnel["from_km"] * 1000, "tunnel": True}
        for tunnel in plan.get("tunnels", ())
    ]
    for span in spans:
        span["to_m"] = span["from_m"] + span["length_m"]
    spans += [
        {**grade, "from_m": grade["from_km"] * 1000, "to_m": grade["to_km"] * 1000}
        for grade in plan.get("grades", ())
    ]
    return spans


def _join(layout: Layout, ref: str, km: float) -> Line:
    """A junction on an earlier road: the road is cut there so that the two lines meet."""
    left = km * 1000
    for road in layout.road(ref):
        if left <= road.length_m:
            road.cuts.add(left)
            return g.point_at(road.line, left)
        left -= road.length_m
    raise ConfigError(f"roads.yaml: {ref} is not {km} km long")


def carriageway(road: Road, *, falling: bool) -> Line:
    """One carriageway of an expressway, drawn in the direction of travel, right of the middle."""
    line = road.line[::-1] if falling else road.line
    return g.offset(line, -CARRIAGEWAY_M)


def _interchange(layout: Layout, plan: Mapping[str, Any]) -> None:
    """Four ramps to a toll gate beside the expressway, and a link from there to the town."""
    road = layout.road(plan["road"])[0]
    centre = g.nearest_along(road.line, np.array(g.to_plane(*plan["at"])))
    before, after = centre - RAMP_REACH_M, centre + RAMP_REACH_M
    road.cuts |= {before, after}
    surface = layout.nodes[plan["surface"]]
    middle = g.point_at(road.line, centre)
    reach = float(np.hypot(*(surface - middle)))
    toward = (surface - middle) / max(reach, 1e-9)
    toll = surface if reach < 700 else middle + toward * TOLL_GATE_M
    layout.gates.append({"name": plan["name"].replace("互通", "收费站"), "xy": toll})
    for falling in (False, True):
        way = carriageway(road, falling=falling)
        leave_at = g.nearest_along(way, g.point_at(road.line, after if falling else before))
        join_at = g.nearest_along(way, g.point_at(road.line, before if falling else after))
        _ramp(layout, plan["name"], way, leave_at, toll, toward, leaving=True)
        _ramp(layout, plan["name"], way, join_at, toll, toward, leaving=False)
    if toll is not surface:
        line, marks = g.spline(np.array([toll, surface]), 30)
        bends = [(0.05 * reach, max(reach / 2, 500.0))]
        line = g.wiggle(line, marks, bends, g.seed_of(plan["name"]))
        line[0], line[-1] = toll, surface
        layout.links.append({"name": plan["name"] + "连接线", "line": line})


def _ramp(
    layout: Layout, name: str, way: Line, at: float, toll: Line, toward: Line, *, leaving: bool
) -> None:
    point, ahead = g.point_at(way, at), g.tangent_at(way, at)
    pull = 0.5 * float(np.hypot(*(toll - point)))
    if leaving:
        line = g.bezier(point, g.turned(ahead, -RAMP_ANGLE_DEG), toward, toll, pull)
    else:
        line = g.bezier(toll, -toward, g.turned(ahead, RAMP_ANGLE_DEG), point, pull)
    layout.ramps.append({"name": name, "line": line, "limit": 40})


def _hub(layout: Layout, plan: Mapping[str, Any]) -> None:
    first, second = (layout.road(ref)[0] for ref in plan["roads"])
    crossing = LineString(first.line).intersection(LineString(second.line))
    if crossing.is_empty or crossing.geom_type != "Point":
        raise ConfigError(f"roads.yaml: {plan['name']}: the roads cross {crossing.geom_type}")
    point = np.array(crossing.coords[0])
    ends: list[list[tuple[Line, float, float]]] = []
    for road in (first, second):
        centre = g.nearest_along(road.line, point)
        road.cuts |= {centre - HUB_REACH_M, centre + HUB_REACH_M}
        ways = []
        for falling in (False, True):
            way = carriageway(road, falling=falling)
            sign = -1 if falling else 1
            leave, join = centre - sign * HUB_REACH_M, centre + sign * HUB_REACH_M
            ways.append(
                (
                    way,
                    g.nearest_along(way, g.point_at(road.line, leave)),
                    g.nearest_along(way, g.point_at(road.line, join)),
                )
            )
        ends.append(ways)
    for here, there in ((0, 1), (1, 0)):
        for way, leave, _ in ends[here]:
            for other, _, join in ends[there]:
                start, end = g.point_at(way, leave), g.point_at(other, join)
                pull = 0.5 * float(np.hypot(*(end - start)))
                ahead = g.turned(g.tangent_at(way, leave), -RAMP_ANGLE_DEG)
                arrive = g.turned(g.tangent_at(other, join), RAMP_ANGLE_DEG)
                line = g.bezier(start, ahead, arrive, end, pull)
                layout.ramps.append({"name": plan["name"], "line": line, "limit": 60})


def _turn_back(layout: Layout, road: Road) -> None:
    """Close both ends of an expressway: beyond the edge of the map traffic turns round."""
    rising, falling = carriageway(road, falling=False), carriageway(road, falling=True)
    for way, other in ((rising, falling), (falling, rising)):
        start, end = way[-1], other[0]
        line = g.bezier(start, g.tangent_at(way, 1e9), g.tangent_at(other, 0.0), end, 140.0)
        layout.ramps.append({"name": "掉头匝道", "line": line, "limit": 40})
