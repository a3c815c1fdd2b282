"""GeoJSON in and out: road lines with the properties of ``features.PROPERTIES``."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from sizao.core.errors import ConfigError
from sizao.core.places import ROAD_CLASSES
from sizao.roads.features import Line, read_line
from sizao.roads.geometry import metres_per_degree
from sizao.roads.network import Network

_CLASS_NAMES = list(ROAD_CLASSES)


@dataclass(frozen=True)
class Rejected:
    """A feature or way that was left out: its number in the file (from 1) or id, and why."""

    number: int
    reason: str


@dataclass
class Imported:
    """What an import found."""

    lines: list[Line] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    skipped: int = 0
    """Objects of the file that are no drivable road, and need no attention."""
    clipped: int = 0
    """Roads that leave the file's extract; their parts inside are here."""


def read_geojson(path: Path | str) -> Imported:
    """Read a FeatureCollection of road lines; a MultiLineString is its parts.

    A bad feature is listed in ``rejected`` and the rest is read. Raises ConfigError if the file
    as a whole is no GeoJSON FeatureCollection.
    """
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or error}") from error
    except ValueError as error:
        raise ConfigError(f"{path}: not JSON: {error}") from error
    if not isinstance(document, Mapping) or not isinstance(document.get("features"), list):
        raise ConfigError(f"{path}: not a GeoJSON FeatureCollection")
    return read_features(document["features"])


def read_features(features: Iterable[object]) -> Imported:
    """Road lines of GeoJSON-like features, bad ones listed with their number from 1."""
    imported = Imported()
    for number, feature in enumerate(features, 1):
        try:
            imported.lines += [read_line(part) for part in _parts(feature)]
        except ConfigError as error:
            imported.rejected.append(Rejected(number, str(error)))
    return imported


def _parts(feature: object) -> list[Mapping[str, Any]]:
    if not isinstance(feature, Mapping):
        raise ConfigError("not an object")
    geometry = feature.get("geometry")
    if not isinstance(geometry, Mapping) or geometry.get("type") != "MultiLineString":
        return [feature]
    if (feature.get("properties") or {}).get("stake_m") is not None:
        raise ConfigError("a MultiLineString cannot have stakes: give each part its own feature")
    parts = geometry.get("coordinates")
    if not isinstance(parts, list):
        raise ConfigError("coordinates are not a list")
    return [{**feature, "geometry": {"type": "LineString", "coordinates": part}} for part in parts]


def to_geojson(network: Network, simplify_m: float | None = None) -> dict[str, Any]:
    """Roads for a map: a FeatureCollection, one LineString a road piece.

    The two directions of a two-way road are one feature. Properties: segment, ref, name,
    road_class, tunnel, area, limit (km/h or None), oneway. ``simplify_m`` leaves out
    vertices that change the line by less than so many metres.
    """
    features = []
    for segment in range(len(network)):
        if 0 <= network.twin[segment] < segment:
            continue
        start, stop = network.first[segment], network.first[segment + 1]
        lat, lon = network.lat[start:stop], network.lon[start:stop]
        if simplify_m:
            keep = _simplify(lat, lon, simplify_m)
            lat, lon = lat[keep], lon[keep]
        limit = float(network.limit_kmh[segment])
        points = np.column_stack((lon, lat)).round(6).tolist()
        features.append(
            {
                "type": "Feature",
                "id": segment,
                "geometry": {"type": "LineString", "coordinates": points},
                "properties": {
                    "segment": segment,
                    "ref": str(network.ref[segment]),
                    "name": str(network.name[segment]),
                    "road_class": _CLASS_NAMES[network.road_class[segment]],
                    "tunnel": bool(network.tunnel[segment]),
                    "bridge": bool(network.bridge[segment]),
                    "area": str(network.area[segment]),
                    "limit": None if math.isnan(limit) else limit,
                    "oneway": bool(network.twin[segment] < 0),
                },
            }
        )
    return {"type": "FeatureCollection", "features": features}


def _simplify(lat: np.ndarray, lon: np.ndarray, tolerance_m: float) -> np.ndarray:
    """Numbers of the vertices that Douglas-Peucker keeps, in metres on a local plane."""
    north, east = metres_per_degree(float(lat.mean()))
    # The third coordinate carries the vertex number through shapely, which ignores it.
    flat = np.column_stack((lon * east, lat * north, np.arange(len(lat))))
    line = shapely.simplify(shapely.LineString(flat), tolerance_m, preserve_topology=False)
    return shapely.get_coordinates(line, include_z=True)[:, 2].astype(np.int64)
