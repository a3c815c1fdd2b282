"""The regression finds what made the counts, says how sure it is, and refuses tiny samples."""

from __future__ import annotations

import numpy as np
import pytest

from sizao.risk import negbin, spf


def made(n: int = 4000, k: float = 0.8, seed: int = 1):
    chance = np.random.default_rng(seed)
    x = np.column_stack((np.ones(n), chance.normal(size=n), chance.random(n) < 0.3))
    mu = np.exp(x @ np.array([0.3, 0.5, -0.7]))
    y = chance.poisson(mu * (chance.gamma(1 / k, k, n) if k else 1.0)).astype(np.float64)
    return x, y


def test_coefficients_are_found_within_their_errors() -> None:
    found = negbin.fit(*made())
    away = (found.coefficients - [0.3, 0.5, -0.7]) / found.standard_errors
    assert np.abs(away).max() < 3
    assert abs(found.k - 0.8) < 3 * found.k_standard_error
    assert found.converged
    assert found.gradient < 1e-6


def test_the_same_as_statsmodels() -> None:
    from statsmodels.discrete.discrete_model import NegativeBinomial

    x, y = made(800)
    theirs = NegativeBinomial(y, x).fit(disp=False, maxiter=500)
    ours = negbin.fit(x, y)
    assert ours.coefficients == pytest.approx(theirs.params[:-1], rel=1e-3)
    assert ours.k == pytest.approx(theirs.params[-1], rel=1e-3)
    assert ours.standard_errors == pytest.approx(theirs.bse[:-1], rel=0.02)
    assert ours.loglik == pytest.approx(theirs.llf, rel=1e-8)


def test_poisson_counts_have_no_dispersion() -> None:
    found = negbin.fit(*made(k=0.0))
    assert found.k < 0.02
    assert found.likelihood_ratio < 2.71


def test_exposure_is_a_factor() -> None:
    x, y = made()
    once, twice = negbin.fit(x, y), negbin.fit(x, y, 2.0)
    assert twice.coefficients[0] == pytest.approx(once.coefficients[0] - np.log(2), abs=1e-4)
    assert twice.predict(x, 2.0) == pytest.approx(once.predict(x), rel=1e-4)


def test_a_coefficient_that_may_not_be_negative_is_left_out() -> None:
    x, y = made()
    held = negbin.fit(x, y, not_negative=np.array([False, False, True]))
    assert held.coefficients[2] == 0
    assert negbin.fit(x, y).coefficients[2] < -0.5


def test_a_constant_column_twice_does_no_harm_under_the_ridge() -> None:
    x, y = made()
    found = negbin.fit(np.column_stack((x, x[:, 1])), y, ridge=1.0)
    assert found.coefficients[1] == pytest.approx(found.coefficients[3], abs=1e-6)
    assert found.converged


@pytest.mark.parametrize(
    ("sites", "each", "how"),
    [(40, 9.0, "calibrated"), (400, 0.2, "calibrated"), (400, 0.5, "fitted")],
)
def test_a_tiny_sample_calibrates_a_published_form(sites: int, each: float, how: str) -> None:
    y = np.random.default_rng(3).poisson(each, sites).astype(np.float64)
    if how == "calibrated" and sites > 50:
        y[:] = 0
        y[:99] = 1
    length = np.linspace(0.1, 1.0, sites)
    x = np.column_stack((np.ones(sites), np.log(length)))
    found = spf.predict(x, ["one", "ln_length_km"], y, 1.0, length)
    assert found.how == how
    assert found.mu.sum() == pytest.approx(y.sum(), rel=0.02)


def test_cumulative_residuals_end_at_zero_and_stay_inside() -> None:
    x, y = made(k=0.0)
    mu = negbin.fit(x, y).predict(x)
    _, curve, bound = spf.cumulative_residuals(mu, y, x[:, 1])
    assert abs(curve[-1]) < 1e-3 * y.sum()
    assert (np.abs(curve) <= bound + 1).mean() > 0.9
    # The control: an SPF that forgets the variable leaves the bound.
    _, wrong, bound = spf.cumulative_residuals(np.full(len(y), y.mean()), y, x[:, 1])
    assert (np.abs(wrong) <= bound).mean() < 0.2
