"""Where vehicles drive: loops over the network from a base to a far place and back.

A loop is a list of directed segments; the end of some is a place to stop. The library is the
same for every seed; which vehicle drives which loop when is ``traffic.py``'s business.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from sizao.core.errors import ConfigError
from sizao.roads.network import Network
from sizao.roads.routing import SPEED_KMH, Router
from sizao.sim.city import City, build

NO_STOP, LEG_END, REST_PLACE = 0, 1, 2

#: Old roads preferred: what a driver who avoids the toll would take.
_TOLL_AVERSE = SPEED_KMH | {"expressway": 32.0}


@dataclass(frozen=True, eq=False)
class Routes:
    """r loops, flattened. Loop i has the elements first[i]:first[i + 1].

    segment : int32, network segment of each element
    stop : int8, NO_STOP, LEG_END or REST_PLACE at the end of each element
    of_home : enterprise or unit code to the numbers of its loops
    """

    first: npt.NDArray[np.int64]
    segment: npt.NDArray[np.int32]
    stop: npt.NDArray[np.int8]
    of_home: dict[str, list[int]]


@cache
def library() -> Routes:
    """All loops of the schematic city; about a second, then kept."""
    return _Planner(build()).plan()


class _Planner:
    def __init__(self, city: City) -> None:
        self.city = city
        self.network: Network = city.network
        self.quick = Router(self.network)
        self.old = Router(self.network, speed_kmh=_TOLL_AVERSE)
        self.node_at: dict[tuple[float, float], int] = {}
        first = self.network.first[:-1]
        for node, lat, lon in zip(
            self.network.from_node, self.network.lat[first], self.network.lon[first], strict=True
        ):
            self.node_at[float(lat), float(lon)] = int(node)
        self.rest_node = np.zeros(int(self.network.to_node.max()) + 1, np.bool_)
        for place in city.places.values():
            node = self.node_at.get((place["lat"], place["lon"]))
            if node is not None and place["kind"] == "town":
                self.rest_node[node] = True
        self.rest_segment = np.zeros(len(self.network), np.bool_)
        for area in city.service_areas:
            for direction in ("上行", "下行"):
                segment, *_ = self.network.locate(area["road"], area["stake_m"], direction)
                self.rest_segment[segment] = True

    def plan(self) -> Routes:
        loops: list[tuple[list[int], list[int]]] = []
        of_home: dict[str, list[int]] = {}

        def add(home: str, way: tuple[list[int], list[int]] | None) -> None:
            if way is not None:
                of_home.setdefault(home, []).append(len(loops))
                loops.append(way)

        villages = [name for name, place in self.city.places.items() if place["kind"] == "village"]
        for firm in self.city.enterprises:
            for far in firm["far"]:
                if firm["kind"] != "heavy_truck":
                    add(firm["code"], self._loop([firm["base"], far], self.quick))
                if firm["kind"] != "highway_passenger":
                    add(firm["code"], self._loop([firm["base"], far], self.old))
            if firm["kind"] in ("heavy_truck", "line_coach"):
                add(firm["code"], self._loop([firm["base"], firm["far"][0]], self.quick))
                for village in self._nearest(firm["base"], villages)[:2]:
                    add(firm["code"], self._loop([firm["base"], village], self.old))
        towns = [name for name, place in self.city.places.items() if place["kind"] == "town"]
        gates = {gate["name"]: gate for gate in self.city.toll_gates}
        for unit in self.city.units:
            if unit["level"] != "squadron":
                continue
            if unit.get("road_class"):
                near = self._nearest(unit, list(gates))[:3]
            else:
                own = [name for name in towns if self.city.places[name]["area"] == unit["area"]]
                near = self._nearest(unit, own if len(own) > 3 else towns)[:4]
            add(unit["code"], self._loop(near, self.quick))
            # The other way round from the same place: a patrol does not leap to another town.
            add(unit["code"], self._loop([near[0], *near[:0:-1]], self.quick))
        sizes = [len(segments) for segments, _ in loops]
        return Routes(
            first=np.concatenate(([0], np.cumsum(sizes))).astype(np.int64),
            segment=np.concatenate([segments for segments, _ in loops]).astype(np.int32),
            stop=np.concatenate([stops for _, stops in loops]).astype(np.int8),
            of_home=of_home,
        )

    def _where(self, name: str) -> tuple[float, float]:
        for gate in self.city.toll_gates:
            if gate["name"] == name:
                return gate["lat"], gate["lon"]
        return self.city.places[name]["lat"], self.city.places[name]["lon"]

    def _nearest(self, origin: str | Mapping[str, float], names: list[str]) -> list[str]:
        lat, lon = (
            self._where(origin) if isinstance(origin, str) else (origin["lat"], origin["lon"])
        )

        def gap(name: str) -> float:
            there = self._where(name)
            return (there[0] - lat) ** 2 + (0.9 * (there[1] - lon)) ** 2

        return sorted((name for name in names if name != origin), key=gap)

    def _loop(self, places: list[str], router: Router) -> tuple[list[int], list[int]] | None:
        """Through all places and back to the first, a leg end at each."""
        segments: list[int] = []
        stops: list[int] = []
        for origin, destination in zip(places, [*places[1:], places[0]], strict=True):
            leg = self._leg(origin, destination, router)
            if not leg:
                return None
            segments += leg
            stops += [
                REST_PLACE
                if self.rest_segment[at] or self.rest_node[self.network.to_node[at]]
                else NO_STOP
                for at in leg
            ]
            stops[-1] = LEG_END
        return segments, stops

    def _leg(self, origin: str, destination: str, router: Router) -> list[int]:
        start, end = self._where(origin), self._where(destination)
        route = router.route(start, end)
        if route is None:
            raise ConfigError(f"no way from {origin} to {destination}")
        leg = route.segments
        # Both places are nodes; the search names the piece they were found on, which may only
        # touch the way there.
        if leg and self.network.to_node[leg[0]] == self.node_at[start]:
            leg = leg[1:]
        if leg and self.network.from_node[leg[-1]] == self.node_at[end]:
            leg = leg[:-1]
        for here, there in pairwise(leg):
            if self.network.to_node[here] != self.network.from_node[there]:
                raise ConfigError(
                    f"{origin} to {destination}: segments {here}, {there} do not join"
                )
        return leg
