"""Sites of an installation's road network: its segments, long ones in pieces.

Both directions of a two-way road are one site; the carriageways of a divided road are two, as
they are two in the network. A segment longer than ``piece_m`` is cut into equal pieces, because
nobody can work on "somewhere within four kilometres". The cuts are nodes where two edges meet;
:mod:`assessment` gives what happens there to the pieces beside them.
"""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sizao.core.places import ROAD_CLASSES
from sizao.risk.sites import Sites
from sizao.roads.network import Network

PIECE_M = 1000.0
_CLASS_NAMES = tuple(ROAD_CLASSES)


@dataclass(frozen=True, eq=False)
class NetworkSites:
    """Sites and where each edge lies on the network. Arrays of shape (e,).

    segment : int32, segment of the network (of a two-way road the one with the lower number)
    start_m, end_m : offsets along it, start_m < end_m
    forward : whether the edge's end ``a`` is at start_m
    """

    sites: Sites
    segment: npt.NDArray[np.int32]
    start_m: npt.NDArray[np.float64]
    end_m: npt.NDArray[np.float64]
    forward: npt.NDArray[np.bool_]


def sites_of(network: Network, piece_m: float = PIECE_M) -> NetworkSites:
    """Sites of a network. Edges are in the order of u, then v; every pair of ends is one edge."""
    once = np.flatnonzero((network.twin < 0) | (np.arange(len(network)) < network.twin))
    pairs = Counter(_pair(network, int(one)) for one in once)
    nodes = int(max(network.from_node.max(), network.to_node.max())) + 1
    node_lat, node_lon = np.empty(nodes), np.empty(nodes)
    node_lat[network.from_node] = network.lat[network.first[:-1]]
    node_lon[network.from_node] = network.lon[network.first[:-1]]
    node_lat[network.to_node] = network.lat[network.first[1:] - 1]
    node_lon[network.to_node] = network.lon[network.first[1:] - 1]
    ends: list[tuple[int, int]] = []
    cuts: list[tuple[int, float, float]] = []
    extra_lat: list[float] = []
    extra_lon: list[float] = []
    for one in once.tolist():
        pair = _pair(network, one)
        # A loop and parallel roads are cut so that no two edges have the same ends.
        least = 3 if pair[0] == pair[1] else 2 if pairs[pair] > 1 else 1
        length = float(network.length_m[one])
        number = max(least, round(length / piece_m))
        at = np.linspace(0.0, length, number + 1)
        lat, lon = network.points(np.full(number - 1, one), at[1:-1])
        first = nodes + len(extra_lat)
        extra_lat += lat.tolist()
        extra_lon += lon.tolist()
        chain = [int(network.from_node[one]), *range(first, first + number - 1),
                 int(network.to_node[one])]  # fmt: skip
        ends += list(itertools.pairwise(chain))
        cuts += [(one, float(at[i]), float(at[i + 1])) for i in range(number)]
    return _build(
        network,
        np.concatenate((node_lat, extra_lat)),
        np.concatenate((node_lon, extra_lon)),
        np.array(ends, np.int64),
        cuts,
    )


def _pair(network: Network, segment: int) -> tuple[int, int]:
    a, b = int(network.from_node[segment]), int(network.to_node[segment])
    return (a, b) if a <= b else (b, a)


def _build(
    network: Network,
    lat: npt.NDArray[np.float64],
    lon: npt.NDArray[np.float64],
    ends: npt.NDArray[np.int64],
    cuts: list[tuple[int, float, float]],
) -> NetworkSites:
    low, high = ends.min(axis=1), ends.max(axis=1)
    order = np.lexsort((high, low))
    segment = np.array([cut[0] for cut in cuts], np.int32)[order]
    start_m = np.array([cut[1] for cut in cuts])[order]
    end_m = np.array([cut[2] for cut in cuts])[order]
    a, b = low[order].astype(np.int32), high[order].astype(np.int32)
    pieces = [_line(network, *cuts[row]) for row in order.tolist()]
    piece_edge = np.repeat(np.arange(len(pieces), dtype=np.int32), [len(one[0]) for one in pieces])
    label = np.where(network.ref[segment] != "", network.ref[segment], network.name[segment])
    sites = Sites(
        node_id=np.arange(len(lat), dtype=np.int64),
        lat=lat,
        lon=lon,
        signal=np.zeros(len(lat), np.bool_),
        u=a.astype(np.int64),
        v=b.astype(np.int64),
        a=a,
        b=b,
        length_m=np.maximum(end_m - start_m, 0.1),
        road_class=np.array(_CLASS_NAMES)[network.road_class[segment]],
        name=label,
        lanes=np.where(network.lanes[segment] > 0, network.lanes[segment], np.nan),
        limit=network.limit_kmh[segment].astype(np.float64),
        aadt=np.full(len(a), np.nan),
        oneway=network.twin[segment] < 0,
        raised=network.tunnel[segment] | network.bridge[segment],
        piece_lat=np.concatenate([one[0] for one in pieces]),
        piece_lon=np.concatenate([one[1] for one in pieces]),
        piece_edge=piece_edge,
    )
    return NetworkSites(sites, segment, start_m, end_m, ends[order, 0] <= ends[order, 1])


def _line(
    network: Network, segment: int, start_m: float, end_m: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Straight pieces of a part of a segment, in its direction: lat and lon of both ends."""
    span = slice(int(network.first[segment]), int(network.first[segment + 1]))
    along = network.along_m[span]
    inside = (along > start_m + 1e-6) & (along < end_m - 1e-6)
    which = np.full(2, segment)
    lat, lon = network.points(which, np.array([start_m, end_m]))
    y = np.concatenate((lat[:1], network.lat[span][inside], lat[1:]))
    x = np.concatenate((lon[:1], network.lon[span][inside], lon[1:]))
    return np.column_stack((y[:-1], y[1:])), np.column_stack((x[:-1], x[1:]))
