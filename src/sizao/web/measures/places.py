"""Where a measure is: from what a person wrote to a line on the network."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sizao.core.errors import SaidError, TransitionError
from sizao.core.places import ROAD_CLASSES, stake
from sizao.respond.measure_kinds import AREA, KINDS, POINT
from sizao.roads.grid import Grid, build_grid, nearest
from sizao.roads.network import Network
from sizao.roads.sections import Piece, between, lines, whole
from sizao.web.ports import installed, ports

FARTHEST_M = 300.0
"""A point farther from any road than this is not on one."""

_STAKE = re.compile(r"^\s*[Kk]?\s*(\d{1,4})\s*(?:\+\s*(\d{1,3}))?\s*$")
_CLASSES = list(ROAD_CLASSES)


@dataclass(frozen=True)
class Where:
    """A place, ready to be kept: columns of ControlMeasure, and a point for who is responsible."""

    columns: dict[str, Any] = field(default_factory=dict)
    lat: float | None = None
    lon: float | None = None
    area: str = ""


def stake_of(text: str) -> float | None:
    """Metres of "K120+300", "120+300" or "120"; None for an empty text.

    Raises TransitionError for anything else.
    """
    if not text.strip():
        return None
    found = _STAKE.match(text)
    if found is None:
        raise TransitionError(
            f"桩号“{text}”无法识别，请写成 K120+300。", f"“{text}” is no stake: write K120+300."
        )
    return int(found[1]) * 1000.0 + int(found[2] or 0)


def locate(
    kind: str,
    *,
    road: str = "",
    direction: str = "",
    stake_from_m: float | None = None,
    stake_to_m: float | None = None,
    lat: float | None = None,
    lon: float | None = None,
    ring: Sequence[tuple[float, float]] = (),
    name: str = "",
    network: Network | None = None,
) -> Where:
    """The place of a measure of this kind, on the process's own network unless one is given.

    A section by road and stakes, else the road at a point; a point by coordinates or one stake;
    an area by its ring of (lon, lat) corners. ``name`` is the place in words where the network
    knows none. Raises TransitionError that says what is missing or not on the network.
    """
    shape = KINDS[kind].place if kind in KINDS else ""
    if shape == AREA:
        return _area(ring, name)
    if network is None and installed():
        network = ports().network
    if network is None:
        return _unmapped(road, direction, stake_from_m, stake_to_m, lat, lon, name)
    try:
        if road and stake_from_m is not None:
            if shape == POINT or stake_to_m is None:
                segment, offset, at_lat, at_lon = network.locate(road, stake_from_m, direction)
                if shape != POINT:
                    return _section(network, whole(network, segment), name)
                return _point(network, segment, offset, at_lat, at_lon, name)
            return _section(
                network, between(network, road, stake_from_m, stake_to_m, direction), name,
                stakes=(stake_from_m, stake_to_m), direction=direction,
            )  # fmt: skip
    except SaidError as error:
        raise TransitionError(f"路网上没有这个地点：{error.zh}。", f"{error.en}.") from error
    if lat is None or lon is None:
        raise TransitionError(
            "请写明道路和桩号，或在图上点选地点。",
            "Give a road with stakes, or a point on the map.",
        )
    segment, offset, away = nearest(network, _grid(network), lat, lon)
    if away > FARTHEST_M:
        raise TransitionError(
            f"所选地点离最近的道路 {away:.0f} 米，请点在道路上。",
            f"The point is {away:.0f} m from any road.",
        )
    if shape == POINT:
        return _point(network, segment, offset, lat, lon, name)
    twin = int(network.twin[segment])
    if direction and twin >= 0 and str(network.direction[twin]) == direction:
        segment = twin
    return _section(network, whole(network, segment, both=not direction), name)


_kept: tuple[str, Grid] | None = None


def _grid(network: Network) -> Grid:
    global _kept
    digest = network.digest()
    if _kept is None or _kept[0] != digest:
        _kept = (digest, build_grid(network))
    return _kept[1]


def _section(
    network: Network,
    pieces: tuple[Piece, ...],
    name: str,
    *,
    stakes: tuple[float, float] | None = None,
    direction: str = "",
) -> Where:
    first = pieces[0]
    road = str(network.ref[first.segment]) or str(network.name[first.segment])
    if stakes is None:
        ends = (
            float(network.stake_at(first.segment, first.from_m)),
            float(network.stake_at(first.segment, first.to_m)),
        )
        stakes = None if np.isnan(ends).any() else ends
        if len({piece.segment for piece in pieces}) == 1:
            direction = str(network.direction[first.segment])
    lat, lon = network.point(first.segment, (first.from_m + first.to_m) / 2)
    return Where(
        {
            "place": name or _section_words(road, stakes, direction),
            "road": road,
            "road_class": _CLASSES[int(network.road_class[first.segment])],
            "direction": direction,
            "stake_from_m": stakes[0] if stakes else None,
            "stake_to_m": stakes[1] if stakes else None,
            "geometry": {
                "type": "MultiLineString",
                "coordinates": [[list(at) for at in one] for one in lines(network, pieces)],
            },
            "segments": [
                [one.segment, round(one.from_m, 1), round(one.to_m, 1)] for one in pieces
            ],
            "network": network.digest(),
        },
        lat, lon, str(network.area[first.segment]),
    )  # fmt: skip


def _section_words(road: str, stakes: tuple[float, float] | None, direction: str) -> str:
    if stakes is None:
        return f"{road} {direction}".strip()
    end = stake("·", stakes[1]).removeprefix("· ")
    return f"{stake(road, stakes[0])}–{end} {direction}".strip()


def _point(
    network: Network, segment: int, offset_m: float, lat: float, lon: float, name: str
) -> Where:
    at = float(network.stake_at(segment, offset_m))
    known = None if np.isnan(at) else at
    return Where(
        {
            "place": name or network.place(segment, offset_m),
            "road": str(network.ref[segment]) or str(network.name[segment]),
            "road_class": _CLASSES[int(network.road_class[segment])],
            "direction": str(network.direction[segment]),
            "stake_from_m": known,
            "stake_to_m": known,
            "geometry": {"type": "Point", "coordinates": [round(lon, 6), round(lat, 6)]},
        },
        lat, lon, str(network.area[segment]),
    )  # fmt: skip


def _area(ring: Sequence[tuple[float, float]], name: str) -> Where:
    corners = [(round(lon, 6), round(lat, 6)) for lon, lat in ring]
    if corners and corners[0] == corners[-1]:
        corners = corners[:-1]
    if len(set(corners)) < 3:
        raise TransitionError(
            "请在图上画出区域，至少三个角点。", "Draw an area of at least 3 corners."
        )
    closed = [*corners, corners[0]]
    lon, lat = (sum(axis) / len(corners) for axis in zip(*corners, strict=True))
    return Where(
        {
            "place": name or "图上所画区域",
            "geometry": {"type": "Polygon", "coordinates": [[list(at) for at in closed]]},
        },
        lat, lon,
    )  # fmt: skip


def _unmapped(
    road: str, direction: str, start: float | None, end: float | None,
    lat: float | None, lon: float | None, name: str,
) -> Where:  # fmt: skip
    """Without a network a measure still has its words, and a point if one was given."""
    stakes = None if start is None else (start, start if end is None else end)
    words = name or (_section_words(road, stakes, direction) if road else "")
    if not words:
        raise TransitionError("请写明道路和桩号。", "Give a road with stakes.")
    geometry = {} if lat is None or lon is None else {"type": "Point", "coordinates": [lon, lat]}
    return Where(
        {
            "place": words,
            "road": road,
            "direction": direction,
            "stake_from_m": start,
            "stake_to_m": end,
            "geometry": geometry,
        },
        lat, lon,
    )  # fmt: skip
