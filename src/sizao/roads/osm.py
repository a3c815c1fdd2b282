"""Drivable roads of an OpenStreetMap file (PBF, XML), as lines for a network.

What is taken from the tags is in ``docs/reference/road-network.md``. In short: the road class
comes from a Chinese road number where there is one (G5 and G4216 expressway, G108 national, S214
provincial, X county, Y and C village), else from ``highway``; the limit only from a number in
``maxspeed``, because an implicit zone such as ``CN:urban`` means that there is no sign and the
law's default holds.

Source of the tagging: wiki.openstreetmap.org, Key:maxspeed, Key:oneway, China tagging guidelines
(from memory, to be checked).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import osmium

from sizao.core.errors import ConfigError
from sizao.core.places import ROAD_CLASS_CODES
from sizao.roads.features import Line
from sizao.roads.geojson import Imported, Rejected

BY_HIGHWAY: dict[str, tuple[str, str]] = {
    "motorway": ("expressway", "expressway"),
    "motorway_link": ("ramp", "ramp"),
    "trunk": ("national", "national"),
    "trunk_link": ("ramp", "ramp"),
    "primary": ("provincial", "urban"),
    "primary_link": ("ramp", "urban"),
    "secondary": ("county", "urban"),
    "secondary_link": ("county", "urban"),
    "tertiary": ("county", "urban"),
    "tertiary_link": ("county", "urban"),
    "unclassified": ("village", "village"),
    "residential": ("urban", "urban"),
    "living_street": ("urban", "urban"),
    "road": ("village", "village"),
    "service": ("village", "urban"),
}
"""Road class of a way with a number and of one without, by its ``highway`` tag."""

_BY_NUMBER = (
    (re.compile(r"G\d{1,2}$|G\d{4}$|S\d{1,2}$"), "expressway"),
    (re.compile(r"G\d{3}$"), "national"),
    (re.compile(r"S\d{3}$"), "provincial"),
    (re.compile(r"X\w+$"), "county"),
    (re.compile(r"[YC]\w+$"), "village"),
)
_NOT_SERVICE = {"parking_aisle", "driveway", "drive-through", "emergency_access"}
_SHUT = {"no", "private"}
_MPH = 1.609344
_WALK_KMH = 5.0
_KINDS = {
    "maxspeed:hgv": ("heavy_truck", "semi_tractor", "hazmat"),
    "maxspeed:coach": ("line_coach", "tour_coach", "highway_passenger", "school_bus"),
    "maxspeed:bus": ("line_coach", "tour_coach", "highway_passenger", "school_bus"),
    "maxspeed:hazmat": ("hazmat",),
}

Tags = Mapping[str, str]


def read_osm(path: Path | str) -> Imported:
    """Read the drivable ways of a file. Memory: some 100 bytes a node of the file.

    A way whose nodes are partly outside an extract keeps its parts inside and counts as
    ``clipped``. A way that cannot be
    used, or a tag that cannot be read, is listed in ``rejected`` under the way's id; in the
    latter case the way is there without that tag. Raises ConfigError if the file as a whole
    cannot be read.
    """
    imported = Imported()
    if not Path(path).is_file():
        raise ConfigError(f"{path}: no such file")
    try:
        ways = (
            osmium.FileProcessor(str(path), osmium.osm.NODE | osmium.osm.WAY)
            .with_locations()
            .with_filter(osmium.filter.KeyFilter("highway"))
        )
        for way in ways:
            if way.is_way():
                _read_way(way, imported)
    except RuntimeError as error:
        raise ConfigError(f"{path}: not a readable OpenStreetMap file: {error}") from error
    return imported


def _read_way(way: osmium.osm.Way, imported: Imported) -> None:
    tags = {tag.k: tag.v for tag in way.tags}
    if not drivable(tags):
        imported.skipped += 1
        return
    proto, problems = line_of_tags(tags)
    imported.rejected += [Rejected(way.id, problem) for problem in problems]
    runs = list(_runs(way))
    whole = all(node.location.valid() for node in way.nodes)
    imported.clipped += not whole
    if whole and not runs:
        imported.rejected.append(Rejected(way.id, "fewer than two different nodes"))
    for lat, lon, keys in runs:
        if oneway_of(tags) < 0:
            lat, lon, keys = lat[::-1], lon[::-1], keys[::-1]
        line = Line(**{**vars(proto), "lat": lat, "lon": lon, "keys": keys})
        imported.lines.append(line)


def _runs(way: osmium.osm.Way) -> Iterator[tuple[list[float], list[float], list[int]]]:
    """Stretches of the way whose nodes are all in the file, at least two nodes each."""
    lat: list[float] = []
    lon: list[float] = []
    keys: list[int] = []
    for node in way.nodes:
        if not node.location.valid():
            if len(keys) > 1:
                yield lat, lon, keys
            lat, lon, keys = [], [], []
        elif not keys or (node.lat, node.lon) != (lat[-1], lon[-1]):
            lat.append(node.lat)
            lon.append(node.lon)
            keys.append(node.ref)
    if len(keys) > 1:
        yield lat, lon, keys


def drivable(tags: Tags) -> bool:
    """Whether motor vehicles of the public may drive here."""
    if tags.get("highway") not in BY_HIGHWAY or tags.get("area") == "yes":
        return False
    if tags["highway"] == "service" and tags.get("service") in _NOT_SERVICE:
        return False
    # The most particular key that is given decides.
    for key in ("motorcar", "motor_vehicle", "vehicle", "access"):
        if key in tags:
            return tags[key] not in _SHUT
    return True


def oneway_of(tags: Tags) -> int:
    """1 in the direction drawn only, -1 against it only, 0 both ways."""
    value = tags.get("oneway")
    if value in ("-1", "reverse"):
        return -1
    if value is not None:
        return 1 if value in ("yes", "true", "1") else 0
    implied = tags.get("junction") in ("roundabout", "circular")
    return 1 if implied or tags.get("highway") == "motorway" else 0


def road_class_of(tags: Tags) -> str:
    """Code of core.places.ROAD_CLASSES."""
    highway, ref = tags["highway"], _number_of(tags)
    if highway.endswith("_link") or highway == "motorway":
        return BY_HIGHWAY[highway][0 if ref else 1]
    for pattern, road_class in _BY_NUMBER:
        if pattern.match(ref):
            return road_class
    named_fast = any(word in tags.get("name", "") for word in ("快速", "高架", "环线"))
    if highway in ("trunk", "primary") and (named_fast or tags.get("motorroad") == "yes"):
        return "urban_expressway"
    return BY_HIGHWAY[highway][0 if ref else 1]


def _number_of(tags: Tags) -> str:
    """The first of several road numbers, without spaces: "G5;G93" is G5."""
    return tags.get("ref", "").split(";")[0].replace(" ", "")


def maxspeed_kmh(value: str) -> float | None:
    """Km/h on the sign; None where the tag says there is none. Raises ValueError if unreadable.

    >>> [maxspeed_kmh(value) for value in ("60", "40 mph", "CN:urban", "none")]
    [60.0, 64.37376, None, None]
    """
    text = value.strip().lower()
    if text in ("none", "signals", "variable", "default") or re.fullmatch(r"[a-z]{2}:.*", text):
        return None
    if text == "walk":
        return _WALK_KMH
    # Several values mean lanes or times of day: the lowest is always allowed.
    speeds = []
    for part in re.split(r"[;|]", text):
        found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(km/h|kmh|kph|mph)?", part.strip())
        if not found:
            raise ValueError(f"maxspeed {value!r}")
        speeds.append(float(found[1]) * (_MPH if found[2] == "mph" else 1.0))
    lowest = min(speeds)
    if not 1 <= lowest <= 200:
        raise ValueError(f"maxspeed {value!r}")
    return lowest


def line_of_tags(tags: Tags) -> tuple[Line, list[str]]:
    """A line without geometry, and what could not be read. Reversed for ``oneway=-1``."""
    problems: list[str] = []
    oneway = oneway_of(tags)

    def speed(*keys: str) -> float:
        for key in keys:
            try:
                kmh = maxspeed_kmh(tags[key]) if key in tags else None
            except ValueError as error:
                problems.append(f"{key}: {error}")
                continue
            if kmh is not None:
                return kmh
        return float("nan")

    ahead, behind = "maxspeed:forward", "maxspeed:backward"
    line = Line([], [], ROAD_CLASS_CODES[road_class_of(tags)])
    line.ref = _number_of(tags)
    line.name = tags.get("name", "")
    line.oneway = oneway != 0
    line.limit_kmh = speed(behind if oneway < 0 else ahead, "maxspeed")
    line.limit_back_kmh = speed(behind, "maxspeed")
    for key, kinds in _KINDS.items():
        if key in tags and (kmh := speed(key)) == kmh:
            line.limit_kmh_by_kind |= dict.fromkeys(kinds, kmh)
    line.tunnel = tags.get("tunnel", "no") not in ("no", "culvert")
    line.bridge = tags.get("bridge", "no") != "no"
    line.layer = _small_number(tags, "layer", 0, problems)
    lanes = _small_number(tags, "lanes", 0, problems)
    given = _small_number(tags, "lanes:forward", 0, problems)
    line.lanes = given or (lanes if line.oneway else max(1, lanes // 2) if lanes else 0)
    slope = re.fullmatch(r"(-?\d+(?:\.\d+)?)\s*%", tags.get("incline", ""))
    if slope and abs(float(slope[1])) <= 40:
        line.grade_pct = float(slope[1]) * (-1 if oneway < 0 else 1)
    return line, problems


def _small_number(tags: Tags, key: str, default: int, problems: list[str]) -> int:
    text = tags.get(key)
    if text is None:
        return default
    # Half lanes and lists of layers occur; the whole part of the first number is meant.
    found = re.match(r"-?\d{1,2}(?!\d)", text.strip())
    if not found or not -10 <= int(found[0]) <= 20:
        problems.append(f"{key} {text!r}")
        return default
    return int(found[0])
