"""A small road network under the web's small world: G5 with stakes, a street that crosses it."""

from __future__ import annotations

from typing import Any

import pytest

from sizao.roads.network import Network
from tests.web.conftest import World

FEATURES: list[dict[str, Any]] = [
    {
        "geometry": {"type": "LineString", "coordinates": [[101.83, 26.50], [101.83, 26.60]]},
        "properties": {"road_class": "expressway", "ref": "G5", "direction": "下行",
                       "stake_m": 120_000, "stake_end_m": 131_080, "oneway": True,
                       "limit_kmh": 100, "area": "510411"},
    },
    {
        "geometry": {"type": "LineString", "coordinates": [[101.8302, 26.60], [101.8302, 26.50]]},
        "properties": {"road_class": "expressway", "ref": "G5", "direction": "上行",
                       "stake_m": 131_080, "stake_end_m": 120_000, "oneway": True,
                       "limit_kmh": 100, "area": "510411"},
    },
    {
        "geometry": {"type": "LineString", "coordinates": [[101.71, 26.58], [101.72, 26.58]]},
        "properties": {"road_class": "urban", "name": "机场路", "area": "510402"},
    },
    {
        "geometry": {"type": "LineString", "coordinates": [[101.72, 26.58], [101.72, 26.59]]},
        "properties": {"road_class": "urban", "name": "人民街", "area": "510402"},
    },
]  # fmt: skip


@pytest.fixture
def roads(world: World) -> World:
    """The world with roads."""
    world.ports.network = Network.from_features(FEATURES)
    return world


def crash(**over: str) -> dict[str, str]:
    """A form of a crash on G5, southbound."""
    return {"how": "stake", "stake": "G5 K125+300 下行", "kind": "crash", "phone": "10012345678",
            "name": "张", "text": "追尾", **over}  # fmt: skip
