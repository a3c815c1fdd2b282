"""Intervals against published or independently computed values."""

from __future__ import annotations

from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sizao.govern.statistics import median, median_interval, percentile, wilson


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [
        # Closed form where all or none succeed: n / (n + z^2) and z^2 / (n + z^2)
        (0, 10, 0.0, 0.2775328),
        (1, 1, 0.2065493, 1.0),
        (5, 10, 0.2365931, 0.7634069),
        (10, 10, 0.7224672, 1.0),
        # Newcombe (1998), Stat. Med. 17, 857-872, table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson(successes: int, n: int, low: float, high: float) -> None:
    assert wilson(successes, n) == pytest.approx((low, high), abs=5e-5)


def test_wilson_of_nothing() -> None:
    assert wilson(0, 0) is None


@given(st.integers(1, 10_000), st.data())
@settings(deadline=None)
def test_wilson_stays_within_bounds_and_mirrors(n: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(0, n))
    low, high = wilson(k, n) or (2.0, 2.0)
    assert 0.0 <= low <= k / n <= high <= 1.0
    other_low, other_high = wilson(n - k, n) or (2.0, 2.0)
    assert (low, high) == pytest.approx((1 - other_high, 1 - other_low), abs=1e-12)


@pytest.mark.parametrize("n", [1, 5, 6, 8, 9, 20, 25, 50, 99, 400])
def test_median_interval_against_the_binomial_itself(n: int) -> None:
    """The widest rank whose tail stays within 2.5 %, by exact whole numbers."""
    rank = 0
    while sum(comb(n, i) for i in range(rank + 1)) * 40 <= 2**n:
        rank += 1
    expected = (rank, n + 1 - rank) if rank else None
    assert median_interval(list(range(1, n + 1))) == expected


def test_median_interval_of_many() -> None:
    found = median_interval([float(i) for i in range(1, 20_001)])
    assert found is not None
    half = 1.959964 * 20_000**0.5 / 2
    assert found[0] == pytest.approx(10_000 - half, abs=1.5)
    assert found[1] == pytest.approx(10_001 + half, abs=1.5)


def test_median_and_percentile() -> None:
    assert median([]) is percentile([], 0.95) is None
    assert median([3.0, 1.0, 2.0]) == 2.0
    assert median([4.0, 1.0, 2.0, 3.0]) == 2.5
    hundred = [float(i) for i in range(1, 101)]
    assert percentile(hundred, 0.95) == 95.0
    assert percentile([7.0], 0.95) == 7.0
    assert percentile(hundred, 0.0) == 1.0
    assert percentile(hundred, 1.0) == 100.0


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60))
@settings(deadline=None)
def test_percentile_is_the_smallest_that_enough_do_not_exceed(values: list[float]) -> None:
    found = percentile(values, 0.95)
    assert found in values
    assert found is not None
    assert sum(value <= found for value in values) >= 0.95 * len(values) - 1e-6
    assert sum(value < found for value in values) < 0.95 * len(values) + 1e-6
