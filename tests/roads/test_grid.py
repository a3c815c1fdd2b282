"""The grid finds what a search of everything finds."""

from __future__ import annotations

import numpy as np
import pytest

from sizao.roads.geometry import metres_per_degree
from sizao.roads.grid import build_grid, nearest, project
from sizao.roads.network import Network

from .worlds import EAST, LAT, LON, NORTH, line, valley


def brute_force_m(network: Network, lat: float, lon: float) -> float:
    north, east = metres_per_degree(lat)
    best = np.inf
    for segment in range(len(network)):
        for v in range(network.first[segment], network.first[segment + 1] - 1):
            ends = network.lat[v], network.lon[v], network.lat[v + 1], network.lon[v + 1]
            best = min(best, project(lat, lon, north, east, *ends)[0])
    return float(np.sqrt(best))


@pytest.mark.parametrize("cell_m", [30.0, 250.0, 5000.0])
def test_nearest_is_the_nearest_near_and_far(cell_m):
    network = valley()
    grid = build_grid(network, 60.0, cell_m)
    rng = np.random.default_rng(7)
    for _ in range(60):
        lat = LAT + rng.uniform(-9000, 9000) / NORTH
        lon = LON + rng.uniform(-9000, 21_000) / EAST
        segment, offset_m, distance_m = nearest(network, grid, lat, lon)
        assert distance_m == pytest.approx(brute_force_m(network, lat, lon), abs=1e-6)
        at = network.point(segment, offset_m)
        north, east = metres_per_degree(lat)
        there = np.hypot((at[0] - lat) * north, (at[1] - lon) * east)
        assert there == pytest.approx(distance_m, abs=0.5)


def test_a_cell_holds_as_many_roads_as_there_are():
    star = [
        line([(0, 0), (80 * np.cos(angle), 80 * np.sin(angle))], oneway=True)
        for angle in np.linspace(0, 6.2, 300)
    ]
    grid = build_grid(Network.from_features(star), 60.0, 500.0)
    assert np.diff(grid.start).max() >= 300


def test_every_piece_within_the_radius_is_in_the_cell_of_the_point():
    network = valley()
    grid = build_grid(network, 60.0, 100.0)
    north, east = metres_per_degree(LAT)
    rng = np.random.default_rng(3)
    once = (network.twin < 0) | (np.arange(len(network)) < network.twin)
    for _ in range(400):
        at = rng.integers(len(network.lat))
        lat = network.lat[at] + rng.uniform(-70, 70) / NORTH
        lon = network.lon[at] + rng.uniform(-70, 70) / EAST
        row = int((lat - grid.south) / grid.cell_lat)
        column = int((lon - grid.west) / grid.cell_lon)
        cell = row * grid.columns + column
        held = set()
        if 0 <= row < grid.rows and 0 <= column < grid.columns:
            held = set(grid.pieces[grid.start[cell] : grid.start[cell + 1]].tolist())
        for segment in np.flatnonzero(once):
            for v in range(network.first[segment], network.first[segment + 1] - 1):
                ends = network.lat[v], network.lon[v], network.lat[v + 1], network.lon[v + 1]
                if project(lat, lon, north, east, *ends)[0] <= 60.0**2:
                    assert v in held
