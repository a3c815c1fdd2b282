"""Forecast: expected crashes of every edge in every hour of the week.

What is expected at a site (:mod:`estimators`) times its week (:mod:`profiles`), brought together
on edges by the shares of junctions. Weather and calendar are factors of the day that a caller
multiplies in; here is the average week.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sizao.risk import counting, discount
from sizao.risk.crashes import Crashes
from sizao.risk.estimators import Estimate, Estimator, pooled
from sizao.risk.features import Features
from sizao.risk.profiles import week_profiles
from sizao.risk.sites import Sites
from sizao.risk.snapping import Snapped
from sizao.risk.week_shapes import HOURS

Floats = npt.NDArray[np.float64]

WEEKS_A_YEAR = 365.2425 / 7

SCHEMA = pa.schema(
    [
        pa.field("u", pa.int64()),
        pa.field("v", pa.int64()),
        pa.field("hour_of_week", pa.int16()),
        pa.field("expected", pa.float32()),
    ]
)
"""``hour_of_week`` 0 is Monday 00:00 local; ``expected`` crashes in that hour of one week."""

_PIECE = 1 << 13


@dataclass(frozen=True, eq=False)
class Forecast:
    """Estimates a year and weeks of separate sites."""

    sites: Sites
    estimate: Estimate
    edge_week: npt.NDArray[np.float32]
    node_week: npt.NDArray[np.float32]

    def cells(self, edges: slice = slice(None)) -> Floats:
        """Expected crashes in each hour of one week, shape (edges, 168)."""
        sites = self.sites
        degree = np.maximum(sites.degree, 1)[:, None]
        total = self.estimate.edges.mean[edges, None] * self.edge_week[edges]
        for end in (sites.a[edges], sites.b[edges]):
            total = total + (
                self.estimate.nodes.mean[end, None] * self.node_week[end] / degree[end]
            )
        return total / WEEKS_A_YEAR

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Rows by edge, then hour, schema SCHEMA."""
        for start in range(0, len(self.sites), _PIECE):
            piece = slice(start, min(start + _PIECE, len(self.sites)))
            number = piece.stop - piece.start
            columns = [
                pa.array(np.repeat(self.sites.u[piece], HOURS)),
                pa.array(np.repeat(self.sites.v[piece], HOURS)),
                pa.array(np.tile(np.arange(HOURS, dtype=np.int16), number)),
                pa.array(self.cells(piece).astype(np.float32).ravel()),
            ]
            yield pa.RecordBatch.from_arrays(columns, schema=SCHEMA)


def forecast(
    sites: Sites,
    features: Features,
    crashes: Crashes,
    snapped: Snapped,
    years: range,
    estimator: Estimator = pooled,
) -> Forecast:
    """Learn from the crashes of some years; others are left aside.

    Crashes without an hour count for the place and not for the time.
    """
    weighed = discount.weigh(crashes, years)
    counts = counting.count(sites, snapped, weighed.weight)
    estimate = estimator(sites, features, counts, weighed.exposure)
    week = week_profiles(sites, features, snapped, crashes.hour_of_week(), weighed.weight)
    return Forecast(sites, estimate, *week)


def observed_cells(sites: Sites, crashes: Crashes, snapped: Snapped) -> Floats:
    """Crashes of each edge and hour of the week by the convention, shape (e, 168)."""
    hour = crashes.hour_of_week()
    at_node = (snapped.node >= 0) & (hour >= 0)
    on_edge = (snapped.node < 0) & (snapped.edge >= 0) & (hour >= 0)
    edges = np.zeros((len(sites), HOURS))
    nodes = np.zeros((len(sites.node_id), HOURS))
    np.add.at(edges, (snapped.edge[on_edge], hour[on_edge]), 1.0)
    np.add.at(nodes, (snapped.node[at_node], hour[at_node]), 1.0)
    nodes /= np.maximum(sites.degree, 1)[:, None]
    return edges + nodes[sites.a] + nodes[sites.b]
