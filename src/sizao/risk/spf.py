"""Safety performance functions: fitted where there is enough to fit, else a published one.

Under ``MIN_SITES`` sites or ``MIN_CRASHES`` crashes no regression is fitted: its coefficients
would be noise that reads like knowledge. The published form for two-lane rural roads then gives
how crashes grow with length and how much sites differ, and is calibrated to the total.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from sizao.risk import negbin
from sizao.risk.features import varying

Floats = npt.NDArray[np.float64]

MIN_SITES, MIN_CRASHES = 50, 100

_KM_A_MILE = 1.609344


@dataclass(frozen=True, eq=False)
class Prediction:
    """What an SPF says of every site.

    mu : (n,), expected crashes over the exposure; k : (n,), dispersion
    how : "fitted" or "calibrated"; fit, names : the regression and its columns, if fitted
    """

    mu: Floats
    k: Floats
    how: str
    fit: negbin.Fit | None = None
    names: list[str] = field(default_factory=list)

    def report(self) -> dict[str, object]:
        """Coefficients and diagnostics for people and for ``--json``."""
        found: dict[str, object] = {"how": self.how, "k": round(float(np.median(self.k)), 4)}
        if self.fit is None:
            return found
        found |= {
            "coefficients": {
                name: [round(float(b), 4), round(float(error), 4)]
                for name, b, error in zip(
                    self.names, self.fit.coefficients, self.fit.standard_errors, strict=True
                )
            },
            "k_standard_error": _or_none(self.fit.k_standard_error),
            "loglik": round(self.fit.loglik, 2),
            "likelihood_ratio_over_poisson": round(self.fit.likelihood_ratio, 2),
            "converged": self.fit.converged,
        }
        return found


def predict(
    x: Floats,
    names: list[str],
    y: Floats,
    years: float,
    length_km: Floats | None,
    *,
    rows: npt.NDArray[np.bool_] | None = None,
    ridge: float = 0.0,
    not_negative: npt.NDArray[np.bool_] | None = None,
    relative: tuple[Floats, Floats] | None = None,
) -> Prediction:
    """Fit an SPF, or calibrate the published one on tiny samples.

    x : (n, p) with its column names; y : (n,) crashes; years : exposure, the same for all
    length_km : (n,) for segments, None for junctions
    rows : which sites are real; the others get mu 0
    relative : for the published form alone: what is known of each site besides its length, as a
        factor and the variance of its logarithm
    """
    n = len(y)
    rows = np.ones(n, np.bool_) if rows is None else rows
    mu = np.zeros(n)
    if rows.sum() < MIN_SITES or y[rows].sum() < MIN_CRASHES:
        factor, doubt = (np.ones(n), np.zeros(n)) if relative is None else relative
        mu[rows], k = _published(
            y[rows], None if length_km is None else length_km[rows], factor[rows]
        )
        whole = np.ones(n)
        whole[rows] = k + np.expm1(doubt[rows])
        return Prediction(mu, whole, "calibrated")
    keep = varying(x, rows)
    fit = negbin.fit(
        x[rows][:, keep],
        y[rows],
        years,
        ridge=ridge,
        not_negative=None if not_negative is None else not_negative[keep],
    )
    mu[rows] = fit.predict(x[rows][:, keep], years)
    kept = [name for name, column in zip(names, keep, strict=True) if column]
    return Prediction(mu, np.full(n, fit.k), "fitted", fit, kept)


def _published(y: Floats, length_km: Floats | None, factor: Floats) -> tuple[Floats, Floats]:
    """The HSM's two-lane rural forms with traffic unknown and equal, calibrated to the total.

    Segments: N proportional to length and factor, k = 0.236 / length in miles (HSM 2010,
    eq. 10-6, 10-7).
    Junctions: N the same at each, k = 0.54 (three arms with stop control, eq. 10-8); recalled.
    """
    total = max(float(y.sum()), 0.5)
    if length_km is None:
        return total * factor / max(factor.sum(), 1e-12), np.full(len(y), 0.54)
    share = length_km * factor
    return total * share / share.sum(), 0.236 / (length_km / _KM_A_MILE)


def cumulative_residuals(mu: Floats, y: Floats, by: Floats) -> tuple[Floats, Floats, Floats]:
    """A CURE plot's curves: ``by`` sorted, summed residuals, and their two-sigma bound.

    A curve that leaves the bound shows where the SPF is wrong in this variable.
    Source: Hauer, The Art of Regression Modeling in Road Safety (2015), 7.
    """
    order = np.argsort(by, kind="stable")
    residual = (y - mu)[order]
    squares = np.cumsum(residual**2)
    bound = 2 * np.sqrt(squares * (1 - squares / max(squares[-1], 1e-12)))
    return by[order], np.cumsum(residual), bound


def calibrate(predicted: Floats, observed: Floats) -> float:
    """The factor that brings an SPF from elsewhere to local totals (HSM 2010, appendix A.1)."""
    return float(observed.sum() / predicted.sum())


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else round(value, 4)
