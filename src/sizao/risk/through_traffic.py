"""How much traffic passes through: shortest paths over each edge, from a sample of origins.

Where nobody counted vehicles, the share of quickest paths that run over an edge stands in for
the order of magnitude of its flow. Origins are drawn with a fixed seed, so that the same network
gives the same answer; more of them cost time in proportion.

Source: Brandes and Pich (2007), centrality estimation in large networks.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.risk.sites import Sites

Floats = npt.NDArray[np.float64]

SEED = 4
_WORK = 3_000_000
_ORIGINS = (32, 256)


def paths_over_edges(sites: Sites, speed_kmh: Floats) -> Floats:
    """Quickest paths over each edge from a sample of origins to all nodes, shape (e,).

    speed_kmh : (e,), free speed; directions are not kept apart
    """
    n = len(sites.node_id)
    used = np.flatnonzero(sites.degree > 0)
    number = min(len(used), int(np.clip(_WORK / max(n, 1), *_ORIGINS)))
    origins = np.random.default_rng(SEED).choice(used, number, replace=False)
    start, other, edge = incidence(sites)
    hours = sites.length_km / speed_kmh
    return _paths(start, other, edge, hours, origins.astype(np.int64), len(sites))


def incidence(
    sites: Sites,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Edges at each node: node i has entries start[i]:start[i + 1] of (other end, edge)."""
    ends = np.concatenate((sites.a, sites.b))
    order = np.argsort(ends, kind="stable")
    other = np.concatenate((sites.b, sites.a))[order]
    edge = np.tile(np.arange(len(sites), dtype=np.int32), 2)[order]
    start = np.concatenate(([0], np.cumsum(sites.degree)))
    return start.astype(np.int64), other, edge


@njit(cache=True)
def _paths(
    start: npt.NDArray[np.int64],
    other: npt.NDArray[np.int32],
    edge: npt.NDArray[np.int32],
    cost: Floats,
    origins: npt.NDArray[np.int64],
    edges: int,
) -> Floats:
    n = len(start) - 1
    flow = np.zeros(edges)
    at = np.empty(n)
    via = np.empty(n, np.int32)
    back = np.empty(n, np.int32)
    done = np.empty(n, np.bool_)
    settled = np.empty(n, np.int64)
    heap_cost = np.empty(len(other) + 1)
    heap_node = np.empty(len(other) + 1, np.int64)
    passing = np.empty(n)
    for origin in origins:
        at[:] = math.inf
        via[:] = -1
        done[:] = False
        passing[:] = 1.0
        at[origin] = 0.0
        heap_cost[0], heap_node[0] = 0.0, origin
        size, order = 1, 0
        while size:
            here_cost, here = heap_cost[0], heap_node[0]
            size -= 1
            last_cost, last_node = heap_cost[size], heap_node[size]
            hole = 0
            while True:
                child = 2 * hole + 1
                if child >= size:
                    break
                if child + 1 < size and heap_cost[child + 1] < heap_cost[child]:
                    child += 1
                if heap_cost[child] >= last_cost:
                    break
                heap_cost[hole], heap_node[hole] = heap_cost[child], heap_node[child]
                hole = child
            heap_cost[hole], heap_node[hole] = last_cost, last_node
            if done[here]:
                continue
            done[here] = True
            settled[order] = here
            order += 1
            for k in range(start[here], start[here + 1]):
                there = other[k]
                then = here_cost + cost[edge[k]]
                if then < at[there]:
                    at[there] = then
                    via[there] = edge[k]
                    back[there] = here
                    hole = size
                    size += 1
                    while hole and heap_cost[(hole - 1) // 2] > then:
                        parent = (hole - 1) // 2
                        heap_cost[hole], heap_node[hole] = heap_cost[parent], heap_node[parent]
                        hole = parent
                    heap_cost[hole], heap_node[hole] = then, there
        # From the farthest back to the origin, each node hands on the paths that end behind it.
        for q in range(order - 1, 0, -1):
            here = settled[q]
            flow[via[here]] += passing[here]
            passing[back[here]] += passing[here]
    return flow
