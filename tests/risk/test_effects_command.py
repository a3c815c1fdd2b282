"""``sizao effects`` tells a treatment from luck, and refuses what cannot be told."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from sizao.app.cli import cli
from sizao.core.errors import ConfigError

from .worlds import write_crashes, write_grid

SIDE = 12


def world(folder: Path, effect: float, level: float = 1.0, seed: int = 1) -> list[str]:
    """Crashes of 2017 and 2019 at junctions of unequal danger; the worst 25 of 2017 are treated
    with an effect, everything else changes by ``level``."""
    chance = np.random.default_rng(seed)
    danger = 4 * chance.gamma(1.5, 1 / 1.5, SIDE * SIDE)
    before = chance.poisson(danger)
    treated = np.argsort(-before)[:25]
    after_mean = danger * level
    after_mean[treated] *= effect
    after = chance.poisson(after_mean)
    rows = [
        (float(site // SIDE), float(site % SIDE), year)
        for year, counts in ((2017, before), (2019, after))
        for site, number in enumerate(counts)
        for _ in range(number)
    ]
    # Some crashes everywhere and in the year of the works, so that no year is empty.
    rows += [(float(i % SIDE), (i % 11) + 0.5, 2018) for i in range(len(rows) // 2)]
    nodes, edges = write_grid(folder, SIDE)
    crashes = write_crashes(folder, rows)
    sites = folder / "sites.csv"
    sites.write_text("u,v\n" + "".join(f"{site + 1},\n" for site in treated))
    return [
        *("--nodes", str(nodes), "--edges", str(edges), "--crashes", str(crashes)),
        *("--sites", str(sites), "--years", "2017", "--after", "2019"),
    ]


def run(arguments: list[str], *more: str) -> dict:
    result = CliRunner().invoke(cli, ["effects", *arguments, "--json", *more])
    if result.exception:
        raise result.exception
    return json.loads(result.stdout)


def test_picked_sites_without_a_treatment_show_no_effect(tmp_path: Path) -> None:
    found = [run(world(tmp_path, 1.0, seed=seed), "--selected-by", "2017") for seed in range(6)]
    # Six times 25 sites: the mean ratio has a standard error of 0.04.
    assert np.mean([one["ratio"] for one in found]) == pytest.approx(1.0, abs=0.1)
    # The control: after against before alone would call luck an effect.
    assert np.mean([one["observed_after"] / one["observed_before"] for one in found]) < 0.9


def test_a_treatment_that_halves_crashes_is_found(tmp_path: Path) -> None:
    found = run(world(tmp_path, 0.5), "--selected-by", "2017")
    assert found["significant_95"]
    assert found["effectiveness"] == pytest.approx(0.5, abs=0.15)


def test_the_error_holds_regression_and_trend_and_money_has_an_interval(tmp_path: Path) -> None:
    costs = ("--crash-cost", "100000", "--measure-cost", "1000000", "--life", "5")
    found = run(world(tmp_path, 0.5), "--selected-by", "2017", *costs)
    assert found["standard_error_with_model"] > found["standard_error"]
    low, high = found["economics"]["interval_95"]
    middle = found["economics"]["benefit_over_cost"]
    assert 0 < low < middle < high
    # Half of what was expected a year, five years at 5 %: 4.329 years' worth.
    expected = found["expected_after"] * found["effectiveness"] * 100_000 * 4.3295 / 1_000_000
    assert middle == pytest.approx(expected, rel=1e-3)


def test_wider_errors_hold_the_truth(tmp_path: Path) -> None:
    """Twelve worlds without an effect: nearly all within 1.96 of the wider errors of 1."""
    held = []
    for seed in range(12):
        found = run(world(tmp_path, 1.0, seed=100 + seed), "--selected-by", "2017")
        held.append(abs(found["ratio"] - 1) < 1.96 * found["standard_error_with_model"])
    assert sum(held) >= 11


def test_what_cannot_be_told_is_refused(tmp_path: Path) -> None:
    arguments = world(tmp_path, 1.0)
    with pytest.raises(ConfigError, match="picked by crashes of the very years"):
        run(arguments, "--selected-by", "2017-2019")
    with pytest.raises(ConfigError, match="everywhere at once"):
        run(world(tmp_path, 1.0, level=0.3))
    (tmp_path / "sites.csv").write_text("u,v\n1,99\n")
    with pytest.raises(ConfigError, match="1-99"):
        run(arguments)
