"""Ground truth of the rules that go by places: what vehicles really did there, second by second.

As ``truth.py``: the rules' definitions applied to the true motion, written again by hand. Where a
rule ends after two samples that are not on, here as many seconds as two reports of the terminal
lie apart do. Only whether a place lies inside a fence is asked of the same code, which has its own
reference in the tests.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.core.places import ROAD_CLASS_CODES
from sizao.core.rulebook import entry
from sizao.core.vehicles import HEAVY, KIND_CODES
from sizao.roads.fence_grid import Fences, inside
from sizao.roads.network import Network
from sizao.sim.fleet import Fleet
from sizao.sim.traffic import Motion

RULES = (
    "area_forbidden",
    "area_limit",
    "stopped_on_expressway",
    "long_downgrade",
    "route_departure",
    "wrong_way",
)

OFF, ON, NOTHING = 0, 1, 2
"""A second that ends a spell, one that makes it, one that says nothing."""

_SPELL = np.dtype(
    [
        ("start", "i8"),
        ("last", "i8"),
        ("off", "i8"),
        ("onset", "i8"),
        ("seen", "i8"),
        ("worst", "f8"),
        ("limit", "f8"),
        ("visible", "i8"),
        ("visible_now", "i8"),
        ("segment", "i4"),
        ("offset", "f4"),
    ]
)
"""``off``: seconds that were off since the last on one; ``seen``: the last that said anything."""

EVENT = np.dtype([*_SPELL.descr, ("vehicle", "i4"), ("rule", "i4")])

_STEP_S = 60


class PlaceTruth:
    """Feed it every :class:`Motion` in order; it gives rows of EVENT, one a spell that ended."""

    def __init__(self, network: Network, fleet: Fleet, fences: Fences) -> None:
        self._network, self._fleet, self._fences = network, fleet, fences
        kinds = [fence.kind for fence in fences.fences]
        self._forbidden = [number for number, kind in enumerate(kinds) if kind == "forbidden"]
        self._limit = np.array(
            [
                fence.limit_kmh if fence.kind in ("limit", "downgrade") else np.inf
                for fence in fences.fences
            ]
        )
        self._service = np.array([kind == "service" for kind in kinds], np.bool_)
        self._down = np.array(
            [fence.grade_pct if fence.kind == "downgrade" else np.nan for fence in fences.fences]
        )
        self._heavy = np.isin(fleet.kind, [KIND_CODES[kind] for kind in HEAVY])
        self._binds = np.array(
            [np.isin(fleet.phone, fence.vehicles) for fence in fences.fences], np.bool_
        ).reshape(len(fences), len(fleet))
        self._bound: npt.NDArray[np.bool_] = np.isin(fleet.phone, list(fences.bound))
        self._one_way = (network.road_class == ROAD_CLASS_CODES["expressway"]) & (network.twin < 0)
        self._spells = {("wrong_way", 0): np.zeros(len(fleet), _SPELL)}
        self._heat = np.zeros(len(fleet))
        self._v = np.full(len(fleet), np.nan)

    def feed(self, motion: Motion) -> npt.NDArray[Any]:
        """Spells that ended in this span."""
        if not len(self._fences):
            return np.empty(0, EVENT)
        found = []
        for begin in range(0, motion.seconds, _STEP_S):
            part = slice(begin, min(begin + _STEP_S, motion.seconds))
            found += self._feed(motion, part)
        return np.concatenate(found)

    def close(self) -> npt.NDArray[Any]:
        """Spells still going on, as far as they have got."""
        found = [np.empty(0, EVENT)]
        for (rule, _), state in self._spells.items():
            going = np.flatnonzero(state["onset"] > 0)
            events = np.zeros(len(going), EVENT)
            for name in _SPELL.names or ():
                events[name] = state[name][going]
            events["visible"] = np.maximum(events["visible"], events["visible_now"])
            events["vehicle"], events["rule"] = going, RULES.index(rule)
            found.append(events)
        return np.concatenate(found)

    def _feed(self, motion: Motion, part: slice) -> list[npt.NDArray[Any]]:
        segment, offset = motion.segment[:, part], motion.offset_m[:, part]
        signed = motion.speed_kmh[:, part].astype(np.float64)
        speed = np.abs(signed)
        n, seconds = segment.shape
        first_s = motion.start_s + 1 + part.start
        lat, lon = self._where(segment, offset)
        now_us = np.tile((first_s + np.arange(seconds)) * 1_000_000, n)
        kind = np.repeat(self._fleet.kind, seconds)
        first, fence = inside(self._fences, lat, lon, kind, now_us)
        row = np.repeat(np.arange(n * seconds), np.diff(first))

        def mark(wanted: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
            marked = np.zeros(n * seconds, np.bool_)
            marked[row[wanted]] = True
            return marked.reshape(n, seconds)

        found = []

        def judge(rule: str, number: int, code: Any, rank: Any, limit: Any) -> None:
            own = entry(f"detect.{rule}")
            state = self._spells.setdefault((rule, number), np.zeros(n, _SPELL))
            events = _spells(
                first_s,
                code,
                rank,
                limit,
                segment,
                offset,
                self._network.tunnel,
                int(own.value("min_duration")),
                int(own.value("max_gap")),
                int(own.value("end_samples")) * self._fleet.interval_s.astype(np.int64),
                state,
            )
            events["rule"] = RULES.index(rule)
            found.append(events)

        zero = np.zeros((n, seconds))
        moving = speed > float(entry("detect.area_forbidden").value("moving_above"))
        for number in self._forbidden:
            inside_it = fence == number
            going = self._spells.get(("area_forbidden", number))
            if not inside_it.any() and (going is None or not going["start"].any()):
                continue
            there = mark(inside_it)
            code = np.where(there, np.where(moving, ON, NOTHING), OFF)
            judge("area_forbidden", number, code, zero, zero)

        limit = np.full(n * seconds, np.inf)
        np.minimum.at(limit, row, self._limit[fence])
        limit = limit.reshape(n, seconds)
        over = speed > limit + float(entry("detect.area_limit").value("margin"))
        judge("area_limit", 0, over.astype(np.int64), speed, limit)

        standing = speed <= float(entry("detect.stopped_on_expressway").value("standing_below"))
        on_it = self._network.road_class[segment] == ROAD_CLASS_CODES["expressway"]
        stopped = standing & on_it & self._heavy[:, None] & ~mark(self._service[fence])
        judge("stopped_on_expressway", 0, stopped.astype(np.int64), zero, zero)

        if self._bound.any():
            slow = speed <= float(entry("detect.route_departure").value("moving_above"))
            on_route = mark(self._binds[fence, row // seconds])
            code = np.where(slow | ~self._bound[:, None], NOTHING, np.where(on_route, OFF, ON))
            judge("route_departure", 0, code, zero, zero)

        against = signed < -float(entry("detect.wrong_way").value("moving_above"))
        if against.any() or (self._spells["wrong_way", 0]["start"] > 0).any():
            slow = speed <= float(entry("detect.wrong_way").value("moving_above"))
            wrong = np.where(against & self._one_way[segment], ON, OFF)
            judge("wrong_way", 0, np.where(slow, NOTHING, wrong), zero, zero)

        fall = np.full(n * seconds, np.nan)
        slope = ~np.isnan(self._down[fence])
        fall[row[slope]] = self._down[fence[slope]]
        grade = np.nan_to_num(-self._network.grade_pct[segment], nan=np.nan)
        fall = fall.reshape(n, seconds)
        fall = np.where(np.isnan(fall) | np.isnan(grade), fall, grade)
        heat = self._account(speed / 3.6, fall)
        highest = float(entry("detect.long_downgrade").value("limit"))
        judge("long_downgrade", 0, (heat > highest).astype(np.int64), heat, zero + highest)
        return found

    def _where(
        self, segment: npt.NDArray[np.int32], offset: npt.NDArray[np.float32]
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Places of all vehicles in all seconds, flat; of who stands, worked out once."""
        still = (segment == segment[:, :1]).all(1) & (offset == offset[:, :1]).all(1)
        lat, lon = np.empty(segment.shape), np.empty(segment.shape)
        metres = offset.astype(np.float64)
        stands = self._network.points(segment[still, 0], metres[still, 0])
        moves = self._network.points(segment[~still].ravel(), metres[~still].ravel())
        for out, once, each in zip((lat, lon), stands, moves, strict=True):
            out[still] = once[:, None]
            out[~still] = each.reshape(-1, segment.shape[1])
        return lat.ravel(), lon.ravel()

    def _account(
        self, v: npt.NDArray[np.float64], fall: npt.NDArray[np.float64]
    ) -> npt.NDArray[np.float64]:
        """Brake heat in J/kg each second; ``fall`` in percent, NaN outside of fences."""
        # Who is on no slope and whose brakes were never warm stays cold.
        hot = ((self._heat > 0) | ~np.isnan(fall).all(1)) & self._heavy
        out = np.zeros_like(v)
        out[hot] = self._warm(v[hot], fall[hot], hot)
        self._v = v[:, -1]
        return out

    def _warm(
        self,
        v: npt.NDArray[np.float64],
        fall: npt.NDArray[np.float64],
        hot: npt.NDArray[np.bool_],
    ) -> npt.NDArray[np.float64]:
        own = entry("detect.long_downgrade")
        keep = np.exp(-1.0 / float(own.value("cooling")))
        heat = np.zeros_like(v)
        now, last = self._heat[hot], self._v[hot]
        for j in range(v.shape[1]):
            before = np.where(np.isnan(last), v[:, j], last)
            way = (v[:, j] + before) / 2
            braked = 9.81 * way * (fall[:, j] / 100 - float(own.value("rolling")))
            braked -= (v[:, j] ** 2 - before**2) / 2
            gained = np.maximum(0.0, braked - float(own.value("engine")))
            now = now * keep + np.where(np.isnan(fall[:, j]), 0.0, gained)
            last = v[:, j]
            heat[:, j] = now
        self._heat[hot] = now
        return heat


