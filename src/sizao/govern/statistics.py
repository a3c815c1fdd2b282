"""Intervals for small numbers, without a statistics library: Wilson, and order statistics."""

from __future__ import annotations

import math
from collections.abc import Sequence

Z95 = 1.959963984540054
"""97.5th percentile of the standard normal distribution."""


def wilson(successes: int, n: int) -> tuple[float, float] | None:
    """95 % interval of a share, None if ``n`` is 0. Stays within 0 and 1 and is never empty.

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
    J. Am. Stat. Assoc. 22 (1927) 209-212.

    >>> [round(bound, 4) for bound in wilson(9, 10)]
    [0.5958, 0.9821]
    """
    if n == 0:
        return None
    p, z2 = successes / n, Z95 * Z95
    middle = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    low = 0.0 if successes == 0 else max(0.0, middle - half)
    high = 1.0 if successes == n else min(1.0, middle + half)
    return low, high


def median(values: Sequence[float]) -> float | None:
    """The middle value, or the mean of the two middle ones; None of nothing."""
    ordered = sorted(values)
    n = len(ordered)
    if n == 0:
        return None
    return ordered[n // 2] if n % 2 else (ordered[n // 2 - 1] + ordered[n // 2]) / 2


def percentile(values: Sequence[float], share: float) -> float | None:
    """The smallest value that at least ``share`` of all values do not exceed (nearest rank)."""
    ordered = sorted(values)
    if not ordered:
        return None
    return ordered[max(0, math.ceil(share * len(ordered) - 1e-9) - 1)]


def median_interval(values: Sequence[float]) -> tuple[float, float] | None:
    """95 % interval of a median from order statistics, without an assumption on the shape.

    The k-th smallest and k-th largest value, k the largest for which the sign test leaves at most
    2.5 % on either side. None below six values, where no such interval exists.

    Source: W. J. Conover, Practical Nonparametric Statistics, 3rd ed. (1999), section 3.2.

    >>> median_interval([1, 2, 3, 4, 5, 6])
    (1, 6)
    """
    ordered = sorted(values)
    n = len(ordered)
    tail, k = 0.0, 0
    # In logarithms: comb(n, i) / 2**n overflows a float from some thousand cases on.
    while k < n:
        log_term = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
        tail += math.exp(log_term - n * math.log(2))
        if tail > 0.025:
            break
        k += 1
    return (ordered[k - 1], ordered[n - k]) if k else None
