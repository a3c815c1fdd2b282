"""Where a call is about: a stake, a junction, a point on the map or coordinates, made one place."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from sizao.core.coordinates import DATUMS, in_china, to_wgs84
from sizao.core.errors import SaidError
from sizao.core.places import ROAD_CLASSES, read_stake, stake
from sizao.roads.junctions import where_meet
from sizao.web.ports import installed, ports
from sizao.web.reports.place import place_of
from sizao.web.units.models import Unit
from sizao.web.units.territory import territory

if TYPE_CHECKING:
    from sizao.roads.network import Network

HOWS = ("stake", "junction", "map", "coordinates")
_CLASSES = tuple(ROAD_CLASSES)


@dataclass(frozen=True)
class Where:
    """A place, or what is wrong with what was given. ``zh`` and ``en`` say it to the taker."""

    unit: Unit
    how: str = ""
    words: str = ""
    road: str = ""
    road_class: str = ""
    stake_m: float | None = None
    direction: str = ""
    within_m: float = 0.0
    tunnel: bool = False
    area: str = ""
    lat: float | None = None
    lon: float | None = None
    zh: str = ""
    en: str = ""
    others: tuple[tuple[float, float, str], ...] = ()
    """Further junctions of the same two roads: latitude, longitude, words."""

    @property
    def known(self) -> bool:
        return self.lat is not None


def where(given: Mapping[str, str]) -> Where:
    """The place of the form's fields.

    how : one of HOWS; stake : text; road_a, road_b : names; lat, lon : text; datum : of the latter
    Whatever cannot be placed is the root unit's to find out, and says why.
    """
    how = given.get("how", "")
    match how:
        case "stake":
            found = _stake(given.get("stake", ""))
        case "junction":
            found = _junction(given.get("road_a", ""), given.get("road_b", ""))
        case "map":
            found = _point(given.get("lat", ""), given.get("lon", ""), "wgs84")
        case "coordinates":
            found = _point(
                given.get("c_lat", ""), given.get("c_lon", ""), given.get("datum", "wgs84")
            )
        case _:
            found = _nowhere()
    return replace(found, how=how if found.known else "")


def _nowhere(zh: str = "", en: str = "") -> Where:
    return Where(territory().root, zh=zh, en=en)


def _network() -> Network | None:
    return ports().network if installed() else None


def _stake(text: str) -> Where:
    if not text.strip():
        return _nowhere()
    said = read_stake(text)
    if said is None:
        return _nowhere(
            "看不懂桩号，请按“G5 K120+300 下行”填写。",
            "Not a stake: write it as “G5 K120+300 下行”.",
        )
    words = stake(said.road, said.stake_m, said.direction)
    network = _network()
    if network is None:
        return _nowhere("没有路网，不能按桩号定位。", "There is no road network to find it on.")
    try:
        segment, offset_m, lat, lon = network.locate(said.road, said.stake_m, said.direction)
    except SaidError as error:
        # So that the caller can be asked again.
        roads = [] if said.road in network.ref else _staked(network)
        zh = f"有桩号的道路：{'、'.join(roads)}。" if roads else ""
        en = f" Roads with stakes: {', '.join(roads)}." if roads else ""
        return _nowhere(f"{error.zh}。{zh}", f"{error.en[0].upper()}{error.en[1:]}.{en}")
    place = _of_segment(network, segment, offset_m, lat, lon)
    return replace(
        place, words=words, direction=said.direction, stake_m=said.stake_m, within_m=said.within_m
    )


def _staked(network: Network) -> list[str]:
    """Roads with stakes, as many as somebody reads out."""
    staked = network.ref[np.isfinite(network.stake_start_m)]
    return sorted({str(ref) for ref in staked if ref})[:12]


def _of_segment(network: Network, segment: int, offset_m: float, lat: float, lon: float) -> Where:
    area, road_class = str(network.area[segment]), _CLASSES[int(network.road_class[segment])]
    found = float(network.stake_at(segment, offset_m))
    return Where(
        unit=territory().squadron(area, road_class, lat, lon),
        words=network.place(segment, offset_m),
        road=str(network.ref[segment]) or str(network.name[segment]),
        road_class=road_class,
        stake_m=None if math.isnan(found) else found,
        tunnel=bool(network.tunnel[segment]),
        area=area,
        lat=lat,
        lon=lon,
    )


def _junction(first: str, second: str) -> Where:
    if not first.strip() or not second.strip():
        return _nowhere()
    network = _network()
    if network is None:
        return _nowhere("没有路网，不能按路口定位。", "There is no road network to find it on.")
    met = where_meet(network, first, second)
    if met.unknown:
        names = "、".join(met.unknown)
        return _nowhere(f"路网里没有“{names}”。", f"The network has no road “{names}”.")
    if not met.junctions:
        return _nowhere(
            f"“{first}”与“{second}”在路网里不相交。", f"“{first}” and “{second}” do not meet."
        )
    words = f"{first.strip()}与{second.strip()}路口"
    best, *rest = met.junctions
    place = _of_segment(network, best.segment, 0.0, best.lat, best.lon)
    return replace(
        place,
        words=words,
        others=tuple((one.lat, one.lon, words) for one in rest),
        zh=f"有 {len(met.junctions)} 处相交，请在地图上确认。" if rest else "",
        en=f"They meet in {len(met.junctions)} places: confirm on the map." if rest else "",
    )


def _point(lat_text: str, lon_text: str, datum: str) -> Where:
    if not lat_text.strip() or not lon_text.strip():
        return _nowhere()
    try:
        lat, lon = float(lat_text), float(lon_text)
    except ValueError:
        return _nowhere("坐标须为数字（度）。", "Coordinates are numbers in degrees.")
    # On the telephone people say longitude first as often as not.
    swapped = not bool(in_china(lat, lon)) and bool(in_china(lon, lat))
    if swapped:
        lat, lon = lon, lat
    if datum not in DATUMS or not bool(in_china(lat, lon)):
        return _nowhere("坐标不在国内，请核对。", "The point is not in China: check it.")
    north, east = to_wgs84(lat, lon, datum)
    at = place_of(float(north), float(east))
    network = _network()
    found = Where(
        unit=at.unit,
        words=at.words or f"{float(north):.5f}, {float(east):.5f}",
        road=at.road,
        road_class=at.road_class,
        area=at.area,
        lat=float(north),
        lon=float(east),
        zh="经纬度顺序已对调。" if swapped else "",
        en="Latitude and longitude were swapped." if swapped else "",
    )
    known = read_stake(at.words) if at.words and network is not None else None
    return found if known is None else replace(found, stake_m=known.stake_m)
