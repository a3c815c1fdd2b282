"""An assessment: what a network's crash record says of every segment and junction.

Sites are what a person can go and look at: junctions of three and more roads, and the segments
between them. Statistics are made on :class:`~sizao.risk.sites.Sites`; what they say of a place
where only two edges meet (a cut, a change of class) or a road ends goes to the segments there, in
equal parts. A crash counts at one site, whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sizao.core.errors import SaidError
from sizao.risk import breaks, discount, snapping
from sizao.risk.assessment_table import Columns, table_of
from sizao.risk.backtest_report import Backtest, backtest
from sizao.risk.crashes import Crashes
from sizao.risk.estimators import ESTIMATORS, Estimate
from sizao.risk.features import Features
from sizao.risk.forecasting import WEEKS_A_YEAR, Forecast, forecast
from sizao.risk.network_sites import NetworkSites
from sizao.risk.posterior import COVER, Posterior
from sizao.risk.severity import classes_of
from sizao.risk.snapping import AMBIGUOUS, QUALITIES, Snapped
from sizao.risk.stretches import Stretch, stretches
from sizao.roads.network import Network

Floats = npt.NDArray[np.float64]

LEAST_CRASHES = 20
"""Below this no assessment is made: every site would get the mean of its kind."""

Step = Callable[[str, float], None]
"""Told the name of a step as it begins, and the share of the work done before it."""


@dataclass(frozen=True)
class Options:
    """What a run is made with. ``threshold`` is in multiples of the mean rate of a kind."""

    years: range
    method: str = "pooled"
    threshold: float = 2.0


@dataclass(frozen=True, eq=False)
class Assessment:
    """table : a row a site, schema SCHEMA; segments first, then junctions
    week : float32 (168, sites), crashes to be expected in each hour of an average week
    crash_site : int32 (n,), row of the table of each crash, -1 where none
    base : what a forecast of days goes on from
    """

    table: pa.Table
    week: npt.NDArray[np.float32]
    crash_site: npt.NDArray[np.int32]
    stretches: list[Stretch]
    backtest: Backtest | None
    summary: dict[str, Any]
    base: Forecast


def assess(
    network: Network,
    placed: NetworkSites,
    crashes: Crashes,
    options: Options,
    step: Step = lambda name, share: None,
    surrogates: Mapping[str, Floats] | None = None,
) -> Assessment:
    """Assess a network by the crashes of some years; later years are left aside.

    surrogates : further columns of edges, as :class:`Features` takes them

    Raises ConfigError if the years have fewer than LEAST_CRASHES on the network.
    """
    sites = placed.sites
    step("snap", 0.05)
    snapped = snapping.snap(snapping.build_index(sites), crashes.lat, crashes.lon)
    inside = crashes.in_years(options.years)
    usable = int((inside & (snapped.edge >= 0)).sum())
    if usable < LEAST_CRASHES:
        years = f"{options.years.start}-{options.years.stop - 1}"
        raise SaidError(
            f"落在路网上的事故太少，请补充导入或多选几年：{years} 年只有 {usable} 起，"
            f"评估至少要有 {LEAST_CRASHES} 起",
            f"only {usable} crashes of {years} lie on the network; an assessment needs"
            f" {LEAST_CRASHES}",
        )
    features = Features(sites, surrogates or {})
    step("estimate", 0.15)
    forecasted = forecast(
        sites, features, crashes, snapped, options.years, ESTIMATORS[options.method]
    )
    step("rank", 0.45)
    crash_site = _site_of(placed, snapped)
    columns = _columns(placed, features, crashes, snapped, crash_site, forecasted, options)
    step("rules", 0.55)
    spots = stretches(sites, crashes, snapped, options.years[-1])
    table = table_of(network, placed, columns, spots)
    week = _week(placed, forecasted)
    step("backtest", 0.65)
    tested = backtest(placed.sites, features, crashes, snapped, options.years)
    step("done", 1.0)
    return Assessment(
        table,
        week,
        crash_site,
        spots,
        tested,
        _summary(placed, crashes, snapped, crash_site, forecasted, columns, options),
        forecasted,
    )


def junctions(placed: NetworkSites) -> npt.NDArray[np.int64]:
    """Node numbers of the sites that are junctions, ascending."""
    return np.flatnonzero(placed.sites.degree >= 3)


def _site_of(placed: NetworkSites, snapped: Snapped) -> npt.NDArray[np.int32]:
    """Row of each crash: its junction if three roads meet there, else its nearest edge."""
    sites = placed.sites
    row = np.full(len(sites.node_id), -1, np.int64)
    nodes = junctions(placed)
    row[nodes] = len(sites) + np.arange(len(nodes))
    at = np.where(snapped.node >= 0, row[np.maximum(snapped.node, 0)], -1)
    return np.where(at >= 0, at, snapped.edge).astype(np.int32)


def merged(placed: NetworkSites, edges: Floats, nodes: Floats, power: int = 1) -> Floats:
    """Values of separate sites on the table's rows; a share of a node is taken to ``power``."""
    sites = placed.sites
    degree = np.maximum(sites.degree, 1)
    passed_on = np.where(sites.degree < 3, nodes / degree**power, 0.0)
    both: Floats = edges + passed_on[sites.a] + passed_on[sites.b]
    return np.concatenate((both, nodes[junctions(placed)]))