@njit(cache=True)
def _end(s, vehicle, events, count):  # type: ignore[no-untyped-def]  # numba
    if s.onset > 0:
        e = events[count]
        e.vehicle = vehicle
        e.start, e.last, e.onset = s.start, s.last, s.onset
        e.worst, e.limit = s.worst, s.limit
        e.visible = max(s.visible, s.visible_now)
        e.segment, e.offset = s.segment, s.offset
        count += 1
    s.start = 0
    s.onset = 0
    return count


@njit(cache=True)
def _spells(  # type: ignore[no-untyped-def]  # numba
    first_s, code, rank, limit, segment, offset, tunnel, min_s, max_gap_s, patience_s, state
):
    # Not cleared: what is not set of a row that is returned is never looked at.
    events = np.empty(len(state) * (code.shape[1] + 1), EVENT)
    count = 0
    for i in range(len(state)):
        s = state[i]
        begin = 0
        if s.start == 0:
            while begin < code.shape[1] and code[i, begin] != ON:
                begin += 1
        for j in range(begin, code.shape[1]):
            now = first_s + j
            if code[i, j] == NOTHING:
                continue
            if s.start > 0 and now - s.seen > max_gap_s:
                count = _end(s, i, events, count)
            if code[i, j] == OFF:
                if s.start > 0:
                    s.seen = now
                    s.off += 1
                    if s.off > patience_s[i]:
                        count = _end(s, i, events, count)
                continue
            if s.start == 0:
                s.start = now
                s.worst = -1.0
                s.visible = 0
                s.visible_now = 0
            if rank[i, j] > s.worst:
                s.worst = rank[i, j]
                s.limit = limit[i, j]
                s.segment = segment[i, j]
                s.offset = offset[i, j]
            s.last = now
            s.seen = now
            s.off = 0
            if tunnel[segment[i, j]]:
                s.visible = max(s.visible, s.visible_now)
                s.visible_now = 0
            else:
                s.visible_now += 1
            if s.onset == 0 and now - s.start >= min_s:
                s.onset = now
    return events[:count].copy()
