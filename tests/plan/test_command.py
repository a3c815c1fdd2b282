"""``sizao patrol`` from files to files."""

from __future__ import annotations

import csv
import json
import stat
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from click.testing import CliRunner

from sizao.app.cli import cli

from .worlds import FORCE, grid, week


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("patrol")
    roads = grid()
    with (folder / "nodes.csv").open("w") as file:
        file.write("node_id,lon,lat\n")
        for node, lon, lat in zip(roads.node_id, roads.lon, roads.lat, strict=True):
            file.write(f"{node},{lon:.7f},{lat:.7f}\n")
    with (folder / "edges.csv").open("w") as file:
        file.write("u,v,length_m,highway,name,oneway,maxspeed\n")
        for u, v, name in zip(roads.u, roads.v, roads.name, strict=True):
            for a, b in ((u, v), (v, u)):
                file.write(f"{a},{b},600,tertiary,{name},False,40\n")
    expected = week(roads)
    table = {
        "u": np.repeat(roads.u, 168),
        "v": np.repeat(roads.v, 168),
        "hour_of_week": np.tile(np.arange(168, dtype=np.int16), len(roads)),
        "expected": expected.ravel().astype(np.float32),
    }
    pq.write_table(pa.table(table), folder / "forecast.parquet")
    with (folder / "crashes.csv").open("w") as file:
        file.write("year,month,day,hour,lat,lon,deaths,injuries,cause\n")
        rng = np.random.default_rng(1)
        for number in range(300):
            at = int(rng.integers(len(roads.node_id)))
            hour = int(rng.integers(24))
            cause = "酒后驾驶" if hour >= 21 else "其他"
            file.write(
                f"2018,{number % 12 + 1},{number % 28 + 1},{hour},{roads.lat[at]:.6f},"
                f"{roads.lon[at]:.6f},{int(number % 40 == 0)},{int(number % 3 == 0)},{cause}\n"
            )
    asked = {**FORCE, "operations": [{"kind": "drink_driving", "per_week": 1, "minutes": 60}]}
    (folder / "units.yaml").write_text(yaml.safe_dump(asked))
    return folder


def run(files: Path, *more: str, **replaced: Path) -> Any:
    given = {
        "nodes": files / "nodes.csv",
        "edges": files / "edges.csv",
        "forecast": files / "forecast.parquet",
        "units": files / "units.yaml",
        **replaced,
    }
    options = [part for name, path in given.items() for part in (f"--{name}", str(path))]
    return CliRunner().invoke(cli, ["patrol", *options, "--from", "2019-01-07", *more])


def test_a_plan_its_points_and_its_seed(files: Path, tmp_path: Path) -> None:
    out, points = tmp_path / "plan.csv", tmp_path / "plan.geojson"
    more = ("--seed", "s", "--out", str(out), "--geojson", str(points), "--json", "--crashes",
            str(files / "crashes.csv"))  # fmt: skip
    result = run(files, *more)
    assert result.exit_code == 0, result.output
    summary = json.loads(result.stdout)
    assert summary["covered"] <= summary["bound"]
    assert summary["covered_by_best"] <= summary["bound"]
    assert summary["gap"] < 0.06
    assert len(summary["operations"]) == 1
    assert "no effect is promised" in summary["promise"]
    with out.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["activity"] for row in rows} == {"patrol", "break", "drink_driving"}
    assert all(row["arrive"] < row["leave"] for row in rows)
    features = json.loads(points.read_text())["features"]
    assert len(features) == sum(row["node_id"] != "" for row in rows)

    audit = tmp_path / "plan.csv.audit.json"
    assert stat.S_IMODE(audit.stat().st_mode) == 0o600
    kept = json.loads(audit.read_text())
    assert kept["commitment"] == summary["seed_commitment"]

    # The audit: the kept seed gives the same bytes again.
    before = out.read_bytes()
    again = run(files, *("--seed", kept["seed"]), *more[2:])
    assert again.exit_code == 0
    assert out.read_bytes() == before


def test_words_and_a_seed_of_its_own(files: Path, tmp_path: Path) -> None:
    out = tmp_path / "plan.csv"
    result = run(files, "--days", "2", "--out", str(out), "--evaluate")
    assert result.exit_code == 0, result.output
    for word in ("gap", "proven", "a month watched", "repeated", "no effect is promised"):
        assert word in result.stdout
    assert len(json.loads((tmp_path / "plan.csv.audit.json").read_text())["seed"]) == 32


def test_a_quota_is_refused_before_anything_is_read(files: Path, tmp_path: Path) -> None:
    bad = tmp_path / "units.yaml"
    bad.write_text("units: [{id: a, base: [26.58, 101.7]}]\nfines_target: 100\n")
    result = run(files, "--out", str(tmp_path / "x.csv"), units=bad)
    assert result.exit_code != 0
    assert "never sets a number of fines" in str(result.exception)
    assert not (tmp_path / "x.csv").exists()


def test_a_forecast_of_other_roads_is_refused(files: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.parquet"
    table = pq.read_table(files / "forecast.parquet")
    pq.write_table(table.set_column(0, "u", pa.array(table["u"].to_numpy() + 5)), other)
    result = run(files, "--out", str(tmp_path / "x.csv"), forecast=other)
    assert "was it made with other --nodes and --edges?" in str(result.exception)
    no_forecast = run(files, "--out", str(tmp_path / "x.csv"), forecast=files / "nodes.csv")
    assert "not a forecast of `sizao forecast`" in str(no_forecast.exception)


def test_lines_do_instead_of_tables(files: Path, tmp_path: Path) -> None:
    roads = grid()
    features = [
        {
            "type": "Feature",
            "geometry": {
                "type": "LineString",
                "coordinates": [[roads.lon[n], roads.lat[n]] for n in (a, b)],
            },
            "properties": {"road_class": "urban", "name": str(name)},
        }
        for a, b, name in zip(roads.a, roads.b, roads.name, strict=True)
    ]
    lines = tmp_path / "roads.geojson"
    lines.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    forecast = tmp_path / "forecast.parquet"
    crashes = str(files / "crashes.csv")
    made = CliRunner().invoke(
        cli,
        ["forecast", "--roads", str(lines), "--crashes", crashes, "--years", "2018", "--out",
         str(forecast)],
    )  # fmt: skip
    assert made.exit_code == 0, made.output
    out = tmp_path / "plan.csv"
    units = ["--units", str(files / "units.yaml"), "--from", "2019-01-07", "--days", "1"]
    result = CliRunner().invoke(
        cli,
        ["patrol", "--roads", str(lines), "--forecast", str(forecast), *units, "--out", str(out)],
    )
    assert result.exit_code == 0, result.output
    assert "经路" in out.read_text()
    neither = CliRunner().invoke(
        cli, ["patrol", "--forecast", str(forecast), *units, "--out", str(out)]
    )
    assert "give either --nodes and --edges, or --roads" in str(neither.exception)
