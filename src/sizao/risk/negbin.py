"""Negative binomial regression (NB2) by maximum likelihood, quick on a million rows.

y ~ NB(mu, k), Var = mu + k mu^2, ln mu = ln(exposure) + X b. Coefficients come from Newton steps,
the dispersion from a bounded search along the likelihood; the two take turns. ``y`` may be no
whole number: years that count less than one (see ``discount``) give shares of a crash.

Source: Cameron and Trivedi, Regression Analysis of Count Data (2013), 3.3; the shared example
``nb-spf-wa-2`` holds it against statsmodels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import optimize, special

Floats = npt.NDArray[np.float64]

K_RANGE = (3e-4, 400.0)
"""Dispersions that are looked at; at the lower end the counts are as good as Poisson."""


@dataclass(frozen=True, eq=False)
class Fit:
    """A fitted regression.

    coefficients, standard_errors : float64 (p,); covariance : of the coefficients, (p, p)
    k : dispersion; k_standard_error : of k, NaN at the border of K_RANGE
    loglik : without the ridge's part; loglik_poisson : of the same mean with k = 0, refitted
    gradient : largest entry of the penalised score a row, in standardised columns
    converged : whether the turns came to rest and the gradient is as good as zero
    """

    coefficients: Floats
    standard_errors: Floats
    k: float
    k_standard_error: float
    loglik: float
    loglik_poisson: float
    gradient: float
    converged: bool
    rows: int
    covariance: Floats

    def predict(self, x: Floats, exposure: Floats | float = 1.0) -> Floats:
        """Mean of each row, shape (n,)."""
        mean: Floats = np.exp(np.clip(x @ self.coefficients, -40, 40)) * exposure
        return mean

    @property
    def likelihood_ratio(self) -> float:
        """Twice the gain over Poisson; above 2.71 overdispersion is significant at 5 %."""
        return 2.0 * (self.loglik - self.loglik_poisson)


def fit(
    x: Floats,
    y: Floats,
    exposure: Floats | float = 1.0,
    *,
    ridge: float = 0.0,
    not_negative: npt.NDArray[np.bool_] | None = None,
    turns: int = 40,
) -> Fit:
    """Fit by maximum likelihood.

    x : (n, p), first column ones; y : (n,); exposure : (n,) or one number, above 0
    ridge : penalty on standardised coefficients but the first; 0 is plain maximum likelihood
    not_negative : (p,), coefficients that may not fall below 0; a column that would is left out
    """
    n, p = x.shape
    offset = np.log(np.broadcast_to(np.asarray(exposure, np.float64), (n,)))
    spread = x.std(axis=0)
    penalty = ridge * spread**2
    penalty[0] = 0.0
    free = np.ones(p, np.bool_)
    distinct, where = np.unique(y, return_inverse=True)
    times = np.bincount(where).astype(np.float64)
    start = np.zeros(p)
    start[0] = np.log(max(y.sum(), 0.5) / np.exp(offset).sum())
    poisson, _, _ = _newton(x, y, offset, start, 0.0, penalty, free, turns)
    loglik_poisson = float(
        (y * _eta(x, offset, poisson) - np.exp(_eta(x, offset, poisson))).sum()
        - (times * special.gammaln(distinct + 1)).sum()
    )
    b, k = poisson, 1.0
    while True:
        b, k, settled = _take_turns(x, y, offset, b, k, penalty, free, distinct, times, turns)
        below = free & (b < 0) & not_negative if not_negative is not None else ~free & False
        if not below.any():
            break
        # The one that is most below goes first: others may turn positive without it.
        free[np.argmin(np.where(below, b * spread, 0.0))] = False
        b = np.where(free, b, 0.0)
    mu = np.exp(_eta(x, offset, b))
    score = x.T @ ((y - mu) / (1 + k * mu)) - penalty * b
    scale = np.where(spread > 0, spread, 1.0) * n
    gradient = float(np.abs(score[free] / scale[free]).max())
    information = (x.T * (mu * (1 + k * y) / (1 + k * mu) ** 2)) @ x + np.diag(penalty)
    covariance = np.zeros((p, p))
    covariance[np.ix_(free, free)] = np.linalg.pinv(information[np.ix_(free, free)])
    errors = np.sqrt(np.diag(covariance).clip(0))
    return Fit(
        coefficients=b,
        standard_errors=errors,
        k=k,
        k_standard_error=_k_error(y, mu, k, distinct, times),
        loglik=_loglik(y, mu, k, distinct, times),
        loglik_poisson=loglik_poisson,
        gradient=gradient,
        converged=settled and gradient < 1e-5,
        rows=n,
        covariance=covariance,
    )


def _eta(x: Floats, offset: Floats, b: Floats) -> Floats:
    eta: Floats = np.clip(x @ b + offset, -40, 40)
    return eta


def _loglik(y: Floats, mu: Floats, k: float, distinct: Floats, times: Floats) -> float:
    """Log likelihood; what depends on the count alone is worked out once a distinct count."""
    r = 1.0 / k
    own = special.gammaln(distinct + r) - special.gammaln(r) - special.gammaln(distinct + 1)
    grown = np.log1p(k * mu)
    return float(
        (times * own).sum() - (r + y) @ grown + y @ np.log(mu) + np.log(k) * float(y.sum())
    )


def _k_error(y: Floats, mu: Floats, k: float, distinct: Floats, times: Floats) -> float:
    if not K_RANGE[0] * 1.01 < k < K_RANGE[1] * 0.99:
        return float("nan")
    step = 0.01 * k
    low, mid, high = (_loglik(y, mu, k + d, distinct, times) for d in (-step, 0.0, step))
    curve = (2 * mid - low - high) / step**2
    return float(curve**-0.5) if curve > 0 else float("nan")


def _take_turns(
    x: Floats,
    y: Floats,
    offset: Floats,
    b: Floats,
    k: float,
    penalty: Floats,
    free: npt.NDArray[np.bool_],
    distinct: Floats,
    times: Floats,
    turns: int,
) -> tuple[Floats, float, bool]:
    best = -np.inf
    low, high = (float(np.log(border)) for border in K_RANGE)
    log_k = 0.0
    for turn in range(turns):
        mu = np.exp(_eta(x, offset, b))
        near = (low, high) if turn == 0 else (max(low, log_k - 0.7), min(high, log_k + 0.7))
        found = optimize.minimize_scalar(
            lambda at, mu=mu: -_loglik(y, mu, float(np.exp(at)), distinct, times),
            bounds=near,
            method="bounded",
            # The first turn only has to find the neighbourhood.
            options={"xatol": 1e-2 if turn == 0 else 1e-6},
        )
        log_k = float(found.x)
        k = float(np.exp(log_k))
        b, value, settled = _newton(x, y, offset, b, k, penalty, free, 25)
        value = _loglik(y, np.exp(_eta(x, offset, b)), k, distinct, times) - 0.5 * float(
            penalty @ b**2
        )
        if value - best < 1e-9 * abs(value):
            return b, k, settled
        best = value
    return b, k, False


def _newton(
    x: Floats,
    y: Floats,
    offset: Floats,
    b: Floats,
    k: float,
    penalty: Floats,
    free: npt.NDArray[np.bool_],
    turns: int,
) -> tuple[Floats, float, bool]:
    """Coefficients for a given k (0 is Poisson), by Fisher scoring with halved steps."""

    def value(b: Floats) -> float:
        eta = _eta(x, offset, b)
        if k == 0:
            likelihood = float(y @ eta - np.exp(eta).sum())
        else:
            likelihood = float(y @ eta - (y + 1 / k) @ np.log1p(k * np.exp(eta)))
        return likelihood - 0.5 * float(penalty @ b**2)

    now = value(b)
    columns = x[:, free]
    for _ in range(turns):
        mu = np.exp(_eta(x, offset, b))
        slope = columns.T @ ((y - mu) / (1 + k * mu)) - (penalty * b)[free]
        curve = (columns.T * (mu / (1 + k * mu))) @ columns + np.diag(penalty[free])
        step = np.linalg.lstsq(curve, slope, rcond=1e-12)[0]
        share = 1.0
        while share > 1e-4:
            trial = b.copy()
            trial[free] += share * step
            then = value(trial)
            if then >= now - 1e-12 * abs(now):
                break
            share /= 2
        else:
            return b, now, False
        gain, b, now = then - now, trial, then
        if gain < 1e-10 * abs(now):
            return b, now, True
    return b, now, False
