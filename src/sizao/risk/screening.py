"""Screening: which edges of a network are expected to have the most crashes a kilometre.

Counts and estimates are made on separate sites (junctions apart from edges), then brought
together on undirected edges: own expected crashes plus the share of both junctions', per km.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sizao.risk import counting, discount
from sizao.risk.crashes import Crashes
from sizao.risk.estimators import Estimate, Estimator, pooled
from sizao.risk.features import Features
from sizao.risk.posterior import COVER, Posterior
from sizao.risk.sites import Sites
from sizao.risk.snapping import AMBIGUOUS, JUNCTION_M, Snapped

Floats = npt.NDArray[np.float64]

NOTES = (
    "worse than similar sites",
    "mostly predicted: few crashes of its own",
    "mostly its junctions",
    "shorter than its junctions' reach",
    "a third of its matches are ambiguous",
    "rank is tied",
    "no traffic count",
    "traffic from the fleet",
)
"""What the notes column can say of a row, in this order."""


@dataclass(frozen=True, eq=False)
class Screening:
    """Results of e undirected edges over a period. Arrays of shape (e,).

    observed : crashes of the period by the convention, with shares
    predicted, expected : by the SPF and after weighing in the site's own record, of the period
    lower, upper : bounds of ``expected``, COVER of the posterior
    rank : 1 is the most expected a kilometre; equal ones have the same rank
    """

    sites: Sites
    years: range
    observed: Floats
    predicted: Floats
    expected: Floats
    lower: Floats
    upper: Floats
    rank: npt.NDArray[np.int64]
    flags: npt.NDArray[np.bool_]
    estimate: Estimate

    @property
    def per_km_year(self) -> Floats:
        """Expected crashes a kilometre and year."""
        density: Floats = self.expected / self.sites.length_km / len(self.years)
        return density

    def table(self) -> pa.Table:
        """One row an edge in the order of u, v, as ``sizao screen`` writes it."""
        sites = self.sites
        numbers = {
            "length_m": (sites.length_m, 3),
            "observed": (self.observed, 4),
            "predicted": (self.predicted, 4),
            "expected": (self.expected, 4),
            "lower": (self.lower, 4),
            "upper": (self.upper, 4),
            "expected_per_km_year": (self.per_km_year, 6),
        }
        return pa.table(
            {
                "u": sites.u,
                "v": sites.v,
                **{name: np.round(values, digits) for name, (values, digits) in numbers.items()},
                "rank": self.rank,
                "notes": _texts(self.flags),
            }
        )

    def summary(self) -> dict[str, Any]:
        """Totals and models for people and programs."""
        return {
            "years": f"{self.years.start}-{self.years.stop - 1}",
            "edges": len(self.sites),
            "length_km": round(float(self.sites.length_km.sum()), 3),
            "observed": round(float(self.observed.sum()), 2),
            "expected": round(float(self.expected.sum()), 2),
            "interval": COVER,
            "segments": self.estimate.spf_edges.report(),
            "junctions": self.estimate.spf_nodes.report(),
        }


def screen(
    sites: Sites,
    features: Features,
    crashes: Crashes,
    snapped: Snapped,
    years: range,
    estimator: Estimator = pooled,
    yearly: float = discount.YEARLY,
    fleet: npt.NDArray[np.bool_] | None = None,
) -> Screening:
    """Screen a network by the crashes of some years; others are left aside.

    crashes, snapped : (n,), the same crashes
    estimator : how counts become expectations, one of ``estimators.ESTIMATORS``
    yearly : how much a year counts against the one after it; 1 is all the same
    fleet : edges whose AADT was estimated from the fleet, for their note
    """
    weighed = discount.weigh(crashes, years, yearly)
    counts = counting.count(sites, snapped, weighed.weight)
    estimate = estimator(sites, features, counts, weighed.exposure)
    period = float(len(years))
    yearly_posterior, predicted = estimate.on_edges(sites)
    posterior = Posterior(yearly_posterior.mean * period, yearly_posterior.variance * period**2)
    lower, upper = posterior.interval()
    inside = crashes.in_years(years)
    plain = counting.count(sites, snapped.of(inside))
    observed = counting.on_edges(sites, plain)
    density = posterior.mean / sites.length_km
    rank, tied = _ranks(density)
    flags = np.column_stack(
        (
            posterior.above(predicted * period) > 0.95,
            # With one gamma this is 1 - w, the weight of the record (Hauer et al. 2002).
            yearly_posterior.variance * weighed.exposure < 0.5 * yearly_posterior.mean,
            _junction_part(estimate, yearly_posterior.mean) > 0.7,
            sites.length_m < 2 * JUNCTION_M,
            _ambiguous(sites, snapped.of(inside)),
            tied,
            ~(sites.aadt > 0),
            np.zeros(len(sites), np.bool_) if fleet is None else fleet,
        )
    )
    return Screening(
        sites,
        years,
        observed,
        predicted * period,
        posterior.mean,
        lower,
        upper,
        rank,
        flags,
        estimate,
    )


def _ranks(density: Floats) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Competition ranks of falling density, and which are shared."""
    _, which, times = np.unique(-density, return_inverse=True, return_counts=True)
    first = np.concatenate(([0], np.cumsum(times)[:-1]))
    return first[which] + 1, times[which] > 1


def _junction_part(estimate: Estimate, total: Floats) -> Floats:
    part: Floats = 1.0 - estimate.edges.mean / np.maximum(total, 1e-12)
    return part


def _ambiguous(sites: Sites, snapped: Snapped) -> npt.NDArray[np.bool_]:
    """Edges where at least a third of three or more own matches are ambiguous."""
    own = (snapped.node < 0) & (snapped.edge >= 0)
    edge = snapped.edge[own]
    total = np.bincount(edge, minlength=len(sites))
    unsure = np.bincount(edge, snapped.quality[own] == AMBIGUOUS, len(sites))
    found: npt.NDArray[np.bool_] = (total >= 3) & (unsure * 3 >= total)
    return found


def _texts(flags: npt.NDArray[np.bool_]) -> pa.Array:
    """Notes of each row; there are few different ones, so each is put together once."""
    code = reduce(lambda all_, one: all_ * 2 + one, flags.T.astype(np.int64))
    kinds, which = np.unique(code, return_inverse=True)
    bits = range(len(NOTES) - 1, -1, -1)
    words = [
        "; ".join(note for note, bit in zip(NOTES, bits, strict=True) if kind >> bit & 1)
        for kind in kinds.tolist()
    ]
    return pa.DictionaryArray.from_arrays(pa.array(which.astype(np.int32)), words).cast(pa.string())
