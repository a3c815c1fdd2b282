"""Sites of a network: long segments in pieces, loops and parallels apart, nothing lost."""

from __future__ import annotations

import numpy as np
import pytest

from sizao.risk.network_sites import sites_of
from sizao.roads.network import Network
from tests.risk import grids


def network(*lines: tuple[list[list[float]], dict]) -> Network:
    return Network.from_features(
        {"geometry": {"type": "LineString", "coordinates": points},
         "properties": {"road_class": "county", **more}}
        for points, more in lines
    )  # fmt: skip


def test_length_is_kept_and_ends_are_unique() -> None:
    placed = sites_of(grids.network())
    sites = placed.sites
    assert sites.length_km.sum() == pytest.approx(grids.network().summary()["km"], abs=1e-3)
    pairs = np.column_stack((sites.u, sites.v))
    assert len(np.unique(pairs, axis=0)) == len(sites)
    assert (sites.u < sites.v).all()
    assert (sites.degree[sites.degree >= 3].sum()) > 0


def test_long_roads_are_cut_into_equal_pieces() -> None:
    road = network(([[101.7, 26.5], [101.7, 26.545]], {"name": "x"}))
    placed = sites_of(road, 1000.0)
    assert len(placed.sites) == 5
    assert np.ptp(placed.sites.length_m) < 0.01
    assert placed.end_m.max() == pytest.approx(road.length_m[0])


def test_a_loop_and_parallel_roads_keep_their_own_edges() -> None:
    around = [[101.7, 26.5], [101.702, 26.5], [101.702, 26.502], [101.7, 26.5]]
    loop = network((around, {}), ([[101.7, 26.5], [101.69, 26.5]], {}))
    sites = sites_of(loop).sites
    assert len(sites) == 4
    assert sites.length_m.sum() == pytest.approx(loop.summary()["km"] * 1000, abs=1.0)
    straight = [[101.7, 26.5], [101.703, 26.5]]
    bowed = [[101.7, 26.5], [101.7015, 26.501], [101.703, 26.5]]
    both = sites_of(network((straight, {}), (bowed, {}))).sites
    assert len(both) == 4
    assert both.length_m.sum() > 2 * 290


def test_pieces_follow_the_road_and_not_the_crow() -> None:
    bent = network(([[101.7, 26.5], [101.7, 26.504], [101.704, 26.504]], {}))
    sites = sites_of(bent).sites
    assert (np.hypot(np.diff(sites.piece_lat), np.diff(sites.piece_lon)) > 0).all()
    assert any(abs(26.504 - lat) < 1e-9 for lat in sites.piece_lat.ravel())
