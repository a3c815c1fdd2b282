"""Shortest travel time on the network, with closures: who can be there first, and which way.

    router = Router(network, closed=[17, 18])
    router.nearest_by_time(units, incident)      # [(index, seconds, metres), ...], soonest first
    router.route(unit, incident)                 # Route(segments, seconds, metres)

A place is (segment, offset_m) or (lat, lon); a (lat, lon) is moved to the nearest open road, and
on a two-way road both directions may be used. Carriageways of a divided road are one-way, so a
car on the wrong one drives on to the next place to turn, as it would.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.core.errors import ConfigError
from sizao.core.places import ROAD_CLASSES
from sizao.roads.grid import Grid, build_grid, nearest
from sizao.roads.network import Network

SPEED_KMH: dict[str, float] = {
    "expressway": 95.0,
    "urban_expressway": 65.0,
    "national": 55.0,
    "provincial": 50.0,
    "county": 40.0,
    "village": 25.0,
    "urban": 30.0,
    "ramp": 40.0,
}
"""Usual speeds of a patrol car without haste, km/h: project defaults, to be replaced by the
speeds measured on the city's own roads."""

Place = tuple[int, float] | tuple[float, float]
"""(segment, offset_m) with an integer segment, or (lat, lon) in degrees as two floats."""


@dataclass(frozen=True)
class Route:
    """A way from one place to another: segments in driving order, seconds, metres."""

    segments: list[int]
    seconds: float
    metres: float


@dataclass(frozen=True)
class _Stop:
    """One way to be at a place: a segment and how far along it."""

    segment: int
    offset_m: float


