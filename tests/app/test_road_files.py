"""Roads as GeoJSON, GeoPackage or a network for the commands of risk assessment."""

from __future__ import annotations

import csv
import json
import sqlite3
import struct
from contextlib import closing
from pathlib import Path

import pytest
import shapely
from click.testing import CliRunner

from sizao.app import geopackage
from sizao.app.cli import cli
from sizao.core.errors import ConfigError
from sizao.roads.network import Network
from tests.risk import grids

CRASH_HEADER = "year,month,day,hour,lat,lon,deaths,injuries,pattern"


def lines() -> list[dict]:
    """The grid's streets as features, with a bad one among them."""
    roads = grids.network()
    once = [s for s in range(len(roads)) if roads.twin[s] < 0 or s < roads.twin[s]]
    made = []
    for segment in once:
        span = slice(roads.first[segment], roads.first[segment + 1])
        points = [[float(x), float(y)] for x, y in zip(roads.lon[span], roads.lat[span],
                                                       strict=True)]  # fmt: skip
        made.append(
            {"type": "Feature", "geometry": {"type": "LineString", "coordinates": points},
             "properties": {"road_class": "urban", "name": str(roads.name[segment])}}
        )  # fmt: skip
    made.append({**made[0], "properties": {"road_class": "moon"}})
    return made


def write_gpkg(path: Path, features: list[dict], srs: int = 4326, envelope: int = 1) -> Path:
    """A GeoPackage with one layer ``roads``, as another program would write it."""
    with closing(sqlite3.connect(path)) as file, file:
        file.execute(
            "CREATE TABLE gpkg_geometry_columns (table_name TEXT, column_name TEXT,"
            " geometry_type_name TEXT, srs_id INTEGER, z INTEGER, m INTEGER)"
        )
        file.execute(
            "INSERT INTO gpkg_geometry_columns VALUES ('roads', 'geom', 'LINESTRING', ?, 1, 0)",
            [srs],
        )
        file.execute(
            "CREATE TABLE roads (fid INTEGER PRIMARY KEY, geom BLOB, road_class TEXT, name TEXT,"
            " oneway BOOLEAN)"
        )
        for feature in features:
            shape = shapely.force_3d(shapely.geometry.shape(feature["geometry"]), 1200.0)
            box = struct.pack("<4d", *shape.bounds[::2], *shape.bounds[1::2]) if envelope else b""
            header = b"GP" + bytes([0, 1 | envelope << 1]) + struct.pack("<i", srs) + box
            given = feature["properties"]
            file.execute(
                "INSERT INTO roads (geom, road_class, name, oneway) VALUES (?, ?, ?, 0)",
                [header + shapely.to_wkb(shape), given["road_class"], given.get("name")],
            )
        file.execute("INSERT INTO roads (geom, road_class) VALUES (NULL, 'urban')")
    return path


@pytest.fixture
def crashes(tmp_path: Path) -> Path:
    rows = [CRASH_HEADER]
    for row in grids.crash_rows():
        at = row["time"]
        rows.append(
            f"{at.year},{at.month},{at.day},{at.hour},{row['lat']:.6f},{row['lon']:.6f},"
            f"{row['dead']},{row['injured']},{row['collision']}"
        )
    path = tmp_path / "crashes.csv"
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


