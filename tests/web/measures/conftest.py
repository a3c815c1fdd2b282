"""A road under the test's world: G353 both ways past the east squadron, with a way round it."""

from __future__ import annotations

import pytest

from sizao.roads.network import Network
from sizao.roads.routing import Router

from ..conftest import EAST, World

LAT, LON = EAST
STEP = 0.01
"""Degrees of longitude between junctions: some 994 m."""


def line(points: list[tuple[float, float]], **properties) -> dict:
    """A feature through (east, north) in steps from the squadron."""
    coordinates = [[LON + x * STEP, LAT + y * STEP] for x, y in points]
    return {
        "type": "Feature",
        "geometry": {"type": "LineString", "coordinates": coordinates},
        "properties": {"road_class": "national", "area": "510402"} | properties,
    }


def town() -> Network:
    """G353 west to east, 4 steps; a county road round it over the north; a village road south."""
    main = [(float(x), 0.0) for x in range(-2, 3)]
    return Network.from_features(
        [
            line(main, ref="G353", stake_m=118_000, stake_end_m=122_000, direction="下行",
                 direction_back="上行", lanes=2, limit_kmh=60),
            line([(-2.0, 0.0), (-1.0, 1.0), (1.0, 1.0), (2.0, 0.0)], road_class="county",
                 ref="X101", stake_m=0, direction="下行", lanes=1),
            line([(-1.0, 0.0), (-1.0, 1.0)], road_class="village", name="北村路"),
            line([(-1.0, 0.0), (0.0, -0.6), (1.0, 0.0)], road_class="village", name="南村路",
                 lanes=1),
        ]
    )  # fmt: skip


@pytest.fixture
def roads(world: World) -> World:
    world.ports.network = town()
    world.ports.routing = Router(world.ports.network)
    return world
