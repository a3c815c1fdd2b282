"""The schematic city's roads and made-up crashes as the files ``sizao screen`` reads.

``nodes.csv``, ``edges.csv`` (with true geometry), ``crashes.csv`` (also what ``sizao crashes
import`` reads) and ``truth.csv``: what was true of each site, in the numbers of the other files.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sizao.core.places import ROAD_CLASSES
from sizao.roads.network import Network
from sizao.sim.crashes import SEGMENT, History

NODES, EDGES, CRASHES, TRUTH = "nodes.csv", "edges.csv", "crashes.csv", "truth.csv"
_CLASSES = list(ROAD_CLASSES)


def write(folder: Path, network: Network, past: History) -> dict[str, int]:
    """Write the four files; gives the rows of each."""
    folder.mkdir(parents=True, exist_ok=True)
    return {
        NODES: _write(folder / NODES, ("node_id", "lon", "lat", "node_tag"), nodes(network)),
        EDGES: _write(folder / EDGES, EDGE_HEADER, edges(network)),
        CRASHES: _write(folder / CRASHES, _crash_header(past), _crash_rows(past)),
        TRUTH: _write(folder / TRUTH, TRUTH_HEADER, truth_rows(network, past)),
    }


def nodes(network: Network) -> list[tuple[int, float, float, str]]:
    """Rows of ``nodes.csv``: the network's junction numbers and where they are."""
    place: dict[int, tuple[float, float]] = {}
    for ends, vertex in (
        (network.from_node, network.first[:-1]),
        (network.to_node, network.first[1:] - 1),
    ):
        for node, lat, lon in zip(ends, network.lat[vertex], network.lon[vertex], strict=True):
            place.setdefault(int(node), (float(lat), float(lon)))
    return [(node, round(lon, 7), round(lat, 7), "") for node, (lat, lon) in sorted(place.items())]


EDGE_HEADER = (
    "u", "v", "oneway", "highway", "name", "ref", "length_m", "lanes", "maxspeed", "bridge",
    "tunnel", "geometry",
)  # fmt: skip


def edges(network: Network) -> Iterable[tuple[Any, ...]]:
    """Rows of ``edges.csv``: one a directed segment, ``highway`` in our own road classes."""
    for segment in range(len(network)):
        line = slice(network.first[segment], network.first[segment + 1])
        points = zip(network.lon[line], network.lat[line], strict=True)
        yield (
            int(network.from_node[segment]),
            int(network.to_node[segment]),
            bool(network.twin[segment] < 0),
            _CLASSES[network.road_class[segment]],
            str(network.name[segment]),
            str(network.ref[segment]),
            round(float(network.length_m[segment]), 2),
            int(network.lanes[segment]) or "",
            int(network.limit_kmh[segment]) if np.isfinite(network.limit_kmh[segment]) else "",
            "yes" if network.bridge[segment] else "",
            "yes" if network.tunnel[segment] else "",
            "LINESTRING (" + ", ".join(f"{lon:.7f} {lat:.7f}" for lon, lat in points) + ")",
        )


TRUTH_HEADER = ("site", "u", "v", "lat", "lon", "trouble", "extra_per_year", "mean_per_year")


def truth_rows(network: Network, past: History) -> Iterable[tuple[Any, ...]]:
    """Rows of ``truth.csv``: segments as u and v, junctions as u alone."""
    where = {node: (lat, lon) for node, lon, lat, _ in nodes(network)}
    truth = past.truth
    for row in range(len(truth.kind)):
        number = int(truth.number[row])
        if truth.kind[row] == SEGMENT:
            u, v = int(network.from_node[number]), str(int(network.to_node[number]))
            lat, lon = network.point(number, float(network.length_m[number]) / 2)
        else:
            u, v = number, ""
            lat, lon = where[number]
        yield (
            "segment" if truth.kind[row] == SEGMENT else "junction",
            u,
            v,
            round(lat, 7),
            round(lon, 7),
            str(truth.trouble[row]),
            round(float(truth.extra[row]), 4),
            round(float(truth.mean[row]), 4),
        )


def _crash_header(past: History) -> list[str]:
    return [name for name in past.crashes if name != "site"]


def _crash_rows(past: History) -> Iterable[list[Any]]:
    columns = {name: past.crashes[name].tolist() for name in _crash_header(past)}
    for row in zip(*columns.values(), strict=True):
        cells = dict(zip(columns, row, strict=True))
        if cells["hour"] < 0:
            cells["hour"], cells["minute"] = "", ""
        cells["lat"], cells["lon"] = f"{cells['lat']:.6f}", f"{cells['lon']:.6f}"
        for flag in ("road_factor", "general_procedure"):
            cells[flag] = "true" if cells[flag] else "false"
        yield list(cells.values())


def _write(path: Path, header: Sequence[str], rows: Iterable[Iterable[Any]]) -> int:
    number = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        for row in rows:
            writer.writerow(row)
            number += 1
    return number
