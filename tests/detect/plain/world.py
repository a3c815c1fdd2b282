"""What stands still while vehicles move: roads, fences, limits, and who is what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sizao.core.places import ROAD_CLASSES
from sizao.core.rulebook import entry
from sizao.core.vehicles import KINDS
from sizao.detect.context import Context
from sizao.roads.fences import Fence
from sizao.roads.network import Network
from sizao.roads.temporary_limits import TemporaryLimit
from tests.detect.plain.areas import Area, square_of, squares_of

Params = Mapping[str, Any]
"""A rule's parameters by name."""


class Segment(NamedTuple):
    """One direction of a piece of road; None where the map does not say."""

    road_class: str
    ref: str
    name: str
    direction: str
    length_m: float
    stake_start_m: float | None
    stake_end_m: float | None
    grade_pct: float | None
    """Rise in driving direction."""
    tunnel: bool


@dataclass
class World:
    """Made once with :meth:`of`."""

    network: Network | None
    fences: tuple[Fence, ...]
    """By number."""
    temporary: tuple[TemporaryLimit, ...]
    kinds: Mapping[str, str]
    services: Mapping[str, str]
    segments: list[Segment] = field(default_factory=list)
    areas: dict[tuple[int, int], list[Area]] = field(default_factory=dict)
    """Square to the fences whose box touches it, by number."""
    pieces: dict[int, list[tuple[float, float, TemporaryLimit]]] = field(default_factory=dict)
    """Segment to the temporary limits on it: from and to along it, metres."""
    kept: dict[Any, Any] = field(default_factory=dict)
    """What a rule has worked out of the roads once."""

    @classmethod
    def of(cls, context: Context) -> World:
        """The world of an engine's context."""
        world = cls(
            context.network,
            context.world.fences.fences,
            context.world.temporary.limits,
            context.kinds,
            context.services,
        )
        world.segments = _segments(world.network) if world.network is not None else []
        for area in map(Area, world.fences):
            for square in squares_of(area.box):
                world.areas.setdefault(square, []).append(area)
        for limit in world.temporary:
            assert world.network is not None
            assert limit.network == world.network.digest()
            for piece in limit.pieces:
                there = world.pieces.setdefault(piece.segment, [])
                there.append((piece.from_m, piece.to_m, limit))
        return world

    def routes_of(self, vehicle: str) -> list[Fence]:
        """The routes a vehicle is bound to."""
        return [fence for fence in self.fences if vehicle in fence.vehicles]

    def fences_at(self, kind: str, lat: float, lon: float, time_us: int) -> tuple[Fence, ...]:
        """Fences that hold the place, concern the kind and are in force, by number."""
        near = self.areas.get(square_of(lat, lon), ())
        return tuple(area.fence for area in near if area.holds(kind, lat, lon, time_us))

    def temporary_at(self, segment: int, offset_m: float, time_us: int) -> TemporaryLimit | None:
        """The lowest of the temporary limits that hold there and then, of equals the first."""
        standing = [
            limit
            for from_m, to_m, limit in self.pieces.get(segment, ())
            if from_m <= offset_m < to_m and limit.stands(time_us)
        ]
        if not standing:
            return None
        lowest = min(limit.limit_kmh for limit in standing)
        equals = [limit for limit in standing if limit.limit_kmh == lowest]
        return min(equals, key=self.temporary.index)

    def stake_m(self, segment: int, offset_m: float) -> float | None:
        """Linear reference along the road, in proportion between the segment's two ends."""
        road = self.segments[segment]
        if road.stake_start_m is None or road.stake_end_m is None:
            return None
        return (
            road.stake_start_m + (road.stake_end_m - road.stake_start_m) * offset_m / road.length_m
        )

    def usual_limit(self, segment: int, kind: str) -> tuple[float, bool]:
        """The limit of a road for a kind of vehicle, km/h, and whether no sign says it."""
        assert self.network is not None
        key = "limit", segment, kind
        if key not in self.kept:
            self.kept[key] = usual_limit(self.network, segment, kind)
        limit: tuple[float, bool] = self.kept[key]
        return limit


def _segments(network: Network) -> list[Segment]:
    classes = list(ROAD_CLASSES)

    def numbers(column: Any) -> list[float | None]:
        return [None if value != value else value for value in column.tolist()]

    columns = (
        [classes[code] for code in network.road_class.tolist()],
        network.ref.tolist(),
        network.name.tolist(),
        network.direction.tolist(),
        network.length_m.tolist(),
        numbers(network.stake_start_m),
        numbers(network.stake_end_m),
        numbers(network.grade_pct),
        network.tunnel.tolist(),
    )
    return [Segment(*values) for values in zip(*columns, strict=True)]


def usual_limit(network: Network, segment: int, kind: str) -> tuple[float, bool]:
    """``roads/limits.py``: the sign, else the law's default; never more than the kind's own cap."""
    road_class = list(ROAD_CLASSES)[network.road_class[segment]]
    cap = _cap(road_class, kind)
    posted = _sign(network, segment, kind)
    if posted is not None:
        return min(posted, cap), False
    return min(_without_sign(road_class, int(network.lanes[segment])), cap), True


def _sign(network: Network, segment: int, kind: str) -> float | None:
    """What a sign for the kind says, else the sign for all, else nothing."""
    if len(network.limit_kmh_by_kind):
        own = float(network.limit_kmh_by_kind[segment, list(KINDS).index(kind)])
        if own == own:
            return own
    posted = float(network.limit_kmh[segment])
    return posted if posted == posted else None


def _without_sign(road_class: str, lanes: int) -> float:
    """The law's limit, and the project's where the law has none."""
    law, ours = entry("limit.no_sign"), entry("limit.no_sign_default")
    if road_class in ("expressway", "urban_expressway", "ramp"):
        return float(ours.value(road_class))
    where = "urban" if road_class == "urban" else "highway"
    if road_class in ours.value("no_centre_line_classes"):
        return float(law.value(f"{where}_no_centre_line"))
    if lanes > 1:
        return float(ours.value(f"{where}_many_lanes"))
    return float(law.value(f"{where}_one_lane"))


def _cap(road_class: str, kind: str) -> float:
    """What a kind of vehicle may never exceed, whatever the sign. A ramp counts as expressway."""
    fast = road_class in ("expressway", "ramp")
    for rule in (entry("limit.hazmat"), entry("limit.school_bus")):
        if kind in rule.value("kinds"):
            return float(rule.value("expressway" if fast else "other_road"))
    rule = entry("limit.expressway")
    if not fast:
        return float(rule.value("any"))
    small = kind in entry("limit.small_passenger_kinds").value("kinds")
    return float(rule.value("small_passenger" if small else "other_motor_vehicle"))
