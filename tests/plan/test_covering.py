"""The optimiser against brute force, and its bound against every choice there is."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from sizao.plan.covering import Cover, best_rounds, bound_by, prices


def cover_of(
    seed: int, units: int = 3, rounds: int = 5, edges: int = 14
) -> tuple[Cover, np.ndarray]:
    rng = np.random.default_rng(seed)
    shares = rng.random((units * rounds, edges)) * (rng.random((units * rounds, edges)) < 0.35)
    shares[:, 0] = 0.1  # no round without anything
    unit = np.repeat(np.arange(units), rounds)
    return Cover(unit, sparse.csr_array(np.minimum(shares * 1.6, 1.0))), rng.gamma(0.5, 1.0, edges)


def brute(cover: Cover, weight: np.ndarray, units: tuple[int, ...]) -> float:
    dense = cover.shares.toarray()
    rows = [np.flatnonzero(cover.unit == unit) for unit in units]
    return max(
        (float(np.minimum(dense[list(pick)].sum(axis=0), 1.0) @ weight) for pick in product(*rows)),
        default=0.0,
    )


@given(st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_any_prices_bound_every_set_of_units(seed: int) -> None:
    cover, weight = cover_of(seed)
    rng = np.random.default_rng(seed)
    for ratio in (
        np.ones(len(weight)),
        rng.random(len(weight)),
        prices(cover, weight, np.ones(3), np.arange(14)),
    ):
        [cut] = bound_by(cover, weight[None], ratio)
        for on in product((0, 1), repeat=3):
            units = tuple(np.flatnonzero(on))
            assert brute(cover, weight, units) <= cut.constant + cut.price @ np.array(on) + 1e-9


@given(st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_the_choice_is_what_it_says_and_near_the_best(seed: int) -> None:
    cover, weight = cover_of(seed)
    rows, value = best_rounds(cover, weight, (0, 1, 2))
    assert cover.unit[rows].tolist() == [0, 1, 2]
    dense = np.minimum(cover.shares[rows].toarray().sum(axis=0), 1.0)
    assert np.isclose(value, dense @ weight)
    assert value >= 0.85 * brute(cover, weight, (0, 1, 2))


def test_the_best_is_found_in_nearly_every_small_case() -> None:
    exact = 0
    for seed in range(60):
        cover, weight = cover_of(seed)
        _, value = best_rounds(cover, weight, (0, 1, 2))
        exact += value >= brute(cover, weight, (0, 1, 2)) - 1e-9
    assert exact >= 54


def test_the_prices_of_the_relaxation_bound_tighter_than_each_for_itself() -> None:
    better = 0
    for seed in range(20):
        cover, weight = cover_of(seed)
        every = np.ones(3)
        [tight] = bound_by(cover, weight[None], prices(cover, weight, every, np.arange(14)))
        [loose] = bound_by(cover, weight[None], np.ones(len(weight)))
        value = [cut.constant + cut.price.sum() for cut in (tight, loose)]
        assert value[0] <= value[1] + 1e-9
        better += value[0] < 0.95 * value[1]
    assert better > 10
