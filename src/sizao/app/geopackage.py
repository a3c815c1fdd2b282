"""Road lines of a GeoPackage, as features that the road importer reads.

A GeoPackage is an SQLite file with geometries as WKB behind a short header, so the standard
library and shapely read it. It stands here because stages open no database.

Source: OGC 12-128r19, GeoPackage 1.4, 2.1.3 (geometry blobs) and 1.1.2 (reference systems).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import shapely

from sizao.core.errors import ConfigError

DEGREES = {4326: "WGS 84", 4490: "CGCS2000"}
"""Reference systems in degrees that agree to the centimetres that matter here."""

_ENVELOPES = (0, 32, 48, 48, 64)
"""Bytes of the header's envelope by its code."""


def features(path: Path, layer: str = "") -> Iterator[dict[str, Any]]:
    """GeoJSON-like features of a layer; without a name, of the only one with lines.

    A row without geometry gives a feature with None. Raises ConfigError if the file is no
    GeoPackage, the layer is not there or not clear, or its coordinates are not in degrees.
    """
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as file:
            yield from _read(file, path, layer)
    except sqlite3.DatabaseError as error:
        raise ConfigError(f"{path}: not a GeoPackage: {error}") from error


def _read(file: sqlite3.Connection, path: Path, layer: str) -> Iterator[dict[str, Any]]:
    layers = {
        name: (column, srs)
        for name, column, srs, kind in file.execute(
            "SELECT table_name, column_name, srs_id, geometry_type_name FROM gpkg_geometry_columns"
        )
        if kind.upper() in ("LINESTRING", "MULTILINESTRING", "GEOMETRY", "CURVE", "MULTICURVE")
    }
    if not layer and len(layers) != 1:
        raise ConfigError(
            f"{path}: {len(layers)} layers with lines ({', '.join(sorted(layers)) or 'none'});"
            " name one with --layer"
        )
    name = layer or next(iter(layers))
    if name not in layers:
        raise ConfigError(f"{path}: no layer {name!r} with lines; it has {', '.join(layers)}")
    column, srs = layers[name]
    if srs not in DEGREES:
        raise ConfigError(
            f"{path}: layer {name!r} is in reference system {srs}; save it in EPSG:4326 first"
        )
    quoted = name.replace('"', '""')
    rows = file.execute(f'SELECT * FROM "{quoted}"')
    names = [one[0] for one in rows.description]
    for row in rows:
        properties = dict(zip(names, row, strict=True))
        blob = properties.pop(column)
        yield {
            "type": "Feature",
            "properties": {key: value for key, value in properties.items() if value is not None},
            "geometry": _geometry(blob) if blob else None,
        }


def _geometry(blob: bytes) -> dict[str, Any] | None:
    """A GeoJSON geometry, without heights; None for an empty or unreadable one."""
    if blob[:2] != b"GP" or len(blob) < 8:
        return None
    code = blob[3] >> 1 & 7
    if code >= len(_ENVELOPES):
        return None
    shape = shapely.from_wkb(blob[8 + _ENVELOPES[code] :], on_invalid="ignore")
    if shape is None or shape.is_empty:
        return None
    found: dict[str, Any] = shapely.geometry.mapping(shapely.force_2d(shape))
    return found
