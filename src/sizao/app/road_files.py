"""Roads for the commands of risk assessment: two tables, or one file of lines."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from sizao.app import geopackage
from sizao.core.errors import ConfigError
from sizao.risk import sites as _sites
from sizao.risk.network_sites import NetworkSites, sites_of
from sizao.risk.sites import Sites
from sizao.risk.tables import Rejected
from sizao.roads.geojson import Imported, read_features, read_geojson
from sizao.roads.network import Network


@dataclass(frozen=True)
class RoadFiles:
    """``nodes`` and ``edges``, or ``lines``: GeoJSON, GeoPackage or a network.npz.

    piece_m : segments of ``lines`` are cut into pieces of about this length; layer : of a
    GeoPackage with several
    """

    nodes: Path | None = None
    edges: Path | None = None
    lines: Path | None = None
    layer: str = ""
    piece_m: float = 1000.0

    def check(self) -> RoadFiles:
        """Raises ConfigError unless exactly one way is given."""
        tables = self.nodes is not None and self.edges is not None
        if self.lines is None and tables:
            return self
        if self.lines is not None and self.nodes is None and self.edges is None:
            return self
        raise ConfigError("give either --nodes and --edges, or --roads")


def read(roads: RoadFiles) -> tuple[Sites, dict[str, list[Rejected]], list[str]]:
    """Sites, rejected rows by file, remarks. Raises ConfigError if nothing can be used."""
    if roads.lines is None:
        assert roads.nodes is not None
        assert roads.edges is not None
        return _sites.read_sites(roads.nodes, roads.edges)
    placed, rejected = read_lines(roads)
    remarks = [f"roads of {roads.lines.name}: node numbers are the network's own"]
    return placed.sites, {"roads": rejected}, remarks


def read_lines(roads: RoadFiles) -> tuple[NetworkSites, list[Rejected]]:
    """Sites of ``lines`` with where they lie on the network, and the rejected lines."""
    assert roads.lines is not None
    if roads.lines.suffix.lower() == ".npz":
        network, rejected = Network.load(roads.lines), []
    else:
        imported = imported_lines(roads.lines, roads.layer)
        network = Network.from_lines(imported.lines)
        rejected = [Rejected(one.number, one.reason) for one in imported.rejected]
    return sites_of(network, roads.piece_m), rejected


def named(sites: Sites, table: pa.Table) -> pa.Table:
    """A table of edges with road and middle: the node numbers of lines say nothing to a person."""
    middle = ((sites.lat[sites.a] + sites.lat[sites.b]) / 2,
              (sites.lon[sites.a] + sites.lon[sites.b]) / 2)  # fmt: skip
    table = table.append_column("road", pa.array(sites.name.tolist(), pa.string()))
    for name, values in zip(("lat", "lon"), middle, strict=True):
        table = table.append_column(name, pa.array(np.round(values, 6)))
    return table


def imported_lines(path: Path, layer: str = "") -> Imported:
    """Lines of a .gpkg, else of GeoJSON, with what was left out."""
    if path.suffix.lower() == ".gpkg":
        return read_features(geopackage.features(path, layer))
    return read_geojson(path)
