"""Ways round a closed road, by class of vehicle: how much longer, for how many, whether it holds.

Traffic on an expressway cannot turn off where the road is closed; it must be told at the exit
before. So the search goes upstream and downstream along the road, and takes the pair of places
between which the way round costs least, the nearest of those that cost about the same.

The numbers are entries ``diversion.*`` of the rule book.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from sizao.core.places import ROAD_CLASSES
from sizao.core.rulebook import entry
from sizao.roads.network import Network
from sizao.roads.routing import SPEED_KMH, Router
from sizao.roads.sections import Line, Piece, lines, whole

_CLASSES = list(ROAD_CLASSES)

CLASS_NAMES: Mapping[str, tuple[str, str]] = {
    "small": ("小型车", "small vehicles"),
    "heavy": ("大型车", "heavy vehicles"),
    "hazmat": ("危险货物运输车", "hazardous goods"),
}


@dataclass(frozen=True)
class Flow:
    """Traffic in one direction of the closed road."""

    per_h: float
    source: str
    """``class_default``, or where it was measured: ``terminals``."""
    certainty: str


@dataclass(frozen=True)
class Post:
    """A place where somebody or something has to tell drivers."""

    lat: float
    lon: float
    role: str
    """``officer`` where traffic leaves and rejoins, ``sign`` where the way turns."""
    zh: str
    en: str


@dataclass(frozen=True)
class Detour:
    """The way round for one class in one direction."""

    vehicle_class: str
    direction: str
    segments: tuple[int, ...]
    lines: tuple[Line, ...]
    extra_s: float
    extra_m: float
    length_m: float
    flow_per_h: float
    """Of this class, to be added to what drives there already."""
    spare_per_h: float
    """What the tightest road of the way has left, before this class comes."""
    tightest: str
    posts: tuple[Post, ...]


@dataclass(frozen=True)
class NoWay:
    """There is none for this class: hold it, or turn it back."""

    vehicle_class: str
    direction: str


def class_default(network: Network, segment: int) -> Flow:
    """Traffic of a segment's class, where nothing is measured."""
    rule = entry("diversion.flow")
    return Flow(
        float(rule.value(_CLASSES[int(network.road_class[segment])])),
        "class_default",
        rule.certainty,
    )


def plan(
    network: Network,
    closed: Sequence[Piece],
    flow: Flow,
    *,
    also_closed: Sequence[int] = (),
) -> tuple[Detour | NoWay, ...]:
    """Detours round the closed pieces, for each direction and class.

    closed : pieces in driving order within a direction (``roads.sections.between``)
    flow : traffic in each direction of the closed road
    also_closed : segments that other measures have closed
    """
    found: list[Detour | NoWay] = []
    shut = {piece.segment for piece in closed} | set(also_closed)
    for run in _runs(network, closed):
        for name in CLASS_NAMES:
            found.append(_for_class(network, run, shut, name, flow))
    return tuple(found)


def _runs(network: Network, closed: Sequence[Piece]) -> list[list[int]]:
    """Closed segments that follow each other in one direction."""
    runs: list[list[int]] = []
    for piece in closed:
        last = runs[-1][-1] if runs else -1
        follows = last >= 0 and network.to_node[last] == network.from_node[piece.segment]
        if follows and network.twin[last] != piece.segment:
            runs[-1].append(piece.segment)
        else:
            runs.append([piece.segment])
    return runs


def _for_class(
    network: Network, run: list[int], shut: set[int], name: str, flow: Flow
) -> Detour | NoWay:
    rule: Mapping[str, Any] = entry("diversion.classes").value(name)
    speeds = {key: value * float(rule["speed"]) for key, value in SPEED_KMH.items()}
    banned = np.isin(network.road_class, [_CLASSES.index(one) for one in rule["avoid"]])
    if not rule["tunnels"]:
        banned = banned | network.tunnel
    direction = str(network.direction[run[0]])
    before, after = _along(network, run[0], back=True), _along(network, run[-1], back=False)
    if not before or not after:
        return NoWay(name, direction)
    usual = Router(network, speed_kmh=speeds)
    # Whoever is on the road already is there: only what leads off it may be banned.
    own = {*run, *before, *after}
    out = shut | (set(np.flatnonzero(banned).tolist()) - own)
    round_ = Router(network, speed_kmh=speeds, closed=sorted(out))
    pair = _best(network, usual, round_, run, before, after)
    if pair is None:
        return NoWay(name, direction)
    leave, join, extra_s = pair
    start, end = before[leave], after[join]
    route = round_.route((start, float(network.length_m[start])), (end, 0.0))
    if route is None:
        return NoWay(name, direction)
    segments = tuple(one for one in route.segments if one not in (start, end))
    straight = float(network.length_m[[*before[:leave], *run, *after[:join]]].sum())
    spare, tightest = _tightest(network, segments)
    return Detour(
        vehicle_class=name,
        direction=direction,
        segments=segments,
        lines=tuple(lines(network, tuple(whole(network, one)[0] for one in segments))),
        extra_s=extra_s,
        extra_m=route.metres - straight,
        length_m=route.metres,
        flow_per_h=flow.per_h * float(rule["share"]),
        spare_per_h=spare,
        tightest=tightest,
        posts=_posts(network, start, segments, end),
    )


