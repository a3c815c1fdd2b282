"""Posteriors of a site's mean: one gamma (Empirical Bayes) or a mixture of gammas.

With y ~ Poisson(theta) and theta = mu z, z ~ Gamma with mean 1 and variance k, the posterior is
Gamma(1/k + y, 1/(k mu) + 1): the mean is the EB estimate w mu + (1 - w) y, w = 1 / (1 + k mu),
its variance (1 - w) times the mean.

Real roads have more of the very dangerous than a gamma allows, and one gamma then shrinks the
worst too far. A mixture of gammas on a fixed grid of means, with weights from the data, keeps the
closed form. How sites differ depends on what they are: of the two carriageways of a divided road
one may get all crashes that a record knows of the road, and of its junction's nodes one, while a
quiet street is like the next. So each kind of site has its own weights, drawn to the network's
where there are few of it.

Source: Hauer, Harwood, Council and Griffith (2002), TRR 1784; for the mixture's weights by EM
Laird (1978), JASA 73.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

Floats = npt.NDArray[np.float64]

COVER = 0.90
"""Share of posterior probability between ``lower`` and ``upper``."""


@dataclass(frozen=True, eq=False)
class Posterior:
    """Mean and variance of each site's expected count. Arrays of shape (n,)."""

    mean: Floats
    variance: Floats

    def interval(self, cover: float = COVER) -> tuple[Floats, Floats]:
        """Lower and upper bound, of the gamma with the same mean and variance."""
        tail = (1 - cover) / 2
        shape, scale = self._gamma()
        return stats.gamma.ppf(tail, shape, scale=scale), stats.gamma.isf(tail, shape, scale=scale)

    def above(self, threshold: Floats | float) -> Floats:
        """Probability that the expected count is above a threshold."""
        shape, scale = self._gamma()
        probability: Floats = stats.gamma.sf(threshold, shape, scale=scale)
        return probability

    def _gamma(self) -> tuple[Floats, Floats]:
        mean = np.maximum(self.mean, 1e-12)
        variance = np.maximum(self.variance, 1e-18)
        return mean**2 / variance, variance / mean


def empirical_bayes(mu: Floats, k: Floats | float, observed: Floats) -> Posterior:
    """EB with one gamma.

    mu : predicted for the same time as observed, (n,); k : dispersion, (n,) or one number
    """
    weight = eb_weight(mu, k)
    mean = weight * mu + (1 - weight) * observed
    return Posterior(mean, (1 - weight) * mean)


def eb_weight(mu: Floats, k: Floats | float) -> Floats:
    """Weight of the prediction in the EB estimate: 1 / (1 + k mu)."""
    weight: Floats = 1.0 / (1.0 + k * mu)
    return weight


SHAPE = 4.0
GRID = np.exp(np.linspace(np.log(0.03), np.log(30.0), 16))
"""Means of the mixture's gammas: how many times its prediction a site may be worth."""


@dataclass(frozen=True, eq=False)
class Mixture:
    """z ~ sum of weights[j] Gamma(shape SHAPE, mean GRID[j])."""

    weights: Floats

    def posterior(self, mu: Floats, observed: Floats) -> Posterior:
        """Posterior of theta = mu z given counts, arrays of shape (n,)."""
        mean, variance = np.empty(len(mu)), np.empty(len(mu))
        for start in range(0, len(mu), 1 << 16):
            piece = slice(start, start + (1 << 16))
            m, y = mu[piece, None], observed[piece, None]
            share = _likelihood(m, y) * self.weights
            share /= share.sum(axis=1, keepdims=True)
            rate = SHAPE / GRID + m
            each = m * (SHAPE + y) / rate
            mean[piece] = (share * each).sum(axis=1)
            square = (share * (each**2 + each * m / rate)).sum(axis=1)
            variance[piece] = square - mean[piece] ** 2
        return Posterior(mean, np.maximum(variance, 0.0))


KIND_WEIGHT = 100.0
"""Sites that the network's mixture weighs in that of a kind.

Chosen, as the kinds were (``features.Features.edge_kind``), on the Bronx 2016-17 and 2017 for 2018,
3 % of 2017 for 2018, Staten Island 2016, and 10 % of it, for 2017, and 10 % of 2017 for the rest:
the later crashes were likelier under it in all six, for segments and for junctions.
"""


def by_kind(mu: Floats, observed: Floats, kind: npt.NDArray[np.int64]) -> Posterior:
    """Posterior with a mixture of each kind's own. Arrays of shape (n,); mu 0 is no site."""
    network = fit_mixture(mu, observed)
    mean, variance = np.zeros(len(mu)), np.zeros(len(mu))
    for one in np.unique(kind[mu > 0]):
        rows = (kind == one) & (mu > 0)
        own = fit_mixture(mu[rows], observed[rows], KIND_TURNS, network.weights, KIND_WEIGHT)
        found = own.posterior(mu[rows], observed[rows])
        mean[rows], variance[rows] = found.mean, found.variance
    return Posterior(mean, variance)


TURNS, KIND_TURNS = 300, 100


def fit_mixture(
    mu: Floats,
    observed: Floats,
    turns: int = TURNS,
    prior: Floats | None = None,
    prior_weight: float = 0.0,
) -> Mixture:
    """Weights by EM from equal ones or ``prior``; stopped early, which keeps them smooth.

    prior_weight : how many sites the prior counts as (the mode under a Dirichlet prior)
    Sites with the same count and nearly the same prediction (within 4 %) are taken together.
    """
    keep = mu > 0
    bin_of = np.round(np.log(np.maximum(mu[keep], 1e-9)) * 25)
    pairs, times = np.unique(
        np.column_stack((bin_of, np.round(observed[keep], 2))), axis=0, return_counts=True
    )
    likelihood = _likelihood(np.exp(pairs[:, :1] / 25), pairs[:, 1:])
    start = np.full(len(GRID), 1.0 / len(GRID)) if prior is None else prior
    weights = start
    for _ in range(turns):
        total = likelihood @ weights
        counted = weights * (likelihood.T @ (times / total)) + prior_weight * start
        weights = counted / (times.sum() + prior_weight)
    return Mixture(weights / weights.sum())


def _likelihood(mu: Floats, y: Floats) -> Floats:
    """NB likelihood of each component up to a factor a site, shape (n, components)."""
    rate = SHAPE / GRID
    log = SHAPE * np.log(rate / (rate + mu)) - y * np.log(rate + mu)
    found: Floats = np.exp(log - log.max(axis=1, keepdims=True))
    return found
