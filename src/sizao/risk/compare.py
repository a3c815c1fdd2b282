"""Two counts compared without being fooled by small numbers.

Given a crashes in one period and b in another of as many days, a is binomial of a + b; its exact
interval gives that of the ratio. "Three fewer, -60 %" is then seen for what it mostly is: chance.

Source: Clopper and Pearson (1934), Biometrika 26, applied to two Poisson counts (Przyborowski and
Wilenski 1940).
"""

from __future__ import annotations

from dataclasses import dataclass

from scipy import stats

FEW = 20
"""Below this many crashes in the base period no percentage is printed."""


@dataclass(frozen=True)
class Change:
    """``now`` against ``before``, ``before`` brought to the length of ``now``.

    ratio : now over before, None if before is 0; low, high : its 95 % interval, high may be inf
    """

    now: int
    before: int
    ratio: float | None
    low: float
    high: float

    @property
    def beyond_chance(self) -> bool:
        """Whether the interval leaves out "no change"."""
        return self.low > 1.0 or self.high < 1.0

    @property
    def difference(self) -> int:
        return self.now - self.before


def change(
    now: int, before: int, days_now: float = 1.0, days_before: float = 1.0, cover: float = 0.95
) -> Change:
    """Compare two counts. ``days`` of both periods matter only by their ratio."""
    tail = (1 - cover) / 2
    total, scale = now + before, days_before / days_now
    if total == 0:
        return Change(now, before, None, 0.0, float("inf"))
    low = float(stats.beta.ppf(tail, now, before + 1)) if now else 0.0
    high = float(stats.beta.isf(tail, now + 1, before)) if before else 1.0
    return Change(
        now,
        before,
        now / before * scale if before else None,
        low / (1 - low) * scale,
        high / (1 - high) * scale if high < 1 else float("inf"),
    )


def chance_of_more(observed: int, mean: float, variance: float) -> float:
    """Probability of at least so many when the mean is gamma with this mean and variance.

    Small: something has changed, or a rare thing happened.
    """
    if mean <= 0:
        return 1.0 if observed == 0 else 0.0
    if variance <= 0:
        return float(stats.poisson.sf(observed - 1, mean))
    size = mean**2 / variance
    return float(stats.nbinom.sf(observed - 1, size, size / (size + mean)))
