"""Roads end to end: edges of one name in a row, and where along them crashes lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sizao.risk.sites import Sites
from sizao.roads.geometry import metres_per_degree, step_lengths_m

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Chain:
    """Edges of one road in order. ``forward`` : whether each is passed from its end a to b.

    start_m : (m + 1,), where each edge begins along the chain, and its whole length
    """

    name: str
    edges: tuple[int, ...]
    forward: tuple[bool, ...]
    start_m: Floats


def chains(sites: Sites) -> list[Chain]:
    """Every edge once. A road is followed while exactly two of its edges meet.

    Edges of a road without a name are chains of their own: that two nameless lanes meet does not
    make them one road.
    """
    of_name: dict[str, list[int]] = {}
    found: list[Chain] = []
    for edge, name in enumerate(sites.name.tolist()):
        if name:
            of_name.setdefault(name, []).append(edge)
        else:
            found.append(_chain(sites, "", [(edge, True)]))
    for name, members in sorted(of_name.items()):
        meeting: dict[int, list[int]] = {}
        for edge in members:
            meeting.setdefault(int(sites.a[edge]), []).append(edge)
            meeting.setdefault(int(sites.b[edge]), []).append(edge)
        left = set(members)
        # From ends first; what is left after that are rings.
        ends = [node for node, edges in sorted(meeting.items()) if len(edges) != 2]
        for node in [*ends, *sorted(meeting)]:
            for edge in meeting[node]:
                if edge in left:
                    found.append(_chain(sites, name, _walk(sites, meeting, left, node, edge)))
    return found


def _walk(
    sites: Sites, meeting: dict[int, list[int]], left: set[int], node: int, edge: int
) -> list[tuple[int, bool]]:
    steps = []
    while True:
        left.discard(edge)
        forward = int(sites.a[edge]) == node
        steps.append((edge, forward))
        node = int(sites.b[edge] if forward else sites.a[edge])
        onward = [one for one in meeting[node] if one in left]
        if len(meeting[node]) != 2 or not onward:
            return steps
        edge = onward[0]


def _chain(sites: Sites, name: str, steps: Sequence[tuple[int, bool]]) -> Chain:
    edges = tuple(edge for edge, _ in steps)
    start = np.concatenate(([0.0], np.cumsum(sites.length_m[list(edges)])))
    return Chain(name, edges, tuple(forward for _, forward in steps), start)


def offsets_m(sites: Sites, edge: npt.NDArray[np.integer], lat: Floats, lon: Floats) -> Floats:
    """How far from its edge's end a each point lies along the edge: (n,), NaN for edge -1.

    Pieces of an edge may lie in either order in ``sites``; the end a says where they begin.
    """
    order = np.argsort(sites.piece_edge, kind="stable")
    first = np.searchsorted(sites.piece_edge[order], np.arange(len(sites) + 1))
    found = np.full(len(edge), np.nan)
    for row in np.flatnonzero(edge >= 0).tolist():
        one = int(edge[row])
        pieces = order[first[one] : first[one + 1]]
        y, x = sites.piece_lat[pieces], sites.piece_lon[pieces]
        north, east = metres_per_degree(float(lat[row]))
        ax, ay = (x[:, 0] - lon[row]) * east, (y[:, 0] - lat[row]) * north
        bx, by = (x[:, 1] - x[:, 0]) * east, (y[:, 1] - y[:, 0]) * north
        square = np.maximum(bx * bx + by * by, 1e-12)
        t = np.clip(-(ax * bx + ay * by) / square, 0.0, 1.0)
        near = int(np.argmin((ax + t * bx) ** 2 + (ay + t * by) ** 2))
        steps = step_lengths_m(y.ravel(), x.ravel())[::2]
        along = float(steps[:near].sum() + t[near] * steps[near])
        share = min(1.0, along / max(float(steps.sum()), 1e-9))
        at_a = abs(y[0, 0] - sites.lat[sites.a[one]]) + abs(x[0, 0] - sites.lon[sites.a[one]])
        at_b = abs(y[0, 0] - sites.lat[sites.b[one]]) + abs(x[0, 0] - sites.lon[sites.b[one]])
        found[row] = float(sites.length_m[one]) * (share if at_a <= at_b else 1 - share)
    return found


def along_m(
    sites: Sites, parts: Sequence[Chain], edge: npt.NDArray[np.integer], lat: Floats, lon: Floats
) -> tuple[npt.NDArray[np.int64], Floats]:
    """Chain of each point (-1 for edge -1) and how far along it the point lies, (n,) each."""
    chain_of, place_of = np.zeros(len(sites), np.int64), np.zeros(len(sites), np.int64)
    for number, part in enumerate(parts):
        chain_of[list(part.edges)] = number
        place_of[list(part.edges)] = np.arange(len(part.edges))
    offset = offsets_m(sites, edge, lat, lon)
    chain = np.where(edge >= 0, chain_of[np.maximum(edge, 0)], -1)
    found = np.full(len(edge), np.nan)
    for row in np.flatnonzero(edge >= 0).tolist():
        part, place = parts[chain[row]], int(place_of[edge[row]])
        length = float(sites.length_m[edge[row]])
        own = offset[row] if part.forward[place] else length - offset[row]
        found[row] = part.start_m[place] + own
    return chain, found
