"""Which county or district each road lies in, from a GeoJSON file of polygons."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import shapely
import shapely.geometry

from sizao.core.errors import ConfigError
from sizao.roads.features import Line


def assign_areas(lines: Sequence[Line], path: Path | str) -> int:
    """Set ``area`` of lines that have none, by the polygon that holds their middle vertex.

    Each polygon's code is its property ``code`` (or ``adcode``). Returns how many lines are in
    no polygon. Raises ConfigError if the file has no polygons or one has no code.
    """
    try:
        features = json.loads(Path(path).read_text(encoding="utf-8"))["features"]
        shapes = [shapely.geometry.shape(feature["geometry"]) for feature in features]
        named = [feature.get("properties") or {} for feature in features]
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or error}") from error
    except (ValueError, KeyError, TypeError, AttributeError, shapely.errors.ShapelyError) as error:
        raise ConfigError(f"{path}: not a GeoJSON file of polygons: {error}") from error
    codes = [str(names.get("code") or names.get("adcode") or "") for names in named]
    for number, (shape, code) in enumerate(zip(shapes, codes, strict=True), 1):
        if shape.geom_type not in ("Polygon", "MultiPolygon") or not code:
            raise ConfigError(f"{path}: feature {number} is not a polygon with a code")
    if not shapes:
        raise ConfigError(f"{path}: no polygons")
    open_lines = [line for line in lines if not line.area]
    middles = shapely.points(
        [line.lon[len(line.lon) // 2] for line in open_lines],
        [line.lat[len(line.lat) // 2] for line in open_lines],
    )
    inside = dict(shapely.STRtree(shapes).query(middles, predicate="intersects").T[::-1].tolist())
    for number, line in enumerate(open_lines):
        if number in inside:
            line.area = codes[inside[number]]
    return len(open_lines) - len(inside)
