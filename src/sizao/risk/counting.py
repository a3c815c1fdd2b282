"""Counts of crashes: on separate sites for statistics, on edges for comparison.

Statistics use separate sites: a crash belongs to one junction or one edge, because shares of a
crash are not Poisson and Empirical Bayes over-shrinks them. Comparison uses the convention that
every method can be judged by: a crash within 15 m of a node counts in equal parts to the edges
that meet there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sizao.risk.sites import Sites
from sizao.risk.snapping import Snapped

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Counts:
    """Crashes on separate sites: ``edges`` has shape (e,), ``nodes`` (n,)."""

    edges: Floats
    nodes: Floats

    @property
    def total(self) -> float:
        """All crashes that matched a site."""
        return float(self.edges.sum() + self.nodes.sum())


def count(sites: Sites, snapped: Snapped, weight: Floats | None = None) -> Counts:
    """Crashes of each site; ``weight`` of shape (n,) counts a crash more or less than once."""
    at_node = snapped.node >= 0
    on_edge = ~at_node & (snapped.edge >= 0)
    if weight is None:
        weight = np.ones(len(snapped))
    edges = np.bincount(snapped.edge[on_edge], weight[on_edge], len(sites))
    nodes = np.bincount(snapped.node[at_node], weight[at_node], len(sites.node_id))
    # Without any crash NumPy forgets the weights and counts in whole numbers.
    return Counts(edges.astype(np.float64), nodes.astype(np.float64))


def on_edges(sites: Sites, counts: Counts) -> Floats:
    """Each edge's own value plus its share of its two junctions', shape (e,)."""
    share = counts.nodes / np.maximum(sites.degree, 1)
    total: Floats = counts.edges + share[sites.a] + share[sites.b]
    return total
