"""Held-back years: where the estimator beats counting and the textbook, and where it does not.

The goals are the project's own; a test that says ``falls short`` states the figure reached.
"""

from __future__ import annotations

import json

import numpy as np
import pytest
from click.testing import CliRunner

from sizao.app.cli import cli
from sizao.core.errors import ConfigError
from sizao.risk.backtest_report import backtest
from sizao.risk.backtesting import Case, Run, calibration, describe, runs
from sizao.risk.capture import capture
from sizao.risk.crashes import read_crashes
from sizao.risk.features import Features
from sizao.risk.posterior import Posterior
from sizao.risk.sites import read_sites
from sizao.risk.snapping import build_index, snap

from .test_screening import scattered
from .worlds import borough, write_crashes, write_grid


def judged(name: str, years: range, test: int, keep: float = 1.0, seeds: int = 5) -> list[Run]:
    return list(runs(Case(*borough(name)), years, range(test, test + 1), keep, seeds))


def mean(found: list[Run], method: str, share: int) -> float:
    return float(np.mean([run.capture[method][share] for run in found]))


@pytest.mark.slow
def test_the_bronx_with_dense_records() -> None:
    """Goal .295 at 5 %. Counting is as good as there: the gain is within a thousandth."""
    (run,) = found = judged("nyc-bronx", range(2017, 2019), 2019)
    assert mean(found, "pooled", 1) >= 0.295
    assert mean(found, "pooled", 1) - mean(found, "count", 1) < 0.005
    report = describe(Case(*borough("nyc-bronx")), run)
    assert abs(report["top_100"]["junctions"]["error"]) < 0.05
    # Falls short of 5 %: fast roads lost more than the network, and no earlier year says so. It
    # is more than the drift between 2017 and 2018 lets expect, too.
    segments = report["top_100"]["segments"]
    assert 0.05 < segments["error"] < 0.13
    assert segments["after"] < segments["lower"]
    assert 0.02 < report["drift"] < 0.1
    pooled, count = (report["consistency"][name] for name in ("pooled", "count"))
    assert pooled["trd"] < 0.87 * count["trd"]
    assert pooled["mct"] >= count["mct"]


@pytest.mark.slow
def test_staten_island_with_dense_records() -> None:
    (run,) = found = judged("nyc-staten-island", range(2017, 2018), 2018)
    assert mean(found, "pooled", 1) >= 0.398
    assert mean(found, "pooled", 1) > mean(found, "eb", 1) > mean(found, "count", 1)
    assert mean(found, "pooled", 0) > mean(found, "eb", 0) > mean(found, "count", 0)
    report = describe(Case(*borough("nyc-staten-island")), run)
    for kind in ("segments", "junctions"):
        top = report["top_100"][kind]
        assert abs(top["error"]) < 0.05
        assert top["lower"] < top["after"] < top["upper"]
        # The control: past counts promise too much.
        assert top["error_of_counts"] > 0.05
    # Of one year nobody can tell how far classes of roads drift.
    assert report["drift"] is None
    assert 0.85 < report["coverage_90"] < 0.99


@pytest.mark.slow
def test_the_bronx_with_three_crashes_in_a_hundred() -> None:
    """Goal .225 at 5 %, mean of five seeds; the baseline is .204 to .214."""
    found = judged("nyc-bronx", range(2018, 2019), 2019, keep=0.03)
    assert mean(found, "pooled", 1) >= 0.225
    assert mean(found, "pooled", 1) > mean(found, "eb", 1) + 0.01 > mean(found, "count", 1) + 0.03
    assert all(run.capture["pooled"][1] > run.capture["eb"][1] for run in found)


@pytest.mark.slow
def test_segments_of_staten_island_with_one_crash_in_ten() -> None:
    """Goals: top 1 % .24, top 10 % .54, mean of five seeds, segments alone."""
    found = judged("nyc-staten-island", range(2017, 2018), 2018, keep=0.1)
    pooled, eb = (
        np.mean([run.segments[name] for run in found], axis=0) for name in ("pooled", "eb")
    )
    assert pooled[2] >= 0.54
    assert pooled[2] > eb[2] + 0.03
    # Falls short of .24: .228, against .220 for the textbook.
    assert 0.225 < pooled[0] < 0.24
    assert pooled[0] > eb[0]


