"""Zones: the road around each post, and where somebody who avoids a patrol could go instead."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

ELSEWHERE_MIN = 10.0
"""Somebody who avoids a patrol is taken to go up to so many minutes out of the way."""
_MOST = 8
"""Other zones looked at, the nearest first."""


@dataclass(frozen=True, eq=False)
class Zones:
    """z zones, one a post. Every edge that some post reaches is in exactly one.

    of_edge : (e,), zone or -1
    others : (z, 1 + most), the zone itself and where one could go instead; -1 where fewer
    """

    of_edge: Ints
    others: Ints

    def __len__(self) -> int:
        return len(self.others)

    def weight(self, edge_weight: Floats) -> Floats:
        """Weight of each zone: (z,)."""
        inside = self.of_edge >= 0
        found = np.zeros(len(self))
        np.add.at(found, self.of_edge[inside], edge_weight[inside])
        return found

    def mean_over(self, edge_weight: Floats) -> sparse.csr_array:
        """Matrix (z, e) that turns shares of edges into the weighted mean share of each zone."""
        inside = np.flatnonzero(self.of_edge >= 0)
        zone = self.of_edge[inside]
        total = self.weight(edge_weight)[zone]
        part = np.divide(edge_weight[inside], total, out=np.zeros(len(inside)), where=total > 0)
        return sparse.csr_array((part, (zone, inside)), shape=(len(self), len(self.of_edge)))


def groups_of(reach: sparse.csr_array) -> Ints:
    """Edges that the same two posts see best are one group: (e,), -1 where no post sees one.

    The linear programmes work on groups; a dense town has thousands of edges that nobody can
    tell apart from where a car may stop.
    """
    dense = reach.toarray()
    first = dense.argmax(axis=0)
    rest = dense.copy()
    rest[first, np.arange(dense.shape[1])] = 0.0
    key = first.astype(np.int64) * len(dense) + rest.argmax(axis=0)
    _, group = np.unique(key, return_inverse=True)
    seen = dense.max(axis=0) > 0 if len(dense) else np.zeros(dense.shape[1], np.bool_)
    return np.where(seen, group, -1).astype(np.int64)


def zones_of(reach: sparse.csr_array, minutes: Floats) -> Zones:
    """Give each edge to the post that sees most of it (the first of equals).

    reach : (p, e); minutes : (p, p), driving
    """
    best = np.asarray(reach.toarray().argmax(axis=0))
    seen = np.asarray(reach.max(axis=0).toarray()).ravel() > 0
    of_edge = np.where(seen, best, -1).astype(np.int64)
    away = minutes.copy()
    np.fill_diagonal(away, -1.0)
    order = np.argsort(away, axis=1, kind="stable")[:, : 1 + _MOST]
    near = np.take_along_axis(away, order, axis=1) <= ELSEWHERE_MIN
    return Zones(of_edge, np.where(near, order, -1).astype(np.int64))
