"""Whole roads, and roads that nothing is known of but what they look like."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from pyarrow import csv

from sizao.app.cli import cli
from sizao.risk import attributes
from sizao.risk.corridors import corridors_of
from sizao.risk.counting import Counts
from sizao.risk.estimators import pooled
from sizao.risk.features import Features
from sizao.risk.sites import read_sites

from .test_screening import scattered
from .worlds import write_crashes, write_grid


def test_a_road_is_what_hangs_together_of_one_name(tmp_path: Path) -> None:
    nodes, edges = write_grid(tmp_path, 4)
    text = edges.read_text().replace(",R3,", ",R0,")
    # The south and the north street now have one name; so have two halves of a cut one.
    lines = [line for line in text.splitlines() if not line.startswith(("6,7,", "7,6,"))]
    edges.write_text("\n".join(lines) + "\n")
    sites, _, _ = read_sites(nodes, edges)
    road = corridors_of(sites)
    assert len(set(road[sites.name == "R0"].tolist())) == 2
    assert len(set(road[sites.name == "R1"].tolist())) == 2
    assert len(set(road[sites.name == "C1"].tolist())) == 1
    # Roads that cross stay apart.
    assert len(set(road.tolist())) == 2 + 2 + 1 + 4


def test_the_command_adds_roads_up(tmp_path: Path) -> None:
    nodes, edges = write_grid(tmp_path, 12)
    crashes = write_crashes(tmp_path, scattered(600))
    out, roads = tmp_path / "out.csv", tmp_path / "roads.csv"
    arguments = ["screen", f"--nodes={nodes}", f"--edges={edges}", f"--crashes={crashes}",
                 "--years=2018", f"--out={out}", f"--corridors={roads}"]  # fmt: skip
    CliRunner().invoke(cli, arguments, catch_exceptions=False)
    table, whole = csv.read_csv(roads), csv.read_csv(out)
    assert len(table) == 24
    assert set(table["length_km"].to_pylist()) == {1.155}
    for column in ("observed", "expected"):
        assert sum(table[column].to_pylist()) == pytest.approx(
            sum(whole[column].to_pylist()), abs=0.1
        )
    rates = table["expected_per_km_year"].to_pylist()
    assert rates == sorted(rates, reverse=True)
    # A road is surer than its edges: the interval is narrower against its middle.
    wide = [np.array(one["upper"]) - np.array(one["lower"]) for one in (table, whole)]
    share = [
        (w / np.array(one["expected"])).mean() for w, one in zip(wide, (table, whole), strict=True)
    ]
    assert share[0] < 0.6 * share[1]


def test_without_crashes_the_road_itself_speaks(tmp_path: Path) -> None:
    nodes, edges = write_grid(tmp_path, 6)
    sites, _, _ = read_sites(nodes, edges)
    features = Features(sites)
    none = Counts(np.zeros(len(sites)), np.zeros(len(sites.lat)))
    found = pooled(sites, features, none, 1.0)
    assert found.spf_edges.how == "calibrated"
    rate = found.edges.mean / sites.length_km
    main = sites.road_class == "primary"
    factors = attributes.factors()
    assert rate[main].mean() / rate[~main].mean() == pytest.approx(
        factors["class.main"]["ratio"], rel=0.3
    )
    # All of it is doubtful: the dispersion is wider than the published form's alone.
    assert (found.spf_edges.k > 0.236 * 1.609344 / sites.length_km).all()
    # A few crashes of a lane's own soon weigh more than what it looks like.
    lane = int(np.flatnonzero(~main)[3])
    some = Counts(np.zeros(len(sites)), none.nodes)
    some.edges[lane] = 5
    after = pooled(sites, features, some, 1.0).edges.mean / sites.length_km
    assert after[lane] == after.max()


def test_bends_are_measured(tmp_path: Path) -> None:
    nodes, edges = write_grid(tmp_path, 4, geometry="")
    lines = edges.read_text().splitlines()
    # Node 1 to 2 by a detour north: three turns of a right angle and more.
    bend = '"LINESTRING (101.7 26.5, 101.7 26.5004, 101.701 26.5004, 101.701 26.5)"'
    lines = [line + bend if line.startswith("1,2,") else line for line in lines]
    edges.write_text("\n".join(lines) + "\n")
    sites, rejected, _ = read_sites(nodes, edges)
    assert not rejected["edges"]
    turning = attributes.turning_deg_km(sites) * sites.length_km
    bent = (sites.u == 1) & (sites.v == 2)
    assert turning[bent] == pytest.approx(180, abs=1)
    assert (turning[~bent] == 0).all()
    holds = attributes.present(sites, Features(sites))
    assert holds["curve.sharp"].tolist() == bent.tolist()


def test_every_factor_has_a_rule_and_is_proposed(tmp_path: Path) -> None:
    sites, _, _ = read_sites(*write_grid(tmp_path, 4))
    assert set(attributes.present(sites, Features(sites))) == set(attributes.factors())
    assert {raw["certainty"] for raw in attributes.factors().values()} == {"proposed"}
