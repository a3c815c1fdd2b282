"""Ground truth of slow traffic: how fast all heavy vehicles on each kilometre really were.

As ``truth.py``: the definition of ``detect/road_rules/slow_traffic.py`` applied to the true motion,
written again by hand. Of each vehicle the mean speed of all its seconds on a kilometre in a minute
counts, where the rule has one report. A kilometre is one by its stakes on one carriageway.

Traffic on a kilometre is slow in a minute in which three heavy vehicles or more each covered it at
half of their limit or less, and the mean of all who were on it was no higher: two that stand broken
down beside traffic at speed are no jam.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from sizao.core.places import ROAD_CLASS_CODES
from sizao.core.rulebook import entry
from sizao.core.vehicles import HEAVY, KIND_CODES
from sizao.roads.fence_grid import Fences, inside
from sizao.roads.network import Network
from sizao.sim.fleet import Fleet
from sizao.sim.traffic import Motion, limit_table
from sizao.sim.truth import Offence

SURE_RATIO, SURE_VEHICLES, SURE_MINUTES = 0.42, 4, 5
"""What no chance of the moments of reporting can hide: each so much slower, as far under the edge
less the rule's margin as that is under the edge, one vehicle and two minutes more than the rule
wants."""
_Cell = tuple[int, int, float, float, float, int]
"""Slow vehicles, surely slow ones, mean ratio, mean speed in km/h and mean limit of all, and how
many of them were outside tunnels, where nobody reports."""
SURE_S = 100_000

_MINUTE_S = 60
_ROAD = 100_000
"""Kilometre numbers of a carriageway are below this."""


@dataclass
class _Jam:
    """Minutes are those since the epoch; kilometres are keys."""

    start: int
    anchor: int
    last: int = 0
    slow_minutes: int = 0
    fired: int = 0
    sure: int = 0
    worst: float = np.inf
    limit: float = 0.0
    members: dict[int, list[int]] = field(default_factory=dict)
    queue_start: int = 0
    queue_fired: int = 0
    queue_minutes: int = 0
    queue_sure: int = 0


class JamTruth:
    """Feed it every :class:`Motion` in order, spans of whole minutes; it gives what ended."""

    def __init__(self, network: Network, fleet: Fleet, fences: Fences) -> None:
        self._network, self._fleet, self._fences = network, fleet, fences
        self._heavy = np.flatnonzero(np.isin(fleet.kind, [KIND_CODES[kind] for kind in HEAVY]))
        self._service = np.array([fence.kind == "service" for fence in fences.fences], np.bool_)
        self._limit = limit_table(network)
        self._fast = network.road_class == ROAD_CLASS_CODES["expressway"]
        names = [
            f"road:{ref}:{direction}:K"
            for ref, direction in zip(network.ref, network.direction, strict=True)
        ]
        self._names = sorted(set(names))
        self._road = np.array([self._names.index(name) for name in names], np.int64)
        rising = network.stake_end_m > network.stake_start_m
        self._step = {
            int(self._road[s]): 1 if rising[s] else -1 for s in np.flatnonzero(self._fast)
        }
        own = entry("detect.slow_traffic")
        self._own = {name: float(own.value(name)) for name in own.parameters}
        self._jams: list[_Jam] = []

    def feed(self, motion: Motion) -> list[Offence]:
        """Jams and queue ends that are over."""
        ended = []
        for begin in range(0, motion.seconds, _MINUTE_S):
            part = slice(begin, begin + _MINUTE_S)
            minute = (motion.start_s + 1 + begin) // _MINUTE_S
            ended += self._minute(minute, self._cells(motion, part))
        return ended

    def close(self) -> list[Offence]:
        """Those still going on, as far as they have got."""
        return [one for jam in self._jams for one in self._offences(jam)]

    def _cells(self, motion: Motion, part: slice) -> dict[int, _Cell]:
        """What each kilometre was like in a minute."""
        segment = motion.segment[self._heavy, part]
        row, second = np.nonzero(self._fast[segment])
        vehicle, here = self._heavy[row], segment[row, second]
        offset = motion.offset_m[self._heavy, part][row, second].astype(np.float64)
        speed = np.abs(motion.speed_kmh[self._heavy, part][row, second]).astype(np.float64)
        lat, lon = self._network.points(here, offset)
        now_us = (motion.start_s + 1 + part.start + second) * 1_000_000
        first, fence = inside(self._fences, lat, lon, self._fleet.kind[vehicle], now_us)
        parked = np.zeros(len(here), np.bool_)
        parked[np.repeat(np.arange(len(here)), np.diff(first))[self._service[fence]]] = True
        km = np.floor(self._network.stake_at(here, offset) / 1000).astype(np.int64)
        key = self._road[here] * _ROAD + km
        # Terminals without power tell nobody of a jam.
        seen = ~parked & (motion.mode[self._heavy, part][row, second] < 3)
        n_all = len(self._fleet)
        pair, at = np.unique(key[seen] * n_all + vehicle[seen], return_inverse=True)
        count = np.bincount(at)
        mean = np.bincount(at, speed[seen]) / count
        limit = self._limit[self._fleet.kind[vehicle[seen]], here[seen]]
        allowed = np.bincount(at, limit) / count
        cells: dict[int, _Cell] = {}
        keys, index = np.unique(pair // n_all, return_inverse=True)
        n = np.bincount(index, minlength=len(keys))
        ratio, kmh, law = (
            (np.bincount(index, x, len(keys)) / n).tolist() for x in (mean / allowed, mean, allowed)
        )
        share, outside = mean / allowed, np.bincount(at, ~self._network.tunnel[here[seen]]) > 0
        slow, sure, shown = (
            np.bincount(index, which, len(keys)).astype(np.int64).tolist()
            for which in (share <= self._own["slow"], outside & (share <= SURE_RATIO), outside)
        )
        for k, one in enumerate(keys.tolist()):
            cells[one] = (slow[k], sure[k], ratio[k], kmh[k], law[k], shown[k])
        return cells

    def _minute(self, minute: int, cells: dict[int, _Cell]) -> list[Offence]:
        own = self._own
        slow = {
            key: cell
            for key, cell in sorted(cells.items())
            if cell[0] >= own["min_vehicles"] and cell[2] <= own["slow"]
        }
        free = {key for key, cell in cells.items() if cell[2] >= own["free"]}
        shown = {key for key in free if cells[key][5]}
        touched: dict[int, list[int]] = {}
        for key in slow:
            jam = next((one for one in self._jams if key in one.members), None) or next(
                (one for one in self._jams if key - 1 in one.members or key + 1 in one.members),
                None,
            )
            if jam is None:
                jam = _Jam(minute, key)
                self._jams.append(jam)
            jam.members[key] = [0, minute]
            touched.setdefault(id(jam), []).append(key)
        ended = []
        for jam in list(self._jams):
            keys = touched.get(id(jam), [])
            for key in [key for key in jam.members if key not in keys]:
                state = jam.members[key]
                if key in cells:
                    state[0] += key in free
                    state[1] = minute
                if state[0] >= own["end"] or minute - state[1] >= own["max_gap"]:
                    del jam.members[key]
            if keys:
                self._grow(jam, minute, {key: slow[key] for key in keys}, free, shown)
            if not jam.members:
                ended += self._offences(jam)
                self._jams.remove(jam)
        return ended

    def _grow(
        self,
        jam: _Jam,
        minute: int,
        slow: dict[int, _Cell],
        free: set[int],
        shown: set[int],
    ) -> None:
        own = self._own
        jam.last = minute
        jam.slow_minutes += 1
        jam.sure += any(
            n >= SURE_VEHICLES and r <= SURE_RATIO for _, n, r, _, _, _ in slow.values()
        )
        for _, _, _, kmh, limit, _ in slow.values():
            if kmh < jam.worst:
                jam.worst, jam.limit = kmh, limit
        if not jam.fired and jam.slow_minutes >= own["min_duration"]:
            jam.fired = minute
        step = self._step[jam.anchor // _ROAD]
        tail = min(slow, key=lambda key: key * step)
        _, n, _, kmh, _, _ = slow[tail]
        behind = {tail - step * k for k in range(1, int(own["approach"]) + 1)}
        if not jam.fired or kmh > own["congested"] or not behind & free:
            return
        jam.queue_start = jam.queue_start or minute
        jam.queue_minutes += 1
        sure = n >= SURE_VEHICLES and kmh <= 0.8 * own["congested"]
        jam.queue_sure += sure and bool(behind & shown)
        if jam.queue_minutes >= own["queue"] and not jam.queue_fired:
            jam.queue_fired = minute

    def _offences(self, jam: _Jam) -> list[Offence]:
        if not jam.fired:
            return []
        made = [self._offence("slow_traffic", jam, jam.start, jam.fired, jam.sure)]
        if jam.queue_fired:
            made.append(
                self._offence("queue_end", jam, jam.queue_start, jam.queue_fired, jam.queue_sure)
            )
        return made

    def _offence(self, rule: str, jam: _Jam, start: int, fired: int, sure: int) -> Offence:
        road, km = divmod(jam.anchor, _ROAD)
        return Offence(
            rule,
            f"{self._names[road]}{km}",
            start * _MINUTE_S,
            (fired + 1) * _MINUTE_S,
            (jam.last + 1) * _MINUTE_S,
            jam.worst,
            jam.limit,
            SURE_S if sure >= SURE_MINUTES else 0,
            float("nan"),
            float("nan"),
            f"{self._names[road][5:-1]} K{km}",
        )
