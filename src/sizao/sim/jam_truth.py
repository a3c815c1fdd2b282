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
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sizao.core.places import ROAD_CLASS_CODES
from sizao.core.rulebook import entry
from sizao.core.vehicles import HEAVY, KIND_CODES
from sizao.roads.fence_grid import Fences, inside
from sizao.roads.network import Network
from sizao.sim._motion import PARKED
from sizao.sim._sampling import PARKED_INTERVAL_S, SOUND
from sizao.sim.fleet import Fleet
from sizao.sim.traffic import Motion, limit_table
from sizao.sim.truth import Offence

SPARE_RATIO, SPARE_KMH = 0.02, 1.5
"""What a receiver may err by: so much beyond the rule's edges less its margin is plain to see."""

SPARE_MINUTES = 1
"""One minute more than the rule wants, for a report that came too late."""


class _Cell(NamedTuple):
    """A kilometre in a minute: how many heavy vehicles were slow, and the means of all; and of
    those that reported from it, outside tunnels, by the true speed at their first report there."""

    slow: int
    ratio: float
    kmh: float
    limit: float
    shown_slow: int = 0
    shown_ratio: float = np.nan
    shown_kmh: float = np.nan


SURE_S = 100_000

_MINUTE_S = 60
_ROAD = 100_000
"""Kilometre numbers of a carriageway are below this."""


@dataclass
class _Jam:
    """Minutes are those since the epoch; kilometres are keys."""

    start: int
    anchor: int
    lowest: int
    highest: int
    last: int = 0
    slow_minutes: int = 0
    fired: int = 0
    shown: int = 0
    shown_last: int = 0
    sure: bool = False
    worst: float = np.inf
    limit: float = 0.0
    members: dict[int, list[int]] = field(default_factory=dict)
    queue_start: int = 0
    queue_fired: int = 0
    queue_minutes: int = 0
    queue_shown: int = 0
    queue_sure: bool = False


