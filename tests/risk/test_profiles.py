"""Weeks of single places: what they learn, and that they learn nothing from chance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sizao.risk.features import Features
from sizao.risk.profiles import week_profiles
from sizao.risk.sites import Sites, read_sites
from sizao.risk.snapping import Snapped
from sizao.risk.week_shapes import HOURS, shapes

from .worlds import write_grid

SIDE = 12
NOON, NIGHT = 12, 1


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> tuple[Sites, Features]:
    folder = tmp_path_factory.mktemp("town")
    sites, _, _ = read_sites(*write_grid(folder, SIDE))
    return sites, Features(sites)


def on_edges(edge: np.ndarray) -> Snapped:
    n = len(edge)
    return Snapped(
        edge.astype(np.int32), np.zeros(n), np.full(n, -1, np.int32), np.zeros(n, np.int8)
    )


def hours(chance: np.random.Generator, around: float, n: int) -> np.ndarray:
    """Hours of the week around an hour of the day, three hours to either side or so."""
    day = np.round(chance.normal(around, 3.0, n)).astype(np.int64) % 24
    return 24 * chance.integers(0, 7, n) + day


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.05, 5.0))
def test_shapes_are_orthonormal_under_any_week(seed: int, unevenness: float) -> None:
    week = np.random.default_rng(seed).gamma(1 / unevenness, unevenness, HOURS) + 1e-6
    week /= week.sum()
    found = shapes(week)
    assert week @ found == pytest.approx(0, abs=1e-8)
    assert (found.T * week) @ found == pytest.approx(np.eye(found.shape[1]), abs=1e-8)


def test_a_week_without_weekends_has_no_weekend_shapes() -> None:
    week = np.where(np.arange(HOURS) < 120, 1.0, 1e-12)
    assert shapes(week / week.sum()).shape[1] < shapes(np.full(HOURS, 1 / HOURS)).shape[1]


def test_an_area_of_nights_is_told_from_one_of_noons(town: tuple[Sites, Features]) -> None:
    """And the control: with the hours dealt out at random over places, every week is the same."""
    sites, features = town
    chance = np.random.default_rng(5)
    edge = chance.integers(0, len(sites), 6000)
    south = sites.lat[sites.a] < np.median(sites.lat)
    hour = np.where(south[edge], hours(chance, NIGHT, 6000), hours(chance, NOON, 6000))
    edges, nodes = week_profiles(sites, features, on_edges(edge), hour, np.ones(6000))
    assert edges.sum(axis=1) == pytest.approx(1, abs=1e-4)
    assert nodes.sum(axis=1) == pytest.approx(1, abs=1e-4)
    night = edges.reshape(len(sites), 7, 24)[:, :, [23, 0, 1, 2, 3]].sum(axis=(1, 2))
    assert night[south].mean() > 2 * night[~south].mean()
    dealt, _ = week_profiles(
        sites, features, on_edges(edge), chance.permutation(hour), np.ones(6000)
    )
    night = dealt.reshape(len(sites), 7, 24)[:, :, [23, 0, 1, 2, 3]].sum(axis=(1, 2))
    assert night.std() < 0.05 * night.mean()


def test_held_back_hours_are_likelier_than_under_the_networks_week(
    town: tuple[Sites, Features],
) -> None:
    """Streets with their own peak: crashes that were not learned from fall into it."""
    sites, features = town
    chance = np.random.default_rng(6)
    peak = {name: chance.uniform(0, 24) for name in np.unique(sites.name).tolist()}
    edge = chance.integers(0, len(sites), 8000)
    hour = np.array([hours(chance, peak[str(sites.name[one])], 1)[0] for one in edge])
    learn = np.arange(8000) < 4000
    edges, _ = week_profiles(sites, features, on_edges(edge[learn]), hour[learn], np.ones(4000))
    network = np.bincount(hour[learn], minlength=HOURS) + 1.0
    network = network / network.sum()
    held = ~learn
    gain = np.log(edges[edge[held], hour[held]]) - np.log(network[hour[held]])
    assert gain.mean() > 0.1


@pytest.mark.parametrize("number", [0, 1, 30])
def test_few_crashes_or_none_give_a_week_all_the_same(
    town: tuple[Sites, Features], number: int
) -> None:
    sites, features = town
    chance = np.random.default_rng(7)
    edge, hour = chance.integers(0, len(sites), number), chance.integers(0, HOURS, number)
    edges, nodes = week_profiles(sites, features, on_edges(edge), hour, np.ones(number))
    assert np.isfinite(edges).all()
    assert (edges > 0).all()
    assert edges.sum(axis=1) == pytest.approx(1, abs=1e-4)
    assert nodes.sum(axis=1) == pytest.approx(1, abs=1e-4)


def test_weights_count_as_crashes_do(town: tuple[Sites, Features]) -> None:
    """A crash that weighs nothing is none, and an unknown hour says nothing of the week."""
    sites, features = town
    chance = np.random.default_rng(8)
    edge, hour = chance.integers(0, len(sites), 900), hours(chance, NOON, 900)
    alone, _ = week_profiles(sites, features, on_edges(edge[:600]), hour[:600], np.ones(600))
    weight = np.where(np.arange(900) < 750, 1.0, 0.0)
    unknown = np.where((np.arange(900) >= 600) & (np.arange(900) < 750), -1, hour)
    more, _ = week_profiles(sites, features, on_edges(edge), unknown, weight)
    assert more == pytest.approx(alone, abs=1e-9)
