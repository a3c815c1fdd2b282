"""A first draft of a junction from the road network, for people to correct.

The network knows where roads meet, their bearings, names and limits, and sometimes their lanes;
it does not know which lane turns where, nor crossings. What is guessed is named.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from sizao.core.errors import SaidError
from sizao.roads.geometry import bearing_deg, metres_per_degree
from sizao.roads.network import Network

NEAR_M = 150.0
_AWAY_M = 40.0
"""Bearing is taken so far out: at the node itself lines bend."""
_SAME_DEG = 25.0
_LETTERS = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")
_WORDS = ("北", "东北", "东", "东南", "南", "西南", "西", "西北")


@dataclass(frozen=True)
class Draft:
    """lat, lon : of the node; raw : as ``junction_of`` takes it; guessed : arms without lanes"""

    lat: float
    lon: float
    raw: dict[str, Any]
    guessed: tuple[str, ...]


def draft(network: Network, lat: float, lon: float) -> Draft:
    """The nearest junction with three arms or more. Raises SaidError if none is near."""
    start = network.first[:-1]
    north, east = metres_per_degree(lat)
    away = np.hypot((network.lat[start] - lat) * north, (network.lon[start] - lon) * east)
    for node in _by_distance(network, away):
        arms = _arms(network, node)
        if 3 <= len(arms) <= 6:
            here = start[np.flatnonzero(network.from_node == node)[0]]
            names = sorted({arm["road"] for arm in arms if arm["road"]})
            raw = {
                "name": "与".join(names[:2]) + "路口" if names else "",
                "arms": [{k: v for k, v in arm.items() if k not in ("road", "known")}
                         for arm in arms],
            }  # fmt: skip
            return Draft(
                float(network.lat[here]), float(network.lon[here]), raw,
                tuple(arm["id"] for arm in arms if not arm["known"]),
            )  # fmt: skip
    raise SaidError(
        f"路网上这个点 {NEAR_M:.0f} 米内没有 3 至 6 个进口的路口，请点在路口上，或手工填写进口道",
        f"the road network has no junction of 3 to 6 arms within {NEAR_M:.0f} m",
    )


def _by_distance(network: Network, away: Any) -> list[int]:
    near = np.flatnonzero(away <= NEAR_M)
    order = near[np.argsort(away[near], kind="stable")]
    return list(dict.fromkeys(int(network.from_node[one]) for one in order))


def _arms(network: Network, node: int) -> list[dict[str, Any]]:
    """Roads at a node, by bearing outwards; carriageways side by side are one arm."""
    out = [(int(s), True) for s in np.flatnonzero(network.from_node == node)]
    into = [(int(s), False) for s in np.flatnonzero(network.to_node == node)]
    found: list[dict[str, Any]] = []
    for segment, leaves in [*out, *into]:
        bearing = _bearing(network, segment, leaves)
        arm = next((a for a in found if _apart(a["bearing_deg"], bearing) < _SAME_DEG), None)
        if arm is None:
            arm = {"bearing_deg": round(bearing), "in": None, "out": None, "road": "", "limit": 0.0}
            found.append(arm)
        way = "out" if leaves else "in"
        arm[way] = max(arm[way] or 0, int(network.lanes[segment]))
        arm["road"] = arm["road"] or str(network.name[segment]) or str(network.ref[segment])
        limit = float(network.limit_kmh[segment])
        arm["limit"] = max(arm["limit"], 0.0 if math.isnan(limit) else limit)
    return _named(sorted(found, key=lambda one: one["bearing_deg"]))


def _named(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    used: set[str] = set()
    made = []
    for arm in found:
        place = round(arm["bearing_deg"] / 45) % 8
        name = next(n for n in (_LETTERS[place], *(f"A{i}" for i in range(9))) if n not in used)
        used.add(name)
        lanes = _lanes(arm["in"])
        exits = 0 if arm["out"] is None else max(arm["out"], 1)
        made.append({
            "id": name,
            "name": f"{arm['road']}{_WORDS[place]}进口",
            "bearing_deg": arm["bearing_deg"],
            "lanes": lanes,
            "exit_lanes": exits,
            "speed_kmh": min(max(arm["limit"] or 40.0, 20.0), 80.0),
            "crossing_m": round(3.25 * (len(lanes) + exits) + 2),
            "road": arm["road"],
            "known": 0 not in (arm["in"], arm["out"]),
        })  # fmt: skip
    return made


def _lanes(count: int | None) -> list[str]:
    """Lanes of a usual approach; None: nobody comes this way; 0: unknown, one for everything."""
    if count is None:
        return []
    usual = {0: ["LTR"], 1: ["LTR"], 2: ["LT", "TR"]}
    return usual.get(count, ["L", *["T"] * (count - 2), "TR"])


def _bearing(network: Network, segment: int, leaves: bool) -> float:
    length = float(network.length_m[segment])
    way = min(_AWAY_M, length)
    here, there = (0.0, way) if leaves else (length, length - way)
    lat0, lon0 = network.point(segment, here)
    lat1, lon1 = network.point(segment, there)
    return float(bearing_deg(lat0, lon0, lat1, lon1))


def _apart(one: float, other: float) -> float:
    return abs((one - other + 180) % 360 - 180)
