"""The authorities' rules beside each other, from the rule book."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from sizao.app.cli import cli
from sizao.core.errors import ConfigError
from sizao.risk import black_spots, snapping
from sizao.risk.black_spots import Spot, SpotCrash, listed_sites, rules, why_listed
from sizao.risk.crashes import read_crashes
from sizao.risk.sites import read_sites

from .worlds import write_crashes, write_grid


def test_three_rules_each_with_its_certainty() -> None:
    found = rules()
    assert set(found) == {"blackspot.city_level", "blackspot.county_level", "blackspot.national"}
    assert found["blackspot.national"].certainty == "recalled"
    assert "待核实" in found["blackspot.national"].citation()


def test_a_pattern_must_repeat() -> None:
    rule = rules()["blackspot.county_level"]
    same = [SpotCrash(pattern="turning")] * 5
    mixed = [SpotCrash(pattern=name) for name in "abcde"]
    assert why_listed(Spot(same), rule)
    assert why_listed(Spot(mixed), rule) is None
    assert why_listed(Spot(mixed, repeated_pattern=True), rule)
    assert why_listed(Spot(same[:4]), rule) is None


def test_an_unknown_condition_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    rule = rules()["blackspot.county_level"]
    odd = replace(rule, parameters={"any_of": [{"accidents_min": 1, "moon": "full"}]})
    monkeypatch.setattr(black_spots, "rulebook", lambda: {"blackspot.odd": odd})
    with pytest.raises(ConfigError, match="moon"):
        rules()


def test_sites_within_the_window(tmp_path: Path) -> None:
    sites, _, _ = read_sites(*write_grid(tmp_path))
    rows = [(1.0, 1.0, year) for year in (2017, 2018, 2019)] + [(0.0, 0.5, 2019)] * 2
    crashes, _ = read_crashes(write_crashes(tmp_path, rows))
    snapped = snapping.snap(snapping.build_index(sites), crashes.lat, crashes.lon)
    rule = rules()["blackspot.national"]
    assert listed_sites(sites, crashes, snapped, 2019, rule) == [("node", 5)]
    # A year later the crash of 2017 has left the window of 36 months.
    assert listed_sites(sites, crashes, snapped, 2020, rule) == []
    assert np.array_equal(sites.node_id[5:6], [6])


def test_rules_beside_the_estimate(tmp_path: Path) -> None:
    """Twenty crashes at junction 6 are on both lists, three old ones at 16 on the rule's."""
    rows = [(1.0, 1.0, 2019)] * 20 + [(3.0, 3.0, 2017)] * 3
    chance = np.random.default_rng(1)
    rows += [(float(r), float(c), 2019) for r, c in 3 * chance.random((40, 2))]
    nodes, edges = write_grid(tmp_path)
    crashes, out = write_crashes(tmp_path, rows), tmp_path / "out.csv"
    arguments = ["--nodes", nodes, "--edges", edges, "--crashes", crashes, "--out", out]
    arguments += ["--years", "2019", "--rules", "--json"]
    result = CliRunner().invoke(cli, ["screen", *map(str, arguments)], catch_exceptions=False)
    found = json.loads(result.stdout)["black_spots"]["blackspot.national"]
    assert found["certainty"] == "recalled"
    assert 0 < found["in_both"] < found["listed"]
    assert "16" in found["only_the_rule"]
    assert "6" not in found["only_the_rule"] + found["only_the_estimate"]
    assert len(found["only_the_rule"]) == len(found["only_the_estimate"])
