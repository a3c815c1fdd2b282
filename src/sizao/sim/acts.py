"""Acts: short drives that the traffic of the city never makes, played by a few vehicles.

Whoever plays is off the air and out of the way between two acts, so long that nothing of the one is
still held against it in the next. An act is a path along one road with, second by second, where
the vehicle is and how fast; below 0 km/h it goes against the direction of its segment. What of it
is an offence is for the truth to say, not for the plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from sizao.roads.network import Network
from sizao.sim._motion import DRIVING, OFF, STANDING
from sizao.sim.traffic import Motion

_STANDS_S = 25


@dataclass(frozen=True, eq=False)
class Act:
    """Arrays of shape (k,), one value a second from ``start_s`` on, as in ``Motion``."""

    start_s: int
    segment: npt.NDArray[np.int32]
    offset_m: npt.NDArray[np.float32]
    speed_kmh: npt.NDArray[np.float32]


@dataclass
class Cast:
    """Who plays, and what, in order of time. ``home``: a segment where nobody minds standing."""

    home: int
    acts: dict[int, list[Act]] = field(default_factory=dict)

    def apply(self, motion: Motion) -> None:
        """Replace what the traffic made of the players."""
        first_s, seconds = motion.start_s + 1, motion.seconds
        for vehicle, acts in self.acts.items():
            motion.segment[vehicle] = self.home
            motion.offset_m[vehicle] = 0.0
            motion.speed_kmh[vehicle] = 0.0
            motion.mode[vehicle] = OFF
            motion.driver[vehicle] = 0
            for act in acts:
                begin, end = act.start_s - first_s, act.start_s + len(act.segment) - first_s
                if end <= 0 or begin >= seconds:
                    continue
                here = slice(max(begin, 0), min(end, seconds))
                there = slice(here.start - begin, here.stop - begin)
                motion.segment[vehicle, here] = act.segment[there]
                motion.offset_m[vehicle, here] = act.offset_m[there]
                motion.speed_kmh[vehicle, here] = act.speed_kmh[there]
                moves = act.speed_kmh[there] != 0
                motion.mode[vehicle, here] = np.where(moves, DRIVING, STANDING)


def along(network: Network, start: int, metres: float) -> list[int]:
    """Segments from ``start`` on along one road and carriageway, together ``metres`` long or as
    long as the road goes on."""
    way, length = [start], float(network.length_m[start])
    while length < metres:
        here = way[-1]
        ahead = np.flatnonzero(
            (network.from_node == network.to_node[here])
            & (network.ref == network.ref[start])
            & (network.road_class == network.road_class[start])
        )
        ahead = ahead[ahead != network.twin[here]]
        if len(ahead) != 1 or int(ahead[0]) in way:
            break
        way.append(int(ahead[0]))
        length += float(network.length_m[way[-1]])
    return way


def drive(
    network: Network, way: Sequence[int], start_s: int, legs: Iterable[tuple[float, int]]
) -> Act:
    """Along ``way`` with legs of (km/h, seconds), below 0 backwards; 0.9 m/s2 between them.

    An act that reaches an end of the way is over there, once it has stood for ``_STANDS_S``: who
    fell silent at speed would be an offence of another sort.
    """
    ends_m = np.cumsum(network.length_m[list(way)])
    at_m, v = 0.0, 0.0
    places, speeds = [], []
    for kmh, seconds in legs:
        for _ in range(seconds):
            change = kmh / 3.6 - v
            v += min(max(change, -0.9), 0.9)
            at_m += v
            if not 0.0 <= at_m < ends_m[-1]:
                break
            places.append(at_m)
            speeds.append(round(v * 3.6, 3))
        if not 0.0 <= at_m < ends_m[-1]:
            places += places[-1:] * _STANDS_S
            speeds += [0.0] * _STANDS_S
            break
    metres = np.array(places)
    piece = np.searchsorted(ends_m, metres, "right")
    begins_m = np.concatenate(([0.0], ends_m))[piece]
    return Act(
        start_s,
        np.asarray(way, np.int32)[piece],
        (metres - begins_m).astype(np.float32),
        np.array(speeds, np.float32),
    )
