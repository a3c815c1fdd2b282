"""Enterprises: small fleets are shrunk and not ranked, true differences are found."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import csv

from sizao.app.cli import cli
from sizao.core.errors import ConfigError
from sizao.risk.enterprises import Records, assess, rates

NONE = np.array([""] * 200)


def fleets(seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """True rates a vehicle-month, vehicle-months from 2 to 2,000, and episodes."""
    chance = np.random.default_rng(seed)
    true = 0.3 * chance.gamma(2.0, 0.5, 200)
    exposure = np.exp(chance.uniform(np.log(2), np.log(2000), 200)).round()
    return true, exposure, chance.poisson(true * exposure).astype(float)


def test_shrunk_rates_are_nearer_to_the_truth_and_their_intervals_hold() -> None:
    true, exposure, events = fleets()
    found = rates(events, exposure, NONE, share=False)
    small = exposure < 20
    error = np.abs(found.mean - true)[small].mean()
    # The control: raw rates of small fleets are off by far more.
    assert error < 0.75 * np.abs(events / exposure - true)[small].mean()
    assert ((found.lower <= true) & (true <= found.upper)).mean() == pytest.approx(0.9, abs=0.06)
    assert found.similar == pytest.approx(0.3, rel=0.15)


def test_the_top_is_not_small_fleets_with_bad_luck() -> None:
    true, exposure, events = fleets(4)
    table = assess(
        Records(
            np.array([f"e{i}" for i in range(200)]), NONE, np.array(["speeding"] * 200), events,
            exposure, np.full(200, np.nan),
        )
    )  # fmt: skip
    rows = [row for row in table.to_pylist() if row["duty"] == "speeding"]
    tiny = [row for row in rows if row["weight"] < 0.3]
    assert tiny
    assert all(row["rank"] is None and "too little" in row["note"] for row in tiny)
    truth = {f"e{i}": rate for i, rate in enumerate(true)}
    top = sorted((row for row in rows if row["rank"]), key=lambda row: row["rank"])[:5]
    raw = sorted(rows, key=lambda row: -row["raw_rate"])[:5]
    kept = [
        np.mean([truth[row["enterprise"]] / row["raw_rate"] for row in one]) for one in (top, raw)
    ]
    # What the top by raw rate promises is mostly luck; the ranked ones keep what they promise.
    assert kept[0] > 0.9
    assert kept[1] < 0.75


def test_shares_are_beta_binomial() -> None:
    chance = np.random.default_rng(2)
    true = chance.beta(2, 8, 200)
    due = chance.integers(1, 120, 200).astype(float)
    late = chance.binomial(due.astype(int), true).astype(float)
    found = rates(late, due, NONE, share=True)
    assert found.similar == pytest.approx(0.2, abs=0.03)
    assert ((found.lower <= true) & (true <= found.upper)).mean() == pytest.approx(0.9, abs=0.06)
    # One of one is late: far from 100 %.
    one = (due < 3) & (late == due)
    if one.any():
        assert found.mean[one].max() < 0.5


def test_kinds_are_compared_within() -> None:
    """Coaches that all do better than trucks: an average coach firm is not a good truck firm."""
    exposure = np.full(40, 400.0)
    events = np.concatenate((np.full(20, 20.0), np.full(20, 200.0)))
    kind = np.array(["coach"] * 20 + ["truck"] * 20)
    found = rates(events, exposure, kind, share=False)
    assert found.mean / found.similar == pytest.approx(1.0, abs=0.05)
    # The control: without kinds every truck firm is worse than similar.
    apart = rates(events, exposure, NONE[:40], share=False)
    assert (apart.mean / apart.similar)[20:].min() > 1.3


def small_and_large(vehicles: float) -> list[dict]:
    """Thirty ordinary fleets, and one of three trucks with one episode on 200 km."""
    names = np.array([*(f"e{i:02}" for i in range(30)), "tiny"])
    chance = np.random.default_rng(3)
    exposure = np.append(np.full(30, 80.0), 0.2)
    events = np.append(chance.poisson(4.0 * chance.gamma(4, 0.25, 30)), 1.0)
    table = assess(
        Records(
            names, np.array(["freight"] * 31), np.array(["speeding"] * 31), events, exposure,
            np.append(np.full(30, 40.0), vehicles),
        )
    )  # fmt: skip
    return [row for row in table.to_pylist() if row["duty"] == "speeding"]


def test_three_trucks_with_one_episode_outrank_nobody() -> None:
    rows = small_and_large(3)
    tiny = next(row for row in rows if row["enterprise"] == "tiny")
    # The control: by raw rate it leads the list by far.
    assert max(rows, key=lambda row: row["raw_rate"])["enterprise"] == "tiny"
    assert tiny["raw_rate"] > 20 * tiny["similar"]
    assert tiny["rank"] is None
    assert tiny["note"] == "too few vehicles to rank"
    assert tiny["ratio"] < max(row["ratio"] for row in rows), "shrunk it is not even the worst"
    assert tiny["lower"] < tiny["expected"] < tiny["upper"], "it is shown, with its interval"
    # With vehicles enough the little exposure alone keeps it from a rank.
    assert small_and_large(6)[-1]["note"] == "too little exposure to rank"


@given(
    vehicles=st.integers(2, 4),
    events=st.integers(0, 50),
    km=st.floats(1, 1e6),
)
@settings(max_examples=8, deadline=None)
def test_however_a_few_vehicles_fare_they_have_no_rank(
    vehicles: int, events: int, km: float
) -> None:
    names = np.array([f"e{i}" for i in range(9)])
    rows = assess(
        Records(
            names, np.array(["freight"] * 9), np.array(["speeding"] * 9),
            np.append(np.arange(8) + 2.0, events), np.append(np.full(8, 50.0), km / 1000),
            np.append(np.full(8, 20.0), vehicles),
        )
    ).to_pylist()  # fmt: skip
    own = [row for row in rows if row["enterprise"] == "e8"]
    assert [row["rank"] for row in own] == [None, None]
    ranked = sorted(row["rank"] for row in rows if row["duty"] == "speeding" and row["rank"])
    assert ranked == list(range(1, 1 + len(ranked))), "and leaves no gap among the others"


def test_the_command(tmp_path: Path) -> None:
    _, exposure, events = fleets()
    rows = ["enterprise,duty,events,exposure,kind"]
    rows += [
        f"川东{i},speeding,{int(y)},{int(n)},freight" for i, (y, n) in
        enumerate(zip(events, exposure, strict=True))
    ]  # fmt: skip
    rows += ["川东1,overload,3,2,freight", "川东2,mood,1,1,freight", "川东3,speeding,1,1,freight"]
    path, out = tmp_path / "e.csv", tmp_path / "out.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    arguments = ["enterprises", str(path), f"--out={out}", "--json"]
    result = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    summary = json.loads(result.stdout)
    assert summary["enterprises"] == 200
    assert summary["rejected"] == 3
    assert "row 201: events below 0" in result.stderr
    table = csv.read_csv(out)
    assert len(table) == 400
    assert summary["worse_than_similar"] > 0
    with pytest.raises(ConfigError, match="3 rows rejected"):
        CliRunner().invoke(cli, [*arguments, "--strict"], catch_exceptions=False)
