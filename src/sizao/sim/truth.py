"""Ground truth: what the vehicles really did, by the rules' own definitions, second by second.

The definitions are those at the head of ``detect/rules/speeding.py`` and ``fatigue.py`` with
their default parameters, applied to the true speed on the true segment each second. Where the
speeding rule bridges one sample that is not over, a dip as long as the terminal's reporting
interval is bridged here. They are written here again, by hand and without a line of the
detector's, so that the two check each other. ``docs/reference/ground-truth.md`` documents the file.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.core.clock import SHANGHAI
from sizao.core.rulebook import entry
from sizao.roads.network import Network
from sizao.sim.fleet import Fleet
from sizao.sim.traffic import Motion, limit_table

SPEEDING, FATIGUE = 0, 1
RULES = ("speeding", "fatigue")


@dataclass(frozen=True)
class Offence:
    """One true violation.

    onset_s : when the rule's own minimum had passed, so the earliest moment to know it
    worst, limit : km/h at the worst ratio for speeding; minutes for fatigue
    visible_s : longest part outside tunnels, where a satellite receiver could see it
    """

    rule: str
    vehicle: str
    start_s: int
    onset_s: int
    end_s: int
    worst: float
    limit: float
    visible_s: int
    lat: float
    lon: float
    place: str


def to_json(offence: Offence) -> str:
    """A line of ``truth.jsonl``: times in ISO with +08:00."""
    record: dict[str, Any] = asdict(offence)
    for name in ("start", "onset", "end"):
        moment = datetime.fromtimestamp(record.pop(f"{name}_s"), UTC).astimezone(SHANGHAI)
        record[name] = moment.isoformat()
    record["worst"] = round(record["worst"], 1)
    record["lat"], record["lon"] = round(record["lat"], 6), round(record["lon"], 6)
    return json.dumps(record, ensure_ascii=False)


_STATE = np.dtype(
    [
        ("fast_start", "i8"),
        ("fast_last", "i8"),
        ("fast_fired", "i8"),
        ("worst_ratio", "f8"),
        ("worst_speed", "f8"),
        ("worst_limit", "f8"),
        ("worst_segment", "i4"),
        ("worst_offset", "f4"),
        ("visible", "i4"),
        ("visible_now", "i4"),
        ("run_start", "i8"),
        ("run_last", "i8"),
        ("run_segment", "i4"),
        ("run_offset", "f4"),
        ("stop_start", "i8"),
        ("driver", "i1"),
        ("tired", "i8"),
    ]
)

_EVENT = np.dtype(
    [
        ("rule", "i1"),
        ("vehicle", "i4"),
        ("start", "i8"),
        ("onset", "i8"),
        ("end", "i8"),
        ("worst", "f8"),
        ("limit", "f8"),
        ("visible", "i4"),
        ("segment", "i4"),
        ("offset", "f4"),
    ]
)


class Truth:
    """Feed it every :class:`Motion` in order; it gives the offences that ended."""

    def __init__(self, network: Network, fleet: Fleet) -> None:
        self._network = network
        self._fleet = fleet
        self._limit = limit_table(network)
        self._state = np.zeros(len(fleet), _STATE)
        self._state["driver"] = -1
        speed, law, own = (
            entry("detect.speeding"),
            entry("fatigue.continuous_any"),
            entry("detect.fatigue"),
        )
        self._params = (
            1.0 + float(speed.value("tolerance")) / 100.0,
            float(speed.value("margin")),
            int(speed.value("min_duration")),
            int(speed.value("end_below")),
            int(law.value("max_continuous")) * 60,
            int(law.value("min_rest")) * 60,
            float(own.value("moving_above")),
        )

    def feed(self, motion: Motion) -> list[Offence]:
        """Offences that ended in this span, in no particular order."""
        room = len(self._fleet) * (motion.seconds // 30 + 3)
        events = np.empty(room, _EVENT)
        count = _judge(
            motion.start_s,
            motion.segment,
            motion.offset_m,
            motion.speed_kmh,
            motion.driver,
            self._fleet.kind,
            self._fleet.two_drivers,
            self._fleet.interval_s,
            self._limit,
            self._network.tunnel,
            self._state,
            events,
            *self._params,
        )
        return [self._offence(row) for row in events[:count]]

    def driving_for_s(self, now_s: int) -> npt.NDArray[np.int64]:
        """Seconds since each vehicle's continuous driving began, 0 when it rests. Shape (n,)."""
        start = self._state["run_start"]
        return np.where(start > 0, now_s - start, 0)

    def adopt(self, other: Truth, vehicles: npt.NDArray[np.integer[Any]]) -> None:
        """Take over what another knows of some vehicles."""
        self._state[vehicles] = other._state[vehicles]

    def close(self) -> list[Offence]:
        """Offences still going on, as far as they have got."""
        events = np.empty(2 * len(self._fleet), _EVENT)
        count = 0
        for vehicle, s in enumerate(self._state):
            count = _end_fast(s, vehicle, events, count)
            count = _end_run(s, vehicle, events, count, self._params[4])
        return [self._offence(row) for row in events[:count]]

    def _offence(self, row: Any) -> Offence:
        segment, offset = int(row["segment"]), float(row["offset"])
        lat, lon = self._network.point(segment, offset)
        return Offence(
            rule=RULES[row["rule"]],
            vehicle=self._fleet.phone[row["vehicle"]],
            start_s=int(row["start"]),
            onset_s=int(row["onset"]),
            end_s=int(row["end"]),
            worst=float(row["worst"]),
            limit=float(row["limit"]),
            visible_s=int(row["visible"]),
            lat=lat,
            lon=lon,
            place=self._network.place(segment, offset),
        )


