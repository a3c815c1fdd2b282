"""Corridors: whole roads of one name, ranked by what is expected on them a kilometre.

An engineer treats a road, a brigade patrols it. A corridor is what hangs together of one name and
is long enough; junctions count with the share that its edges have in them. Means and variances
add up; a corridor's own danger, shared by all its edges, is left in their posteriors.

Source: corridor screening, FHWA-HRT-10-063 (Safety Analyst), module 1.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from sizao.risk.posterior import Posterior
from sizao.risk.screening import Screening
from sizao.risk.sites import Sites

Floats = npt.NDArray[np.float64]

LEAST_KM = 1.0
"""Shortest road that is a corridor; proposed."""


def corridors_of(sites: Sites) -> npt.NDArray[np.int64]:
    """Number of the road that each edge belongs to, (e,); -1 for edges without a name.

    Edges of one name that meet at a node are one road, whatever else crosses there.
    """
    names, street = np.unique(sites.name, return_inverse=True)
    named = np.flatnonzero(names[street] != "")
    # A node of a road is a node and a name: other roads that pass the node are others.
    ends = np.concatenate((sites.a[named], sites.b[named])).astype(np.int64)
    keys, member = np.unique(ends * len(names) + np.tile(street[named], 2), return_inverse=True)
    half = len(named)
    size = len(keys)
    joined = coo_array((np.ones(half, np.int8), (member[:half], member[half:])), shape=(size, size))
    _, label = connected_components(joined, directed=False)
    found = np.full(len(sites), -1, np.int64)
    found[named] = label[member[:half]]
    return found


def corridors(screening: Screening, least_km: float = LEAST_KM) -> pa.Table:
    """A row a corridor, the worst a kilometre first.

    ``observed``, ``predicted``, ``expected``, ``lower``, ``upper`` are of the period;
    ``worst_u``, ``worst_v`` the edge with the most expected a kilometre.
    """
    sites = screening.sites
    road = corridors_of(sites)
    inside = road >= 0
    number = int(road.max(initial=-1)) + 1

    def total(values: Floats) -> Floats:
        return np.bincount(road[inside], values[inside], number).astype(np.float64)

    yearly, _ = screening.estimate.on_edges(sites)
    period = float(len(screening.years))
    expected = total(yearly.mean * period)
    lower, upper = Posterior(expected, total(yearly.variance * period**2)).interval()
    length = total(sites.length_km)
    density = screening.expected / sites.length_km
    worst = np.full(number, -1, np.int64)
    for edge in np.argsort(density, kind="stable")[::-1].tolist():
        if road[edge] >= 0 and worst[road[edge]] < 0:
            worst[road[edge]] = edge
    rate = expected / np.maximum(length, 1e-9) / period
    rows = np.flatnonzero(length >= least_km)
    rows = rows[np.argsort(-rate[rows], kind="stable")]
    return pa.table(
        {
            "name": sites.name[worst[rows]],
            "edges": np.bincount(road[inside], minlength=number)[rows],
            "length_km": np.round(length[rows], 3),
            "observed": np.round(total(screening.observed)[rows], 4),
            "predicted": np.round(total(screening.predicted)[rows], 4),
            "expected": np.round(expected[rows], 4),
            "lower": np.round(lower[rows], 4),
            "upper": np.round(upper[rows], 4),
            "expected_per_km_year": np.round(rate[rows], 6),
            "rank": np.arange(1, len(rows) + 1),
            "worst_u": sites.u[worst[rows]],
            "worst_v": sites.v[worst[rows]],
        }
    )
