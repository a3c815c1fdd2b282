"""Electronic fences of the schematic city: made-up orders for places that are made up."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np

from sizao.roads.fence_grid import Fences
from sizao.roads.fences import parse
from sizao.roads.network import Network
from sizao.sim.city.model import City

_WORKDAYS = [1, 2, 3, 4, 5]
_TRUCKS = ["heavy_truck", "semi_tractor"]
_SCHOOLS = ("炳草岗东", "弄弄坪", "清香坪东", "仁和北", "仁和南", "米易北", "丙谷", "前进")
_DOWN = ("S219", 24_000.0, 33_000.0)
"""Nine kilometres of 6.8 %."""


@cache
def fences_of(city: City) -> Fences:
    """The city's electronic fences, kept."""
    return Fences(parse(features(city)).fences)


def features(city: City) -> dict[str, Any]:
    """A FeatureCollection as ``roads/fences.py`` reads it."""
    made: list[dict[str, Any]] = []
    for geometry, properties in _all(city):
        basis = {"legal_basis": f"示例市公安局交通警察支队通告（虚构）第{len(made) + 1}号"}
        own = {} if properties["kind"] == "service" else basis
        number = {"number": len(made) + 1}
        made.append(
            {"type": "Feature", "geometry": geometry, "properties": number | properties | own}
        )
    return {"type": "FeatureCollection", "features": made}


def _all(city: City) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    centre = city.places["炳草岗东"]
    peaks = [
        {"days": _WORKDAYS, "from": "07:00", "to": "09:00"},
        {"days": _WORKDAYS, "from": "17:00", "to": "19:00"},
    ]
    yield (
        _point(centre),
        {
            "name": "炳草岗货车限行区",
            "kind": "forbidden",
            "radius_m": 1800,
            "vehicle_kinds": _TRUCKS,
            "times": peaks,
        },
    )
    yield (
        _point(centre),
        {
            "name": "主城区危险品运输车夜间禁行区",
            "kind": "forbidden",
            "radius_m": 6000,
            "vehicle_kinds": ["hazmat"],
            "times": [{"from": "22:00", "to": "06:00"}],
        },
    )
    for name in _SCHOOLS:
        yield (
            _point(city.places[name]),
            {
                "name": f"{name}小学（虚构）",
                "kind": "limit",
                "radius_m": 300,
                "limit_kmh": 30,
                "times": [
                    {"days": _WORKDAYS, "from": "07:20", "to": "08:10"},
                    {"days": _WORKDAYS, "from": "17:00", "to": "17:50"},
                ],
            },
        )
    yield (
        _way(city.network, *_DOWN),
        {
            "name": "米二线长下坡",
            "kind": "downgrade",
            "half_width_m": 60,
            "vehicle_kinds": [*_TRUCKS, "hazmat"],
            "limit_kmh": 60,
            "grade_pct": 6.8,
        },
    )
    for area in city.service_areas:
        for direction in ("上行", "下行"):
            segment, *_ = city.network.locate(area["road"], area["stake_m"], direction)
            end = int(city.network.first[segment + 1]) - 1
            # Made-up drivers rest where the piece of road ends.
            place = {"lat": float(city.network.lat[end]), "lon": float(city.network.lon[end])}
            yield (
                _point(place),
                {"name": f"{area['name']}{direction}", "kind": "service", "radius_m": 250},
            )
    for gate in city.toll_gates:
        yield _point(gate), {"name": f"{gate['name']}收费站", "kind": "service", "radius_m": 300}


def _point(place: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [round(place["lon"], 6), round(place["lat"], 6)]}


def _way(network: Network, ref: str, from_m: float, to_m: float) -> dict[str, Any]:
    """The line of a road between two stakes, downwards."""
    on = (network.ref == ref) & (network.grade_pct < 0)
    middle = (network.stake_start_m + network.stake_end_m) / 2
    pieces = np.flatnonzero(on & (middle > from_m) & (middle < to_m))
    points: list[list[float]] = []
    for piece in pieces[np.argsort(network.stake_start_m[pieces])]:
        part = slice(int(network.first[piece]), int(network.first[piece + 1]))
        columns = (network.lon[part].round(6), network.lat[part].round(6))
        points += [[float(x), float(y)] for x, y in zip(*columns, strict=True)]
    return {"type": "LineString", "coordinates": points}
