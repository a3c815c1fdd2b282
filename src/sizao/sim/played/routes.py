"""Routes that carriers of dangerous goods are bound to: some of the loops they drive, not all."""

from __future__ import annotations

from typing import Any

import numpy as np

from sizao.core.vehicles import KIND_CODES
from sizao.roads.fence_grid import Fences
from sizao.roads.fences import parse
from sizao.roads.network import Network
from sizao.sim.city import City
from sizao.sim.city.fences import features
from sizao.sim.fleet import Fleet
from sizao.sim.routes import library

BOUND = 60
HALF_WIDTH_M = 120.0
_FIRST_NUMBER = 10_000


def fences(city: City, fleet: Fleet, seed: int) -> Fences:
    """The city's fences and, for ``BOUND`` vehicles at most, half of their loops as routes."""
    routes, rng = library(), np.random.default_rng([seed, 22])
    hazmat = np.flatnonzero(fleet.kind == KIND_CODES["hazmat"])
    bound: dict[int, list[str]] = {}
    for vehicle in rng.permutation(hazmat)[:BOUND].tolist():
        own = sorted(routes.of_home[fleet.home[vehicle]])
        for loop in own[: max(1, len(own) // 2)]:
            bound.setdefault(loop, []).append(fleet.phone[vehicle])
    made = features(city)
    for number, (loop, vehicles) in enumerate(sorted(bound.items())):
        segments = routes.segment[routes.first[loop] : routes.first[loop + 1]]
        made["features"].append(
            {
                "type": "Feature",
                "geometry": {
                    "type": "LineString",
                    "coordinates": _line(city.network, segments.tolist()),
                },
                "properties": {
                    "number": _FIRST_NUMBER + number,
                    "name": f"危险品运输规定路线{number + 1}（虚构）",
                    "kind": "route",
                    "half_width_m": HALF_WIDTH_M,
                    "vehicles": sorted(vehicles),
                    "legal_basis": f"示例市公安局交通警察支队通告（虚构）路线第{number + 1}号",
                },
            }
        )
    return Fences(parse(made).fences)


def _line(network: Network, segments: list[int]) -> list[list[float]]:
    points: list[list[Any]] = []
    for segment in segments:
        part = slice(int(network.first[segment]), int(network.first[segment + 1]))
        columns = (network.lon[part].round(6), network.lat[part].round(6))
        points += [[float(x), float(y)] for x, y in zip(*columns, strict=True)]
    return points