class Router:
    """Answers for one state of the network; make another when closures change."""

    def __init__(
        self,
        network: Network,
        *,
        closed: Iterable[int] = (),
        speed_kmh: Mapping[str, float] = SPEED_KMH,
        limit_speeds: bool = True,
        grid: Grid | None = None,
    ) -> None:
        """``closed``: segments nobody may pass; a closed two-way road is both its segments.
        An incident on one is still reached and a car on one still leaves: that is why it closed.

        ``speed_kmh``: speed by road class. ``limit_speeds``: never faster than the sign.
        """
        self.network = network
        self._given_grid = grid
        by_class = np.array([speed_kmh[name] for name in ROAD_CLASSES])
        speed = by_class[network.road_class]
        if limit_speeds:
            speed = np.fmin(speed, network.limit_kmh)
        self._open_s = network.length_m / (speed / 3.6)
        self.seconds = self._open_s.copy()
        """Seconds to pass each segment; infinite where closed. Shape (s,)."""
        closed = np.array(list(closed), np.int64)
        if closed.size and not ((closed >= 0) & (closed < len(network))).all():
            raise ConfigError(f"closed segments {closed.tolist()} are not all in the network")
        self.seconds[closed] = np.inf
        nodes = int(max(network.from_node.max(), network.to_node.max())) + 1
        self._out = _csr(network.from_node, nodes)
        self._in = _csr(network.to_node, nodes)

    @cached_property
    def grid(self) -> Grid:
        """The index by place; only places in degrees need it. Another router may share it."""
        return self._given_grid or build_grid(self.network)

    def route(self, origin: Place, destination: Place) -> Route | None:
        """The quickest way, or None if there is none."""
        starts, goals = self._stops(origin), self._stops(destination)
        best: tuple[float, _Stop, _Stop, bool] | None = None
        time, _, via = self._search(starts, backward=False)
        for goal in goals:
            head = self._head(goal)
            node = self.network.from_node[goal.segment]
            if time[node] + head < (best[0] if best else math.inf):
                best = (float(time[node] + head), goal, goal, False)
            for start in starts:
                direct = self._direct(start, goal)
                if direct < (best[0] if best else math.inf):
                    best = (direct, start, goal, True)
        if best is None:
            return None
        seconds, start, goal, straight = best
        if straight:
            return Route([goal.segment], seconds, goal.offset_m - start.offset_m)
        segments = [goal.segment]
        metres = goal.offset_m
        node = int(self.network.from_node[goal.segment])
        while via[node] >= 0:
            segments.append(int(via[node]))
            metres += float(self.network.length_m[via[node]])
            node = int(self.network.from_node[via[node]])
        # The search starts at the far node of the first segment, so that one is still missing.
        first = min(
            (stop for stop in starts if self.network.to_node[stop.segment] == node),
            key=self._rest,
        )
        segments.append(first.segment)
        metres += float(self.network.length_m[first.segment]) - first.offset_m
        return Route(segments[::-1], seconds, metres)

    def nearest_by_time(
        self, targets: Sequence[Place], origin: Place, *, inbound: bool = True
    ) -> list[tuple[int, float, float]]:
        """(index into targets, seconds, metres) of each target that can get there, soonest first.

        ``inbound``: from each target to ``origin`` (units to an incident), else from ``origin``
        to each target. One search serves all targets. Equal times keep the order given.
        """
        hubs = self._stops(origin)
        time, metres, _ = self._search(hubs, backward=inbound)
        found = []
        for index, target in enumerate(targets):
            best = (math.inf, math.inf)
            for stop in self._stops(target):
                length = float(self.network.length_m[stop.segment])
                if inbound:
                    node = self.network.to_node[stop.segment]
                    own = (self._rest(stop), length - stop.offset_m)
                else:
                    node = self.network.from_node[stop.segment]
                    own = (self._head(stop), stop.offset_m)
                best = min(best, (float(time[node]) + own[0], float(metres[node]) + own[1]))
                for hub in hubs:
                    pair = (stop, hub) if inbound else (hub, stop)
                    direct = self._direct(*pair)
                    if not math.isinf(direct):
                        best = min(best, (direct, pair[1].offset_m - pair[0].offset_m))
            if not math.isinf(best[0]):
                found.append((index, *best))
        return sorted(found, key=lambda row: row[1])

    def seconds_between(self, nodes: npt.NDArray[np.integer]) -> npt.NDArray[np.float64]:
        """Seconds from each of k nodes (of the network's numbering) to each: (k, k).

        Infinite where there is no way. One search a node.
        """
        found = np.empty((len(nodes), len(nodes)))
        start, segments = self._out
        for row, node in enumerate(nodes):
            time, _, _ = _dijkstra(
                np.array([node], np.int64),
                np.zeros(1),
                np.zeros(1),
                start,
                segments,
                self.network.to_node,
                self.seconds,
                self.network.length_m,
            )
            found[row] = time[nodes]
        return found

    def _share(self, stop: _Stop) -> float:
        return stop.offset_m / max(float(self.network.length_m[stop.segment]), 1e-9)

    def _head(self, stop: _Stop) -> float:
        """Seconds from the start of its segment to a stop."""
        return float(self._open_s[stop.segment] * self._share(stop))

    def _rest(self, stop: _Stop) -> float:
        """Seconds from a stop to the end of its segment."""
        return float(self._open_s[stop.segment] * (1.0 - self._share(stop)))

    def _direct(self, start: _Stop, goal: _Stop) -> float:
        """Seconds from one stop forward to another on the same segment, else infinite."""
        if start.segment != goal.segment or start.offset_m > goal.offset_m:
            return math.inf
        return self._head(goal) - self._head(start)

    def _stops(self, place: Place) -> list[_Stop]:
        first, second = place
        if isinstance(first, (int, np.integer)):
            segment, offset_m = int(first), float(second)
            if not 0 <= segment < len(self.network):
                raise ConfigError(f"segment {segment} is not in the network")
            offset_m = min(max(offset_m, 0.0), float(self.network.length_m[segment]))
            return [_Stop(segment, offset_m)]
        segment, offset_m, _ = nearest(self.network, self.grid, float(first), float(second))
        stops = [_Stop(segment, offset_m)]
        twin = int(self.network.twin[segment])
        if twin >= 0:
            stops.append(_Stop(twin, float(self.network.length_m[twin]) - offset_m))
        return stops

    def _search(
        self, stops: Sequence[_Stop], *, backward: bool
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.int32]]:
        """Seconds, metres and last segment of the quickest way, per node.

        Forward from the ends of the stops' segments, or backward from their starts.
        """
        network = self.network
        if backward:
            source = [int(network.from_node[stop.segment]) for stop in stops]
            seconds = [self._head(stop) for stop in stops]
            metres = [stop.offset_m for stop in stops]
            start, segments, other = (*self._in, network.from_node)
        else:
            source = [int(network.to_node[stop.segment]) for stop in stops]
            seconds = [self._rest(stop) for stop in stops]
            metres = [float(network.length_m[stop.segment]) - stop.offset_m for stop in stops]
            start, segments, other = (*self._out, network.to_node)
        return _dijkstra(
            np.array(source, np.int64),
            np.array(seconds, np.float64),
            np.array(metres, np.float64),
            start,
            segments,
            other,
            self.seconds,
            network.length_m,
        )


