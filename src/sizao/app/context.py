"""What the map of a demonstration shows beside roads: ``context.geojson`` in the data folder.

An installation without the schematic city may put its own file there; ``web/pages/mapdata.py``
says what a feature needs.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sizao.core import durable
from sizao.log.datadir import DataDir

if TYPE_CHECKING:
    from sizao.sim.city import City

RANKS = {"city": 1, "town": 2, "gate": 2, "village": 3}
"""Kind of place to its rank: 1 is labelled first and largest."""


def write_context(city: City, data: DataDir) -> None:
    """Rivers, places and stations of the city as GeoJSON."""
    features: list[dict[str, Any]] = []
    for river in city.rivers["features"]:
        line = [[float(lon), float(lat)] for lon, lat in river["geometry"]["coordinates"]]
        features.append(
            {
                "type": "Feature",
                "geometry": {"type": "LineString", "coordinates": line},
                "properties": {"layer": "river", **river["properties"]},
            }
        )
    for name, place in city.places.items():
        features.append(_point("place", name, place, rank=RANKS.get(place["kind"], 3)))
    for site in city.checkpoints:
        layer = "check_station" if site.get("check_station") else "checkpoint"
        features.append(_point(layer, site["name"], site))
    for site in city.weigh_stations:
        features.append(_point("weigh_station", site["name"], site))
    collection = {"type": "FeatureCollection", "features": features}
    durable.replace(
        data.root / "context.geojson", json.dumps(collection, ensure_ascii=False).encode()
    )


def _point(layer: str, name: str, place: Any, **more: Any) -> dict[str, Any]:
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [float(place["lon"]), float(place["lat"])]},
        "properties": {"layer": layer, "name": name, **more},
    }
