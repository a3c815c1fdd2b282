"""Roads for benchmarks: a file's, or the simulated city's."""

from __future__ import annotations

from pathlib import Path

from sizao.roads.geojson import read_geojson
from sizao.roads.network import Network
from sizao.roads.osm import read_osm
from sizao.sim import city


def network_of(path: Path | None) -> Network:
    """The network in a file (``.npz``, ``.osm.pbf``, ``.geojson``); without one the city's."""
    if path is None:
        return city.build().network
    if path.suffix == ".npz":
        return Network.load(path)
    if path.name.endswith(".pbf"):
        return Network.from_lines(read_osm(path).lines)
    return Network.from_lines(read_geojson(path).lines)