def lines(offences: Iterable[Offence]) -> str:
    """JSON lines, each ended."""
    return "".join(to_json(offence) + "\n" for offence in offences)


@njit(cache=True)
def _end_fast(s: Any, vehicle: int, events: npt.NDArray[Any], count: int) -> int:
    if s["fast_fired"] > 0:
        e = events[count]
        e["rule"] = SPEEDING
        e["vehicle"] = vehicle
        e["start"] = s["fast_start"]
        e["onset"] = s["fast_fired"]
        e["end"] = s["fast_last"]
        e["worst"] = s["worst_speed"]
        e["limit"] = s["worst_limit"]
        e["visible"] = max(s["visible"], s["visible_now"])
        e["segment"] = s["worst_segment"]
        e["offset"] = s["worst_offset"]
        count += 1
    s["fast_start"] = 0
    s["fast_fired"] = 0
    return count


@njit(cache=True)
def _end_run(s: Any, vehicle: int, events: npt.NDArray[Any], count: int, longest: int) -> int:
    if s["tired"] > 0:
        e = events[count]
        e["rule"] = FATIGUE
        e["vehicle"] = vehicle
        e["start"] = s["run_start"]
        e["onset"] = s["tired"]
        e["end"] = s["run_last"]
        e["worst"] = (s["run_last"] - s["run_start"]) / 60.0
        e["limit"] = longest / 60.0
        e["visible"] = s["run_last"] - s["run_start"]
        e["segment"] = s["run_segment"]
        e["offset"] = s["run_offset"]
        count += 1
    s["run_start"] = 0
    s["tired"] = 0
    return count


@njit(cache=True)
def _judge(
    start_s: int,
    segment: npt.NDArray[np.int32],
    offset: npt.NDArray[np.float32],
    speed: npt.NDArray[np.float32],
    driver: npt.NDArray[np.int8],
    kind: npt.NDArray[np.int8],
    cards: npt.NDArray[np.bool_],
    interval: npt.NDArray[np.int32],
    limit: npt.NDArray[np.float32],
    tunnel: npt.NDArray[np.bool_],
    state: npt.NDArray[Any],
    events: npt.NDArray[Any],
    tolerance: float,
    margin: float,
    shortest: int,
    end_below: int,
    longest: int,
    rest: int,
    moving_above: float,
) -> int:
    count = 0
    for i in range(segment.shape[0]):
        s = state[i]
        for j in range(segment.shape[1]):
            now = start_s + 1 + j
            v = float(speed[i, j])
            seg = segment[i, j]
            lim = float(limit[kind[i], seg])
            # Speeding
            if v > lim * tolerance + margin:
                if s["fast_start"] == 0:
                    s["fast_start"] = now
                    s["worst_ratio"] = 0.0
                    s["visible"] = 0
                    s["visible_now"] = 0
                s["fast_last"] = now
                if v / lim > s["worst_ratio"]:
                    s["worst_ratio"] = v / lim
                    s["worst_speed"] = v
                    s["worst_limit"] = lim
                    s["worst_segment"] = seg
                    s["worst_offset"] = offset[i, j]
                if tunnel[seg]:
                    s["visible"] = max(s["visible"], s["visible_now"])
                    s["visible_now"] = 0
                else:
                    s["visible_now"] += 1
                if s["fast_fired"] == 0 and now - s["fast_start"] >= shortest:
                    s["fast_fired"] = now
            elif s["fast_start"] > 0:
                # The rule goes on through one sample that is not over: one report's interval.
                patience = end_below if s["fast_fired"] > 0 else interval[i]
                if now - s["fast_last"] > patience:
                    count = _end_fast(s, i, events, count)
            # Continuous driving
            if cards[i]:
                if s["driver"] >= 0 and driver[i, j] != s["driver"] and s["run_start"] > 0:
                    count = _end_run(s, i, events, count, longest)
                s["driver"] = driver[i, j]
            if v > moving_above:
                if s["run_start"] == 0:
                    s["run_start"] = now
                s["stop_start"] = 0
                s["run_last"] = now
                s["run_segment"] = seg
                s["run_offset"] = offset[i, j]
                if s["tired"] == 0 and now - s["run_start"] > longest:
                    s["tired"] = now
            elif s["run_start"] > 0:
                if s["stop_start"] == 0:
                    s["stop_start"] = now
                if now - s["stop_start"] >= rest:
                    count = _end_run(s, i, events, count, longest)
    return count
