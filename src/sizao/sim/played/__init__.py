"""What is played in the city when detection is scored: events that its ordinary days have not.

Each file of this folder plays one sort of event, with others among them that only look like it. All
is planned by the seed alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sizao.core.places import ROAD_CLASS_CODES
from sizao.core.vehicles import KIND_CODES
from sizao.roads.fence_grid import Fences
from sizao.roads.network import Network
from sizao.sim._motion import Jams
from sizao.sim._sampling import SOUND
from sizao.sim.acts import Act, Cast
from sizao.sim.city import City
from sizao.sim.fleet import Fleet
from sizao.sim.played import downgrade, jams, plates, routes, wrong_way
from sizao.sim.played.plates import Plates

PLAYERS = 0.004
"""Share of vehicles that play one sort of act."""

EVERY_S = 9_000
"""From one act to the next: longer than any gap after which something is still remembered."""

_ACTS: tuple[Callable[[Network, np.random.Generator, int], Act], ...] = (
    wrong_way.act,
    downgrade.act,
)


@dataclass(frozen=True, eq=False)
class Played:
    """jams : for the traffic; fences : the city's and those played; cast : for the motion"""

    jams: Jams
    fences: Fences
    cast: Cast
    plates: Plates


def plan(
    city: City, fleet: Fleet, seed: int, start_s: int, seconds: int, fault: npt.NDArray[np.int8]
) -> Played:
    """Everything that is played from ``start_s`` on. ``fault``: of ``Terminals``, whose sound ones
    are taken; who gets no terminal is marked there."""
    rng = np.random.default_rng([seed, 20])
    bound = routes.fences(city, fleet, seed)
    routed = {name for fence in bound.fences for name in fence.vehicles}
    free = np.flatnonzero((fault == SOUND) & ~np.isin(fleet.phone, list(routed)))
    trucks = free[np.isin(fleet.kind[free], [KIND_CODES["heavy_truck"]])]
    players = rng.permutation(trucks)[: len(_ACTS) * max(1, round(PLAYERS * len(fleet)))]
    county = city.network.road_class == ROAD_CLASS_CODES["county"]
    cast = Cast(int(np.flatnonzero(county)[0]))
    for number, vehicle in enumerate(players.tolist()):
        act = _ACTS[number % len(_ACTS)]
        own = np.random.default_rng([seed, 24, vehicle])
        begins = range(start_s + int(own.integers(60, EVERY_S)), start_s + seconds, EVERY_S)
        cast.acts[vehicle] = [act(city.network, own, begin) for begin in begins]
    rest = free[~np.isin(free, players) & (fleet.kind[free] != KIND_CODES["police"])]
    signs = plates.plan(fleet, seed, start_s, seconds, rest)
    return Played(jams.plan(city.network, seed, start_s, seconds), bound, cast, signs)