def screened(roads: Path, crashes: Path, out: Path, *more: str) -> tuple[dict, list[dict]]:
    result = CliRunner().invoke(
        cli,
        ["screen", "--roads", str(roads), "--crashes", str(crashes), "--years", "2023-2025",
         "--out", str(out), "--json", *more],
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    with out.open(encoding="utf-8") as file:
        return json.loads(result.stdout), list(csv.DictReader(file))


def test_three_forms_of_the_same_roads_rank_alike(tmp_path: Path, crashes: Path) -> None:
    (tmp_path / "r.geojson").write_text(
        json.dumps({"type": "FeatureCollection", "features": lines()}), encoding="utf-8"
    )
    write_gpkg(tmp_path / "r.gpkg", lines())
    Network.from_features(lines()[:-1]).save(tmp_path / "r.npz")
    found = {
        name: screened(tmp_path / name, crashes, tmp_path / "out.csv")
        for name in ("r.geojson", "r.gpkg", "r.npz")
    }
    tables = [rows for _, rows in found.values()]
    assert tables[0] == tables[1] == tables[2]
    first = next(row for row in tables[0] if row["rank"] == "1")
    assert first["road"] in (grids.HOT_ROAD, "四横路", "四纵路")
    assert found["r.geojson"][0]["rejected"]["roads"], "the road on the moon is named"
    # The bad class, and a row without a geometry.
    assert sum(one["rows"] for one in found["r.gpkg"][0]["rejected"]["roads"].values()) == 2


UNITS = """
units:
  - {id: a, base: [26.595, 101.715], skills: [patrol, alcohol]}
shifts: [{id: early, start: "07:00", hours: 8}]
visits: {posts: 30, reach_m: 500}
rules: {min_on_duty: 0}
"""


@pytest.mark.parametrize("name", ["r.geojson", "r.gpkg"])
def test_every_command_of_risk_takes_lines_and_says_how_far_it_is(
    name: str, tmp_path: Path, crashes: Path
) -> None:
    """Screen, forecast, backtest, effects and patrol, each on what the one before it wrote."""
    roads = tmp_path / name
    if name == "r.gpkg":
        write_gpkg(roads, lines())
    else:
        roads.write_text(json.dumps({"type": "FeatureCollection", "features": lines()}))
    given = ["--roads", str(roads), "--crashes", str(crashes)]

    def run(*parts: str) -> dict:
        result = CliRunner().invoke(cli, [*parts, "--json"])
        assert result.exit_code == 0, (result.exception, result.output)
        steps = [line for line in result.stderr.splitlines() if " s  " in line]
        assert len(steps) >= 3, "progress on stderr"
        found: dict = json.loads(result.stdout)
        return found

    ranking, forecast = tmp_path / "ranking.csv", tmp_path / "forecast.parquet"
    run("screen", *given, "--years", "2023-2025", "--out", str(ranking))
    run("forecast", *given, "--years", "2023-2025", "--out", str(forecast))
    tested = run("backtest", *given, "--years", "2023-2024", "--test", "2025")
    assert tested["test_crashes"] == 120
    with ranking.open(encoding="utf-8") as file:
        works = [f"{row['u']},{row['v']}" for row in csv.DictReader(file)][:5]
    (tmp_path / "works.csv").write_text("\n".join(["u,v", *works]))
    sites = ["--sites", str(tmp_path / "works.csv"), "--years", "2023-2024", "--after", "2025"]
    assert "ratio" in run("effects", *given, *sites, "--selected-by", "2022")
    (tmp_path / "units.yaml").write_text(UNITS)
    plan = ["--units", str(tmp_path / "units.yaml"), "--from", "2026-11-02", "--days", "1"]
    drawn = run("patrol", "--roads", str(roads), "--forecast", str(forecast), *plan,
                "--out", str(tmp_path / "plan.csv"))  # fmt: skip
    assert 0 < drawn["covered"] <= drawn["bound"]


def test_pieces_are_as_long_as_wanted(tmp_path: Path, crashes: Path) -> None:
    Network.from_features(lines()[:-1]).save(tmp_path / "r.npz")
    _, rows = screened(tmp_path / "r.npz", crashes, tmp_path / "o.csv", "--piece-m", "200")
    assert max(float(row["length_m"]) for row in rows) < 300


def test_a_geopackage_that_cannot_be_used_says_why(tmp_path: Path) -> None:
    metres = write_gpkg(tmp_path / "m.gpkg", lines(), srs=32647)
    with pytest.raises(ConfigError, match="EPSG:4326"):
        list(geopackage.features(metres))
    good = write_gpkg(tmp_path / "g.gpkg", lines(), envelope=0)
    with pytest.raises(ConfigError, match="no layer 'paths'"):
        list(geopackage.features(good, "paths"))
    assert len(list(geopackage.features(good))) == len(lines()) + 1
    (tmp_path / "x.gpkg").write_bytes(b"not a database, but long enough to look at" * 20)
    with pytest.raises(ConfigError, match="not a GeoPackage"):
        list(geopackage.features(tmp_path / "x.gpkg"))


def test_one_way_to_give_roads(tmp_path: Path, crashes: Path) -> None:
    out = ["--crashes", str(crashes), "--years", "2024", "--out", str(tmp_path / "o.csv")]
    result = CliRunner().invoke(cli, ["screen", "--nodes", str(crashes), *out])
    assert isinstance(result.exception, ConfigError)
    assert "either --nodes and --edges, or --roads" in str(result.exception)


def test_roads_import_reads_a_geopackage(tmp_path: Path) -> None:
    path = write_gpkg(tmp_path / "g.gpkg", lines())
    out = tmp_path / "network.npz"
    result = CliRunner().invoke(cli, ["roads", "import", str(path), "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert len(Network.load(out)) == len(grids.network())


def test_extras_beside_the_ranking(tmp_path: Path, crashes: Path) -> None:
    Network.from_features(lines()[:-1]).save(tmp_path / "r.npz")
    names = ("severity", "density", "peaks", "black-spots")
    options = [part for name in names for part in (f"--{name}", str(tmp_path / f"{name}.csv"))]
    _, rows = screened(tmp_path / "r.npz", crashes, tmp_path / "o.csv", *options)
    read = {}
    for name in names:
        with (tmp_path / f"{name}.csv").open(encoding="utf-8") as file:
            read[name] = list(csv.DictReader(file))
    assert len(read["severity"]) == len(rows)
    harm = [sum(float(row[kind]) for row in read["severity"])
            for kind in ("fatal", "injury", "property")]  # fmt: skip
    assert sum(harm) == pytest.approx(360, abs=0.1)
    mass = sum(
        (float(row["to_m"]) - float(row["from_m"])) / 1000 * float(row["per_km_year"]) * 3
        for row in read["density"]
    )
    assert mass == pytest.approx(360, rel=0.01), "every crash is somewhere"
    assert any(row["beyond_chance"] == "yes" for row in read["density"])
    worst = max(read["peaks"], key=lambda row: float(row["expected_per_km_year"]))
    assert worst["road"] == grids.HOT_ROAD
    assert {row["kind"] for row in read["black-spots"]} == {"spot", "segment"}
    assert all(int(row["crashes"]) >= 3 for row in read["black-spots"])


def test_severity_without_harm_is_refused(tmp_path: Path, crashes: Path) -> None:
    text = [line.rsplit(",", 3)[0] for line in crashes.read_text(encoding="utf-8").splitlines()]
    bare = tmp_path / "bare.csv"
    bare.write_text("\n".join(text), encoding="utf-8")
    Network.from_features(lines()[:-1]).save(tmp_path / "r.npz")
    result = CliRunner().invoke(
        cli,
        ["screen", "--roads", str(tmp_path / "r.npz"), "--crashes", str(bare), "--years", "2024",
         "--out", str(tmp_path / "o.csv"), "--severity", str(tmp_path / "s.csv")],
    )  # fmt: skip
    assert isinstance(result.exception, ConfigError)
    assert "deaths or injuries" in str(result.exception)
