"""How far classes of roads move together, and what that does to the interval of a sum."""

from __future__ import annotations

import numpy as np
import pytest

from sizao.risk.drift import variance_of_sum, yearly_drift


def test_chance_alone_is_no_drift() -> None:
    chance = np.random.default_rng(1)
    found = [yearly_drift(chance.poisson(800.0, (3, 10)).astype(float)) for _ in range(50)]
    assert all(one is not None for one in found)
    assert np.median([one for one in found if one is not None]) < 0.02


def test_a_drift_is_found() -> None:
    chance = np.random.default_rng(2)
    found = []
    for _ in range(50):
        level = np.exp(np.cumsum(chance.normal(0, 0.2, (4, 10)), axis=0))
        drift = yearly_drift(chance.poisson(800 * level).astype(float))
        assert drift is not None
        found.append(drift)
    assert np.mean(found) == pytest.approx(0.2, rel=0.1)


def test_one_year_or_hardly_a_crash_says_nothing() -> None:
    assert yearly_drift(np.full((1, 10), 500.0)) is None
    assert yearly_drift(np.full((3, 10), 5.0)) is None
    assert yearly_drift(np.zeros((0, 10))) is None


def test_sites_of_one_class_move_together() -> None:
    expected = np.ones(100)
    together = variance_of_sum(expected, np.zeros(100, np.int64), 0.1)
    apart = variance_of_sum(expected, np.arange(100), 0.1)
    assert together == pytest.approx(100.0)
    assert apart == pytest.approx(1.0)
    assert variance_of_sum(expected, np.zeros(100, np.int64), None) == 0.0
