"""What an assessment learned of places and weeks, kept so that a forecast need not learn again."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sizao.core.errors import SaidError
from sizao.risk.estimators import Estimate
from sizao.risk.forecasting import Forecast
from sizao.risk.posterior import Posterior
from sizao.risk.sites import Sites
from sizao.risk.spf import Prediction


def save(path: Path, base: Forecast) -> None:
    """Write posteriors a year and weeks of edges and nodes, as ``.npz``."""
    estimate = base.estimate
    np.savez(
        path,
        edge_mean=estimate.edges.mean,
        edge_variance=estimate.edges.variance,
        node_mean=estimate.nodes.mean,
        node_variance=estimate.nodes.variance,
        edge_predicted=estimate.predicted_edges,
        node_predicted=estimate.predicted_nodes,
        edge_week=base.edge_week,
        node_week=base.node_week,
    )


def load(path: Path, sites: Sites) -> Forecast:
    """What :func:`save` wrote. The regressions themselves are not kept.

    Raises ConfigError if there is none, or it was made on another network.
    """
    try:
        with np.load(path) as kept:
            found = {name: kept[name] for name in kept.files}
    except FileNotFoundError:
        raise SaidError(
            "所依据的评估不完整，请重新评估",
            "the assessment kept no base for a forecast: assess once more",
        ) from None
    if len(found["edge_mean"]) != len(sites) or len(found["node_mean"]) != len(sites.node_id):
        raise SaidError(
            "评估之后换过路网，请重新评估",
            "the road network is another than that of the assessment: assess again",
        )
    edges, nodes = found["edge_predicted"], found["node_predicted"]
    return Forecast(
        sites,
        Estimate(
            Posterior(found["edge_mean"], found["edge_variance"]),
            Posterior(found["node_mean"], found["node_variance"]),
            edges,
            nodes,
            Prediction(edges, np.full(len(edges), np.nan), "kept"),
            Prediction(nodes, np.full(len(nodes), np.nan), "kept"),
        ),
        found["edge_week"],
        found["node_week"],
    )
