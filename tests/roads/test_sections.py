"""A section between two stakes: both directions, the ends cut, the line in driving order."""

from __future__ import annotations

import pytest

from sizao.core.errors import ConfigError
from sizao.roads.network import Network
from sizao.roads.sections import between, length_m, lines, whole

from .worlds import line


def road() -> Network:
    """G5 on two carriageways of 3 km, cut at 1 km by a village road; stakes rise going east."""
    east = [(0.0, 0.0), (1000.0, 0.0), (3000.0, 0.0)]
    west = [(3000.0, 30.0), (1000.0, 30.0), (0.0, 30.0)]
    fast = {"road_class": "expressway", "ref": "G5", "oneway": True}
    return Network.from_features(
        [
            line(east, direction="下行", stake_m=120_000, **fast),
            line(west, direction="上行", stake_m=123_000, stake_sign=-1, **fast),
            line([(1000.0, 0.0), (1000.0, -500.0)], road_class="village", name="村道"),
        ]
    )


def test_one_direction_cut_at_both_ends() -> None:
    network = road()
    pieces = between(network, "G5", 120_300, 121_500, "下行")
    assert len(pieces) == 2
    assert length_m(pieces) == pytest.approx(1200, rel=0.002)
    (only,) = lines(network, pieces)
    assert only[0][0] < only[1][0] < only[-1][0]


def test_without_a_direction_both_and_stakes_in_either_order() -> None:
    network = road()
    both = between(network, "G5", 121_500, 120_300)
    assert length_m(both) == pytest.approx(2400, rel=0.002)
    back = between(network, "G5", 120_300, 121_500, "上行")
    west = lines(network, back)
    assert west[0][0][0] > west[-1][-1][0], "in driving order"


def test_what_is_not_there_is_named() -> None:
    with pytest.raises(ConfigError, match=r"K120\+000 to .*K123"):
        between(road(), "G5", 200_000, 201_000)
    with pytest.raises(ConfigError, match="G6"):
        between(road(), "G6", 0, 1)


def test_a_road_without_stakes_is_taken_whole() -> None:
    network = road()
    village = int((network.name == "村道").nonzero()[0][0])
    assert length_m(whole(network, village)) == pytest.approx(500, rel=0.002)
    assert len(whole(network, village, both=True)) == 2


def test_both_directions_of_one_road_are_two_lines() -> None:
    network = road()
    village = int((network.name == "村道").nonzero()[0][0])
    there, back = lines(network, whole(network, village, both=True))
    assert there == back[::-1]
