"""Where two roads meet."""

from __future__ import annotations

import pytest

from sizao.roads.junctions import where_meet
from sizao.roads.network import Network


@pytest.fixture(scope="module")
def network() -> Network:
    def line(name: str, *points: list[float], ref: str = "") -> dict[str, object]:
        return {
            "geometry": {"type": "LineString", "coordinates": [list(one) for one in points]},
            "properties": {"road_class": "urban", "name": name, "ref": ref},
        }

    return Network.from_features(
        [
            line("人民路", [101.70, 26.58], [101.71, 26.58]),
            line("人民路", [101.71, 26.58], [101.72, 26.58]),
            line("东街", [101.71, 26.57], [101.71, 26.58]),
            line("环路", [101.70, 26.58], [101.70, 26.59], [101.72, 26.59], [101.72, 26.58]),
            line("远路", [101.80, 26.58], [101.81, 26.58], ref="G353"),
        ]
    )


def test_where_they_meet(network: Network) -> None:
    found = where_meet(network, "人民路", "东街")
    assert [(one.lat, one.lon) for one in found.junctions] == [(26.58, 101.71)]


def test_a_ring_meets_twice_and_a_part_of_the_name_is_enough(network: Network) -> None:
    assert len(where_meet(network, "人民", "环路").junctions) == 2


def test_roads_that_do_not_meet_and_roads_that_are_not_there(network: Network) -> None:
    assert where_meet(network, "人民路", "g353").junctions == ()
    assert where_meet(network, "人民路", "没有路").unknown == ("没有路",)
    assert where_meet(network, "", "东街").unknown == ("",)
