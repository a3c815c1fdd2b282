"""A first draft of a junction from a road network."""

from __future__ import annotations

from typing import Any

import pytest

from sizao.core.errors import ConfigError
from sizao.plan.signals.junction import junction_of
from sizao.plan.signals.survey import draft
from sizao.roads.network import Network

HERE = (26.5, 101.7)


def road(dlat: float, dlon: float, name: str, **more: Any) -> dict[str, Any]:
    line = [[HERE[1], HERE[0]], [HERE[1] + dlon, HERE[0] + dlat]]
    return {
        "geometry": {"type": "LineString", "coordinates": line},
        "properties": {"road_class": "urban", "name": name, **more},
    }


def test_arms_have_bearings_names_and_what_is_known_of_lanes() -> None:
    network = Network.from_features(
        [
            road(0.004, 0, "北路", lanes=2),
            road(0, 0.004, "东路", limit_kmh=60),
            road(-0.004, 0, "南路", oneway=True, lanes=2),
        ]
    )
    found = draft(network, HERE[0] + 0.0002, HERE[1])
    arms = {arm["id"]: arm for arm in found.raw["arms"]}
    assert {name: arm["bearing_deg"] for name, arm in arms.items()} == {"N": 0, "E": 90, "S": 180}
    assert arms["E"]["lanes"] == ["LTR"]
    assert arms["E"]["speed_kmh"] == 60
    assert (arms["S"]["lanes"], arms["S"]["exit_lanes"]) == ([], 2)  # leads away only
    assert "E" in found.guessed
    assert "S" not in found.guessed
    assert junction_of(found.raw).exit_of("N.T") is not None


def test_no_junction_near_is_said() -> None:
    network = Network.from_features([road(0.004, 0, "北路"), road(0, 0.004, "东路")])
    with pytest.raises(ConfigError, match="no junction"):
        draft(network, *HERE)
