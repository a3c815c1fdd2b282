"""Crashes to edges and junctions, against shapely and against the sources' own matches."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.csv as pacsv
import pytest
import shapely

from sizao.risk import counting, snapping
from sizao.risk.sites import read_sites
from sizao.risk.snapping import AMBIGUOUS, FAIR, GOOD, UNMATCHED
from sizao.roads.geometry import metres_per_degree

from .worlds import borough, data, place, write_grid


@pytest.fixture
def grid(tmp_path: Path):
    sites, _, _ = read_sites(*write_grid(tmp_path))
    return sites, snapping.build_index(sites)


def test_junction_edge_and_nothing(grid) -> None:
    sites, index = grid
    points = [place(0, 0.05), place(0.02, 0.5), place(0.3, 0.5), place(-9, 0.5), place(0.48, 0.5)]
    found = snapping.snap(index, *map(np.array, zip(*points, strict=True)))
    assert found.node.tolist() == [0, -1, -1, -1, -1]
    assert found.edge[1] == found.edge[2]
    assert (sites.u[found.edge[1]], sites.v[found.edge[1]]) == (1, 2)
    assert found.quality.tolist() == [GOOD, GOOD, FAIR, UNMATCHED, AMBIGUOUS]
    assert found.edge[3] == -1
    assert np.isnan(found.distance_m[3])
    assert found.distance_m[1] == pytest.approx(2.2, abs=0.05)


def test_no_points(grid) -> None:
    assert len(snapping.snap(grid[1], np.empty(0), np.empty(0))) == 0


def test_the_nearest_is_shapelys_nearest(grid) -> None:
    sites, index = grid
    chance = np.random.default_rng(1)
    lat, lon = 26.499 + 0.005 * chance.random(2000), 101.699 + 0.005 * chance.random(2000)
    found = snapping.snap(index, lat, lon)
    north, east = metres_per_degree(26.5015)
    ends = np.stack((sites.piece_lon * east, sites.piece_lat * north), axis=2)
    points = shapely.points(lon * east, lat * north)
    distance = shapely.distance(points[:, None], shapely.linestrings(ends)[None, :]).min(axis=1)
    near = distance < snapping.REACH_M - 1
    assert near.sum() > 1500
    assert np.abs(found.distance_m - distance)[near].max() < 0.02


def test_counting_shares_a_junctions_crash_among_its_edges(grid) -> None:
    sites, index = grid
    lat, lon = map(np.array, zip(place(0, 0), place(1, 1), place(0.5, 0), strict=True))
    counts = counting.count(sites, snapping.snap(index, lat, lon))
    on = counting.on_edges(sites, counts)
    assert on.sum() == pytest.approx(3)
    edge = {(int(u), int(v)): value for u, v, value in zip(sites.u, sites.v, on, strict=True)}
    assert edge[1, 2] == 0.5
    assert edge[1, 5] == 1.5
    assert edge[2, 6] == edge[6, 7] == 0.25


@pytest.mark.parametrize(
    ("name", "agreement"), [("nyc-bronx", 0.944), ("nyc-staten-island", 0.948)]
)
def test_agreement_with_the_sources_nearest_edge(name: str, agreement: float) -> None:
    """94.4 and 94.8 % is what an exact search over straight edges reaches (risk.md, 5)."""
    sites, _, _, snapped = borough(name)
    table = pacsv.read_csv(data(name) / "crashes.csv.gz")
    u, v = table["ref_u"].to_numpy(), table["ref_v"].to_numpy()
    matched = snapped.edge >= 0
    same = (sites.u[snapped.edge] == np.minimum(u, v)) & (sites.v[snapped.edge] == np.maximum(u, v))
    assert same[matched].mean() >= agreement - 0.0005
    assert 0.60 <= (snapped.node >= 0).mean() <= 0.65
    assert matched.mean() > 0.999
