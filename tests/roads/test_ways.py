"""What is learnt of the ways from a segment equals a plain search, and leaves nothing out."""

from __future__ import annotations

import heapq

import numpy as np
import pytest

from sizao.roads._ways import LEARNT, bucket, head, learn, metres_to, metres_to_near, no_ways
from sizao.roads.matching import _exits, _segments
from sizao.roads.network import Network

from .worlds import line, valley


def town() -> Network:
    """Twelve streets across twelve, some of them one-way, with more segments about each place than
    a table has room for."""
    streets = []
    for k in range(12):
        for at in range(11):
            along = [(37.0 * at, 41.0 * k), (37.0 * (at + 1), 41.0 * k)]
            across = [(37.0 * k, 41.0 * at), (37.0 * k, 41.0 * (at + 1))]
            streets.append(line(along, oneway=k % 3 == 0))
            streets.append(line(across, oneway=k % 4 == 0))
    return Network.from_features(streets)


def plain(n: Network, origin: int) -> dict[int, float]:
    """Metres from the end of a segment to the start of every other that can be driven to."""
    found: dict[int, float] = {}
    waiting = [(0.0, origin, True)]
    while waiting:
        metres, segment, start = heapq.heappop(waiting)
        if not start:
            if segment in found:
                continue
            found[segment] = metres
            metres += float(n.length_m[segment])
        onward = np.flatnonzero(n.from_node == n.to_node[segment]).tolist()
        if len(onward) > 1:
            onward = [other for other in onward if other != n.twin[segment]]
        for other in onward:
            heapq.heappush(waiting, (metres, other, False))
    return found


@pytest.mark.parametrize("network", [valley(), town()], ids=["valley", "town"])
def test_a_table_is_a_plain_search_up_to_where_it_says_it_is_complete(network):
    leaving = np.bincount(network.from_node, minlength=int(network.to_node.max()) + 1)
    exit_from = np.concatenate(([0], np.cumsum(leaving)))
    way, segments = no_ways(len(network)), _segments(network)
    cut_short, spilt = 0, 0
    for origin in range(0, len(network), 5):
        learn(origin, way, segments, exit_from, _exits(network))
        wanted = plain(network, origin)
        complete_m = float(segments[origin]["way_to"])
        assert complete_m > 0
        cut_short += complete_m < np.inf
        near_m = float(segments[origin]["head_to"])
        assert near_m <= complete_m
        for target in range(len(network)):
            told, true = metres_to(way, origin, target), wanted.get(target, np.inf)
            near = metres_to_near(way, origin, target)
            assert near in (told, np.inf)
            assert near < np.inf or true > near_m - 1e-3 or true == np.inf
            if told < np.inf:
                assert told == pytest.approx(true, abs=1e-3)
            elif true < np.inf:
                assert true > complete_m - 1e-3, "left out though it is nearer than that"
        first, *table = way.number.reshape(len(network), 17, 2, 8)[origin, :, 0]
        table = np.array(table)
        assert (table > 0).sum() <= LEARNT
        assert (first > 0).sum() == min(8, (table > 0).sum())
        spilt += int((table[:, -1] > 0).sum())
    assert cut_short > 0 if len(network) > LEARNT else cut_short == 0
    assert spilt > 0 or len(network) <= LEARNT, "what finds a bucket full is not tried"


def test_a_bucket_is_a_line_of_the_cache():
    way = no_ways(40)
    assert way.number.ctypes.data % 64 == 0
    for origin in range(40):
        for target in range(1000):
            at = int(bucket(origin, target))
            assert (at // 272, at % 16) == (origin, 0)
            assert at > head(origin), "the nearest stand before the buckets"
