"""Lines across the road, and who crosses them: the truth behind checkpoints and weigh stations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sizao.core.errors import ConfigError
from sizao.roads.network import Network
from sizao.sim.traffic import Motion

DIRECTIONS = ("下行", "上行")


@dataclass(frozen=True)
class Gate:
    """A line across one carriageway. ``site`` indexes the list it was made from; ``way`` is 0 with
    rising stakes (or the nearer side), 1 against."""

    site: int
    way: int
    segment: int
    offset_m: float


@dataclass(frozen=True)
class Crossing:
    """A vehicle crossed a gate: index in the fleet, whole seconds since the epoch, true speed."""

    gate: Gate
    vehicle: int
    time_s: int
    speed_kmh: float


def gates(sites: Sequence[dict[str, Any]], network: Network) -> list[Gate]:
    """A gate for each carriageway at each site (``city.checkpoints``, ``city.weigh_stations``)."""
    found = []
    for index, site in enumerate(sites):
        if site["stake_m"] is None:
            segment, offset_m = _nearest(network, site["lat"], site["lon"])
            found.append(Gate(index, 0, segment, offset_m))
            twin = int(network.twin[segment])
            if twin >= 0:
                back_m = float(network.length_m[twin]) - offset_m
                found.append(Gate(index, 1, twin, back_m))
            continue
        for way, direction in enumerate(DIRECTIONS):
            try:
                segment, offset_m, _, _ = network.locate(site["road"], site["stake_m"], direction)
            except ConfigError:
                continue  # a road with one carriageway
            gate = Gate(index, way, segment, offset_m)
            if not any((one.site, one.segment) == (index, segment) for one in found):
                found.append(gate)
    return found


class Watch:
    """Feed it every :class:`Motion` in order; it gives the crossings, in order of time."""

    def __init__(self, places: Sequence[Gate], network: Network) -> None:
        self.places = list(places)
        self._watched = np.zeros(len(network), np.bool_)
        self._watched[[gate.segment for gate in self.places]] = True
        self._segment: npt.NDArray[np.int32] | None = None
        self._offset_m: npt.NDArray[np.float32] | None = None

    def feed(self, motion: Motion) -> list[Crossing]:
        """Crossings within the span; the first span only says where everybody was."""
        segment, offset_m = motion.segment, motion.offset_m
        if self._segment is None or self._offset_m is None:
            before, before_m = segment, offset_m
        else:
            before = np.column_stack((self._segment, segment[:, :-1]))
            before_m = np.column_stack((self._offset_m, offset_m[:, :-1]))
        self._segment, self._offset_m = segment[:, -1].copy(), offset_m[:, -1].copy()
        vehicles, seconds = np.nonzero(self._watched[segment])
        if not len(vehicles):
            return []
        here, there = segment[vehicles, seconds], before[vehicles, seconds]
        now_m, then_m = offset_m[vehicles, seconds], before_m[vehicles, seconds]
        came_m = np.where(here == there, then_m, -1.0)
        found = []
        for gate in self.places:
            passed = (here == gate.segment) & (came_m < gate.offset_m) & (now_m >= gate.offset_m)
            for row in np.nonzero(passed)[0]:
                vehicle, second = int(vehicles[row]), int(seconds[row])
                speed_kmh = float(motion.speed_kmh[vehicle, second])
                time_s = motion.start_s + 1 + second
                found.append(Crossing(gate, vehicle, time_s, speed_kmh))
        return sorted(found, key=lambda one: (one.time_s, one.vehicle))


def _nearest(network: Network, lat: float, lon: float) -> tuple[int, float]:
    """Segment and offset of the vertex nearest to a place."""
    east = (network.lon - lon) * np.cos(np.radians(lat))
    vertex = int(np.argmin((network.lat - lat) ** 2 + east**2))
    segment = int(np.searchsorted(network.first, vertex, side="right")) - 1
    length_m = float(network.length_m[segment])
    return segment, float(np.clip(network.along_m[vertex], 0.1 * length_m, 0.9 * length_m))
