"""Did it work? Before and after with Empirical Bayes, with or without a comparison group.

Sites are treated because they had many crashes, and would have had fewer anyway. EB says what
would have been expected without the treatment; a plain before/after does not, and is not offered.

Refused, with the reason: too few sites, sites whose "before" years were the very years they were
picked by without an EB prediction, and any period over a reporting break unless a comparison
group carries the break.

Source: Hauer (1997), Observational Before-After Studies; AASHTO HSM (2010), chapter 9.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sizao.core.errors import ConfigError
from sizao.risk.breaks import Break
from sizao.risk.posterior import empirical_bayes

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Effect:
    """Result of an evaluation. ``ratio`` is after over expected without treatment.

    expected_after : crashes the after period would have had, with its variance
    biased, ratio : odds ratio before and after the correction for its denominator
    effectiveness : 1 - ratio; standard_error : of both, Hauer's, as if the SPF were known
    model_error : the same with what the regression and the trend are unsure of
    significant : whether effectiveness is more than 1.96 of the wider errors from 0
    """

    observed_after: float
    expected_after: float
    variance: float
    biased: float
    ratio: float
    standard_error: float
    sites_expected_after: Floats
    sites_variance: Floats
    model_error: float

    @property
    def effectiveness(self) -> float:
        """Relative reduction; negative if crashes rose."""
        return 1.0 - self.ratio

    @property
    def significant(self) -> bool:
        """At 95 %."""
        return abs(self.effectiveness) > 1.96 * self.model_error


def eb_before_after(
    predicted_before: Floats,
    predicted_after: Floats,
    k: Floats | float,
    observed_before: Floats,
    observed_after: Floats,
    shared_variance: float = 0.0,
) -> Effect:
    """Evaluate treated sites, arrays of shape (n,), whole periods.

    predicted_before, predicted_after : by an SPF for untreated conditions
    k : its dispersion at each site
    shared_variance : of the expected total after, by the regression and the trend

    The standard error is Hauer's (1997, eq. 6.6): Var(theta) = (O/pi)^2 (1/O + Var(pi)/pi^2) /
    (1 + Var(pi)/pi^2)^2. Two other readings circulate; :func:`other_standard_errors` gives them.
    """
    before = empirical_bayes(predicted_before, k, observed_before)
    change = predicted_after / predicted_before
    expected = before.mean * change
    variance = before.variance * change**2
    return _effect(float(observed_after.sum()), expected, variance, shared_variance)


def with_comparison(
    treated_before: float, treated_after: float, other_before: float, other_after: float
) -> Effect:
    """Before/after against a comparison group, where no SPF is at hand.

    Only for sites that were not picked by their crashes: it does not correct for regression to
    the mean. Source: Hauer (1997), chapter 9.
    """
    if min(treated_before, other_before, other_after) <= 0:
        raise ConfigError("a comparison needs crashes of both groups before and of the other after")
    expected = treated_before * (other_after / other_before) / (1 + 1 / other_before)
    relative = 1 / treated_before + 1 / other_before + 1 / other_after
    return _effect(treated_after, np.array([expected]), np.array([expected**2 * relative]))


def _effect(
    observed: float, expected: Floats, variance: Floats, shared_variance: float = 0.0
) -> Effect:
    total, spread = float(expected.sum()), float(variance.sum())
    biased = observed / total
    ratio = biased / (1 + spread / total**2)
    errors = []
    for whole in (spread, spread + shared_variance):
        relative = 1 / max(observed, 0.5) + whole / total**2
        errors.append(biased * relative**0.5 / (1 + whole / total**2))
    return Effect(observed, total, spread, biased, ratio, errors[0], expected, variance, errors[1])


def shared_variance(
    gradient: Floats, covariance: Floats, expected_after: float, residual: Floats, after: float
) -> float:
    """Variance of the treated sites' expected total that they have in common.

    gradient : (p,), of that total by the regression's coefficients; covariance : (p, p)
    residual : of untreated sites, after less what the trend expects of them; after : their total

    The trend's error takes the scatter of untreated sites as it is, chance and drift together.
    """
    trend = float((residual**2).sum()) / max(after, 0.5) ** 2
    return float(gradient @ covariance @ gradient) + expected_after**2 * trend


def other_standard_errors(effect: Effect) -> dict[str, float]:
    """The readings of Var(theta) in circulation, as standard errors."""
    part = effect.variance / effect.expected_after**2
    relative = 1 / max(effect.observed_after, 0.5) + part
    return {
        "hauer": (effect.biased**2 * relative) ** 0.5 / (1 + part),
        "single_denominator": (effect.biased**2 * relative / (1 + part)) ** 0.5,
        "second_term_only": effect.biased
        * (1 / max(effect.observed_after, 0.5) + part / (1 + part)) ** 0.5,
    }


def refuse(
    breaks: Sequence[Break],
    before: range,
    after: range,
    selected_by: range | None,
    sites: int,
) -> list[str]:
    """Why an evaluation must not be made; empty if it may.

    selected_by : the years whose crashes the sites were picked by, None if they were not
    """
    reasons = []
    if sites < 1:
        reasons.append("no treated site")
    if set(before) & set(after) or (before and after and before[-1] > after[0]):
        reasons.append("the after years must follow the before years")
    span = range(min(before, default=0), max(after, default=-1) + 1)
    reasons += [
        f"{found.text}; a before/after over it would call that an effect"
        for found in breaks
        if found.year in span and not (found.kind == "level_shift" and found.year == span[0])
    ]
    if selected_by is not None and set(selected_by) & set(after):
        reasons.append("the sites were picked by crashes of the very years they are judged by")
    return reasons
