"""How the made-up vehicles move: second by second, with rests, shifts, traffic and offences.

A lawful driver holds 78 to 97 % of the limit, slows down before a lower one, and rests 25 min or
more before three and a half hours have passed. Coaches hold 80 % of that at night and rest after
an hour and a half of it; those bound by the curfew stand from 02:00 to 05:00, six nights in
seven. On top of that each vehicle has a rate of speeding episodes (1.12 to 1.7 times what it is
allowed, for 1.5 to 10 minutes, seldom for half an hour), one stretch of driving in fifty lasts
4 h 10 to 6 h with no stop longer than a quarter of an hour, and one of a coach's by night in seven
2 h 20 to 3 h. Things that look like offences and are none come too: bursts of ten seconds, 5 % over
for ten seconds, a rest of 25 minutes at 3 h 40, a change of driver with the card at 3 h 40.

What really happened is worked out from the motion (``truth.py``), never from these plans.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sizao.core.places import ROAD_CLASS_CODES
from sizao.core.vehicles import COACHES, KIND_CODES, KINDS
from sizao.roads.limits import limits_on
from sizao.roads.network import Network
from sizao.sim import _motion
from sizao.sim._motion import DRIVING, OFF, PARKED, STANDING, Jams
from sizao.sim.city import AREAS, City
from sizao.sim.fleet import Fleet
from sizao.sim.routes import library

__all__ = ["DRIVING", "OFF", "PARKED", "STANDING", "Motion", "Traffic", "limit_table"]

WARM_UP_S = 14 * 3600
"""Before the start everybody drives unseen for so long that the start is an ordinary moment."""

TOP_KMH = {"heavy_truck": 112, "semi_tractor": 112, "hazmat": 108, "school_bus": 96}
"""What a vehicle can do, where that is less than its driver might want; others 140."""

_DAY_ONLY = ("school_bus", "tour_coach", "line_coach")
"""Home for the night, but for line coaches of a long-distance service."""
_HEAVY = ("heavy_truck", "semi_tractor", "hazmat")
_HEAVY_CODES = [KIND_CODES[name] for name in _HEAVY]


@dataclass(frozen=True, eq=False)
class Motion:
    """The truth of a span of time. Arrays (n, k): vehicle by second; column j is second
    ``start_s + 1 + j`` since the epoch.

    segment : int32; offset_m : float32, metres along it
    speed_kmh : float32, below 0 against the segment's direction
    mode : int8, DRIVING, STANDING (engine on), PARKED (engine off) or OFF (terminal, too)
    driver : int8, which of the vehicle's drivers
    """

    start_s: int
    segment: npt.NDArray[np.int32]
    offset_m: npt.NDArray[np.float32]
    speed_kmh: npt.NDArray[np.float32]
    mode: npt.NDArray[np.int8]
    driver: npt.NDArray[np.int8]

    @property
    def seconds(self) -> int:
        return self.segment.shape[1]


def limit_table(network: Network) -> npt.NDArray[np.float32]:
    """Limit in force, km/h, by vehicle kind and segment: shape (kinds, segments)."""
    every = np.arange(len(network))
    return np.stack(
        [limits_on(network, every, np.full(len(every), code))[0] for code in range(len(KINDS))]
    )


def no_jams(network: Network) -> Jams:
    """Roads on which nothing is held up."""
    none = np.zeros(0, np.int64)
    return Jams(np.zeros(len(network) + 1, np.int64), none, none, np.zeros(0))


class Traffic:
    """All vehicles of a fleet, from ``start_s`` on. The same seed gives the same days, however
    they are cut into calls of :meth:`advance`."""

    def __init__(
        self,
        city: City,
        fleet: Fleet,
        seed: int,
        start_s: int,
        warm_up_s: int = WARM_UP_S,
        jams: Jams | None = None,
    ) -> None:
        """``start_s``: whole seconds since the epoch at which the vehicles are first seen."""
        self.fleet = fleet
        self.seed = seed
        self.now_s = start_s - warm_up_s
        n = len(fleet)
        rng = np.random.default_rng([seed, 2])
        routes = library()
        network = city.network
        choices = [routes.of_home[home] for home in fleet.home]
        kinds = [list(KINDS)[code] for code in fleet.kind]
        offender = np.where(rng.random(n) < 0.3, 0.6, 0.03) * min(12.0, max(1.0, 2000 / n))
        offender[fleet.kind == KIND_CODES["police"]] = -1.0
        self._fixed: tuple[Any, ...] = (
            fleet.kind,
            rng.uniform(0.85, 0.97, n),
            offender,
            fleet.two_drivers,
            np.isin(kinds, list(COACHES)),
            fleet.curfew,
            np.isin(kinds, _DAY_ONLY) & ~(fleet.curfew & (fleet.kind == KIND_CODES["line_coach"])),
            np.isin(fleet.kind, _HEAVY_CODES),
            np.array([TOP_KMH.get(kind, 140) for kind in kinds]) / 3.6,
            np.concatenate(([0], np.cumsum([len(own) for own in choices]))).astype(np.int64),
            np.concatenate(choices).astype(np.int32),
            routes.first,
            routes.segment,
            routes.stop,
            network.length_m,
            limit_table(network),
            np.nan_to_num(network.grade_pct),
            network.road_class == ROAD_CLASS_CODES["urban"],
            network.tunnel,
            np.array([list(AREAS).index(area) for area in network.area], np.int8),
            jams or no_jams(network),
        )
        self._state = np.zeros(n, _motion.STATE)
        self._since = np.full(n, self.now_s - 86400, np.int64)
        self._state["route"] = [own[int(rng.integers(len(own)))] for own in choices]
        self._state["mode"] = PARKED
        self._state["until"] = self.now_s + rng.integers(0, 8 * 3600, n)
        self._state["shift_end"] = self._state["until"] + rng.integers(9 * 3600, 13 * 3600, n)
        while self.now_s < start_s:
            self.advance(min(1800, start_s - self.now_s))

    def advance(self, seconds: int) -> Motion:
        """Move everybody on and say where they have been."""
        n = len(self.fleet)
        motion = Motion(
            self.now_s,
            np.empty((n, seconds), np.int32),
            np.empty((n, seconds), np.float32),
            np.empty((n, seconds), np.float32),
            np.empty((n, seconds), np.int8),
            np.empty((n, seconds), np.int8),
        )
        _motion.advance(
            self.seed,
            self.now_s,
            seconds,
            self._state,
            self._since,
            *self._fixed,
            motion.segment,
            motion.offset_m,
            motion.speed_kmh,
            motion.mode,
            motion.driver,
        )
        self.now_s += seconds
        return motion

    def calm(self, vehicle: int, seconds: int = 1800) -> None:
        """A driver who has been spoken to: ends an episode of speeding and starts none."""
        state = self._state[vehicle]
        state["fast_until"] = min(int(state["fast_until"]), self.now_s)
        state["calm_until"] = self.now_s + seconds

    def rest(self, vehicle: int) -> None:
        """A driver who was told to rest pulls over within two minutes, for 25 min or more."""
        state = self._state[vehicle]
        driven = self.now_s - int(state["stretch_start"])
        state["plan"] = _motion.NORMAL
        state["rest_after_s"] = min(float(state["rest_after_s"]), driven - 480.0)
        state["rest_s"] = max(float(state["rest_s"]), 1500.0)

    def fork(self) -> Traffic:
        """A copy that goes its own way from here."""
        twin = copy.copy(self)
        twin._state = self._state.copy()
        twin._since = self._since.copy()
        return twin
