"""Expressways cut into kilometres, for rules on places instead of vehicles.

A stretch is one kilometre of one carriageway, by its stake (G5 下行 K120 to K121) or, where a road
has none, by metres along its segment. Stretches are numbered so that neighbours on a road have
neighbouring numbers; made once for a network.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from sizao.core.places import ROAD_CLASS_CODES
from sizao.roads.network import Network

STRETCH_M = 1000.0


@dataclass(frozen=True, eq=False)
class Stretches:
    """s segments, n stretches.

    base : int64 (s,), number of the stretch at stake or offset 0 of a segment; meaningless off
        expressways
    staked : bool (s,), go by the stake, else by the offset
    step : int8 (n,), +1 where numbers rise in driving direction, -1 where they fall
    first, last : int32 (n,), range of numbers of the same carriageway, both included
    name : str (n,), what a detection calls the stretch, ``road:G5:下行:K120``
    """

    base: npt.NDArray[np.int64]
    staked: npt.NDArray[np.bool_]
    step: npt.NDArray[np.int8]
    first: npt.NDArray[np.int32]
    last: npt.NDArray[np.int32]
    name: list[str]

    def of(
        self,
        segment: npt.NDArray[np.int32],
        stake_m: npt.NDArray[np.float64],
        offset_m: npt.NDArray[np.float64],
    ) -> npt.NDArray[np.int32]:
        """Stretch of places on expressways, shape (n,) each."""
        metres = np.where(self.staked[segment], stake_m, offset_m)
        at = self.base[segment] + np.floor(metres / STRETCH_M).astype(np.int64)
        # A place at the very end of a road lies on its last kilometre.
        low = self.base[segment] + self._low[segment]
        return np.clip(at, self.first[low], self.last[low]).astype(np.int32)

    _low: npt.NDArray[np.int64]

    def upstream(self, stretch: int) -> int:
        """The stretch before this one in driving direction, -1 if there is none."""
        before = stretch - int(self.step[stretch])
        return before if self.first[stretch] <= before <= self.last[stretch] else -1


@lru_cache(maxsize=2)
def stretches(network: Network) -> Stretches:
    """The stretches of a network's expressways."""
    count = len(network)
    base = np.zeros(count, np.int64)
    low_km = np.zeros(count, np.int64)
    staked = np.isfinite(network.stake_start_m) & np.isfinite(network.stake_end_m)
    step: list[int] = []
    first: list[int] = []
    last: list[int] = []
    name: list[str] = []

    def lay(low: int, high: int, sign: int, label: str) -> int:
        begin = len(name)
        for km in range(low, high + 1):
            step.append(sign)
            first.append(begin)
            last.append(begin + high - low)
            name.append(f"{label}{km}")
        return begin - low

    fast = np.flatnonzero(network.road_class == ROAD_CLASS_CODES["expressway"])
    roads: dict[tuple[str, str], list[int]] = {}
    for segment in fast.tolist():
        key = str(network.ref[segment]), str(network.direction[segment])
        if staked[segment] and key[0]:
            roads.setdefault(key, []).append(segment)
            continue
        staked[segment] = False
        high = int(network.length_m[segment] // STRETCH_M)
        base[segment] = lay(0, high, 1, f"road:{key[0] or network.name[segment]}:{segment}:")
    for (ref, direction), own in sorted(roads.items()):
        ends = np.stack((network.stake_start_m[own], network.stake_end_m[own]))
        low, high = (int(value // STRETCH_M) for value in (ends.min(), ends.max()))
        sign = 1 if float((ends[1] - ends[0]).sum()) >= 0 else -1
        base[own] = lay(low, high, sign, f"road:{ref}:{direction}:K")
        low_km[own] = (ends.min(axis=0) // STRETCH_M).astype(np.int64)
    return Stretches(
        base,
        staked,
        np.array(step, np.int8),
        np.array(first, np.int32),
        np.array(last, np.int32),
        name,
        low_km,
    )
