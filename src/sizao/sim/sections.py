"""Stretches with section speed control between checkpoints of the simulated city."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from sizao.core.vehicles import KIND_CODES
from sizao.roads.limits import limits_on
from sizao.roads.network import Network
from sizao.sim.city import City, build
from sizao.sim.gates import Gate, gates

CONTROLLED = (
    ("kk-jin-g5", "kk-nan-g5"),
    ("kk-nan-g5", "kk-jin-g5"),
    ("kk-bai-g5", "kk-jin-g5"),
    ("kk-jin-g5", "kk-bai-g5"),
    ("kk-fu-g4216", "kk-xin-g4216"),
    ("kk-xin-g4216", "kk-fu-g4216"),
)
"""From and to, by the checkpoints' codes: neighbours on one expressway, in both directions."""

_LONGEST = 10_000


@cache
def sections() -> dict[str, list[dict[str, Any]]]:
    """Checkpoint to the sections that begin there, as ``roadside.yaml`` has them."""
    city = build()
    found: dict[str, list[dict[str, Any]]] = {}
    for start, end in CONTROLLED:
        found.setdefault(start, []).append(_section(city, start, end))
    return found


def _section(city: City, start: str, end: str) -> dict[str, Any]:
    network = city.network
    codes = [site["code"] for site in city.checkpoints]
    lines = gates(city.checkpoints, network)
    for first in (line for line in lines if codes[line.site] == start):
        for last in (line for line in lines if codes[line.site] == end):
            way = _way(network, first, last)
            if way is None:
                continue
            segments, length_m = way
            limit = {
                kind: float(limits_on(network, segments, np.full(len(segments), code))[0].max())
                for kind, code in KIND_CODES.items()
            }
            stakes = sorted(
                site["stake_m"] for site in city.checkpoints if site["code"] in (start, end)
            )
            road = city.checkpoints[codes.index(start)]["road"]
            areas = [
                area
                for area in city.service_areas
                if area["road"] == road and stakes[0] < area["stake_m"] < stakes[1]
            ]
            return {
                "to": end,
                "length_m": round(length_m, 1),
                "limit_kmh": limit["other"],
                "limits": {k: kmh for k, kmh in limit.items() if kmh != limit["other"]},
                "service_area": bool(areas),
            }
    raise ValueError(f"no way along one road from {start} to {end}")


def _way(network: Network, start: Gate, end: Gate) -> tuple[np.ndarray[Any, Any], float] | None:
    """Segments from one line to another along one carriageway, and their length between."""
    segment, ref = start.segment, network.ref[start.segment]
    way, length_m = [segment], -start.offset_m
    while segment != end.segment:
        length_m += float(network.length_m[segment])
        ahead = np.flatnonzero(
            (network.from_node == network.to_node[segment]) & (network.ref == ref)
        )
        ahead = ahead[ahead != network.twin[segment]]
        if len(ahead) != 1 or len(way) > _LONGEST:
            return None
        segment = int(ahead[0])
        way.append(segment)
    length_m += end.offset_m
    return (np.array(way, np.int32), length_m) if length_m > 0 else None
