"""The roads of a plan: what a visit reaches, and how long it takes from post to post."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse.csgraph import dijkstra

from sizao.core.errors import ConfigError
from sizao.roads.features import Line
from sizao.roads.geometry import metres_per_degree
from sizao.roads.network import Network
from sizao.roads.routing import Router

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_BATCH = 256
_FARTHEST_M = 3000.0
"""A base farther than this from every road is a mistake in the file."""


@dataclass(frozen=True, eq=False)
class Roads:
    """n nodes and e undirected edges, with the directed lines that can be driven.

    node_id : int64 (n,), ascending; lat, lon : (n,), degrees WGS-84
    u, v : (e,), node ids, u < v; a, b : (e,), their numbers
    length_m : (e,); road_class : str (e,), codes of core.places.ROAD_CLASSES
    name : str (e,)
    lines : drivable lines, each of some length and with ``keys``: node ids at both ends, and in
        between names that no other line has
    """

    node_id: Ints
    lat: Floats
    lon: Floats
    u: Ints
    v: Ints
    a: Ints
    b: Ints
    length_m: Floats
    road_class: npt.NDArray[np.str_]
    name: npt.NDArray[np.str_]
    lines: Sequence[Line] = field(repr=False, default=())

    def __len__(self) -> int:
        return len(self.u)

    def nearest_node(self, lat: float, lon: float, among: Ints) -> int:
        """Which of some nodes is nearest as the crow flies. Raises ConfigError if none is near."""
        north, east = metres_per_degree(lat)
        away = np.hypot((self.lat[among] - lat) * north, (self.lon[among] - lon) * east)
        if not len(among) or away.min() > _FARTHEST_M:
            raise ConfigError(
                f"{lat:.5f}, {lon:.5f} is {away.min() / 1000 if len(among) else np.inf:.1f} km "
                "from the nearest road that can be driven: wrong place, or the wrong network?"
            )
        return int(among[away.argmin()])

    def place(self, node: int) -> str:
        """Names of the roads that meet at a node, as a person would say where it is."""
        meet = np.flatnonzero((self.a == node) | (self.b == node))
        names = [name for name in dict.fromkeys(self.name[meet].tolist()) if name]
        return " / ".join(names[:3]) or f"{self.lat[node]:.5f}, {self.lon[node]:.5f}"


def reach(roads: Roads, nodes: Ints, reach_m: float) -> sparse.csr_array:
    """Share of each edge within ``reach_m`` by road of each node: (nodes, e).

    Both ways along a street count, also against a one-way sign: what matters is who is seen.
    """
    n = len(roads.node_id)
    graph = sparse.coo_array((roads.length_m, (roads.a, roads.b)), shape=(n, n)).tocsr()
    number = len(roads)
    edge = np.tile(np.arange(number), 2)
    ends = sparse.csr_array(
        (np.ones(2 * number), (np.concatenate((roads.a, roads.b)), edge)), shape=(n, number)
    )
    rows = []
    for start in range(0, len(nodes), _BATCH):
        metres = dijkstra(
            graph, directed=False, indices=nodes[start : start + _BATCH], limit=reach_m
        )
        # What is left of the reach at a node goes into each edge that ends there.
        place, node = np.nonzero(metres < reach_m)
        left = sparse.csr_array((reach_m - metres[place, node], (place, node)), shape=metres.shape)
        near = left @ ends
        near.sort_indices()
        near.data = np.minimum(near.data / roads.length_m[near.indices], 1.0)
        rows.append(near)
    return sparse.csr_array(sparse.vstack(rows)) if rows else sparse.csr_array((0, len(roads)))


class Travel:
    """Driving times between nodes of the roads, by :class:`sizao.roads.routing.Router`."""

    def __init__(self, roads: Roads) -> None:
        network = Network.from_lines(roads.lines)
        self._router = Router(network)
        # Lines are cut at their ends only, so each is one segment, or two with its twin.
        forward = (network.twin < 0) | (np.arange(len(network)) < network.twin)
        keys = np.array([(one.keys[0], one.keys[-1]) for one in roads.lines if one.keys], np.int64)
        self._number = np.full(len(roads.node_id), -1, np.int64)
        for column, ends in ((0, network.from_node), (1, network.to_node)):
            self._number[np.searchsorted(roads.node_id, keys[:, column])] = ends[forward]

    @property
    def drivable(self) -> Ints:
        """Numbers of the nodes that some line leads to or from."""
        return np.flatnonzero(self._number >= 0)

    def minutes(self, nodes: Ints) -> Floats:
        """Minutes from each node to each: (k, k); infinite where there is no way."""
        found: Floats = self._router.seconds_between(self._number[nodes]) / 60.0
        return found
