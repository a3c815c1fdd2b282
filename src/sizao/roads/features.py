"""Line features with properties -> the arrays of a :class:`~sizao.roads.network.Network`.

A feature is a GeoJSON-like mapping: a LineString in (lon, lat) degrees and properties, listed
in :data:`PROPERTIES` and in ``docs/reference/road-network.md``. Lines join where

* a line ends on any vertex of another, or
* two lines of the same ``layer`` share a vertex,

so that a flyover that happens to share a vertex with the road below is not a junction. Lines are
split there; stakes run on through the pieces.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from sizao.core.errors import ConfigError
from sizao.core.places import ROAD_CLASS_CODES
from sizao.core.vehicles import KIND_CODES
from sizao.roads.geometry import step_lengths_m

OPPOSITE = {"上行": "下行", "下行": "上行"}

PROPERTIES: dict[str, str] = {
    "road_class": "Required. A code of core.places.ROAD_CLASSES",
    "ref": "Road number, e.g. G5",
    "name": "Road or street name",
    "oneway": "true: only in the direction drawn. Default false: two directed segments",
    "limit_kmh": "Speed on the sign, km/h; absent: no sign",
    "limit_back_kmh": "Sign on the way back where it differs from limit_kmh",
    "limit_kmh_by_kind": "Signs for a vehicle kind: {kind: km/h}, codes of core.vehicles.KINDS",
    "lanes": "Lanes in each direction; 0 or absent: unknown",
    "tunnel": "true in a tunnel",
    "bridge": "true on a bridge",
    "layer": "Level among stacked roads, 0 on the ground",
    "grade_pct": "Rise in the direction drawn, percent; negative is a downgrade",
    "area": "Code of the county or district",
    "direction": "Label of the direction drawn, e.g. 上行; the way back gets the opposite",
    "direction_back": "Label of the way back, where it is not the opposite",
    "stake_m": "Stake at the first vertex, metres (K120+300 is 120300)",
    "stake_end_m": "Stake at the last vertex; default: true length on from stake_m",
    "stake_sign": "1 or -1: stakes rise or fall in the direction drawn; default 1",
}
"""Property name to meaning. Other properties are ignored."""

Point = tuple[float, float]


@dataclass
class Line:
    """One checked feature: vertices in degrees, properties with their defaults filled in."""

    lat: list[float]
    lon: list[float]
    road_class: int
    ref: str = ""
    name: str = ""
    oneway: bool = False
    limit_kmh: float = math.nan
    limit_back_kmh: float = math.nan
    limit_kmh_by_kind: dict[str, float] = field(default_factory=dict)
    lanes: int = 0
    tunnel: bool = False
    bridge: bool = False
    layer: int = 0
    grade_pct: float = math.nan
    area: str = ""
    direction: str = ""
    direction_back: str = ""
    stake_m: float = math.nan
    stake_end_m: float = math.nan
    keys: Sequence[object] | None = None
    """Names of the vertices where the source has them (OSM nodes); else they are coordinates."""


def read_line(feature: Mapping[str, Any]) -> Line:
    """Check one feature. Raises ConfigError that says what is wrong with it."""
    lat, lon = _vertices(feature.get("geometry"))
    given = feature.get("properties")
    if not isinstance(given, Mapping):
        raise ConfigError("no properties")
    road_class = given.get("road_class")
    if road_class not in ROAD_CLASS_CODES:
        raise ConfigError(f"road_class {road_class!r} is none of {', '.join(ROAD_CLASS_CODES)}")
    line = Line(lat, lon, ROAD_CLASS_CODES[road_class])
    for name in ("ref", "name", "area", "direction", "direction_back"):
        setattr(line, name, str(given.get(name) or ""))
    for name in ("oneway", "tunnel", "bridge"):
        setattr(line, name, _flag(given, name))
    line.limit_kmh = _number(given, "limit_kmh", 1, 200)
    line.limit_back_kmh = _number(given, "limit_back_kmh", 1, 200, default=line.limit_kmh)
    line.lanes = int(_number(given, "lanes", 0, 20, default=0))
    line.layer = int(_number(given, "layer", -10, 10, default=0))
    line.grade_pct = _number(given, "grade_pct", -40, 40)
    by_kind = given.get("limit_kmh_by_kind") or {}
    if not isinstance(by_kind, Mapping) or not set(by_kind) <= set(KIND_CODES):
        raise ConfigError(f"limit_kmh_by_kind {by_kind!r} is not a mapping of vehicle kinds")
    line.limit_kmh_by_kind = {kind: _number(by_kind, kind, 1, 200) for kind in by_kind}
    line.direction_back = line.direction_back or OPPOSITE.get(line.direction, line.direction)
    _read_stakes(line, given)
    return line


def _read_stakes(line: Line, given: Mapping[str, Any]) -> None:
    line.stake_m = _number(given, "stake_m", -1e6, 1e8)
    line.stake_end_m = _number(given, "stake_end_m", -1e6, 1e8)
    sign = _number(given, "stake_sign", -1, 1, default=1)
    if sign not in (-1, 1):
        raise ConfigError(f"stake_sign {sign} is neither 1 nor -1")
    if math.isnan(line.stake_m):
        if not math.isnan(line.stake_end_m):
            raise ConfigError("stake_end_m without stake_m")
    elif math.isnan(line.stake_end_m):
        line.stake_end_m = line.stake_m + sign * float(
            step_lengths_m(np.array(line.lat), np.array(line.lon)).sum()
        )
    elif line.stake_end_m == line.stake_m:
        raise ConfigError("stake_end_m equals stake_m")


def _vertices(geometry: object) -> tuple[list[float], list[float]]:
    if not isinstance(geometry, Mapping) or geometry.get("type") != "LineString":
        kind = geometry.get("type") if isinstance(geometry, Mapping) else geometry
        raise ConfigError(f"geometry {kind!r} is not a LineString")
    lat: list[float] = []
    lon: list[float] = []
    coordinates = geometry.get("coordinates")
    if not isinstance(coordinates, Sequence) or isinstance(coordinates, str):
        raise ConfigError("coordinates are not a list")
    for number, pair in enumerate(coordinates):
        try:
            x, y = float(pair[0]), float(pair[1])
        except (TypeError, ValueError, IndexError, KeyError):
            raise ConfigError(f"vertex {number}: {pair!r} is not [lon, lat]") from None
        if not (-180 <= x <= 180 and -90 < y < 90):
            raise ConfigError(f"vertex {number}: lon {x}, lat {y} is not on the globe")
        if not lat or (x, y) != (lon[-1], lat[-1]):
            lat.append(y)
            lon.append(x)
    if len(lat) < 2:
        raise ConfigError("fewer than two different vertices")
    return lat, lon


def _flag(given: Mapping[str, Any], name: str) -> bool:
    value = given.get(name)
    if value in (None, False, True, 0, 1):
        return bool(value)
    if value in ("yes", "no", "true", "false"):
        return value in ("yes", "true")
    raise ConfigError(f"{name} {value!r} is not true or false")


def _number(
    given: Mapping[str, Any], name: str, low: float, high: float, default: float = math.nan
) -> float:
    value = given.get(name)
    if value is None:
        return default
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ConfigError(f"{name} {value!r} is not a number") from None
    if not low <= number <= high:
        raise ConfigError(f"{name} {number} is not between {low} and {high}")
    return number


def read_lines(features: Iterable[Mapping[str, Any]]) -> list[Line]:
    """Check all features. Raises ConfigError with the number (from 1) of the first bad one."""
    lines = []
    for number, feature in enumerate(features, 1):
        try:
            lines.append(read_line(feature))
        except ConfigError as error:
            raise ConfigError(f"feature {number}: {error}") from None
    return lines


def build(lines: Sequence[Line]) -> dict[str, np.ndarray]:
    """Split lines where they join and lay them out as the columns of a network."""
    cuts, nodes = _junctions(lines)
    lat: list[np.ndarray] = []
    lon: list[np.ndarray] = []
    rows: list[tuple[Any, ...]] = []
    kinds: list[tuple[int, int, float]] = []
    for number, line in enumerate(lines):
        y, x = np.array(line.lat), np.array(line.lon)
        along = np.concatenate(([0.0], np.cumsum(step_lengths_m(y, x))))
        if not along[-1] > 0:
            continue
        share = (line.stake_end_m - line.stake_m) / along[-1]
        for start, stop in pairwise(cuts[number]):
            stakes = (line.stake_m + share * along[start], line.stake_m + share * along[stop])
            ends = (nodes[number][start], nodes[number][stop])
            forward = len(rows)
            for back in (False,) if line.oneway else (False, True):
                step = -1 if back else 1
                lat.append(y[start : stop + 1][::step])
                lon.append(x[start : stop + 1][::step])
                twin = -1 if line.oneway else forward + (0 if back else 1)
                kinds += [
                    (len(rows), KIND_CODES[kind], limit)
                    for kind, limit in line.limit_kmh_by_kind.items()
                ]
                rows.append(
                    (
                        *ends[::step],
                        twin,
                        line.ref,
                        line.name,
                        line.road_class,
                        line.limit_back_kmh if back else line.limit_kmh,
                        line.tunnel,
                        line.bridge,
                        line.layer,
                        line.lanes,
                        line.grade_pct * step,
                        line.area,
                        line.direction_back if back else line.direction,
                        *stakes[::step],
                    )
                )
    names = (
        ("from_node", np.int32),
        ("to_node", np.int32),
        ("twin", np.int32),
        ("ref", np.str_),
        ("name", np.str_),
        ("road_class", np.int8),
        ("limit_kmh", np.float32),
        ("tunnel", np.bool_),
        ("bridge", np.bool_),
        ("layer", np.int8),
        ("lanes", np.int8),
        ("grade_pct", np.float32),
        ("area", np.str_),
        ("direction", np.str_),
        ("stake_start_m", np.float64),
        ("stake_end_m", np.float64),
    )
    if not rows:
        raise ConfigError("no road in the input")
    columns: dict[str, np.ndarray] = {
        name: np.array(values, dtype)
        for (name, dtype), values in zip(names, zip(*rows, strict=True), strict=True)
    }
    by_kind = np.full((len(rows) if kinds else 0, len(KIND_CODES)), np.nan, np.float32)
    for segment, kind, limit in kinds:
        by_kind[segment, kind] = limit
    sizes = np.array([len(piece) for piece in lat])
    return columns | {
        "lat": np.concatenate(lat),
        "lon": np.concatenate(lon),
        "first": np.concatenate(([0], np.cumsum(sizes))).astype(np.int64),
        "limit_kmh_by_kind": by_kind,
    }


def _junctions(lines: Sequence[Line]) -> tuple[list[list[int]], list[dict[int, int]]]:
    """For each line the vertex numbers where it is cut, and the node number at each of them."""
    keys = [
        line.keys
        # 1e-7 degrees is a centimetre: what a file format rounds away.
        or [(round(y * 1e7), round(x * 1e7)) for y, x in zip(line.lat, line.lon, strict=True)]
        for line in lines
    ]
    ends = {key for line in keys for key in (line[0], line[-1])}
    seen: dict[object, int] = {}
    for line, names in zip(lines, keys, strict=True):
        for key in names:
            level = _level(line, key)
            seen[level] = seen.get(level, 0) + 1
    numbers: dict[object, int] = {}
    nodes: list[dict[int, int]] = []
    for line, names in zip(lines, keys, strict=True):
        here: dict[int, int] = {}
        for vertex, key in enumerate(names):
            if key in ends:
                here[vertex] = numbers.setdefault(key, len(numbers))
            elif seen[_level(line, key)] > 1:
                here[vertex] = numbers.setdefault(_level(line, key), len(numbers))
        nodes.append(here)
    return [list(here) for here in nodes], nodes


def _level(line: Line, key: object) -> object:
    """What two inner vertices must have in common to be one place.

    Equal coordinates may be a flyover over a road, so the layer has to agree; a shared name
    (an OSM node) is a junction by the source's own word.
    """
    return key if line.keys else (key, line.layer)