def _along(network: Network, segment: int, *, back: bool) -> list[int]:
    """Segments of the same road before (nearest first) or after one, as far as the reach."""
    reach_m = float(entry("diversion.search").value("reach")) * 1000.0
    found: list[int] = []
    passed = 0.0
    here = segment
    seen = {segment}
    while passed < reach_m:
        node = network.from_node[here] if back else network.to_node[here]
        at = network.to_node if back else network.from_node
        near = [
            int(one)
            for one in np.flatnonzero(at == node)
            if int(one) not in seen
            and network.twin[one] != here
            and _same_road(network, int(one), here)
        ]
        if not near:
            break
        here = near[0]
        seen.add(here)
        found.append(here)
        passed += float(network.length_m[here])
    return found


def _same_road(network: Network, one: int, other: int) -> bool:
    if network.ref[one] or network.ref[other]:
        same = network.ref[one] == network.ref[other]
    else:
        same = network.name[one] == network.name[other]
    return bool(same and network.direction[one] == network.direction[other])


def _best(
    network: Network,
    usual: Router,
    round_: Router,
    run: list[int],
    before: list[int],
    after: list[int],
) -> tuple[int, int, float] | None:
    """Where to leave and to rejoin, and seconds more than straight on."""
    worth = float(entry("diversion.search").value("worth"))
    through = float(usual.seconds[run].sum())
    joins = [(one, 0.0) for one in after]
    reached = np.concatenate(([0.0], np.cumsum(usual.seconds[after])))[:-1]
    costs = np.full((len(before), len(after)), np.inf)
    lead = 0.0
    for leave, start in enumerate(before):
        place = (start, float(network.length_m[start]))
        for join, seconds, _ in round_.nearest_by_time(joins, place, inbound=False):
            costs[leave, join] = seconds - (lead + through + reached[join])
        lead += float(usual.seconds[start])
    # A way that is quicker than straight on would be taken anyhow: it costs nothing.
    costs = np.maximum(costs, 0.0)
    best = float(costs.min(initial=math.inf))
    if not math.isfinite(best):
        return None
    leave, join = (int(x) for x in np.argwhere(costs <= best + worth)[0])
    return leave, join, float(costs[leave, join])


def _tightest(network: Network, segments: Sequence[int]) -> tuple[float, str]:
    """What is left on the tightest road of the way, vehicles an hour, and which that is."""
    capacity, usual = entry("diversion.capacity"), entry("diversion.flow")
    least, where = math.inf, ""
    for one in segments:
        road_class = _CLASSES[int(network.road_class[one])]
        lanes = max(int(network.lanes[one]), 1)
        spare = lanes * float(capacity.value(road_class)) - float(usual.value(road_class))
        if spare < least:
            least, where = spare, network.place(int(one), 0.0)
    return max(least, 0.0), where


def _posts(network: Network, start: int, segments: Sequence[int], end: int) -> tuple[Post, ...]:
    """Where traffic leaves, where the way turns into another road, and where it rejoins."""
    if not segments:
        return ()
    found = [_post(network, segments[0], "officer", "由此驶离", "leave here for")]
    for one, following in pairwise(segments):
        if not _same_road(network, one, following):
            found.append(_post(network, following, "sign", "转入", "turn into"))
    lat, lon = network.point(end, 0.0)
    place = network.place(end, 0.0)
    found.append(Post(lat, lon, "officer", f"由此驶回 {place}", f"rejoin {place}"))
    return tuple(found)


def _post(network: Network, segment: int, role: str, zh: str, en: str) -> Post:
    lat, lon = network.point(segment, 0.0)
    road = str(network.ref[segment]) or str(network.name[segment]) or network.place(segment, 0.0)
    return Post(lat, lon, role, f"{zh} {road}", f"{en} {road}")
