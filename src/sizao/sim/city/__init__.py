"""The schematic mountain city: roads, police units, places and enterprises, from the YAML here.

Everything is made up or schematic: see ``docs/explanation/simulated-city.md``. No survey data,
no real vehicle, no real enterprise, no real device.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np

from sizao.core import durable
from sizao.core.errors import ConfigError
from sizao.log.datadir import DataDir
from sizao.roads.network import Network
from sizao.sim.city import geometry
from sizao.sim.city.features import features
from sizao.sim.city.fences import features as fence_features
from sizao.sim.city.layout import Layout, draw, load
from sizao.sim.city.model import AREAS, City

__all__ = ["AREAS", "City", "build", "units", "write"]


@cache
def build() -> City:
    """Draw the city; about two seconds, then kept. Raises ConfigError if the data contradict."""
    layout = draw()
    network = Network.from_features(features(layout))
    sites = load("sites.yaml")
    return City(
        network=network,
        units=units(),
        checkpoints=[_site(site, network, layout) for site in sites["checkpoints"]],
        weigh_stations=[_site(site, network, layout) for site in sites["weigh_stations"]],
        service_areas=[_site(site, network, layout) for site in sites["service_areas"]],
        toll_gates=[_placed(gate["xy"], name=gate["name"]) for gate in layout.gates],
        enterprises=_enterprises(sites["enterprises"], layout),
        junctions=[
            _placed(item["xy"], id=item["id"], name=item["name"], area=item["area"])
            for item in layout.junctions
        ],
        places={
            name: _placed(town["xy"], area=town["area"], kind=town["kind"])
            for name, town in layout.towns.items()
        }
        | {
            name: _placed(
                layout.nodes[name], area=layout.area_at(layout.nodes[name]), kind="village"
            )
            for name in layout.villages
        },
        rivers=_rivers(layout),
    )


def units() -> list[dict[str, Any]]:
    """Police units, parents before children; needs no drawing."""
    rows: list[dict[str, Any]] = []
    for unit in load("police.yaml"):
        lat, lon = unit.pop("at")
        if unit["parent"] not in {"", *(row["code"] for row in rows)}:
            raise ConfigError(f"police.yaml: {unit['code']}: parent {unit['parent']!r} comes later")
        rows.append({**unit, "lat": lat, "lon": lon})
    return rows


def write(data: DataDir) -> City:
    """Save the road network and the fences into a data folder, and give the city."""
    city = build()
    data.create()
    city.network.save(data.network)
    document = json.dumps(fence_features(city), ensure_ascii=False, indent=1)
    durable.replace(data.fences, document.encode())
    return city


def _placed(xy: Any, **rest: Any) -> dict[str, Any]:
    lat, lon = geometry.to_degrees(float(xy[0]), float(xy[1]))
    return {**rest, "lat": lat, "lon": lon}


def _site(site: dict[str, Any], network: Network, layout: Layout) -> dict[str, Any]:
    row = {key: value for key, value in site.items() if key not in ("stake", "at")}
    if "stake" in site:
        ref, km = site["stake"]
        segment, _, lat, lon = network.locate(ref, km * 1000, "下行")
        area = str(network.area[segment])
        return {**row, "lat": lat, "lon": lon, "road": ref, "stake_m": km * 1000, "area": area}
    lat, lon = site["at"]
    area = layout.area_at(np.array(geometry.to_plane(lat, lon)))
    return {**row, "lat": lat, "lon": lon, "road": "", "stake_m": None, "area": area}


def _enterprises(rows: list[dict[str, Any]], layout: Layout) -> list[dict[str, Any]]:
    for row in rows:
        for place in (row["base"], *row["far"]):
            if place not in layout.nodes:
                raise ConfigError(f"sites.yaml: {row['code']}: no place {place!r}")
    return rows


def _rivers(layout: Layout) -> dict[str, Any]:
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"name": river["name"], "width_m": river["width_m"]},
                "geometry": {
                    "type": "LineString",
                    "coordinates": [
                        list(geometry.to_degrees(x, y)[::-1])
                        for x, y in geometry.simplify(river["line"], 5.0)
                    ],
                },
            }
            for river in layout.rivers
        ],
    }
