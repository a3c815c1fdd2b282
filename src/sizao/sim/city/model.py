"""What the schematic city consists of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sizao.roads.network import Network

AREAS = {
    "510402": "东区",
    "510403": "西区",
    "510411": "仁和区",
    "510421": "米易县",
    "510422": "盐边县",
}
"""Division code to name (public geography)."""


@dataclass(frozen=True, eq=False)
class City:
    """All of the schematic city.

    units : police units: code, name_zh, name_en, level (detachment, brigade, squadron), parent
        (code or ""), area, lat, lon, and road_class where a unit works on one class only
    checkpoints, weigh_stations, service_areas : code, name, lat, lon, road, stake_m, area
    toll_gates : name, lat, lon
    enterprises : code, name, kind, area, base and far (names in ``places``)
    junctions : id, name, area, lat, lon
    places : name to lat, lon, area, kind (town, city, gate, village)
    rivers : GeoJSON FeatureCollection of LineStrings with name and width_m
    """

    network: Network
    units: list[dict[str, Any]]
    checkpoints: list[dict[str, Any]]
    weigh_stations: list[dict[str, Any]]
    service_areas: list[dict[str, Any]]
    toll_gates: list[dict[str, Any]]
    enterprises: list[dict[str, Any]]
    junctions: list[dict[str, Any]]
    places: dict[str, dict[str, Any]]
    rivers: dict[str, Any]
