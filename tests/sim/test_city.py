"""The schematic city holds together: as a network, as a map, as an organisation."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from shapely.geometry import LineString
from shapely.strtree import STRtree

from sizao.log.datadir import DataDir
from sizao.roads.network import Network
from sizao.sim import city as city_module
from sizao.sim.city import AREAS, City, geometry
from sizao.sim.city.layout import RAMP_REACH_M, draw, load


def reachable(start: int, source: np.ndarray, target: np.ndarray) -> set[int]:
    neighbours: dict[int, list[int]] = {}
    for here, there in zip(source.tolist(), target.tolist(), strict=True):
        neighbours.setdefault(here, []).append(there)
    seen, todo = {start}, [start]
    while todo:
        for node in neighbours.get(todo.pop(), []):
            if node not in seen:
                seen.add(node)
                todo.append(node)
    return seen


def test_every_place_is_reached_from_every_other(city: City) -> None:
    network = city.network
    nodes = set(network.from_node.tolist()) | set(network.to_node.tolist())
    assert reachable(0, network.from_node, network.to_node) == nodes
    assert reachable(0, network.to_node, network.from_node) == nodes


def test_size(city: City) -> None:
    summary = city.network.summary()
    kilometres = summary["km_by_class"]
    # An expressway's two carriageways are one road.
    assert summary["km"] - kilometres["expressway"] / 2 >= 1200
    assert 1500 <= len(city.network) <= 4000
    assert set(kilometres) == {
        "expressway", "national", "provincial", "county", "village", "urban", "ramp",
    }  # fmt: skip


def test_every_segment_has_a_sign_and_a_division(city: City) -> None:
    network = city.network
    assert np.isfinite(network.limit_kmh).all()
    assert set(network.area.tolist()) == set(AREAS)
    assert float(network.length_m.min()) > 20


@pytest.mark.parametrize("ref", ["G5", "G4216"])
def test_stakes_rise_in_one_direction_and_fall_in_the_other(city: City, ref: str) -> None:
    network = city.network
    on = network.ref == ref
    rising = network.stake_end_m > network.stake_start_m
    assert set(network.direction[on & rising].tolist()) == {"下行"}
    assert set(network.direction[on & ~rising].tolist()) == {"上行"}


def test_g5_stakes_rise_southwards(city: City) -> None:
    north = city.network.locate("G5", 2_611_000, "下行")
    south = city.network.locate("G5", 2_700_000, "下行")
    assert north[2] > south[2] + 0.5
    assert city.network.place(*south[:2]) == "G5 K2700+000 下行"


def test_carriageways_lie_beside_each_other_right_hand_traffic(city: City) -> None:
    down = city.network.locate("G5", 2_655_000, "下行")
    up = city.network.locate("G5", 2_655_000, "上行")
    # Southbound keeps right: it runs west of northbound.
    assert down[3] < up[3]
    gap = np.hypot(*(np.subtract(geometry.to_plane(*down[2:]), geometry.to_plane(*up[2:]))))
    assert 18 < gap < 30


def test_tunnels_bends_and_grades_have_lower_signs(city: City) -> None:
    network = city.network
    express = network.road_class == 0
    assert (network.limit_kmh[express & network.tunnel] <= 80).all()
    assert (network.limit_kmh[express & (network.grade_pct < -3)] <= 80).all()
    assert {40.0, 60.0} <= set(network.limit_kmh[network.ref == "G227"].tolist())
    steep = network.grade_pct[np.isfinite(network.grade_pct)]
    assert steep.min() < -6
    assert steep.max() > 6, "the way back climbs"


def test_tunnels_are_clear_of_interchanges(city: City) -> None:
    layout = draw()
    for plan in load("roads.yaml")["interchanges"]:
        road = layout.road(plan["road"])[0]
        at = geometry.nearest_along(road.line, np.array(geometry.to_plane(*plan["at"])))
        for tunnel in road.plan["tunnels"]:
            start = tunnel["from_km"] * 1000
            clear = at + RAMP_REACH_M < start or at - RAMP_REACH_M > start + tunnel["length_m"]
            assert clear, f"{plan['name']} lies in {tunnel['name']}"


def test_no_two_roads_run_side_by_side(city: City) -> None:
    """Roads a receiver could not tell apart would make every score a matter of luck."""
    network = city.network
    pieces = np.flatnonzero((network.twin < 0) | (np.arange(len(network)) < network.twin)).tolist()
    lines = [
        LineString(
            [
                geometry.to_plane(lat, lon)
                for lat, lon in zip(
                    network.lat[network.first[index] : network.first[index + 1]],
                    network.lon[network.first[index] : network.first[index + 1]],
                    strict=True,
                )
            ]
        )
        for index in pieces
    ]
    names = [str(network.ref[index]) or str(network.name[index]) for index in pieces]
    tree = STRtree(lines)
    beside: Counter[tuple[str, str]] = Counter()
    for here, line in enumerate(lines):
        for at in np.arange(40.0, line.length - 40.0, 40.0):
            point = line.interpolate(at)
            for there in tree.query(point.buffer(25)):
                if names[there] < names[here] and lines[there].distance(point) < 25:
                    along = _course(line, at) - _course(lines[there], lines[there].project(point))
                    if abs((along + 90) % 180 - 90) < 30:
                        beside[names[there], names[here]] += 40
    # Ramps and links leave from and join their expressway side by side: that is what they are.
    roads = {
        pair: metres
        for pair, metres in beside.items()
        if not any(word in name for name in pair for word in ("互通", "枢纽", "掉头"))
    }
    assert max(roads.values(), default=0) <= 240, roads


def _course(line: LineString, at: float) -> float:
    before, after = line.interpolate(max(at - 8, 0)), line.interpolate(at + 8)
    return float(np.degrees(np.arctan2(after.x - before.x, after.y - before.y)))


def test_units_are_a_tree_of_three_levels(city: City) -> None:
    units = {unit["code"]: unit for unit in city.units}
    levels = Counter(unit["level"] for unit in city.units)
    assert levels["detachment"] == 1
    assert levels["brigade"] == 6
    for unit in city.units:
        if unit["level"] == "brigade":
            squadrons = [row for row in city.units if row["parent"] == unit["code"]]
            assert 2 <= len(squadrons) <= 4
            assert units[unit["parent"]]["level"] == "detachment"
    # Every division has a brigade, and the expressways one of their own.
    brigades = [unit for unit in city.units if unit["level"] == "brigade"]
    assert {unit["area"] for unit in brigades if "road_class" not in unit} == set(AREAS)
    assert [unit["code"] for unit in brigades if unit.get("road_class") == "expressway"] == ["gd"]
    assert all(unit["name_zh"] and unit["name_en"] for unit in city.units)


def test_sites_stand_where_the_map_is(city: City) -> None:
    west, south, east, north = city.network.bounds()
    assert len(city.checkpoints) >= 8
    assert len(city.weigh_stations) >= 3
    assert sum(site.get("check_station", False) for site in city.checkpoints) == 2
    for site in (*city.checkpoints, *city.weigh_stations, *city.service_areas, *city.units):
        assert west - 0.02 <= site["lon"] <= east + 0.02
        assert south - 0.02 <= site["lat"] <= north + 0.02
    assert len({junction["name"] for junction in city.junctions}) >= 40


def test_enterprises_say_that_they_are_made_up(city: City) -> None:
    assert len(city.enterprises) >= 30
    assert all("虚构" in firm["name"] for firm in city.enterprises)
    assert {firm["area"] for firm in city.enterprises} == set(AREAS)


def test_rivers_are_lines_for_a_map(city: City) -> None:
    names = [feature["properties"]["name"] for feature in city.rivers["features"]]
    assert names == ["金沙江", "雅砻江", "安宁河"]
    assert all(len(item["geometry"]["coordinates"]) > 50 for item in city.rivers["features"])


def test_write_keeps_the_network(city: City, tmp_path: Path) -> None:
    folder = DataDir(tmp_path / "data")
    city_module.write(folder)
    assert Network.load(folder.network).digest() == city.network.digest()
