"""Before and after: EB removes what would have happened anyway; what cannot be told is refused."""

from __future__ import annotations

import numpy as np
import pytest

from sizao.core.errors import ConfigError
from sizao.risk import effects
from sizao.risk.breaks import Break

SHIFT = Break("level_shift", 2019, -0.42, "2019-03", "2019 has fewer crashes everywhere")


def picked(seed: int = 1):
    """Sites picked as the worst of many, nothing done to them: (mu, before, after) and k."""
    chance = np.random.default_rng(seed)
    mu, k = np.full(4000, 3.0), 0.6
    theta = mu * chance.gamma(1 / k, k, len(mu))
    before, after = chance.poisson(theta).astype(float), chance.poisson(theta).astype(float)
    worst = np.argsort(-before)[:150]
    return mu[worst], before[worst], after[worst], k


def test_nothing_was_done_and_eb_says_so() -> None:
    ratios, naive = [], []
    for seed in range(20):
        mu, before, after, k = picked(seed)
        ratios.append(effects.eb_before_after(mu, mu, k, before, after).ratio)
        naive.append(after.sum() / before.sum())
    assert np.mean(ratios) == pytest.approx(1, abs=0.02)
    # The control: counting before against after calls regression to the mean an effect.
    assert np.mean(naive) < 0.85


def test_a_true_effect_is_found() -> None:
    mu, before, after, k = picked()
    treated = np.random.default_rng(2).binomial(after.astype(int), 0.7).astype(float)
    found = effects.eb_before_after(mu, mu, k, before, treated)
    assert found.ratio == pytest.approx(0.7, abs=2.5 * found.standard_error)
    assert found.significant


def test_a_comparison_group_carries_what_moves_everywhere() -> None:
    found = effects.with_comparison(1000.0, 580.0, 5000.0, 2900.0)
    assert found.ratio == pytest.approx(1.0, abs=0.01)
    with pytest.raises(ConfigError):
        effects.with_comparison(0.0, 1.0, 1.0, 1.0)


def test_what_is_refused() -> None:
    before, after = range(2017, 2019), range(2019, 2020)
    assert effects.refuse([], before, after, before, 5) == []
    assert "effect" in effects.refuse([SHIFT], before, after, None, 5)[0]
    assert "judged" in effects.refuse([], before, after, range(2018, 2020), 5)[0]
    assert "no treated" in effects.refuse([], before, after, None, 0)[0]
    assert "follow" in effects.refuse([], after, before, None, 5)[0]
    # A shift at the start of the period lies outside what is compared.
    assert effects.refuse([SHIFT], range(2019, 2020), range(2020, 2021), None, 5) == []
