"""From counts on separate sites to what is expected of each: the baseline and the pooled one.

``empirical_bayes`` is the textbook: an SPF of class, length and degree, one gamma a kind of site.

``pooled`` goes further where crashes are few: the SPF knows signals and through traffic, then
learns how much the surroundings say (crashes against prediction within four radii and along the
street, the site's own left out), and a mixture of gammas of each kind of site keeps the worst from
being shrunk as if they were ordinary. Weights of the surroundings cannot be negative: that a
neighbour's crashes make a site safer is noise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sizao.risk import attributes, neighbourhood, posterior, spf
from sizao.risk.counting import Counts
from sizao.risk.features import Features
from sizao.risk.posterior import Posterior
from sizao.risk.sites import Sites

Floats = npt.NDArray[np.float64]

RIDGE = 5.0
"""Penalty on standardised coefficients: some forty columns, and perhaps a few hundred crashes."""


@dataclass(frozen=True, eq=False)
class Estimate:
    """Expected crashes a year at separate sites. ``edges``: (e,), ``nodes``: (n,)."""

    edges: Posterior
    nodes: Posterior
    predicted_edges: Floats
    predicted_nodes: Floats
    spf_edges: spf.Prediction
    spf_nodes: spf.Prediction

    def on_edges(self, sites: Sites) -> tuple[Posterior, Floats]:
        """Each edge's own plus its share of its junctions': posterior and prediction, a year.

        Means and variances add; shares of a junction are taken as independent of the edge.
        """
        share = 1.0 / np.maximum(sites.degree, 1)
        parts = [share * self.nodes.mean, share**2 * self.nodes.variance]
        parts.append(share * self.predicted_nodes)
        mean, variance, predicted = (part[sites.a] + part[sites.b] for part in parts)
        return (
            Posterior(self.edges.mean + mean, self.edges.variance + variance),
            self.predicted_edges + predicted,
        )


Estimator = Callable[[Sites, Features, Counts, float], Estimate]


def empirical_bayes(sites: Sites, features: Features, counts: Counts, exposure: float) -> Estimate:
    """The baseline. counts : weighed crashes; exposure : years, weighed the same way."""
    first, second = _simple(sites, features, counts, exposure)
    return _estimate(
        posterior.empirical_bayes(first.mu, first.k, counts.edges),
        posterior.empirical_bayes(second.mu, second.k, counts.nodes),
        first,
        second,
        exposure,
    )


def pooled(sites: Sites, features: Features, counts: Counts, exposure: float) -> Estimate:
    """The estimator of ``sizao screen``. Arguments as for the baseline.

    With too few crashes for a regression it is the calibrated baseline.
    """
    real = sites.degree > 0
    x_edges, edge_names = features.edges()
    x_nodes, node_names = features.nodes()
    first = spf.predict(x_edges, edge_names, counts.edges, exposure, sites.length_km, ridge=RIDGE)
    second = spf.predict(x_nodes, node_names, counts.nodes, exposure, None, rows=real, ridge=RIDGE)
    if "calibrated" in (first.how, second.how):
        return empirical_bayes(sites, features, counts, exposure)
    near_edges, near_nodes = neighbourhood.relative_risk(
        sites, counts.edges, counts.nodes, first.mu, second.mu
    )
    near = list(neighbourhood.NAMES)
    first = spf.predict(
        np.column_stack((x_edges, near_edges)),
        edge_names + near,
        counts.edges,
        exposure,
        sites.length_km,
        ridge=RIDGE,
        not_negative=_last(len(edge_names), len(near)),
    )
    second = spf.predict(
        np.column_stack((x_nodes, near_nodes)),
        node_names + near,
        counts.nodes,
        exposure,
        None,
        rows=real,
        ridge=RIDGE,
        not_negative=_last(len(node_names), len(near)),
    )
    return _estimate(
        posterior.by_kind(first.mu, counts.edges, features.edge_kind),
        posterior.by_kind(second.mu, counts.nodes, features.node_kind),
        first,
        second,
        exposure,
    )


def _simple(
    sites: Sites, features: Features, counts: Counts, exposure: float
) -> tuple[spf.Prediction, spf.Prediction]:
    relative = attributes.prior(sites, features)
    # A junction is as dangerous as the mean of the roads that meet there.
    at_nodes = (features.at_nodes(relative[0]), features.at_nodes(relative[1]))
    return (
        spf.predict(
            *features.simple_edges(), counts.edges, exposure, sites.length_km, relative=relative
        ),
        spf.predict(
            *features.simple_nodes(),
            counts.nodes,
            exposure,
            None,
            rows=sites.degree > 0,
            relative=at_nodes,
        ),
    )


def _estimate(
    edges: Posterior,
    nodes: Posterior,
    first: spf.Prediction,
    second: spf.Prediction,
    exposure: float,
) -> Estimate:
    """Per year: posteriors of weighed counts are divided by the weighed years."""
    return Estimate(
        Posterior(edges.mean / exposure, edges.variance / exposure**2),
        Posterior(nodes.mean / exposure, nodes.variance / exposure**2),
        first.mu / exposure,
        second.mu / exposure,
        first,
        second,
    )


def _last(before: int, number: int) -> npt.NDArray[np.bool_]:
    return np.arange(before + number) >= before


ESTIMATORS: dict[str, Estimator] = {"pooled": pooled, "eb": empirical_bayes}
