"""Kernel density along a road network: where crashes lie close together, whatever the sites.

The equal-split discontinuous kernel: a crash's mass runs along the roads both ways; at a node
where n roads meet it goes on into the n - 1 others in equal parts; at a dead end it turns back.
Mass is integrated over small pieces of road (lixels), never sampled, so that it is conserved to
rounding.

Source: Okabe, Satoh and Sugihara (2009), IJGIS 23, with the quartic kernel.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Density:
    """Lixels of all edges, in order along each edge.

    first : int64 (e + 1,), edge i has the lixels first[i]:first[i + 1], all of one length
    length_m : (l,); mass : (l,), crashes that the kernel puts there
    """

    first: Ints
    length_m: Floats
    mass: Floats

    @property
    def per_m(self) -> Floats:
        """Mean density of each lixel, crashes a metre."""
        density: Floats = self.mass / self.length_m
        return density


def network_kde(
    a: npt.NDArray[np.integer],
    b: npt.NDArray[np.integer],
    length_m: Floats,
    edge: npt.NDArray[np.integer],
    offset_m: Floats,
    *,
    bandwidth_m: float | Floats = 200.0,
    lixel_m: float = 10.0,
) -> Density:
    """Density of crashes along a network.

    a, b, length_m : (e,), ends and length of undirected edges; no edge leads back to its node
    edge, offset_m : (n,), where the crashes are, metres from the end a
    bandwidth_m : how far a crash reaches; (n,) for one of its own each (adaptive)
    """
    pieces = np.maximum(np.ceil(length_m / lixel_m - 1e-9), 1).astype(np.int64)
    first = np.concatenate(([0], np.cumsum(pieces)))
    nodes = int(max(a.max(), b.max())) + 1
    ends = np.concatenate((a, b)).astype(np.int64)
    order = np.argsort(ends, kind="stable")
    start = np.concatenate(([0], np.cumsum(np.bincount(ends, minlength=nodes))))
    mass = np.zeros(first[-1])
    _spread(
        a.astype(np.int64),
        b.astype(np.int64),
        length_m.astype(np.float64),
        first,
        start,
        (order % len(a)).astype(np.int64),
        edge.astype(np.int64),
        np.clip(offset_m, 0.0, length_m[edge]),
        np.broadcast_to(np.asarray(bandwidth_m, np.float64), (len(edge),)),
        mass,
    )
    return Density(first, np.repeat(length_m / pieces, pieces), mass)


def adaptive_bandwidths(
    pilot: Density,
    edge: npt.NDArray[np.integer],
    offset_m: Floats,
    bandwidth_m: float,
    limits: tuple[float, float] = (0.5, 2.0),
) -> Floats:
    """Bandwidth of each crash by Abramson's square-root law from a pilot density: (n,).

    Narrow where crashes are many, wide where they are few, within ``limits`` times the pilot's.
    """
    lixel = pilot.first[edge] + (offset_m / pilot.length_m[pilot.first[edge]]).astype(np.int64)
    lixel = np.minimum(lixel, pilot.first[edge + 1] - 1)
    density = np.maximum(pilot.per_m[lixel], 1e-300)
    middle = np.exp(np.log(density).mean())
    found: Floats = bandwidth_m * np.clip((density / middle) ** -0.5, *limits)
    return found


def chance_peak(
    a: npt.NDArray[np.integer],
    b: npt.NDArray[np.integer],
    length_m: Floats,
    crashes: int,
    *,
    bandwidth_m: float = 200.0,
    lixel_m: float = 10.0,
    times: int = 99,
    seed: int = 1,
    level: float = 0.95,
) -> float:
    """The highest density that as many crashes thrown at random reach with probability 1 - level.

    A peak of the true density above it is no chance cluster (a permutation test over the whole
    network, so that looking at many places is paid for).
    """
    chance = np.random.default_rng(seed)
    along = np.concatenate(([0.0], np.cumsum(length_m)))
    peaks = []
    for _ in range(times):
        where = chance.random(crashes) * along[-1]
        edge = np.minimum(np.searchsorted(along, where, "right") - 1, len(length_m) - 1)
        thrown = network_kde(
            a, b, length_m, edge, where - along[edge], bandwidth_m=bandwidth_m, lixel_m=lixel_m
        )
        peaks.append(thrown.per_m.max())
    return float(np.quantile(peaks, level))


@njit(cache=True)
def _reach(d: float, h: float) -> float:
    """Mass of the quartic kernel K(u) = 15/16 (1 - u^2)^2 between 0 and distance d."""
    u = min(d / h, 1.0)
    return 15.0 / 16.0 * (u - 2.0 / 3.0 * u**3 + u**5 / 5.0)


@njit(cache=True)
def _walk(
    first: Ints,
    length: Floats,
    edge: int,
    here: float,
    forward: bool,
    gone: float,
    h: float,
    weight: float,
    mass: Floats,
) -> None:
    """Put mass on one edge, from ``here`` on, having gone a distance already."""
    begin, pieces = first[edge], first[edge + 1] - first[edge]
    size = length[edge] / pieces
    at, total = here, gone
    piece = min(int(here / size), pieces - 1)
    if not forward and piece * size >= here and piece > 0:
        piece -= 1
    while 0 <= piece < pieces and total < h:
        border = (piece + 1) * size if forward else piece * size
        step = max(border - at, 0.0) if forward else max(at - border, 0.0)
        mass[begin + piece] += weight * (_reach(total + step, h) - _reach(total, h))
        total += step
        at = border
        piece += 1 if forward else -1


@njit(cache=True)
def _spread(
    a: Ints,
    b: Ints,
    length: Floats,
    first: Ints,
    start: Ints,
    incident: Ints,
    edges: Ints,
    offsets: Floats,
    bandwidths: Floats,
    mass: Floats,
) -> None:
    size = 1024
    stack_edge = np.empty(size, np.int64)
    stack_forward = np.empty(size, np.bool_)
    stack_gone = np.empty(size)
    stack_weight = np.empty(size)
    for i in range(len(edges)):
        h = bandwidths[i]
        top = 0
        for direction in range(2):
            forward = direction == 0
            edge = edges[i]
            here = offsets[i]
            gone, weight = 0.0, 1.0
            while True:
                _walk(first, length, edge, here, forward, gone, h, weight, mass)
                gone += length[edge] - here if forward else here
                if gone < h:
                    node = b[edge] if forward else a[edge]
                    others = start[node + 1] - start[node] - 1
                    if others == 0:
                        # A dead end: the mass turns round.
                        if top == size:
                            size *= 2
                            stack_edge = _grown(stack_edge, size)
                            stack_forward = _grown(stack_forward, size)
                            stack_gone = _grown(stack_gone, size)
                            stack_weight = _grown(stack_weight, size)
                        stack_edge[top], stack_forward[top] = edge, not forward
                        stack_gone[top], stack_weight[top] = gone, weight
                        top += 1
                    for k in range(start[node], start[node + 1]):
                        other = incident[k]
                        if other == edge:
                            continue
                        if top == size:
                            size *= 2
                            stack_edge = _grown(stack_edge, size)
                            stack_forward = _grown(stack_forward, size)
                            stack_gone = _grown(stack_gone, size)
                            stack_weight = _grown(stack_weight, size)
                        stack_edge[top], stack_forward[top] = other, a[other] == node
                        stack_gone[top], stack_weight[top] = gone, weight / others
                        top += 1
                if top == 0:
                    break
                top -= 1
                edge, forward = stack_edge[top], stack_forward[top]
                gone, weight = stack_gone[top], stack_weight[top]
                here = 0.0 if forward else length[edge]


@njit(cache=True)
def _grown(values: npt.NDArray, size: int) -> npt.NDArray:  # type: ignore[type-arg]  # of any
    bigger = np.empty(size, values.dtype)
    bigger[: len(values)] = values
    return bigger
