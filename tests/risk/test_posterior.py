"""Posteriors: the closed form, its interval, and a mixture that keeps the worst sites apart."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from sizao.risk.posterior import GRID, SHAPE, Mixture, by_kind, empirical_bayes, fit_mixture


def test_the_posterior_is_gamma() -> None:
    mu, k, y = 2.0, 0.5, 5.0
    found = empirical_bayes(np.array([mu]), k, np.array([y]))
    gamma = stats.gamma(1 / k + y, scale=1 / (1 / (k * mu) + 1))
    assert found.mean[0] == pytest.approx(gamma.mean())
    assert found.variance[0] == pytest.approx(gamma.var())
    assert found.interval(0.9)[0][0] == pytest.approx(gamma.ppf(0.05))
    assert found.interval(0.9)[1][0] == pytest.approx(gamma.ppf(0.95))
    assert found.above(4.0)[0] == pytest.approx(gamma.sf(4.0))


def test_a_mixture_is_what_integration_says() -> None:
    weights = np.zeros(len(GRID))
    weights[[4, 11]] = 0.7, 0.3
    mu, y = 1.3, 6.0
    found = Mixture(weights).posterior(np.array([mu]), np.array([y]))

    def density(z: float) -> float:
        prior = 0.7 * stats.gamma.pdf(z, SHAPE, scale=GRID[4] / SHAPE)
        prior += 0.3 * stats.gamma.pdf(z, SHAPE, scale=GRID[11] / SHAPE)
        return float(prior * stats.poisson.pmf(y, mu * z))

    total, first, second = (
        integrate.quad(lambda z, p=p: density(z) * (mu * z) ** p, 0, 60, limit=200)[0]
        for p in (0, 1, 2)
    )
    assert found.mean[0] == pytest.approx(first / total, rel=1e-6)
    assert found.variance[0] == pytest.approx(second / total - (first / total) ** 2, rel=1e-6)


def test_the_mixture_shrinks_the_worst_less_than_one_gamma() -> None:
    """Most sites are alike and one in fifty is ten times worse: what one gamma cannot say."""
    chance = np.random.default_rng(5)
    z = np.where(chance.random(5000) < 0.02, 10.0, 0.8)
    mu = np.full(5000, 1.0)
    y = chance.poisson(mu * z).astype(np.float64)
    mixed = fit_mixture(mu, y).posterior(mu, y).mean
    k = float(y.var() - y.mean()) / y.mean() ** 2
    one = empirical_bayes(mu, k, y).mean
    worst = z > 1
    assert np.abs(mixed - z)[worst].mean() < 0.75 * np.abs(one - z)[worst].mean()
    assert ((mixed - z) ** 2).mean() < ((one - z) ** 2).mean()


def test_kinds_that_differ_otherwise_are_shrunk_otherwise() -> None:
    """Of one kind nine in ten have no crash ever, the other kind is as predicted; the same means.

    A place without crashes is then nearly safe in the one and as predicted in the other. The
    control: with kinds dealt out at random a kind's own mixture is the network's.
    """
    chance = np.random.default_rng(8)
    kind = np.repeat([0, 1], 4000)
    z = np.where(kind == 1, 1.0, np.where(chance.random(8000) < 0.9, 0.01, 9.9))
    mu = np.full(8000, 1.0)
    y = chance.poisson(mu * z).astype(np.float64)
    found = by_kind(mu, y, kind).mean
    together = fit_mixture(mu, y).posterior(mu, y).mean
    none = y == 0
    assert found[none & (kind == 0)].mean() < 0.5 * together[none].mean()
    assert found[none & (kind == 1)].mean() > 1.5 * together[none].mean()
    assert ((found - z) ** 2).mean() < ((together - z) ** 2).mean()
    dealt = by_kind(mu, y, chance.permutation(kind)).mean
    assert np.abs(dealt - together).mean() < 0.05 * together.mean()


def test_a_kind_of_few_sites_is_like_the_network() -> None:
    chance = np.random.default_rng(9)
    mu = np.full(3000, 1.0)
    y = chance.poisson(mu * chance.gamma(1.0, 1.0, 3000)).astype(np.float64)
    kind = np.zeros(3000, np.int64)
    kind[:3] = 1
    together = fit_mixture(mu, y).posterior(mu, y)
    found = by_kind(mu, y, kind)
    assert found.mean[:3] == pytest.approx(together.mean[:3], rel=0.1)
    # No site, no crash: what has no prediction stays without one.
    mu[5], y[5] = 0.0, 0.0
    assert by_kind(mu, y, kind).mean[5] == 0.0


def test_intervals_cover_what_they_promise() -> None:
    chance = np.random.default_rng(6)
    mu = np.exp(chance.normal(0, 1, 20_000))
    theta = mu * chance.gamma(1 / 0.7, 0.7, len(mu))
    lower, upper = empirical_bayes(mu, 0.7, chance.poisson(theta).astype(float)).interval(0.9)
    assert ((lower <= theta) & (theta <= upper)).mean() == pytest.approx(0.9, abs=0.01)