def _csr(
    node: npt.NDArray[np.int32], nodes: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """Segments at each node: those of node n are segments[start[n]:start[n + 1]]."""
    start = np.concatenate(([0], np.cumsum(np.bincount(node, minlength=nodes))))
    return start.astype(np.int64), np.argsort(node, kind="stable").astype(np.int32)


@njit(cache=True)
def _dijkstra(
    source: npt.NDArray[np.int64],
    seed_s: npt.NDArray[np.float64],
    seed_m: npt.NDArray[np.float64],
    start: npt.NDArray[np.int64],
    segments: npt.NDArray[np.int32],
    other: npt.NDArray[np.int32],
    seconds: npt.NDArray[np.float64],
    length_m: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.int32]]:
    """Dijkstra with a binary heap that keeps stale entries and skips them when they come up."""
    nodes = len(start) - 1
    time = np.full(nodes, np.inf)
    metres = np.full(nodes, np.inf)
    via = np.full(nodes, -1, np.int32)
    heap_t = np.empty(len(segments) + len(source) + 1, np.float64)
    heap_n = np.empty(len(segments) + len(source) + 1, np.int64)
    size = 0
    for at in range(len(source)):
        if seed_s[at] < time[source[at]]:
            time[source[at]] = seed_s[at]
            metres[source[at]] = seed_m[at]
            size = _push(heap_t, heap_n, size, seed_s[at], source[at])
    while size:
        now, node = heap_t[0], heap_n[0]
        size = _pop(heap_t, heap_n, size)
        if now > time[node]:
            continue
        for at in range(start[node], start[node + 1]):
            segment = segments[at]
            then, next_node = now + seconds[segment], other[segment]
            if then < time[next_node]:
                time[next_node] = then
                metres[next_node] = metres[node] + length_m[segment]
                via[next_node] = segment
                size = _push(heap_t, heap_n, size, then, next_node)
    return time, metres, via


@njit(cache=True)
def _push(
    heap_t: npt.NDArray[np.float64], heap_n: npt.NDArray[np.int64], size: int, t: float, n: int
) -> int:
    at = size
    while at > 0 and heap_t[(at - 1) // 2] > t:
        heap_t[at], heap_n[at] = heap_t[(at - 1) // 2], heap_n[(at - 1) // 2]
        at = (at - 1) // 2
    heap_t[at], heap_n[at] = t, n
    return size + 1


@njit(cache=True)
def _pop(heap_t: npt.NDArray[np.float64], heap_n: npt.NDArray[np.int64], size: int) -> int:
    size -= 1
    t, n = heap_t[size], heap_n[size]
    at = 0
    while 2 * at + 1 < size:
        child = 2 * at + 1
        if child + 1 < size and heap_t[child + 1] < heap_t[child]:
            child += 1
        if heap_t[child] >= t:
            break
        heap_t[at], heap_n[at] = heap_t[child], heap_n[child]
        at = child
    heap_t[at], heap_n[at] = t, n
    return size
