"""Ways round: the shortest by hand, by class, told at the exit before, and whether they hold."""

from __future__ import annotations

import pytest

from sizao.respond.diversion import Detour, Flow, NoWay, class_default, plan
from sizao.roads.network import Network
from sizao.roads.sections import between
from tests.roads.worlds import line

FLOW = Flow(1000.0, "class_default", "proposed")


def valley(**service) -> Network:
    """G5 over 12 km with exits at km 3 and km 9; a county road between the exits, a village road
    nearer by; nothing leads off where the road is closed."""
    fast = {
        "road_class": "expressway",
        "ref": "G5",
        "direction": "下行",
        "oneway": True,
        "lanes": 2,
    }
    side = {"road_class": "county", "ref": "X1", "lanes": 2} | service
    return Network.from_features(
        [
            line([(x, 0.0) for x in (0, 3000, 5000, 7000, 9000, 12000)], stake_m=100_000, **fast),
            line([(3000, 0), (3100, -500)], road_class="ramp", oneway=True, name="出口"),
            line([(3100, -500), (8900, -500)], **side),
            line([(8900, -500), (9000, 0)], road_class="ramp", oneway=True, name="入口"),
            line([(3100, -500), (6000, -400), (8900, -500)], road_class="village", name="村道"),
        ]
    )


def options(network: Network, **given) -> dict[str, Detour | NoWay]:
    closed = between(network, "G5", 105_500, 106_500, "下行")
    return {one.vehicle_class: one for one in plan(network, closed, FLOW, **given)}


def test_traffic_leaves_at_the_exit_before_and_rejoins_at_the_entrance_after() -> None:
    heavy = options(valley())["heavy"]
    assert isinstance(heavy, Detour)
    assert [post.role for post in heavy.posts] == ["officer", "sign", "sign", "officer"]
    assert heavy.posts[0].zh == "由此驶离 出口"
    assert heavy.posts[-1].zh == "由此驶回 G5 K109+000 下行"
    length = 2 * (500**2 + 100**2) ** 0.5 + 5800
    assert heavy.length_m == pytest.approx(length, rel=0.01)
    assert heavy.extra_m == pytest.approx(length - 6000, abs=80)
    assert heavy.extra_s > 0


def test_heavy_vehicles_are_not_sent_over_village_roads() -> None:
    network = valley()
    # The county road is closed too: what is left is the village road, for small vehicles only.
    county = [int(one) for one in (network.ref == "X1").nonzero()[0]]
    found = options(network, also_closed=county)
    small = found["small"]
    assert isinstance(small, Detour)
    assert any(network.name[one] == "村道" for one in small.segments)
    assert found["heavy"] == NoWay("heavy", "下行")


def test_dangerous_goods_keep_out_of_tunnels() -> None:
    found = options(valley(tunnel=True))
    assert isinstance(found["heavy"], Detour)
    assert isinstance(found["hazmat"], NoWay)


def test_the_tightest_road_says_whether_it_holds() -> None:
    heavy = options(valley(lanes=1))["heavy"]
    assert isinstance(heavy, Detour)
    assert heavy.flow_per_h == 250.0
    assert heavy.spare_per_h == 550.0  # one lane of a county road, less what drives there
    assert heavy.tightest.startswith("X1")


def test_where_the_road_ends_there_is_no_way_and_that_is_said() -> None:
    network = Network.from_features(
        [line([(0, 0), (1000, 0), (2000, 0)], road_class="expressway", ref="G5", direction="下行",
              oneway=True, stake_m=100_000)]
    )  # fmt: skip
    closed = between(network, "G5", 100_000, 100_500, "下行")
    assert all(isinstance(one, NoWay) for one in plan(network, closed, FLOW))


def test_without_a_measurement_the_class_says_and_says_so() -> None:
    flow = class_default(valley(), 0)
    assert (flow.per_h, flow.source, flow.certainty) == (1200.0, "class_default", "proposed")
