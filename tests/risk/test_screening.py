"""Screening: the table that users get, and what each part of it promises."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from pyarrow import csv

from sizao.app.cli import cli
from sizao.core.errors import ConfigError
from sizao.risk import discount, neighbourhood
from sizao.risk.estimators import ESTIMATORS
from sizao.risk.screening import screen
from sizao.roads.geometry import metres_per_degree

from .worlds import borough, data, write_crashes, write_grid

COLUMNS = [
    "u",
    "v",
    "length_m",
    "observed",
    "predicted",
    "expected",
    "lower",
    "upper",
    "expected_per_km_year",
    "rank",
    "notes",
]


def run(folder: Path, rows: list[tuple[float, float, int]], *more: str):
    nodes, edges = write_grid(folder, 12)
    crashes = write_crashes(folder, rows)
    out = folder / "out.csv"
    arguments = ["--nodes", nodes, "--edges", edges, "--crashes", crashes, "--out", out, *more]
    result = CliRunner().invoke(cli, ["screen", *map(str, arguments)])
    if result.exception:
        raise result.exception
    return csv.read_csv(out), result


def scattered(number: int, years: tuple[int, ...] = (2018,), seed: int = 1):
    """Crashes along the grid's rows, five times as many on the main street R0."""
    chance = np.random.default_rng(seed)
    row = np.where(chance.random(number) < 0.35, 0, chance.integers(0, 12, number))
    return [
        (float(r), float(c), int(y))
        for r, c, y in zip(
            row, 11 * chance.random(number), chance.choice(years, number), strict=True
        )
    ]


def test_columns_and_order(tmp_path: Path) -> None:
    table, result = run(tmp_path, scattered(600), "--years", "2018", "--json")
    assert table.column_names == list(COLUMNS)
    u, v = table["u"].to_numpy(), table["v"].to_numpy()
    assert (u < v).all()
    assert len(table) == 2 * 12 * 11
    lower, mean, upper = (table[name].to_numpy() for name in ("lower", "expected", "upper"))
    assert (lower <= mean).all()
    assert (mean <= upper).all()
    assert table["observed"].to_numpy().sum() == pytest.approx(600, abs=0.02)
    assert mean.sum() == pytest.approx(600, rel=0.02)
    density = table["expected_per_km_year"].to_numpy()
    rank = table["rank"].to_numpy()
    assert (np.diff(density[np.argsort(rank, kind="stable")]) <= 1e-6).all()
    summary = json.loads(result.stdout)
    assert summary["edges"] == len(table)
    assert summary["segments"]["how"] == "fitted"
    assert "snapping" in result.stderr
    assert all("no traffic count" in note for note in table["notes"].to_pylist())


def test_few_crashes_are_calibrated_and_say_so(tmp_path: Path) -> None:
    table, result = run(tmp_path, scattered(30), "--years", "2018", "--json")
    assert json.loads(result.stdout)["segments"]["how"] == "calibrated"
    assert table["expected"].to_numpy().sum() == pytest.approx(30, rel=0.05)
    assert "mostly predicted" in table["notes"][0].as_py()


def test_an_untouched_edge_is_expected_to_have_some(tmp_path: Path) -> None:
    table, _ = run(tmp_path, scattered(600), "--years", "2018")
    assert (table["expected"].to_numpy() > 0).all()


def test_two_years_count_per_year(tmp_path: Path) -> None:
    table, _ = run(tmp_path, scattered(900, (2017, 2018)), "--years", "2017-2018")
    per_km = table["expected"].to_numpy() / table["length_m"].to_numpy() * 1000
    assert table["expected_per_km_year"].to_numpy() == pytest.approx(per_km / 2, abs=1e-3)


def test_rejected_rows_are_reported_or_stop_everything(tmp_path: Path) -> None:
    rows = [*scattered(200), (1e6, 0.0, 2018)]
    _, result = run(
        tmp_path, rows, "--years", "2018", "--json", "--rejects", str(tmp_path / "bad.csv")
    )
    assert json.loads(result.stdout)["rejected"]["crashes"]["impossible_place"]["rows"] == 1
    assert "201,impossible_place" in (tmp_path / "bad.csv").read_text()
    with pytest.raises(ConfigError, match="row 201"):
        run(tmp_path, rows, "--years", "2018", "--strict")


def test_years_without_crashes_are_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the file has 2018-2018"):
        run(tmp_path, scattered(200), "--years", "2011")


def test_older_years_count_less() -> None:
    _, _, crashes, _ = borough("nyc-staten-island")
    weighed = discount.weigh(crashes, range(2017, 2019), 0.5)
    assert weighed.weight[crashes.year == 2018].min() == 1
    assert weighed.weight[crashes.year == 2017].max() == 0.5
    assert weighed.weight[crashes.year == 2019].max() == 0
    assert weighed.exposure == pytest.approx(1.5, abs=0.01)


def test_what_lies_around_a_site_leaves_the_site_out() -> None:
    sites, *_ = borough("nyc-staten-island")
    mu_edges, mu_nodes = np.full(len(sites), 0.1), np.full(len(sites.node_id), 0.1)
    y_edges, y_nodes = np.zeros(len(sites)), np.zeros(len(sites.node_id))
    y_edges[700] = 50.0
    near, _ = neighbourhood.relative_risk(sites, y_edges, y_nodes, mu_edges, mu_nodes)
    quiet, _ = neighbourhood.relative_risk(sites, 0 * y_edges, y_nodes, mu_edges, mu_nodes)
    assert near[700] == pytest.approx(quiet[700])
    moved = np.flatnonzero((near != quiet).any(axis=1))
    assert len(moved) > 10
    same_street = near[:, -1] != quiet[:, -1]
    assert (sites.name[same_street] == sites.name[700]).all()


def test_the_same_input_gives_the_same_result() -> None:
    inputs = borough("nyc-staten-island")
    one, two = (screen(*inputs, range(2017, 2018)).table() for _ in range(2))
    assert one.equals(two)


@pytest.mark.parametrize("method", list(ESTIMATORS))
def test_expected_crashes_sum_to_the_observed(method: str) -> None:
    inputs = borough("nyc-staten-island")
    found = screen(*inputs, range(2017, 2018), ESTIMATORS[method])
    assert found.expected.sum() == pytest.approx(found.observed.sum(), rel=0.01)
    assert data("nyc-staten-island").exists()


def test_surroundings_are_what_adding_up_says() -> None:
    sites, *_ = borough("nyc-staten-island")
    chance = np.random.default_rng(3)
    y = chance.poisson(0.3, len(sites) + len(sites.node_id)).astype(np.float64)
    mu = np.full(len(y), 0.3)
    e = len(sites)
    near, at_nodes = neighbourhood.relative_risk(sites, y[:e], y[e:], mu[:e], mu[e:])
    lat = np.concatenate(((sites.lat[sites.a] + sites.lat[sites.b]) / 2, sites.lat))
    lon = np.concatenate(((sites.lon[sites.a] + sites.lon[sites.b]) / 2, sites.lon))
    found = np.concatenate((near, at_nodes))
    for site in (5, 700, e + 3000):
        north, east = metres_per_degree(lat[site])
        square = ((lat - lat[site]) * north) ** 2 + ((lon - lon[site]) * east) ** 2
        for kind, radius in enumerate(neighbourhood.RADII_M):
            weight = np.maximum(1 - square / radius**2, 0.0) ** 2
            weight[site] = 0.0
            expected = np.log((1 + weight @ y) / (1 + weight @ mu))
            assert found[site, kind] == pytest.approx(expected, abs=0.01)