def _columns(
    placed: NetworkSites,
    features: Features,
    crashes: Crashes,
    snapped: Snapped,
    crash_site: npt.NDArray[np.int32],
    forecasted: Forecast,
    options: Options,
) -> Columns:
    sites, estimate = placed.sites, forecasted.estimate
    years = float(len(options.years))
    mean, variance, predicted = _yearly(placed, estimate)
    posterior = Posterior(mean * years, variance * years**2)
    lower, upper = posterior.interval()
    inside = crashes.in_years(options.years) & (crash_site >= 0)
    rows = crash_site[inside]
    total = len(mean)
    harm = classes_of(crashes)[inside]
    observed = np.bincount(rows, minlength=total)
    unsure = np.bincount(rows, snapped.quality[inside] == AMBIGUOUS, total)
    is_segment = np.arange(total) < len(sites)
    length_km = np.concatenate((sites.length_km, np.zeros(total - len(sites))))
    rate = np.where(is_segment, mean / np.where(is_segment, length_km, 1.0), mean)
    exposure = discount.weigh(crashes, options.years).exposure
    limit = _limits(rate, mean, length_km, is_segment) * options.threshold
    nodes = junctions(placed)
    of_junctions = 10 * (1 + features.strongest[nodes]) + np.minimum(sites.degree[nodes], 5)
    return Columns(
        group=np.concatenate((features.group, of_junctions)),
        arms=np.concatenate((np.zeros(len(sites), np.int64), sites.degree[nodes])),
        nodes=nodes,
        length_km=length_km,
        observed=observed,
        predicted=predicted * years,
        expected=posterior.mean,
        lower=lower,
        upper=upper,
        rate=rate,
        p_worse=posterior.above(predicted * years),
        p_threshold=Posterior(mean, variance).above(
            np.where(is_segment, limit * length_km, limit)
        ),
        own_weight=np.clip(variance * exposure / np.maximum(mean, 1e-12), 0.0, 1.0),
        harm=[np.bincount(rows[harm == kind], minlength=total) for kind in (0, 1, 2, -1)],
        unsure=unsure.astype(np.float64),
    )  # fmt: skip


def _yearly(placed: NetworkSites, estimate: Estimate) -> tuple[Floats, Floats, Floats]:
    """Mean, variance and prediction a year on the table's rows."""
    return (
        merged(placed, estimate.edges.mean, estimate.nodes.mean),
        merged(placed, estimate.edges.variance, estimate.nodes.variance, 2),
        merged(placed, estimate.predicted_edges, estimate.predicted_nodes),
    )


def _limits(
    rate: Floats, mean: Floats, length_km: Floats, is_segment: npt.NDArray[np.bool_]
) -> Floats:
    """Mean rate of each site's kind: a km and year on segments, a year at junctions."""
    segments = mean[is_segment].sum() / length_km[is_segment].sum()
    at_junctions = mean[~is_segment].mean() if (~is_segment).any() else 0.0
    return np.where(is_segment, segments, at_junctions)


def _week(placed: NetworkSites, forecasted: Forecast) -> npt.NDArray[np.float32]:
    estimate = forecasted.estimate
    found = np.empty((forecasted.edge_week.shape[1], len(placed.sites) + len(junctions(placed))),
                     np.float32)  # fmt: skip
    for hour in range(len(found)):
        found[hour] = (
            merged(
                placed,
                estimate.edges.mean * forecasted.edge_week[:, hour],
                estimate.nodes.mean * forecasted.node_week[:, hour],
            )
            / WEEKS_A_YEAR
        )
    return found  # fmt: skip


def _summary(
    placed: NetworkSites,
    crashes: Crashes,
    snapped: Snapped,
    crash_site: npt.NDArray[np.int32],
    forecasted: Forecast,
    columns: Columns,
    options: Options,
) -> dict[str, Any]:
    inside = crashes.in_years(options.years)
    return {
        "years": f"{options.years.start}-{options.years.stop - 1}",
        "method": options.method,
        "threshold": options.threshold,
        "interval": COVER,
        "segments": len(placed.sites),
        "junctions": len(junctions(placed)),
        "length_km": round(float(placed.sites.length_km.sum()), 1),
        "crashes": int(inside.sum()),
        "on_network": int((inside & (crash_site >= 0)).sum()),
        "expected": round(float(columns.expected.sum()), 1),
        "by_year": {
            str(year): int((crashes.year == year).sum()) for year in options.years
        },
        "harm": [int(one.sum()) for one in columns.harm],
        "match_quality": {
            name: int((snapped.quality[inside] == number).sum())
            for number, name in enumerate(QUALITIES)
        },
        "hour_unknown": int((inside & (crashes.hour < 0)).sum()),
        "breaks": [found.row() for found in breaks.find_breaks(crashes)],
        "models": {
            "segments": forecasted.estimate.spf_edges.report(),
            "junctions": forecasted.estimate.spf_nodes.report(),
        },
    }  # fmt: skip
