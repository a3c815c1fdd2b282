"""The network: joining lines, linear reference, files."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sizao.core.errors import ConfigError
from sizao.core.vehicles import KIND_CODES
from sizao.roads.geojson import to_geojson
from sizao.roads.network import Network

from .worlds import by_ref, line, valley


@pytest.fixture(scope="module")
def network() -> Network:
    return valley()


def test_two_way_road_is_two_segments_over_one_geometry():
    n = Network.from_features([line([(0, 0), (100, 0), (100, 100)], grade_pct=4)])
    assert n.twin.tolist() == [1, 0]
    assert n.from_node[0] == n.to_node[1]
    assert n.to_node[0] == n.from_node[1]
    assert n.lat[:3].tolist() == n.lat[3:][::-1].tolist()
    assert n.grade_pct.tolist() == [4, -4]
    assert n.length_m == pytest.approx([200, 200], rel=1e-4)


def test_a_line_that_ends_on_another_splits_it():
    n = Network.from_features(
        [line([(0, 0), (100, 0), (200, 0)], oneway=True), line([(100, 0), (100, 90)], oneway=True)]
    )
    assert n.length_m == pytest.approx([100, 100, 90], rel=1e-3)
    assert n.to_node[0] == n.from_node[1] == n.from_node[2]


def test_lines_that_share_an_inner_vertex_join_on_one_layer_only():
    def crossing(layer: int) -> Network:
        east = line([(0, 0), (100, 0), (200, 0)], oneway=True)
        north = line([(100, -90), (100, 0), (100, 90)], oneway=True, layer=layer)
        return Network.from_features([east, north])

    assert len(crossing(0)) == 4
    assert len(crossing(1)) == 2, "a flyover is not a junction"


def test_repeated_vertices_and_a_ring_are_read():
    n = Network.from_features(
        [line([(0, 0), (0, 0), (100, 0), (100, 0), (100, 100), (0, 0)], oneway=True)]
    )
    assert n.from_node[0] == n.to_node[0]
    assert np.diff(n.first).tolist() == [4]


def test_signs_for_a_kind_and_for_the_way_back():
    n = Network.from_features(
        [line([(0, 0), (9, 0)], limit_kmh=60, limit_back_kmh=40, limit_kmh_by_kind={"hazmat": 50})]
    )
    assert n.limit_kmh.tolist() == [60, 40]
    assert n.limit_kmh_by_kind[:, KIND_CODES["hazmat"]].tolist() == [50, 50]
    assert np.isnan(n.limit_kmh_by_kind[:, KIND_CODES["other"]]).all()


def test_stakes_run_on_through_the_pieces_and_back(network):
    down, up = by_ref(network, "G5", "下行"), by_ref(network, "G5", "上行")
    assert len(down) == 2
    assert network.stake_start_m[down[0]] == 100_000
    assert network.stake_start_m[down[1]] == network.stake_end_m[down[0]]
    assert network.stake_end_m[down[1]] == pytest.approx(
        100_000 + network.length_m[down].sum(), abs=0.01
    )
    assert network.place(down[0], 300.0) == "G5 K100+300 下行"
    # Stakes of the other carriageway fall in driving direction.
    assert network.place(up[0], 300.0) == "G5 K111+700 上行"


def test_way_back_of_a_two_way_road_has_the_opposite_label_and_falling_stakes():
    n = Network.from_features(
        [line([(0, 0), (1000, 0)], ref="S214", stake_m=5000, direction="上行")]
    )
    assert n.place(0, 100.0) == "S214 K5+100 上行"
    assert n.place(1, 100.0) == "S214 K5+900 下行"


def test_stakes_stretch_to_the_given_end():
    # 断链: a road was shortened and the stakes were not renumbered.
    n = Network.from_features([line([(0, 0), (1000, 0)], ref="X1", stake_m=0, stake_end_m=2000)])
    assert float(n.stake_at(0, n.length_m[0] / 4)) == pytest.approx(500)


@pytest.mark.parametrize(
    ("properties", "place"),
    [
        ({"ref": "S214"}, "S214"),
        ({"name": "滨江路"}, "滨江路"),
        ({"name": "滨江路", "direction": "上行"}, "滨江路 上行"),
        ({"road_class": "county"}, "未命名县道"),
    ],
)
def test_place_without_stakes(properties, place):
    assert Network.from_features([line([(0, 0), (9, 0)], **properties)]).place(0, 1.0) == place


def test_unmatched_has_no_place(network):
    assert network.place(-1, float("nan")) == ""
    assert np.isnan(network.stake_at(np.array([-1]), np.array([1.0]))).all()


@given(st.floats(100_000, 112_000), st.sampled_from(["上行", "下行"]))
def test_locate_and_stake_are_inverse(stake_m, direction):
    n = _VALLEY
    segment, offset_m, lat, lon = n.locate("G5", stake_m, direction)
    assert n.direction[segment] == direction
    assert float(n.stake_at(segment, offset_m)) == pytest.approx(stake_m, abs=1e-3)
    assert (lat, lon) == n.point(segment, offset_m)


_VALLEY = valley()


def test_locate_says_what_there_is(network):
    with pytest.raises(ConfigError, match=r"G5 K99\+000 is not .* from G5 K100\+000 to G5 K112"):
        network.locate("G5", 99_000, "下行")
    with pytest.raises(ConfigError, match="no road G6"):
        network.locate("G6", 0)


def test_point_walks_along_the_line_and_stops_at_its_ends():
    n = Network.from_features([line([(0, 0), (100, 0), (100, 100)], oneway=True)])
    lat, lon = n.point(0, 150.0)
    assert lat == pytest.approx(n.lat[1] + (n.lat[2] - n.lat[1]) / 2, abs=1e-6)
    assert lon == pytest.approx(n.lon[1])
    assert n.point(0, 1e9) == (n.lat[-1], n.lon[-1])
    assert n.point(0, -5.0) == (n.lat[0], n.lon[0])
    assert n.heading(0, 50.0) == pytest.approx(90, abs=0.01)
    assert n.heading(0, 150.0) == pytest.approx(0, abs=0.01)


def test_points_of_every_segment_start_and_end_at_its_ends(network):
    every = np.arange(len(network))
    lat, lon = network.points(every, np.zeros(len(network)))
    assert lat.tolist() == network.lat[network.first[:-1]].tolist()
    lat, lon = network.points(every, network.length_m)
    assert lon == pytest.approx(network.lon[network.first[1:] - 1], abs=1e-9)


def test_file_keeps_everything(network, tmp_path):
    path = tmp_path / "network.npz"
    network.save(path)
    again = Network.load(path)
    assert again.digest() == network.digest()
    assert again.summary() == network.summary()
    assert again.ref.tolist() == network.ref.tolist()


def test_file_name_is_kept_as_given(network, tmp_path):
    network.save(tmp_path / "net")
    assert [item.name for item in tmp_path.iterdir()] == ["net"]


def test_digest_tells_a_changed_limit(network):
    changed = valley()
    changed.limit_kmh[0] = 80
    assert changed.digest() != network.digest()


def test_bad_files_are_one_clear_error(network, tmp_path):
    path = tmp_path / "network.npz"
    with pytest.raises(ConfigError, match="No such file"):
        Network.load(path)
    path.write_text("hello", encoding="utf-8")
    with pytest.raises(ConfigError, match="not a road network"):
        Network.load(path)
    np.save(path.with_suffix(".npy"), np.zeros(3))
    with pytest.raises(ConfigError, match="not a road network"):
        Network.load(path.with_suffix(".npy"))
    np.savez(path, format=np.array("sizao-roads"), version=np.array(99))
    with pytest.raises(ConfigError, match=r"version 99.*import the roads again"):
        Network.load(path)
    network.save(path)
    path.write_bytes(path.read_bytes()[:-400])
    with pytest.raises(ConfigError, match="not a road network"):
        Network.load(path)


def test_geojson_has_each_road_once_and_is_json(network):
    document = json.loads(json.dumps(to_geojson(network)))
    assert len(document["features"]) == 7, "ten segments, three of them twins"
    first = document["features"][0]
    assert first["properties"] == {
        "segment": 0,
        "ref": "G5",
        "name": "",
        "road_class": "expressway",
        "tunnel": False,
        "bridge": False,
        "area": "",
        "limit": 100.0,
        "oneway": True,
    }
    assert len(first["geometry"]["coordinates"]) == np.diff(network.first)[0]


def test_simplified_geojson_stays_within_its_metres(network):
    full = to_geojson(network)["features"][0]["geometry"]["coordinates"]
    thin = to_geojson(network, simplify_m=5)["features"][0]["geometry"]["coordinates"]
    assert len(thin) < len(full) / 2
    assert (thin[0], thin[-1]) == (full[0], full[-1])
    kept = Network.from_features(
        [
            {
                "geometry": {"type": "LineString", "coordinates": thin},
                "properties": {"road_class": "county"},
            }
        ]
    )
    from sizao.roads.grid import build_grid, nearest

    grid = build_grid(kept)
    assert max(nearest(kept, grid, lat, lon)[2] for lon, lat in full) <= 5.2


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"road_class": "footway"}, "road_class 'footway' is none of"),
        ({"limit_kmh": "fast"}, "limit_kmh 'fast' is not a number"),
        ({"limit_kmh": 0}, "limit_kmh 0.0 is not between"),
        ({"oneway": "maybe"}, "oneway 'maybe' is not true or false"),
        ({"stake_sign": 0.5, "stake_m": 1}, "neither 1 nor -1"),
        ({"stake_end_m": 5}, "stake_end_m without stake_m"),
        ({"stake_m": 5, "stake_end_m": 5}, "stake_end_m equals stake_m"),
        ({"limit_kmh_by_kind": {"tank": 5}}, "not a mapping of vehicle kinds"),
    ],
)
def test_a_bad_property_is_named_with_its_feature(change, reason):
    with pytest.raises(ConfigError, match="feature 2: .*" + reason):
        Network.from_features([line([(0, 0), (1, 0)]), line([(0, 0), (1, 0)], **change)])


@pytest.mark.parametrize(
    ("geometry", "reason"),
    [
        (None, "not a LineString"),
        ({"type": "Point", "coordinates": [1, 2]}, "'Point' is not a LineString"),
        ({"type": "LineString", "coordinates": [[1, 2]]}, "fewer than two"),
        ({"type": "LineString", "coordinates": [[1, 2], [1, 2]]}, "fewer than two"),
        ({"type": "LineString", "coordinates": [[1, 2], [1, 99]]}, "not on the globe"),
        ({"type": "LineString", "coordinates": [[1, 2], ["a"]]}, r"vertex 1: .* is not \[lon, lat"),
        ({"type": "LineString"}, "coordinates are not a list"),
    ],
)
def test_bad_geometry_is_named(geometry, reason):
    with pytest.raises(ConfigError, match=reason):
        Network.from_features([{"geometry": geometry, "properties": {"road_class": "urban"}}])


def test_roads_that_stop_short_of_each_other_show_in_the_summary():
    whole = [line([(0, 0), (500, 0)]), line([(500, 0), (500, 500)])]
    assert Network.from_features(whole).summary()["share_connected"] == 1
    short = [line([(0, 0), (700, 0)]), line([(702, 0), (702, 300)])]
    assert Network.from_features(short).summary()["share_connected"] == pytest.approx(0.7, abs=0.01)
    chain = [line([(x, 0), (x + 9, 0)], oneway=bool(x % 2)) for x in range(0, 2700, 9)]
    assert Network.from_features(chain[::-1]).summary()["share_connected"] == 1


def test_an_empty_input_is_an_error():
    with pytest.raises(ConfigError, match="no road"):
        Network.from_features([])
