"""The days ahead on the sites of an assessment, and what moved each hour, for people to read."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from sizao.risk import day_factors
from sizao.risk.assessment import junctions, merged
from sizao.risk.forecasting import WEEKS_A_YEAR
from sizao.risk.network_sites import NetworkSites
from sizao.risk.weather_hours import KINDS
from sizao.risk.week_ahead import Ahead

Singles = npt.NDArray[np.float32]


def by_site(placed: NetworkSites, ahead: Ahead) -> Singles:
    """Crashes to be expected in each hour at each site: (24 days, sites), segments first.

    A junction has the mean of the factors of its roads.
    """
    estimate = ahead.base.estimate
    factor = ahead.factor().astype(np.float32)
    at_nodes = on_nodes(placed, factor)
    found = np.empty((factor.shape[1], len(placed.sites) + len(junctions(placed))), np.float32)
    for column, hour in enumerate(ahead.week_hour.tolist()):
        found[column] = (
            merged(
                placed,
                estimate.edges.mean * ahead.base.edge_week[:, hour] * factor[:, column],
                estimate.nodes.mean * ahead.base.node_week[:, hour] * at_nodes[:, column],
            )
            / WEEKS_A_YEAR
        )
    return found


def on_nodes(placed: NetworkSites, values: Singles) -> Singles:
    """Mean over the edges that meet at each node, (nodes, columns); 1 at a node without edges."""
    sites = placed.sites
    total = np.zeros((len(sites.node_id), values.shape[1]), np.float32)
    for end in (sites.a, sites.b):
        np.add.at(total, end, values)
    degree = sites.degree[:, None]
    return np.where(degree > 0, total / np.maximum(degree, 1), 1.0).astype(np.float32)


def usual(placed: NetworkSites, ahead: Ahead) -> npt.NDArray[np.float64]:
    """Crashes of an average week's hour over the whole network, for each hour ahead."""
    base = ahead.base
    week = base.estimate.edges.mean @ base.edge_week + base.estimate.nodes.mean @ base.node_week
    found: npt.NDArray[np.float64] = week[ahead.week_hour] / WEEKS_A_YEAR
    return found


def causes(placed: NetworkSites, ahead: Ahead) -> dict[str, Any]:
    """What moves the hours, as plain values.

    days : date, weekday it is like, factor of the month and of each kind of day
    ratios : of each class of weather against the mean; weather : classes by station and hour
    local : markets and events with their days, factors on and off them, and rows of sites
    flow : row of a site to hour, ratio to usual
    station : station of each site
    """
    factors, sites = ahead.factors, placed.sites
    days = []
    for number in range(ahead.days):
        day = ahead.first + timedelta(days=number)
        entries = [one for one in ahead.calendar.on(day) if one.lat is None]
        days.append(
            {
                "date": day.isoformat(),
                "like": ahead.calendar.like(day),
                "network": factors.network(ahead.calendar, day),
                "month": float(np.exp(factors.log.get(day.month, 0.0))),
                "entries": [
                    [one.kind, one.name, float(np.exp(factors.log.get(one.kind, 0.0)))]
                    for one in entries
                ],
            }
        )
    ends = placed.sites
    mine = junctions(placed)
    row_of_node = np.full(len(ends.node_id), -1, np.int64)
    row_of_node[mine] = len(sites) + np.arange(len(mine))
    local = []
    for entry, (on, off) in factors.local.items():
        edges = np.flatnonzero(day_factors.near(sites, entry))
        nodes = np.unique(np.concatenate((ends.a[edges], ends.b[edges])))
        rows = np.concatenate((edges, row_of_node[nodes][row_of_node[nodes] >= 0]))
        local.append(
            {
                "kind": entry.kind,
                "name": entry.name,
                "on": on,
                "off": off,
                "days": [
                    entry.holds(ahead.first + timedelta(days=number))
                    for number in range(ahead.days)
                ],
                "rows": rows.tolist(),
            }
        )
    found: dict[str, Any] = {
        "days": days,
        "local": local,
        "ratios": [ahead.ratios.by_kind[name].ratio / ahead.ratios.mean for name in KINDS],
        "log_errors": [ahead.ratios.by_kind[name].log_error for name in KINDS],
        "flow": {str(one.edge): [one.hour - ahead.first_hour, one.ratio] for one in ahead.flow},
        "weather": [],
        "station": [],
    }
    if ahead.weather is not None and ahead.station is not None:
        hours = ahead.first_hour + np.arange(24 * ahead.days)
        stations = np.arange(len(ahead.weather.lat))
        found["weather"] = ahead.weather.at(stations[:, None], hours[None, :]).tolist()
        at_node = np.zeros(len(ends.node_id), np.int64)
        at_node[ends.a], at_node[ends.b] = ahead.station, ahead.station
        found["station"] = np.concatenate((ahead.station, at_node[mine])).tolist()
    return found
