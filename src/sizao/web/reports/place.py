"""Where a report is: the road beside it, its stake, and whose road that is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sizao.core.places import ROAD_CLASSES
from sizao.roads.grid import Grid, build_grid, nearest
from sizao.web.ports import installed, ports
from sizao.web.units.models import Unit
from sizao.web.units.territory import territory

if TYPE_CHECKING:
    from sizao.roads.network import Network

BESIDE_M = 80.0
"""A place this near to a road is on it: a phone's fix is off by some ten metres, and the reporter
stands beside the road."""
AREA_M = 5_000.0
"""The county of the nearest road counts for a place this near to it."""

_CLASSES = tuple(ROAD_CLASSES)
_kept: tuple[Network, Grid] | None = None


@dataclass(frozen=True)
class Place:
    """A place and the unit responsible for it; texts are empty where nothing is known."""

    unit: Unit
    words: str = ""
    road: str = ""
    road_class: str = ""
    area: str = ""
    stake_m: float | None = None


def place_of(lat: float | None, lon: float | None, beside_m: float = BESIDE_M) -> Place:
    """The place of a report. Without coordinates it is the root unit's to find out.

    beside_m : a road this near is the one meant
    """
    tree = territory()
    if lat is None or lon is None:
        return Place(tree.root)
    network = ports().network if installed() else None
    if network is None:
        return Place(tree.squadron("", "", lat, lon))
    segment, offset_m, away_m = nearest(network, _grid(network), lat, lon)
    area = str(network.area[segment]) if away_m <= AREA_M else ""
    if away_m > beside_m:
        return Place(tree.squadron(area, "", lat, lon), area=area)
    road_class = _CLASSES[int(network.road_class[segment])]
    stake_m = float(network.stake_at(segment, offset_m))
    return Place(
        tree.squadron(area, road_class, lat, lon),
        network.place(segment, offset_m),
        str(network.ref[segment]),
        road_class,
        area,
        None if math.isnan(stake_m) else stake_m,
    )


def _grid(network: Network) -> Grid:
    global _kept
    if _kept is None or _kept[0] is not network:
        _kept = (network, build_grid(network))
    return _kept[1]
