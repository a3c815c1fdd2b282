"""Places: coordinate systems, stakes, what lies elsewhere, and near repeats."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from sizao.core.coordinates import gcj02_to_bd09, wgs84_to_gcj02
from sizao.feeds.tables.checking import check
from sizao.feeds.tables.known import Known
from sizao.feeds.tables.mapping import TableMapping
from sizao.feeds.tables.places import guess_datum
from sizao.feeds.tables.table import Row, Table
from sizao.roads.network import Network

NOW = dt.datetime(2026, 11, 25, tzinfo=dt.UTC)

ROAD = [[101.70 + 0.002 * step, 26.50 + 0.0011 * step] for step in range(60)]
SIDE = [[101.72, 26.50 + 0.002 * step] for step in range(40)]


@pytest.fixture(scope="module")
def network() -> Network:
    return Network.from_features(
        [
            {
                "geometry": {"type": "LineString", "coordinates": ROAD},
                "properties": {"road_class": "national", "ref": "G353", "stake_m": 100_000},
            },
            {
                "geometry": {"type": "LineString", "coordinates": SIDE},
                "properties": {"road_class": "county", "ref": "X001"},
            },
        ]
    )


def on_the_roads(count: int, off_m: float = 8.0):
    rng = np.random.default_rng(5)
    line = np.array(ROAD + SIDE)
    at = rng.integers(0, len(line) - 1, count)
    at[at == len(ROAD) - 1] -= 1
    share = rng.random((count, 1))
    points = line[at] * (1 - share) + line[at + 1] * share
    points += rng.normal(0, off_m / 111_000, points.shape)
    return points[:, 1], points[:, 0]


@pytest.mark.parametrize("datum", ["wgs84", "gcj02", "bd09"])
def test_the_roads_tell_the_coordinate_system(network, datum):
    lat, lon = on_the_roads(200)
    if datum != "wgs84":
        lat, lon = wgs84_to_gcj02(lat, lon)
    if datum == "bd09":
        lat, lon = gcj02_to_bd09(lat, lon)
    guess = guess_datum(network, lat, lon)
    assert guess.datum == datum
    assert guess.fits[0].datum == datum
    assert guess.fits[0].median_m < 20
    assert guess.fits[0].share_near > 0.9


def test_no_proposal_where_points_do_not_tell(network):
    lat, lon = on_the_roads(200)
    assert guess_datum(network, lat[:10], lon[:10]).datum == "", "too few"
    rng = np.random.default_rng(6)
    anywhere = rng.uniform(26.50, 26.56, 200), rng.uniform(101.70, 101.81, 200)
    assert guess_datum(network, *anywhere).datum == "", "no system fits"
    assert guess_datum(network, [40.7] * 50, [-73.9] * 50).points == 0, "abroad"


def table(*rows: dict[str, object]) -> tuple[Table, TableMapping]:
    names = ("id", "time", "lat", "lon", "road", "stake_m", "direction")
    made = [
        Row(number, tuple(str(row.get(name, "")) for name in names))
        for number, row in enumerate(rows, 2)
    ]
    return Table(names, 1, made, "test"), TableMapping("crash", {name: name for name in names})


def run(rows, datum="wgs84", **known):
    made, mapping = table(*rows)
    mapping = TableMapping("crash", mapping.columns, datum=datum)
    return check(made, mapping, Known(NOW, **known))


AT = "2024-01-05 14:03"


def test_coordinates_are_stored_as_wgs84():
    lat, lon = (float(one) for one in wgs84_to_gcj02(26.55, 101.75))
    row = {"id": "1", "time": AT, "lat": lat, "lon": lon}
    stored = run([row], "gcj02").good[0].values
    assert stored["lat"] == pytest.approx(26.55, abs=1e-6)
    assert stored["lon"] == pytest.approx(101.75, abs=1e-6)
    assert run([row]).good[0].values["lat"] == pytest.approx(lat), "the control: left as it came"


def test_stakes_are_placed_on_the_network(network):
    rows = [
        {"id": "1", "time": AT, "road": "G353", "stake_m": "K100+500"},
        {"id": "2", "time": AT, "road": "G353", "stake_m": "K900+000"},
        {"id": "3", "time": AT, "road": "G353", "stake_m": "K100+500", "lat": 26.56, "lon": 101.80},
        {
            "id": "4",
            "time": "2024-01-05 14:04",
            "road": "G353",
            "stake_m": "K100+500",
            "direction": "下行",
        },
    ]
    result = run(rows, network=network)
    first, second, third, fourth = (one.values for one in result.good)
    assert 26.50 < first["lat"] < 26.51
    assert second["lat"] is None
    assert (third["lat"], third["lon"]) == (26.56, 101.80), "coordinates go before the stake"
    assert fourth["lat"] == first["lat"], "a direction that the network does not have"
    assert [(note.row, note.code) for note in result.notes] == [
        (3, "no_such_stake"), (4, "place_disagrees"),
    ]  # fmt: skip
    alone = run(rows[:1])
    assert alone.good[0].values["lat"] is None, "without a network the stake stays text"


def test_points_elsewhere_are_named(network):
    rows = [
        {"id": "1", "time": AT, "lat": 26.55, "lon": 101.75},
        {"id": "2", "time": AT, "lat": 36.55, "lon": 101.75},
    ]
    assert [(one.row, one.code) for one in run(rows, network=network).problems] == [
        (3, "elsewhere")
    ]
    assert not run(rows).problems, "without a network nobody can tell"


def test_impossible_latitudes_abroad():
    rows = [
        {"id": "1", "time": AT, "lat": -73.9, "lon": 40.7},
        {"id": "2", "time": AT, "lat": 40.7, "lon": -73.9},
        {"id": "3", "time": AT, "lat": 140.7, "lon": -73.9},
    ]
    assert [(one.row, one.code) for one in run(rows).problems] == [(4, "out_of_range")]


def test_near_repeats_are_noted_and_kept():
    rows = [
        {"id": "1", "time": AT, "lat": 26.55, "lon": 101.75},
        {"id": "2", "time": AT, "lat": 26.5503, "lon": 101.75},  # 33 m
        {"id": "3", "time": AT, "lat": 26.57, "lon": 101.75},
        {"id": "4", "time": "2024-01-05", "lat": 26.55, "lon": 101.75},  # no hour: says nothing
    ]
    minute = int(dt.datetime(2024, 1, 5, 6, 3, tzinfo=dt.UTC).timestamp() // 60)
    result = run(rows, moments={minute: [(26.5701, 101.75, "122/77")]})
    assert len(result.good) == 4
    repeats = {n.row: n.parameters["other"] for n in result.notes if n.code == "perhaps_twice"}
    assert repeats == {3: "1", 4: "122/77"}
