"""The optimiser against brute force, and its bound against every choice there is."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.optimize import linprog

from sizao.plan.covering import (
    Cover,
    _most_added,
    best_rounds,
    bound_by,
    contested,
    prices,
)


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


@given(st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_the_prices_are_those_of_the_whole_programme(seed: int) -> None:
    """Written out plainly, every edge with a variable, it has the same optimum."""
    cover, weight = cover_of(seed)
    work = np.array([1.0, 0.5, 0.0])
    dense = cover.shares.toarray()
    plain = linprog(
        np.concatenate((np.zeros(len(dense)), -weight)),
        A_ub=np.hstack((-dense.T, np.eye(len(weight)))),
        b_ub=np.zeros(len(weight)),
        A_eq=np.hstack((cover.unit == np.arange(3)[:, None], np.zeros((3, len(weight))))),
        b_eq=work,
        bounds=(0, 1),
    )
    [cut] = bound_by(cover, weight[None], prices(cover, weight, work, np.arange(14)))
    # The lightest edges, together half a percent of the weight, have no price of their own.
    assert -plain.fun - 1e-9 <= cut.constant + cut.price @ work <= -plain.fun * 1.01 + 1e-9


@given(st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_a_round_passed_over_would_not_have_added_more(seed: int) -> None:
    cover, weight = cover_of(seed, units=1, rounds=12)
    left = np.random.default_rng(seed).random(len(weight))
    own = cover.of_unit[0]
    every = np.minimum(own.toarray(), left) @ weight
    alone = own @ weight
    order = np.argsort(-alone, kind="stable")
    top, added = _most_added(own.indptr, own.indices, own.data, left, weight, alone, order)
    assert np.isclose(added, every.max())
    assert np.isclose(every[top], every.max())


def test_only_what_several_units_could_cover_twice_is_contested() -> None:
    shares = sparse.csr_array([[1.0, 0.4, 0.0, 0.5], [0.2, 0.9, 0.0, 0.0], [0.0, 0.3, 1.0, 0.5]])
    unit = np.array([0, 0, 1])
    twice, once = contested(shares, unit, np.ones(2))
    assert (twice.tolist(), once.tolist()) == ([1], [0, 2, 3])
    twice, _ = contested(shares, unit, np.full(2, 0.5))
    assert not len(twice)
    twice, _ = contested(shares, unit, np.ones(2), np.array([0.1, 0.0, 0.0, 0.0]))
    assert twice.tolist() == [0, 1]