class JamTruth:
    """Feed it every :class:`Motion` in order, spans of whole minutes; it gives what ended."""

    def __init__(
        self,
        network: Network,
        fleet: Fleet,
        fences: Fences,
        fault: npt.NDArray[np.int8] | None = None,
    ) -> None:
        """``fault``: of ``Terminals``; nobody is expected to see what only faulty ones show."""
        self._network, self._fleet, self._fences = network, fleet, fences
        self._sound = np.ones(len(fleet), np.bool_) if fault is None else fault == SOUND
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
        slow = np.bincount(index, mean / allowed <= self._own["slow"], len(keys))
        for k, one in enumerate(keys.tolist()):
            cells[one] = _Cell(int(slow[k]), ratio[k], kmh[k], law[k])
        now_s = motion.start_s + 1 + part.start + second
        mode = motion.mode[self._heavy, part][row, second]
        step = np.where(mode == PARKED, PARKED_INTERVAL_S, self._fleet.interval_s[vehicle])
        told = seen & ((now_s + 7 * vehicle) % step == 0)
        told &= self._sound[vehicle] & ~self._network.tunnel[here]
        law_there = self._limit[self._fleet.kind[vehicle[told]], here[told]]
        self._show(cells, key[told] * n_all + vehicle[told], speed[told], law_there)
        return cells

    def _show(
        self,
        cells: dict[int, _Cell],
        pair: npt.NDArray[np.int64],
        kmh: npt.NDArray[np.float64],
        limit: npt.NDArray[np.float64],
    ) -> None:
        """Put what was reported into the cells; of each vehicle, in order of time, its first
        report from a kilometre. ``pair``: kilometre and vehicle in one number."""
        pair, at = np.unique(pair, return_index=True)
        kmh, share = kmh[at], kmh[at] / limit[at]
        keys, index = np.unique(pair // len(self._fleet), return_inverse=True)
        n = np.bincount(index, minlength=len(keys))
        slow = np.bincount(index, share <= self._edge("slow") - SPARE_RATIO, len(keys))
        ratios, speeds = (np.bincount(index, x, len(keys)) / n for x in (share, kmh))
        for k, one in enumerate(keys.tolist()):
            cells[one] = cells[one]._replace(
                shown_slow=int(slow[k]), shown_ratio=float(ratios[k]), shown_kmh=float(speeds[k])
            )

    def _edge(self, name: str) -> float:
        return self._own[name] * (1 - self._own["margin"] / 100)

    def _minute(self, minute: int, cells: dict[int, _Cell]) -> list[Offence]:
        own = self._own
        slow = {
            key: cell
            for key, cell in sorted(cells.items())
            if cell.slow >= own["min_vehicles"] and cell.ratio <= own["slow"]
        }
        free = {key for key, cell in cells.items() if cell.ratio >= own["free"]}
        shown = {key for key in free if cells[key].shown_ratio >= own["free"] + SPARE_RATIO}
        touched: dict[int, list[int]] = {}
        for key in slow:
            jam = next((one for one in self._jams if key in one.members), None) or next(
                (one for one in self._jams if key - 1 in one.members or key + 1 in one.members),
                None,
            )
            if jam is None:
                jam = _Jam(minute, key, key, key)
                self._jams.append(jam)
            jam.members[key] = [0, minute]
            jam.lowest, jam.highest = min(jam.lowest, key), max(jam.highest, key)
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
        for cell in slow.values():
            if cell.kmh < jam.worst:
                jam.worst, jam.limit = cell.kmh, cell.limit
        if not jam.fired and jam.slow_minutes >= own["min_duration"]:
            jam.fired = minute
        step = self._step[jam.anchor // _ROAD]
        tail = min(slow, key=lambda key: key * step)
        behind = {tail - step * k for k in range(1, int(own["approach"]) + 1)}
        self._seen(jam, minute, slow, step, shown)
        if not jam.fired or slow[tail].kmh > own["congested"] or not behind & free:
            return
        jam.queue_start = jam.queue_start or minute
        jam.queue_minutes += 1
        if jam.queue_minutes >= own["queue"] and not jam.queue_fired:
            jam.queue_fired = minute

    def _seen(
        self, jam: _Jam, minute: int, slow: dict[int, _Cell], step: int, free: set[int]
    ) -> None:
        """What reports show of a minute of it. One minute between two slow ones ends nothing."""
        own = self._own
        shown = [
            key
            for key, cell in slow.items()
            if cell.shown_slow >= own["min_vehicles"]
            and cell.shown_ratio <= self._edge("slow") - SPARE_RATIO
        ]
        if not shown:
            return
        if minute - jam.shown_last > own["end"]:
            jam.shown = jam.queue_shown = 0
        jam.shown_last = minute
        jam.shown += 1
        jam.sure |= jam.shown >= own["min_duration"] + SPARE_MINUTES
        tail = min(shown, key=lambda key: key * step)
        behind = {tail - step * k for k in range(1, int(own["approach"]) + 1)}
        plain = slow[tail].shown_kmh <= self._edge("congested") - SPARE_KMH
        if jam.shown >= own["min_duration"] and plain and behind & free:
            jam.queue_shown += 1
            jam.queue_sure |= jam.queue_shown >= own["queue"] + SPARE_MINUTES

    def _offences(self, jam: _Jam) -> list[Offence]:
        if not jam.fired:
            return []
        made = [self._offence("slow_traffic", jam, jam.start, jam.fired, jam.sure)]
        if jam.queue_fired:
            made.append(
                self._offence("queue_end", jam, jam.queue_start, jam.queue_fired, jam.queue_sure)
            )
        return made

    def _offence(self, rule: str, jam: _Jam, start: int, fired: int, sure: bool) -> Offence:
        road, km = divmod(jam.anchor, _ROAD)
        return Offence(
            rule,
            f"{self._names[road]}{km}",
            start * _MINUTE_S,
            (fired + 1) * _MINUTE_S,
            (jam.last + 1) * _MINUTE_S,
            jam.worst,
            jam.limit,
            SURE_S if sure else 0,
            float("nan"),
            float("nan"),
            f"{self._names[road][5:-1]} K{km}",
            kilometres=(jam.lowest % _ROAD, jam.highest % _ROAD),
        )
