"""From an assessment of the installation's own network to what a plan is made of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from sizao.core.errors import SaidError
from sizao.core.places import ROAD_CLASS_CODES
from sizao.plan.roads import Roads
from sizao.risk.network_sites import NetworkSites
from sizao.roads.features import Line

HOURS = 168


def roads_of(placed: NetworkSites) -> Roads:
    """The sites' edges as roads to drive on, in their true shape."""
    sites = placed.sites
    order = np.argsort(sites.piece_edge, kind="stable")
    first = np.searchsorted(sites.piece_edge[order], np.arange(len(sites) + 1))
    lines = []
    for edge in range(len(sites)):
        pieces = order[first[edge] : first[edge + 1]]
        lat = [float(sites.piece_lat[pieces[0], 0]), *sites.piece_lat[pieces, 1].tolist()]
        lon = [float(sites.piece_lon[pieces[0], 0]), *sites.piece_lon[pieces, 1].tolist()]
        ends = int(sites.u[edge]), int(sites.v[edge])
        if not placed.forward[edge]:
            ends = ends[::-1]
        between = [("line", edge, number) for number in range(1, len(lat) - 1)]
        limit = float(sites.limit[edge])
        lines.append(
            Line(
                lat,
                lon,
                ROAD_CLASS_CODES[str(sites.road_class[edge])],
                oneway=bool(sites.oneway[edge]),
                limit_kmh=limit,
                limit_back_kmh=limit,
                keys=[ends[0], *between, ends[1]],
            )
        )
    return Roads(
        sites.node_id, sites.lat, sites.lon, sites.u, sites.v, sites.a.astype(np.int64),
        sites.b.astype(np.int64), sites.length_m, sites.road_class, sites.name, lines,
    )  # fmt: skip


def week_of(placed: NetworkSites, folder: Path) -> npt.NDArray[np.float64]:
    """Expected crashes of each edge and hour, (e, 168): its own and its share of its junctions'.

    Raises ConfigError if the assessment is of another network.
    """
    sites = placed.sites
    table = pq.read_table(folder / "sites.parquet", columns=["kind", "row"])
    flat = np.fromfile(folder / "week.f32", "<f4")
    if flat.size != HOURS * len(table):
        raise SaidError(
            "所依据的评估不完整，请重新评估", "the assessment is not complete; start a new one"
        )
    week = flat.reshape(HOURS, len(table)).T.astype(np.float64)
    segment = np.array(table["kind"].to_pylist()) == "segment"
    row = table["row"].to_numpy()
    if segment.sum() != len(sites) or row[~segment].max(initial=0) >= len(sites.node_id):
        raise SaidError(
            "评估之后换过路网，请重新评估",
            "the assessment was made on another road network; start a new one",
        )
    edges = np.zeros((len(sites), HOURS))
    edges[row[segment]] = week[segment]
    nodes = np.zeros((len(sites.node_id), HOURS))
    nodes[row[~segment]] = week[~segment]
    nodes /= np.maximum(sites.degree, 1)[:, None]
    found: npt.NDArray[np.float64] = edges + nodes[sites.a] + nodes[sites.b]
    return found
