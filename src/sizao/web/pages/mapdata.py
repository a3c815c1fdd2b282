"""What the map shows besides roads and vehicles."""

from __future__ import annotations

import json
from typing import Any

from sizao.web.pages.words import pick
from sizao.web.ports import installed, ports
from sizao.web.units.models import Unit, User

CONTEXT_FILE = "context.geojson"
"""In the data folder: river, places and stations of the area. Optional; the demonstration writes
the schematic city's. A feature has ``layer`` (area, river, place, tunnel, checkpoint,
check_station, weigh_station), ``name`` and, for places, ``rank`` 1 to 3."""

PANZHIHUA = (101.25, 26.05, 102.25, 27.15)
"""West, south, east, north: shown until a road network says better."""


def bounds() -> str:
    """The box to show first, as ``west,south,east,north``."""
    box = PANZHIHUA
    if installed() and ports().network is not None:
        box = ports().network.bounds()
    return ",".join(f"{value:.5f}" for value in box)


def context_features(user: User) -> dict[str, Any]:
    """River, places and stations from the installation's file, and the police units from the
    database, as one FeatureCollection."""
    features: list[dict[str, Any]] = []
    if installed():
        path = ports().data.root / CONTEXT_FILE
        if path.exists():
            features += json.loads(path.read_text(encoding="utf-8"))["features"]
    for unit in Unit.objects.for_user(user).exclude(lat=None):
        features.append(
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [unit.lon, unit.lat]},
                "properties": {"layer": "police", "name": pick(unit.name_zh, unit.name_en)},
            }
        )
    return {"type": "FeatureCollection", "features": features}
