"""Junctions by the names of two roads: where they meet in the network."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sizao.roads.geometry import metres_per_degree
from sizao.roads.network import Network

SAME_M = 80.0
"""Nodes so near to each other are one junction: a dual carriageway crosses in several."""


@dataclass(frozen=True)
class Junction:
    """A place where two roads meet. ``segment`` is one of the first road there."""

    lat: float
    lon: float
    segment: int


@dataclass(frozen=True)
class Meeting:
    """What was found. ``unknown`` names roads that the network does not have."""

    junctions: tuple[Junction, ...]
    unknown: tuple[str, ...] = ()


def named(network: Network, text: str) -> npt.NDArray[np.bool_]:
    """Segments of a road by its number, or by a part of its name; shape (s,)."""
    wanted = text.strip().upper()
    if not wanted:
        return np.zeros(len(network), bool)
    by_number = np.char.upper(network.ref.astype(str)) == wanted
    if by_number.any():
        return by_number
    return np.char.find(np.char.upper(network.name.astype(str)), wanted) >= 0


def where_meet(network: Network, first: str, second: str, limit: int = 5) -> Meeting:
    """The junctions of two roads, at most ``limit``, in the order of the network."""
    masks = [named(network, text) for text in (first, second)]
    unknown = tuple(
        text for text, mask in zip((first, second), masks, strict=True) if not mask.any()
    )
    if unknown:
        return Meeting((), unknown)
    first_nodes, second_nodes = (
        np.union1d(network.from_node[mask], network.to_node[mask]) for mask in masks
    )
    shared = np.intersect1d(first_nodes, second_nodes)
    found: list[Junction] = []
    for node in shared:
        at = np.flatnonzero(masks[0] & ((network.from_node == node) | (network.to_node == node)))
        segment = int(at[0])
        from_here = network.from_node[segment] == node
        vertex = network.first[segment] if from_here else network.first[segment + 1] - 1
        lat, lon = float(network.lat[vertex]), float(network.lon[vertex])
        if all(_metres(lat, lon, one) > SAME_M for one in found):
            found.append(Junction(lat, lon, segment))
        if len(found) == limit:
            break
    return Meeting(tuple(found))


def _metres(lat: float, lon: float, other: Junction) -> float:
    north, east = metres_per_degree(lat)
    return float(np.hypot((other.lat - lat) * north, (other.lon - lon) * east))
