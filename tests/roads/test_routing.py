"""Routing against plain relaxation over every segment, closures, and who is first there."""

from __future__ import annotations

import numpy as np
import pytest

from sizao.core.errors import ConfigError
from sizao.roads.network import Network
from sizao.roads.routing import SPEED_KMH, Router

from .worlds import EAST, LAT, LON, NORTH, line


def town(seed: int = 0, size: int = 7) -> Network:
    """A grid of streets, some one-way, of mixed classes."""
    rng = np.random.default_rng(seed)
    classes = ["urban", "county", "village", "national"]
    features = []
    for i in range(size):
        for points in (
            [(j * 300.0, i * 300.0) for j in range(size)],
            [(i * 300.0, j * 300.0) for j in range(size)],
        ):
            features.append(
                line(
                    points,
                    road_class=str(rng.choice(classes)),
                    oneway=bool(rng.random() < 0.3),
                    limit_kmh=float(rng.choice([20, 40, 60])),
                )
            )
    return Network.from_features(features)


def bellman_ford(router: Router, source: int) -> np.ndarray:
    """Seconds from a node to every node by relaxing all segments until nothing changes."""
    n = router.network
    time = np.full(int(max(n.from_node.max(), n.to_node.max())) + 1, np.inf)
    time[source] = 0.0
    for _ in range(len(time)):
        before = time.copy()
        np.minimum.at(time, n.to_node, time[n.from_node] + router.seconds)
        if (time == before).all():
            break
    return time


@pytest.mark.parametrize("seed", range(4))
def test_route_is_the_quickest_and_hangs_together(seed):
    n = town(seed)
    rng = np.random.default_rng(seed + 100)
    router = Router(n, closed=rng.choice(len(n), 12, replace=False).tolist())
    for _ in range(40):
        a, b = (int(value) for value in rng.choice(len(n), 2, replace=False))
        best = bellman_ford(router, int(n.to_node[a]))[n.from_node[b]]
        found = router.route((a, float(n.length_m[a])), (b, 0.0))
        if np.isinf(best):
            assert found is None
            continue
        assert found is not None
        assert found.seconds == pytest.approx(best)
        inner = found.segments[1:-1]
        assert (found.segments[0], found.segments[-1]) == (a, b)
        assert np.isfinite(router.seconds[inner]).all(), "no closed road on the way"
        assert found.seconds == pytest.approx(router.seconds[inner].sum())
        assert found.metres == pytest.approx(n.length_m[inner].sum())
        for here, there in zip(found.segments, found.segments[1:], strict=False):
            assert n.to_node[here] == n.from_node[there]


def test_closing_a_road_makes_a_detour_and_opening_it_takes_it_back():
    n = town(3)
    start, goal = (0, 0.0), (40, 10.0)
    open_way = Router(n).route(start, goal)
    assert open_way is not None
    closed = open_way.segments[len(open_way.segments) // 2]
    detour = Router(n, closed=[closed]).route(start, goal)
    assert detour is not None
    assert closed not in detour.segments
    assert detour.seconds > open_way.seconds


def test_an_incident_on_a_closed_road_is_still_reached():
    n = Network.from_features(
        [line([(0, 0), (1000, 0), (2000, 0)]), line([(1000, 0), (1000, 500)])]
    )
    router = Router(n, closed=[2, 3])
    reached = router.route((0, 500.0), (2, 400.0))
    assert reached is not None
    assert reached.metres == pytest.approx(900, rel=1e-3)
    assert router.route((0, 500.0), (4, 10.0)) is not None


def test_ahead_and_behind_on_one_segment():
    oneway = Network.from_features([line([(0, 0), (1000, 0)], oneway=True, road_class="urban")])
    ahead = Router(oneway).route((0, 100.0), (0, 400.0))
    assert ahead is not None
    assert ahead.segments == [0]
    assert ahead.metres == pytest.approx(300)
    assert ahead.seconds == pytest.approx(300 / (SPEED_KMH["urban"] / 3.6))
    assert Router(oneway).route((0, 400.0), (0, 100.0)) is None, "one-way and no way round"
    ring = Network.from_features(
        [line([(0, 0), (1000, 0)], oneway=True), line([(1000, 0), (500, 600), (0, 0)], oneway=True)]
    )
    around = Router(ring).route((0, 400.0), (0, 100.0))
    assert around is not None
    assert around.segments == [0, 1, 0]
    assert around.metres == pytest.approx(ring.length_m.sum() - 300, rel=1e-6)


def test_never_faster_than_the_sign():
    n = Network.from_features([line([(0, 0), (1000, 0)], road_class="expressway", limit_kmh=36)])
    found = Router(n).route((0, 0.0), (0, float(n.length_m[0])))
    assert found is not None
    assert found.seconds == pytest.approx(n.length_m[0] / 10)
    hasty = Router(n, limit_speeds=False).route((0, 0.0), (0, float(n.length_m[0])))
    assert hasty is not None
    assert hasty.seconds < found.seconds / 2


@pytest.mark.parametrize("inbound", [True, False])
def test_one_to_many_agrees_with_each_route(inbound):
    n = town(2)
    rng = np.random.default_rng(11)
    router = Router(n, closed=rng.choice(len(n), 10, replace=False).tolist())
    incident = (LAT + 610 / NORTH, LON + 420 / EAST)
    units = [
        (LAT + rng.uniform(0, 1800) / NORTH, LON + rng.uniform(0, 1800) / EAST) for _ in range(25)
    ]
    answer = router.nearest_by_time(units, incident, inbound=inbound)
    assert [row[1] for row in answer] == sorted(row[1] for row in answer)
    by_unit = {index: (seconds, metres) for index, seconds, metres in answer}
    for index, unit in enumerate(units):
        route = router.route(*((unit, incident) if inbound else (incident, unit)))
        if route is None:
            assert index not in by_unit
        else:
            assert by_unit[index] == pytest.approx((route.seconds, route.metres))


def test_the_wrong_carriageway_is_farther_than_it_looks():
    # Two one-way carriageways joined at their ends only. The car beside the incident, but on
    # the other side, has to drive round; the one far behind it does not.
    n = Network.from_features(
        [
            line([(0, 0), (10_000, 0)], oneway=True, road_class="expressway"),
            line([(10_000, 0), (10_000, 25)], oneway=True, road_class="ramp"),
            line([(10_000, 25), (0, 25)], oneway=True, road_class="expressway"),
            line([(0, 25), (0, 0)], oneway=True, road_class="ramp"),
        ]
    )
    beside, behind = (2, 5000.0), (0, 1000.0)
    answer = Router(n).nearest_by_time([beside, behind], (0, 5000.0))
    assert [row[0] for row in answer] == [1, 0]
    assert answer[1][2] == pytest.approx(10_025, rel=1e-4)


def test_no_way_is_left_out_and_nonsense_refused():
    n = Network.from_features([line([(0, 0), (100, 0)]), line([(5000, 0), (5100, 0)])])
    router = Router(n)
    assert router.nearest_by_time([(2, 0.0), (0, 10.0)], (0, 50.0)) == [
        pytest.approx((1, 40 / (SPEED_KMH["national"] / 3.6), 40))
    ]
    with pytest.raises(ConfigError, match="segment 99"):
        router.route((99, 0.0), (0, 0.0))
    with pytest.raises(ConfigError, match="not all in the network"):
        Router(n, closed=[-1])