def test_capture_by_hand() -> None:
    length, crashes = np.array([1.0, 1, 2]), np.array([6.0, 3, 1])
    assert capture(crashes, length, crashes, (0.25, 0.5, 0.75)).tolist() == pytest.approx(
        [0.6, 0.9, 0.95]
    )


def test_deciles_of_a_true_posterior_hold_what_happens() -> None:
    chance = np.random.default_rng(1)
    theta = chance.gamma(2.0, 1.0, 5000)
    rows = calibration(Posterior(theta, 0.0 * theta + 1e-9), chance.poisson(theta) * 1.0, 1.0)
    assert sum(row["lower"] <= row["observed"] <= row["upper"] for row in rows) >= 8
    # The control: twice too much is outside everywhere.
    rows = calibration(Posterior(2 * theta, 0.0 * theta + 1e-9), chance.poisson(theta) * 1.0, 1.0)
    assert sum(row["lower"] <= row["observed"] <= row["upper"] for row in rows) == 0


def command(folder, *more: str, among: tuple[int, ...] = (2016, 2017, 2018)):
    nodes, edges = write_grid(folder, 12)
    crashes = write_crashes(folder, scattered(2400, among))
    arguments = ["--nodes", nodes, "--edges", edges, "--crashes", crashes, *more]
    result = CliRunner().invoke(cli, ["backtest", *map(str, arguments)])
    if result.exception:
        raise result.exception
    return result


def test_the_command_prints_capture_and_pai_by_share(tmp_path) -> None:
    result = command(
        tmp_path,
        *["--years", "2016-2017", "--test", "2018", "--keep", "0.5", "--seeds", "2", "--json"],
    )
    found = json.loads(result.stdout)
    assert list(found["capture"]) == list(found["pai"]) == ["0.01", "0.05", "0.1", "0.2"]
    assert found["pai"]["0.05"] == pytest.approx(found["capture"]["0.05"] / 0.05, abs=1e-3)
    assert set(found["baselines"]) == {"eb", "count"}
    assert found["seeds"] == 2
    assert len(found["calibration"]) == 10
    assert found["treatment_claims"] == "possible"
    low, high = found["capture_interval"]["0.05"]
    assert low < found["capture"]["0.05"] < high
    assert 700 < found["test_crashes"] < 900


def test_a_kept_assessment_holds_what_the_command_prints(tmp_path) -> None:
    """The page of an assessment shows drift, bounds, consistency and breaks from its own run."""
    halved = (2016, 2016, 2017, 2017, 2018)
    printed = json.loads(
        command(tmp_path, "--years", "2016-2017", "--test", "2018", "--json", among=halved).stdout
    )
    sites, _, _ = read_sites(tmp_path / "nodes.csv", tmp_path / "edges.csv")
    crashes, _ = read_crashes(tmp_path / "crashes.csv")
    snapped = snap(build_index(sites), crashes.lat, crashes.lon)
    kept = backtest(sites, Features(sites), crashes, snapped, range(2016, 2019))
    assert kept is not None
    own = {name: value for name, value in kept.items() if name not in ("train", "test")}
    assert json.loads(json.dumps(own)) == {name: printed[name] for name in own}
    assert kept["breaks"]
    assert kept["treatment_claims"] == "refused"
    assert {"drift", "top_100", "consistency", "calibration", "coverage_90", "breaks"} <= set(kept)
    assert kept["top_100"]["segments"].keys() >= {"before", "expected", "after", "lower", "upper"}


def test_rolling_years_and_words(tmp_path) -> None:
    result = command(tmp_path, "--years", "2016", "--test", "2017-2018")
    assert "hindsight" in result.stdout
    assert "2017, seed 0" in result.stderr
    assert "2018, seed 0" in result.stderr


def test_the_test_year_must_come_after(tmp_path) -> None:
    with pytest.raises(ConfigError, match="not after"):
        command(tmp_path, "--years", "2016-2018", "--test", "2018")


@pytest.mark.slow
def test_staten_island_2019_is_flagged_and_claims_are_refused() -> None:
    from .worlds import data

    folder = data("nyc-staten-island")
    files = [f"--{name}={folder / name}.csv.gz" for name in ("nodes", "edges", "crashes")]
    result = CliRunner().invoke(
        cli, ["backtest", *files, "--years", "2018", "--test", "2019", "--json"]
    )
    found = json.loads(result.stdout)
    assert found["treatment_claims"] == "refused"
    assert "2019 has 42% fewer" in found["refused_because"][0]
