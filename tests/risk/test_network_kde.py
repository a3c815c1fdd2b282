"""Network kernel density: mass is conserved on any network, and split equally where roads meet."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sizao.risk.network_kde import adaptive_bandwidths, chance_peak, network_kde


@st.composite
def networks(draw):
    """Random connected networks with loops, parallel roads and dead ends, and crashes on them."""
    nodes = draw(st.integers(2, 7))
    pairs = [(draw(st.integers(0, i - 1)), i) for i in range(1, nodes)]
    pairs += draw(
        st.lists(
            st.tuples(st.integers(0, nodes - 1), st.integers(0, nodes - 1)).filter(
                lambda pair: pair[0] != pair[1]
            ),
            max_size=4,
        )
    )
    lengths = draw(st.lists(st.floats(15, 400), min_size=len(pairs), max_size=len(pairs)))
    crashes = draw(
        st.lists(st.tuples(st.integers(0, len(pairs) - 1), st.floats(0, 1)), min_size=1, max_size=5)
    )
    a, b = np.array(pairs).T
    edge = np.array([one for one, _ in crashes])
    length = np.array(lengths)
    return a, b, length, edge, np.array([share for _, share in crashes]) * length[edge]


@given(networks(), st.floats(10, 120), st.floats(3, 60))
@settings(max_examples=80, deadline=None)
def test_mass_is_conserved(network, bandwidth: float, lixel: float) -> None:
    *roads, edge, offset = network
    found = network_kde(*roads, edge, offset, bandwidth_m=bandwidth, lixel_m=lixel)
    assert abs(found.mass.sum() - len(edge)) < 1e-6 * len(edge)
    assert found.mass.min() >= 0
    assert np.add.reduceat(found.length_m, found.first[:-1]) == pytest.approx(roads[2])


def test_equal_split_at_a_crossing() -> None:
    """Four roads of 100 m; a crash 40 m before the crossing, a kernel of 100 m."""
    a, b, length = np.zeros(4, int), np.arange(1, 5), np.full(4, 100.0)
    found = network_kde(a, b, length, np.array([0]), np.array([40.0]), bandwidth_m=100, lixel_m=1)
    per = [found.mass[found.first[i] : found.first[i + 1]].sum() for i in range(4)]
    assert per[1] == pytest.approx(per[2]) == pytest.approx(per[3])
    u = 0.4
    beyond = 0.5 - 15 / 16 * (u - 2 / 3 * u**3 + u**5 / 5)
    assert per[1] == pytest.approx(beyond / 3, abs=1e-9)


def test_a_dead_end_turns_mass_back() -> None:
    roads = (np.array([0]), np.array([1]), np.array([100.0]))
    found = network_kde(*roads, np.array([0]), np.array([95.0]), bandwidth_m=50, lixel_m=5)
    assert found.mass.sum() == pytest.approx(1, abs=1e-9)
    assert found.per_m[-1] > found.per_m[-4]


def test_bandwidths_are_narrow_where_crashes_are_many() -> None:
    roads = (np.array([0]), np.array([1]), np.array([2000.0]))
    offset = np.array([300.0] * 20 + [1500.0])
    edge = np.zeros(21, int)
    pilot = network_kde(*roads, edge, offset, bandwidth_m=100)
    found = adaptive_bandwidths(pilot, edge, offset, 100.0)
    assert found[0] < 100 < found[-1]
    again = network_kde(*roads, edge, offset, bandwidth_m=found)
    assert again.mass.sum() == pytest.approx(21, abs=1e-6)


def test_a_cluster_is_above_chance_and_scatter_is_not() -> None:
    side = np.arange(30)
    roads = (side, side + 1, np.full(30, 100.0))
    limit = chance_peak(*roads, 30, bandwidth_m=100, times=40)
    scattered = network_kde(*roads, side, np.full(30, 50.0), bandwidth_m=100)
    gathered = network_kde(*roads, np.where(side < 10, 7, side), np.full(30, 50.0), bandwidth_m=100)
    assert scattered.per_m.max() < limit < gathered.per_m.max()
