"""Figures of the heartbeat."""

from __future__ import annotations

import numpy as np

from sizao.runtime.counters import Ages, Slowest, Spread, percentile_of


def test_ages_of_a_span_are_told_from_those_before() -> None:
    chance = np.random.default_rng(1)
    early, late = chance.lognormal(-2, 1, 5_000), chance.lognormal(-1, 1, 5_000)
    ages = Ages()
    ages.extend(early.tolist())
    before = ages.as_dict()
    ages.extend(late.tolist(), weight=3.0)
    for share in (0.5, 0.99):
        found = percentile_of(ages.as_dict(), before, share)
        exact = float(np.quantile(late, share, method="inverted_cdf"))
        assert found is not None
        assert exact <= found * 1.0005 <= exact * 1.06
    assert sum(ages.as_dict().values()) == 20_000


def test_an_age_below_nothing_counts_as_the_least() -> None:
    ages = Ages()
    ages.extend([-5.0, 0.0])
    assert ages.as_dict() == {"0.001": 2}


def test_the_slowest_is_forgotten_after_two_spans() -> None:
    now = [0.0]
    slowest = Slowest(lambda: now[0])
    slowest.add(2.0)
    now[0] = Slowest.SPAN_S * 1.5
    slowest.add(1.0)
    assert slowest.worst() == 2.0
    now[0] = Slowest.SPAN_S * 2.6
    assert slowest.worst() == 1.0
    now[0] = Slowest.SPAN_S * 9
    assert slowest.worst() == 0.0


def test_the_longest_of_a_spread_is_its_maximum() -> None:
    spread = Spread()
    spread.extend([0.1, 0.7, 0.2])
    assert spread.figures("ms", 1000)["max_ms"] == 700
