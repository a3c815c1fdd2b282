"""Hour by hour: what the forecast writes, and what it gains over the product of place and time."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from sizao.app.cli import cli
from sizao.core.errors import ConfigError
from sizao.risk.capture import capture
from sizao.risk.forecasting import SCHEMA, forecast, observed_cells
from sizao.risk.profiles import week_profiles
from sizao.risk.week_shapes import HOURS

from .test_screening import scattered
from .worlds import borough, write_crashes, write_grid


def run(folder: Path, crashes: Path, *more: str) -> tuple[pa.Table, dict]:
    nodes, edges = write_grid(folder, 12)
    out = folder / "out.parquet"
    arguments = ["--nodes", nodes, "--edges", edges, "--crashes", crashes, "--out", out, *more]
    result = CliRunner().invoke(cli, ["forecast", *map(str, arguments)])
    if result.exception:
        raise result.exception
    return pq.read_table(out), json.loads(result.stdout)


def test_rows_hours_and_totals(tmp_path: Path) -> None:
    crashes = write_crashes(tmp_path, scattered(600))
    table, summary = run(tmp_path, crashes, "--years", "2018", "--json")
    assert table.schema.equals(SCHEMA)
    assert len(table) == 2 * 12 * 11 * HOURS
    assert table["hour_of_week"][:HOURS].to_pylist() == list(range(HOURS))
    weekly = table["expected"].to_numpy().sum()
    assert weekly == pytest.approx(600 / 52.18, rel=0.02)
    assert summary["expected_per_week"] == pytest.approx(weekly, rel=1e-3)
    # Every made-up crash happens at noon.
    assert summary["worst_hour_of_week"] % 24 == 12


def test_without_times_there_is_no_forecast(tmp_path: Path) -> None:
    crashes = write_crashes(tmp_path, scattered(200))
    lines = [line.split(",") for line in crashes.read_text().splitlines()]
    crashes.write_text("\n".join(",".join((row[1], row[6], row[7])) for row in lines) + "\n")
    with pytest.raises(ConfigError, match="nothing to tell hours by"):
        run(tmp_path, crashes, "--years", "2018", "--json")


def test_a_street_has_its_own_hours() -> None:
    """Crashes moved to the night on one street move its profile, and hardly that of others."""
    sites, features, crashes, snapped = borough("nyc-staten-island")
    inside = crashes.in_years(range(2017, 2018)).astype(np.float64)
    hour = crashes.hour_of_week()
    names, counts = np.unique(sites.name[snapped.edge[snapped.edge >= 0]], return_counts=True)
    street = names[np.argsort(-counts)][1]
    moved = (snapped.edge >= 0) & (sites.name[snapped.edge] == street)
    edges, nodes = week_profiles(
        sites, features, snapped, np.where(moved & (hour >= 0), 3, hour), inside
    )
    assert edges.sum(axis=1) == pytest.approx(1, abs=1e-4)
    assert nodes.sum(axis=1) == pytest.approx(1, abs=1e-4)
    on = sites.name == street
    assert edges[on, 3].mean() > 2 * np.median(edges[~on, 3])


def of_year(name: str, year: int) -> np.ndarray:
    sites, _, crashes, snapped = borough(name)
    rows = crashes.year == year
    return observed_cells(sites, crashes.of(rows), snapped.of(rows))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "years", "test", "goal", "reached", "nats"),
    [
        ("nyc-bronx", range(2017, 2019), 2019, 15.5, 14.2, 0.0132),
        ("nyc-staten-island", range(2017, 2018), 2018, 23.5, 22.2, 0.0165),
    ],
)
def test_place_and_hour(
    name: str, years: range, test: int, goal: float, reached: float, nats: float
) -> None:
    """PAI at 1 % of km-hours. Falls short of both goals.

    Against the plain product of place and the network's week we are 2 % better on Staten Island
    and even in the Bronx, where the product with the test year's own numbers is below the goal.
    Hours of crashes that were not learned from are likelier than under the network's week.
    """
    sites, features, crashes, snapped = borough(name)
    found = forecast(sites, features, crashes, snapped, years)
    cells, after = found.cells(), of_year(name, test)
    length = np.repeat(sites.length_km, HOURS)
    week = np.bincount(crashes.hour_of_week()[crashes.in_years(years)], minlength=HOURS)
    own, product, hindsight = (
        100 * float(capture(one.ravel(), length, after.ravel(), (0.01,))[0])
        for one in (
            cells,
            cells.sum(axis=1)[:, None] * week,
            after.sum(axis=1)[:, None] * after.sum(axis=0),
        )
    )
    assert reached <= own < goal
    assert own > product
    assert own < hindsight
    assert (hindsight < goal) is (name == "nyc-bronx")
    share = cells / cells.sum(axis=1, keepdims=True)
    likelier = after * np.log(share * week.sum() / np.maximum(week, 0.5))
    assert likelier.sum() / after.sum() > nats


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "earlier", "least", "most"),
    [("nyc-bronx", (2017, 2018), 1.05, 1.09), ("nyc-staten-island", (2016, 2017), 1.06, 1.12)],
)
def test_what_knowing_the_hours_of_every_place_could_gain(
    name: str, earlier: tuple[int, int], least: float, most: float
) -> None:
    """How far the goal of ``test_place_and_hour`` is: 9 % above the product in the Bronx, 7 % on
    Staten Island.

    What two years agree on beyond place times week is the variance of what there is to know of
    single cells. An oracle who knew all of it, cell by cell, would gain what is asserted here.
    """
    sites, features, crashes, snapped = borough(name)
    beyond, product = [], []
    for year in earlier:
        cells = of_year(name, year)
        product.append(cells.sum(axis=1)[:, None] * cells.sum(axis=0) / cells.sum())
        beyond.append(cells - product[-1])
    known = float((beyond[0] * beyond[1]).sum() / (product[0] * product[1]).sum())
    place = forecast(sites, features, crashes, snapped, range(earlier[0], earlier[1] + 1))
    week = product[1].sum(axis=0)
    plain = place.cells().sum(axis=1)[:, None] * week
    truth = plain * np.random.default_rng(1).gamma(1 / known, known, plain.shape)
    length = np.repeat(sites.length_km, HOURS)
    oracle, without = (
        float(capture(ranked.ravel(), length, truth.ravel(), (0.01,))[0])
        for ranked in (truth, plain)
    )
    assert least < oracle / without < most
