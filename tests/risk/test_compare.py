"""Small numbers: an interval that covers, patterns that need more than two of three."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sizao.risk.compare import chance_of_more, change
from sizao.risk.patterns import patterns
from sizao.risk.severity import cost_sets
from sizao.risk.severity_ranks import ranks, weighted


def test_two_small_counts_are_not_a_change() -> None:
    found = change(2, 5)
    assert found.ratio == pytest.approx(0.4)
    assert found.low < 0.4 < found.high
    assert not found.beyond_chance
    assert change(20, 60).beyond_chance


def test_days_of_the_periods_are_allowed_for() -> None:
    assert change(31, 28, 31, 28).ratio == pytest.approx(1.0)
    assert change(0, 0).ratio is None
    assert math.isinf(change(3, 0).high)
    assert change(0, 4).low == 0.0


def test_the_interval_covers_as_often_as_it_says() -> None:
    rng = np.random.default_rng(3)
    covered = 0
    for _ in range(400):
        found = change(int(rng.poisson(12)), int(rng.poisson(8)))
        covered += found.low <= 1.5 <= found.high
    assert covered / 400 >= 0.95, "an exact interval covers at least as often"


def test_chance_of_more() -> None:
    assert chance_of_more(0, 0.0, 0.0) == 1.0
    assert chance_of_more(3, 0.0, 0.0) == 0.0
    assert chance_of_more(5, 1.0, 0.0) == pytest.approx(0.00366, abs=1e-5)
    assert chance_of_more(5, 1.0, 1.0) > chance_of_more(5, 1.0, 0.0), "doubt makes it likelier"


def test_patterns_are_shrunk_to_what_is_usual() -> None:
    # Site 0: 3 of 3 wet. Site 1: 15 of 18 wet. The other sites: a fifth.
    site_of = [0] * 3 + [1] * 18 + [site for site in range(2, 42) for _ in range(5)]
    values = [["wet"]] * 3 + [["wet"]] * 15 + [["dry"]] * 3
    values += [["wet"] if i % 5 == 0 else ["dry"] for i in range(200)]
    similar = np.ones(42, bool)
    few = {one.value: one for one in patterns(np.array(site_of), values, similar, 0)}
    many = {one.value: one for one in patterns(np.array(site_of), values, similar, 1)}
    assert many["wet"].sure > 0.9
    assert many["wet"].sure > few["wet"].sure
    assert many["wet"].share == pytest.approx(15 / 18)
    assert patterns(np.array(site_of), values, similar, 5) != []
    assert patterns(np.array([0, 0]), [["wet"], ["wet"]], np.ones(1, bool), 0) == []


def test_one_fatal_crash_does_not_outrank_everything() -> None:
    expected = np.array([10.0, 1.0])
    harm = [np.array([0.0, 1.0]), np.array([4.0, 0.0]), np.array([6.0, 0.0])]
    raw = cost_sets()["hsm_2010"].score(*harm)
    assert raw[1] > raw[0], "the control: bare costs put the single fatal crash first"
    shrunk = weighted(expected, harm, cost_sets()["hsm_2010"])
    assert shrunk[0] > shrunk[1]
    assert ranks(np.array([3.0, 5.0, 5.0])).tolist() == [3, 1, 1]
