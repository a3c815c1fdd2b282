"""GeoJSON import: what is wrong is listed with its number, the rest comes in."""

from __future__ import annotations

import json

import pytest

from sizao.core.errors import ConfigError
from sizao.roads.areas import assign_areas
from sizao.roads.geojson import Rejected, read_geojson, to_geojson
from sizao.roads.network import Network

from .worlds import line


@pytest.fixture
def write(tmp_path):
    def write_(features: object) -> str:
        path = tmp_path / "roads.geojson"
        document = {"type": "FeatureCollection", "features": features}
        path.write_text(json.dumps(document), encoding="utf-8")
        return str(path)

    return write_


def test_bad_features_are_listed_and_the_rest_is_read(write):
    imported = read_geojson(
        write(
            [
                line([(0, 0), (9, 0)]),
                line([(0, 0), (9, 0)], road_class="path"),
                "nothing",
                line([(0, 0), (0, 9)]),
                line([(5, 5)]),
            ]
        )
    )
    assert len(imported.lines) == 2
    assert [item.number for item in imported.rejected] == [2, 3, 5]
    assert imported.rejected[1] == Rejected(3, "not an object")
    assert "road_class 'path'" in imported.rejected[0].reason


def test_several_lines_in_one_feature(write):
    feature = line([(0, 0), (9, 0)])
    parts = [feature["geometry"]["coordinates"], line([(0, 5), (9, 5)])["geometry"]["coordinates"]]
    feature["geometry"] = {"type": "MultiLineString", "coordinates": parts}
    imported = read_geojson(write([feature]))
    assert len(imported.lines) == 2
    feature["properties"]["stake_m"] = 5
    assert "cannot have stakes" in read_geojson(write([feature])).rejected[0].reason


def test_export_can_be_imported_again(write):
    n = Network.from_features(
        [line([(0, 0), (500, 0), (900, 10)], ref="S214", limit_kmh=60, oneway=True)]
    )
    again = Network.from_lines(read_geojson(write(to_geojson(n)["features"])).lines)
    assert again.ref.tolist() == ["S214"]
    assert again.length_m == pytest.approx(n.length_m, abs=0.5)


@pytest.mark.parametrize("text", ["", "[1]", '{"features": 5}', "\x00"])
def test_a_file_that_is_no_geojson_is_one_error(tmp_path, text):
    path = tmp_path / "x.geojson"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match="not "):
        read_geojson(path)
    with pytest.raises(ConfigError, match="No such file"):
        read_geojson(tmp_path / "none")


def _square(west: float, code: str | None) -> dict[str, object]:
    ring = line([(west, -50), (west + 100, -50), (west + 100, 50), (west, 50), (west, -50)])
    geometry = {"type": "Polygon", "coordinates": [ring["geometry"]["coordinates"]]}
    return {"geometry": geometry, "properties": {"code": code}}


def test_counties_come_from_polygons(write, tmp_path):
    lines = read_geojson(
        write(
            [
                line([(10, 0), (20, 0), (30, 0)]),
                line([(110, 0), (120, 0), (130, 0)]),
                line([(10, 9), (20, 9)], area="510499"),
                line([(900, 0), (910, 0)]),
            ]
        )
    ).lines
    counties = tmp_path / "counties.geojson"
    both = [_square(0, "510402"), _square(100, "510403")]
    counties.write_text(json.dumps({"features": both}), encoding="utf-8")
    assert assign_areas(lines, counties) == 1
    assert [item.area for item in lines] == ["510402", "510403", "510499", ""]
    counties.write_text(json.dumps({"features": [_square(0, None)]}), encoding="utf-8")
    with pytest.raises(ConfigError, match="feature 1 is not a polygon with a code"):
        assign_areas(lines, counties)
    counties.write_text("{}", encoding="utf-8")
    with pytest.raises(ConfigError, match="not a GeoJSON file of polygons"):
        assign_areas(lines, counties)
