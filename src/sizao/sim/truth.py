"""Ground truth: what the vehicles really did, by the rules' own definitions, second by second.

The definitions are those at the head of each rule's file in ``detect/rules/`` with their default
parameters, applied to the true speed on the true segment each second. Where the
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
from sizao.core.vehicles import KIND_CODES
from sizao.roads.fence_grid import NO_FENCES, Fences
from sizao.roads.network import Network
from sizao.sim import feed_truth, hours_truth, place_truth
from sizao.sim.alarm_truth import AlarmTruth
from sizao.sim.fleet import Fleet
from sizao.sim.traffic import Motion, limit_table

SPEEDING, FATIGUE, NIGHT_SPEED, NIGHT_FATIGUE = range(4)
RULES = ("speeding", "fatigue", "coach_night_speed", "coach_night_fatigue")


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
    severity: str = ""
    """Where a detection must say it to be the same; "" where it may say anything."""
    kilometres: tuple[int, int] | None = None
    """Of a jam: the first and last that it ever had on its carriageway."""


def to_json(offence: Offence) -> str:
    """A line of ``truth.jsonl``: times in ISO with +08:00."""
    record: dict[str, Any] = asdict(offence)
    for name in ("start", "onset", "end"):
        moment = datetime.fromtimestamp(record.pop(f"{name}_s"), UTC).astimezone(SHANGHAI)
        record[name] = moment.isoformat()
    record["worst"] = round(record["worst"], 1)
    for name in ("severity", "kilometres"):
        if not record[name]:
            del record[name]
    record["lat"], record["lon"] = round(record["lat"], 6), round(record["lon"], 6)
    return json.dumps(record, ensure_ascii=False)


_FAST = np.dtype(
    [
        ("start", "i8"),
        ("last", "i8"),
        ("fired", "i8"),
        ("worst_ratio", "f8"),
        ("worst_speed", "f8"),
        ("worst_limit", "f8"),
        ("worst_segment", "i4"),
        ("worst_offset", "f4"),
        ("visible", "i4"),
        ("visible_now", "i4"),
    ]
)
"""Too fast: one array for the day's limit, one for the night's."""

_RUN = np.dtype(
    [
        ("start", "i8"),
        ("last", "i8"),
        ("segment", "i4"),
        ("offset", "f4"),
        ("stop_start", "i8"),
        ("driver", "i1"),
        ("tired", "i8"),
    ]
)
"""At the wheel: one array for all hours, one for the night's."""

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

    def __init__(self, network: Network, fleet: Fleet, fences: Fences = NO_FENCES) -> None:
        self._network = network
        self._hours = hours_truth.HoursTruth(network, fleet)
        self._places = place_truth.PlaceTruth(network, fleet, fences)
        self._feed: feed_truth.FeedTruth | None = None
        self._alarms: AlarmTruth | None = None
        self._fleet = fleet
        self._limit = limit_table(network)
        self._fast = np.zeros((2, len(fleet)), _FAST)
        self._run = np.zeros((2, len(fleet)), _RUN)
        self._run["driver"] = -1
        speed, own = entry("detect.speeding"), entry("detect.fatigue")
        law, coach = entry("fatigue.continuous_any"), entry("fatigue.coach")
        bound = [KIND_CODES[kind] for kind in entry("detect.coaches").value("kinds")]
        self._coach = np.isin(fleet.kind, bound)
        self._longest = (
            int(law.value("max_continuous")) * 60,
            int(coach.value("night_max_continuous")) * 60,
        )
        self._params = (
            1.0 + float(speed.value("tolerance")) / 100.0,
            float(speed.value("margin")),
            int(speed.value("min_duration")),
            int(speed.value("end_below")),
            float(entry("fatigue.coach_night_speed").value("ratio")),
            *self._longest,
            int(law.value("min_rest")) * 60,
            float(own.value("moving_above")),
            *_night_s(),
        )

    def feed(self, motion: Motion) -> list[Offence]:
        """Offences that ended in this span, in no particular order."""
        room = 2 * len(self._fleet) * (motion.seconds // 30 + 3)
        events = np.empty(room, _EVENT)
        count = _judge(
            motion.start_s,
            motion.segment,
            motion.offset_m,
            np.abs(motion.speed_kmh),
            motion.driver,
            self._fleet.kind,
            self._coach,
            self._fleet.two_drivers,
            self._fleet.interval_s,
            self._limit,
            self._network.tunnel,
            self._fast,
            self._run,
            events,
            *self._params,
        )
        ended = [self._offence(row) for row in events[:count]]
        ended += [self._at_place(row) for row in self._places.feed(motion)]
        if self._feed is not None:
            ended += [self._of_feed(row) for row in self._feed.feed(motion)]
        if self._alarms is not None:
            rows = self._alarms.feed(motion)
            ended += [self._of_alarms(row) for row in rows if row["bit"] in self._alarms.names]
        ended += [self._of_hours(row) for row in self._hours.feed(motion)]
        return ended

    def driving_for_s(self, now_s: int) -> npt.NDArray[np.int64]:
        """Seconds since each vehicle's continuous driving began, 0 when it rests. Shape (n,)."""
        start = self._run["start"][0]
        return np.where(start > 0, now_s - start, 0)

    def adopt(self, other: Truth, vehicles: npt.NDArray[np.integer[Any]]) -> None:
        """Take over what another knows of some vehicles."""
        self._fast[:, vehicles] = other._fast[:, vehicles]
        self._run[:, vehicles] = other._run[:, vehicles]
        self._hours.adopt(other._hours, vehicles)

    def close(self) -> list[Offence]:
        """Offences still going on, as far as they have got."""
        events = np.empty(4 * len(self._fleet), _EVENT)
        count = 0
        for vehicle in range(len(self._fleet)):
            for own, rules in enumerate(((SPEEDING, FATIGUE), (NIGHT_SPEED, NIGHT_FATIGUE))):
                count = _end_fast(self._fast[own, vehicle], rules[0], vehicle, events, count)
                longest = self._longest[own]
                count = _end_run(self._run[own, vehicle], rules[1], vehicle, events, count, longest)
        ended = [self._offence(row) for row in events[:count]]
        ended += [self._of_hours(row) for row in self._hours.close()]
        if self._feed is not None:
            ended += [self._of_feed(row) for row in self._feed.close()]
        return ended + [self._at_place(row) for row in self._places.close()]

    def watch(self, seed: int, fault: npt.NDArray[np.int8]) -> None:
        """Look at terminals, too: who is meddled with (``Terminals.fault``)."""
        self._feed = feed_truth.FeedTruth(self._network, self._fleet, seed, fault)
        self._alarms = AlarmTruth(self._fleet, seed, fault)

    def _of_alarms(self, row: Any) -> Offence:
        assert self._alarms is not None
        rule, name = self._alarms.names[int(row["bit"])]
        segment, offset = int(row["segment"]), float(row["offset"])
        lat, lon = self._network.point(segment, offset)
        start, end = int(row["start"]), int(row["end"])
        # One report may be held up until after the next; two that say the same are seen.
        visible = feed_truth.SURE_S if row["shown"] > 1 else 0
        phone, place = self._fleet.phone[row["vehicle"]], self._network.place(segment, offset)
        return Offence(
            rule, phone, start, start, end, 1.0, 0.0, visible, lat, lon, place, severity=name
        )

    def _of_feed(self, row: Any) -> Offence:
        rule, end = feed_truth.RULES[row["rule"]], int(row["end"])
        return self._made(rule, row, end, float(end - row["start"]) / 60, 0.0)

    def _of_hours(self, row: Any) -> Offence:
        segment, offset = int(row["segment"]), float(row["offset"])
        lat, lon = self._network.point(segment, offset)
        return Offence(
            rule=hours_truth.RULES[row["rule"]],
            vehicle=self._fleet.phone[row["vehicle"]],
            start_s=int(row["start"]),
            onset_s=int(row["onset"]),
            end_s=int(row["last"]),
            worst=float(row["driven"]) / 60,
            limit=float(row["limit"]) / 60,
            visible_s=int(row["visible"]),
            lat=lat,
            lon=lon,
            place=self._network.place(segment, offset),
        )

    def _at_place(self, row: Any) -> Offence:
        rule = place_truth.RULES[row["rule"]]
        end = int(row["last"])
        if rule not in ("area_limit", "long_downgrade"):
            return self._made(rule, row, end, float(end - row["start"]) / 60, 0.0)
        return self._made(rule, row, end, float(row["worst"]), float(row["limit"]))

    def _offence(self, row: Any) -> Offence:
        worst, limit = float(row["worst"]), float(row["limit"])
        return self._made(RULES[row["rule"]], row, int(row["end"]), worst, limit)

    def _made(self, rule: str, row: Any, end_s: int, worst: float, limit: float) -> Offence:
        segment, offset = int(row["segment"]), float(row["offset"])
        lat, lon = self._network.point(segment, offset)
        return Offence(
            rule=rule,
            vehicle=self._fleet.phone[row["vehicle"]],
            start_s=int(row["start"]),
            onset_s=int(row["onset"]),
            end_s=end_s,
            worst=worst,
            limit=limit,
            visible_s=int(row["visible"]),
            lat=lat,
            lon=lon,
            place=self._network.place(segment, offset),
        )


def lines(offences: Iterable[Offence]) -> str:
    """JSON lines, each ended."""
    return "".join(to_json(offence) + "\n" for offence in offences)


def _night_s() -> tuple[int, int]:
    """The night's first second and the first after it, seconds after local midnight."""
    night = entry("fatigue.night_definition")
    hours = [str(night.value(name)).split(":") for name in ("start", "end")]
    start, end = (int(hour) * 3600 + int(minute) * 60 for hour, minute in hours)
    return start, end


@njit(cache=True)
def _end_fast(s: Any, rule: int, vehicle: int, events: npt.NDArray[Any], count: int) -> int:
    if s["fired"] > 0:
        e = events[count]
        e["rule"] = rule
        e["vehicle"] = vehicle
        e["start"] = s["start"]
        e["onset"] = s["fired"]
        e["end"] = s["last"]
        e["worst"] = s["worst_speed"]
        e["limit"] = s["worst_limit"]
        e["visible"] = max(s["visible"], s["visible_now"])
        e["segment"] = s["worst_segment"]
        e["offset"] = s["worst_offset"]
        count += 1
    s["start"] = 0
    s["fired"] = 0
    return count


@njit(cache=True)
def _end_run(
    s: Any, rule: int, vehicle: int, events: npt.NDArray[Any], count: int, longest: int
) -> int:
    if s["tired"] > 0:
        e = events[count]
        e["rule"] = rule
        e["vehicle"] = vehicle
        e["start"] = s["start"]
        e["onset"] = s["tired"]
        e["end"] = s["last"]
        e["worst"] = (s["last"] - s["start"]) / 60.0
        e["limit"] = longest / 60.0
        e["visible"] = s["last"] - s["start"]
        e["segment"] = s["segment"]
        e["offset"] = s["offset"]
        count += 1
    s["start"] = 0
    s["tired"] = 0
    return count


@njit(cache=True)
def _too_fast(
    s: Any, now: int, v: float, lim: float, seg: int, offset: float, dark: bool, shortest: int
) -> None:
    """A second over the limit ``lim``; ``dark``: in a tunnel."""
    if s["start"] == 0:
        s["start"] = now
        s["worst_ratio"] = 0.0
        s["visible"] = 0
        s["visible_now"] = 0
    s["last"] = now
    if v / lim > s["worst_ratio"]:
        s["worst_ratio"] = v / lim
        s["worst_speed"] = v
        s["worst_limit"] = lim
        s["worst_segment"] = seg
        s["worst_offset"] = offset
    if dark:
        s["visible"] = max(s["visible"], s["visible_now"])
        s["visible_now"] = 0
    else:
        s["visible_now"] += 1
    if s["fired"] == 0 and now - s["start"] >= shortest:
        s["fired"] = now


@njit(cache=True)
def _drives(s: Any, now: int, seg: int, offset: float, longest: int) -> None:
    """A second of driving."""
    if s["start"] == 0:
        s["start"] = now
    s["stop_start"] = 0
    s["last"] = now
    s["segment"] = seg
    s["offset"] = offset
    if s["tired"] == 0 and now - s["start"] > longest:
        s["tired"] = now


@njit(cache=True)
def _judge(
    start_s: int,
    segment: npt.NDArray[np.int32],
    offset: npt.NDArray[np.float32],
    speed: npt.NDArray[np.float32],
    driver: npt.NDArray[np.int8],
    kind: npt.NDArray[np.int8],
    coach: npt.NDArray[np.bool_],
    cards: npt.NDArray[np.bool_],
    interval: npt.NDArray[np.int32],
    limit: npt.NDArray[np.float32],
    tunnel: npt.NDArray[np.bool_],
    fast: npt.NDArray[Any],
    runs: npt.NDArray[Any],
    events: npt.NDArray[Any],
    tolerance: float,
    margin: float,
    shortest: int,
    end_below: int,
    night_ratio: float,
    longest: int,
    longest_at_night: int,
    rest: int,
    moving_above: float,
    night_start: int,
    night_end: int,
) -> int:
    count = 0
    for i in range(segment.shape[0]):
        # The coach rules of the night are the same two, with the night's limit and hours alone.
        for own in range(2 if coach[i] else 1):
            f, r = fast[own, i], runs[own, i]
            most = longest if own == 0 else longest_at_night
            speeding, fatigue = (SPEEDING, FATIGUE) if own == 0 else (NIGHT_SPEED, NIGHT_FATIGUE)
            for j in range(segment.shape[1]):
                now = start_s + 1 + j
                v = float(speed[i, j])
                seg = segment[i, j]
                lim = float(limit[kind[i], seg])
                judged = True
                if own == 1:
                    local = (now + 28800) % 86400
                    judged = local >= night_start or local < night_end
                    lim *= night_ratio
                if judged and v > lim * tolerance + margin:
                    _too_fast(f, now, v, lim, seg, offset[i, j], tunnel[seg], shortest)
                elif f["start"] > 0:
                    # The rule goes on through one sample that is not over: one report's interval.
                    patience = end_below if f["fired"] > 0 else interval[i]
                    if now - f["last"] > patience:
                        count = _end_fast(f, speeding, i, events, count)
                if not judged:
                    if r["start"] > 0:
                        count = _end_run(r, fatigue, i, events, count, most)
                    r["stop_start"] = 0
                    continue
                if cards[i]:
                    if r["driver"] >= 0 and driver[i, j] != r["driver"] and r["start"] > 0:
                        count = _end_run(r, fatigue, i, events, count, most)
                    r["driver"] = driver[i, j]
                if v > moving_above:
                    _drives(r, now, seg, offset[i, j], most)
                elif r["start"] > 0:
                    if r["stop_start"] == 0:
                        r["stop_start"] = now
                    if now - r["stop_start"] >= rest:
                        count = _end_run(r, fatigue, i, events, count, most)
    return count
