"""A small town for planning: a grid of streets, crashes that peak at a few corners."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import Any

import numpy as np

from sizao.core.places import ROAD_CLASS_CODES
from sizao.plan.force import Force, force_of
from sizao.plan.roads import Roads
from sizao.plan.strategy import Strategy, build
from sizao.roads.features import Line
from sizao.roads.geometry import metres_per_degree

MONDAY = dt.date(2019, 1, 7)
SIDE = 9
STEP_M = 600.0
LAT, LON = 26.58, 101.70


def grid(side: int = SIDE, step_m: float = STEP_M) -> Roads:
    """side x side corners; corner (r, c) is node 100 * r + c."""
    north, east = metres_per_degree(LAT)
    rows, columns = np.divmod(np.arange(side * side), side)
    node_id = 100 * rows + columns
    lat, lon = LAT + rows * step_m / north, LON + columns * step_m / east
    pairs = [
        (r * side + c, (r + dr) * side + c + dc)
        for r in range(side)
        for c in range(side)
        for dr, dc in ((0, 1), (1, 0))
        if r + dr < side and c + dc < side
    ]
    a, b = (np.array(ends, np.int64) for ends in zip(*pairs, strict=True))
    lines = [
        Line(
            [lat[i], lat[j]], [lon[i], lon[j]], ROAD_CLASS_CODES["urban"],
            keys=[int(node_id[i]), int(node_id[j])],
        )
        for i, j in pairs
    ]  # fmt: skip
    names = np.array([f"{'纬' if i // side == j // side else '经'}路" for i, j in pairs])
    return Roads(
        node_id, lat, lon, node_id[a], node_id[b], a, b, np.full(len(a), step_m),
        np.full(len(a), "urban"), names, lines,
    )  # fmt: skip


def week(roads: Roads, seed: int = 1) -> np.ndarray:
    """Expected crashes (e, 168): a few bad streets, evenings and mornings."""
    rng = np.random.default_rng(seed)
    place = rng.gamma(0.4, 0.05, len(roads))
    hour = 1.0 + np.cos((np.arange(168) % 24 - 18) / 24 * 2 * np.pi) * 0.6
    return place[:, None] * hour[None, :] / 168


FORCE: dict[str, Any] = {
    "units": [
        {"id": "a", "base": [LAT + 0.005, LON + 0.005], "skills": ["patrol", "alcohol"]},
        {"id": "b", "base": [LAT + 0.03, LON + 0.03], "vehicles": "pool"},
        {"id": "c", "base": [LAT + 0.03, LON + 0.01], "vehicles": "pool"},
    ],
    "shifts": [
        {"id": "early", "start": "07:00", "hours": 8},
        {"id": "late", "start": "15:00", "hours": 8},
    ],
    "rules": {"max_hours_week": 48, "min_on_duty": 1},
    "vehicles": {"pool": 1},
    "visits": {"posts": 40, "reach_m": 700},
}


def force(**changes: Any) -> Force:
    return force_of({**FORCE, **changes})


@cache
def strategy(operations: bool = False) -> Strategy:
    """A week of the small town, made once."""
    roads = grid()
    expected = week(roads)
    if not operations:
        return build(force(), roads, expected, MONDAY, 7)
    asked = force(operations=[{"kind": "drink_driving", "per_week": 2, "minutes": 60}])
    return build(asked, roads, expected, MONDAY, 7, by_kind={"drink_driving": expected * 0.1})
