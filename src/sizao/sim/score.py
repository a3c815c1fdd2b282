"""Detection scored against the simulated city's ground truth.

    motion -> truth
       |-> terminals -> bytes -> feeds.jt808 -> positions -> detect.engine -> detections

Everything between the bytes and the detections is the product's own code; there are no sockets,
no log and no waiting. A detection is received when its frame was sent. How a detection and an
offence are told to be the same, and which offences nobody could be expected to see, is written
in ``docs/reference/ground-truth.md``.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from sizao.detect import engine
from sizao.detect.context import Context
from sizao.detect.state import EngineState
from sizao.sim import week_score
from sizao.sim._sampling import DARK, SOUND
from sizao.sim.city import build
from sizao.sim.fleet import Fleet, fleet
from sizao.sim.intake import Intake
from sizao.sim.jam_truth import JamTruth
from sizao.sim.roadside_score import RULES, RoadsideScore
from sizao.sim.terminal import Frames
from sizao.sim.truth import Offence
from sizao.sim.world import World

START_S = 1_793_289_600
"""2026-10-30 00:00 in Shanghai: the scored day's beginning."""

GROUP_S = 60
"""Feed seconds of frames decoded at once; the result does not depend on it."""

OVERLAP_S = {
    "speeding": 90,
    "fatigue": 300,
    "coach_night_speed": 90,
    "coach_night_fatigue": 300,
    "area_forbidden": 300,
    "area_limit": 90,
    "stopped_on_expressway": 300,
    "long_downgrade": 120,
    "offline_moving": 0,
    "impossible_jump": 0,
    "terminal_moved": 60,
    "coach_curfew": 300,
    "coach_day_total": 3600,
    "coach_week_total": 3600,
    "route_departure": 120,
    "wrong_way": 60,
    "terminal_alarm": 120,
    "terminal_fault": 120,
    "slow_traffic": 180,
    "queue_end": 180,
    "section_speed": 0,
    "over_road_limit": 0,
    "over_permitted_mass": 0,
    "over_rated_payload": 0,
    "over_dimensions": 0,
    "overload_repeat": 0,
    "cloned_plate": 0,
    "hot_list": 0,
    "passage_unreported": 0,
    "drink_driving": 0,
    "over_capacity": 0,
    "dsm_fatigue": 60,
    "capacity_alarm": 60,
}
"""A detection and an offence are the same if they overlap or are at most this far apart."""

QUEUE_END = "queue_end"

PLACES = frozenset({"slow_traffic", "queue_end"})
"""Their subject is a kilometre of road."""

NEAR_KM = 3
"""A detection so near to a kilometre of a jam, at one time, is of it."""

MOTION = frozenset({"stopped_on_expressway", "wrong_way", "slow_traffic", "queue_end"})
"""Incidents from motion, whose goal is lower."""

GOAL, MOTION_GOAL = 0.99, 0.95
"""Least precision and recall of a rule."""

SURE_EXTRA_S = 5

INTEGRITY = frozenset({"offline_moving", "impossible_jump", "terminal_moved"})
"""Rules that are expected to see what is wrong with a terminal."""


TAKEN_BACK = ("cleared", "withdrawn")
"""Severities of last revisions that say that there was nothing."""


@dataclass(slots=True)
class Episode:
    """What is kept of a detection: its last revision, and when the first was received."""

    id: str
    rule: str
    vehicle: str
    start_s: float
    end_s: float
    first_received_s: float
    revision: int
    severity: str
    measured: float
    lat: float | None
    lon: float | None
    road: str | None


@dataclass
class RuleScore:
    """Figures of one rule over one or more runs."""

    offences: int = 0
    expected: int = 0
    """Offences that a sound terminal showed for long enough to be seen."""
    found: int = 0
    found_any: int = 0
    detections: int = 0
    withdrawn: int = 0
    """Told, and taken back by a later revision: no detections any more."""
    right: int = 0
    vehicle_hours: float = 0.0
    delays_s: list[float] = field(default_factory=list)
    missed: list[Offence] = field(default_factory=list)
    wrong: list[Episode] = field(default_factory=list)

    def add(self, other: RuleScore) -> None:
        self.offences += other.offences
        self.expected += other.expected
        self.found += other.found
        self.found_any += other.found_any
        self.detections += other.detections
        self.withdrawn += other.withdrawn
        self.right += other.right
        self.vehicle_hours += other.vehicle_hours
        self.delays_s += other.delays_s
        self.missed += other.missed
        self.wrong += other.wrong

    def figures(self) -> dict[str, Any]:
        """For JSON: counts, precision, recall (of the expected, and of all), delay in s."""
        delays = np.array(self.delays_s)
        false = self.detections - self.right
        hours = self.vehicle_hours
        return {
            "offences": self.offences,
            "expected": self.expected,
            "unjudged": _share(self.offences - self.expected, self.offences),
            "detections": self.detections,
            "withdrawn": self.withdrawn,
            "false_alarms": false,
            "precision": _share(self.right, self.detections),
            "recall": _share(self.found, self.expected),
            "recall_of_all": _share(self.found_any, self.offences),
            "false_per_1000_vehicle_hours": round(false * 1000 / hours, 4) if hours else None,
            "delay_median_s": round(float(np.median(delays)), 1) if len(delays) else None,
            "delay_p95_s": round(float(np.percentile(delays, 95)), 1) if len(delays) else None,
        }


@dataclass
class Score:
    """What one seed gave."""

    seed: int
    rules: dict[str, RuleScore]
    frames: int
    positions: int
    quarantined: Counter[str]
    counters: Mapping[str, int]
    seconds: float
    cpu_s: float
    offences: list[Offence]
    found: list[Episode]


def _share(part: int, whole: int) -> float | None:
    return round(float(part) / whole, 5) if whole else None


class Found:
    """Revisions of detections, folded as they come: what is kept does not grow with them."""

    def __init__(self) -> None:
        self._kept: dict[str, Episode] = {}

    def take(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Rows of DETECTION in any order."""
        for row in rows:
            known = self._kept.get(row["id"])
            if known is not None and row["revision"] < known.revision:
                continue
            received_s = _seconds(row["received"])
            rule, severity = row["rule"], row["severity"]
            if severity == QUEUE_END:
                rule = QUEUE_END  # of its own, though the same rule says both
            self._kept[row["id"]] = Episode(
                row["id"],
                rule,
                row["vehicle"],
                _seconds(row["start"]),
                _seconds(row["end"]),
                received_s if known is None else known.first_received_s,
                row["revision"],
                severity,
                row["measured"],
                row["lat"],
                row["lon"],
                row["road"],
            )

    def episodes(self) -> list[Episode]:
        """Every detection but those that were taken back."""
        return [one for one in self._kept.values() if one.severity not in TAKEN_BACK]

    def withdrawn(self) -> Counter[str]:
        """How many of each rule were taken back."""
        kept = self._kept.values()
        return Counter(one.rule for one in kept if one.severity in TAKEN_BACK)


def run(
    seed: int,
    vehicles: int = 2000,
    hours: float = 24.0,
    tell: Callable[[float], None] = lambda hours: None,
) -> Score:
    """Simulate from :data:`START_S` on and score every rule that the truth knows.

    ``tell`` is called after every simulated hour. Memory does not grow but by some hundred bytes
    an offence or detection.
    """
    began, cpu_s = time.perf_counter(), time.process_time()
    city = build()
    cars = fleet(city, vehicles, seed)
    groups = round(hours * 3600 / GROUP_S)
    world = World.scored(city, cars, seed, START_S, groups * GROUP_S)
    played = world.played
    assert played is not None
    context = Context.build(
        city.network, cars.register, only=frozenset(OVERLAP_S) - {QUEUE_END}, fences=played.fences
    )
    state = EngineState()
    intake = Intake()
    offences: list[Offence] = []
    found = Found()
    frames = positions = 0
    roadside = RoadsideScore(city, cars, seed, played.plates, START_S)
    jams = JamTruth(city.network, cars, played.fences, world.terminals.fault)

    def judge(parts: list[Frames]) -> None:
        nonlocal state, frames, positions
        for part in parts:
            batch = intake.take(part)
            frames += len(part)
            positions += len(batch)
            prepared, state = engine.prepare(batch, state, context)
            roadside.hear(part, batch, prepared.slots, state.names)
            detections, state = engine.run(prepared, state, context)
            found.take(detections.to_pylist())

    for group in range(1, groups + 1):
        parts, ended = world.advance(GROUP_S)
        offences += ended
        judge(parts)
        assert world.motion is not None
        offences += jams.feed(world.motion)
        roadside.alarm(intake.alarms, world.terminals.shown, world.now_s)
        intake.alarms, world.terminals.shown = [], []
        roadside.feed(world.motion)
        happened, concluded = roadside.take()
        offences += happened
        found.take(concluded)
        if group * GROUP_S % 3600 == 0:
            tell(group * GROUP_S / 3600)
    # What was measured before the end is waited for: it is in the truth, too.
    judge([world.terminals.drain()])
    roadside.alarm(intake.alarms, world.terminals.shown, world.now_s)
    offences += world.truth.close() + jams.close()
    found.take(engine.close(state, context).to_pylist())
    roadside.close(world.now_s)
    happened, concluded = roadside.take()
    offences += happened
    found.take(concluded)
    rules = compare(offences, found.episodes(), cars, world.terminals.fault)
    back = found.withdrawn()
    for rule, figures in rules.items():
        figures.vehicle_hours = vehicles * hours
        figures.withdrawn = back[rule]
    known = Found()
    week = week_score.run(city, seed, vehicles, START_S, groups * GROUP_S, known.take)
    if week is not None:
        own = compare(week.offences, known.episodes(), week.fleet, week.fault, START_S)
        own[week_score.RULE].vehicle_hours = len(week.fleet) * hours
        rules[week_score.RULE].add(own[week_score.RULE])
        frames += week.frames
        positions += week.positions
    return Score(
        seed=seed,
        rules=rules,
        frames=frames,
        positions=positions,
        quarantined=intake.quarantined,
        counters=dict(state.counters),
        seconds=time.perf_counter() - began,
        cpu_s=time.process_time() - cpu_s,
        offences=offences,
        found=found.episodes(),
    )


def compare(
    offences: Iterable[Offence],
    episodes: Iterable[Episode],
    cars: Fleet,
    fault: npt.NDArray[np.int8],
    since_s: int = 0,
) -> dict[str, RuleScore]:
    """Match offences and detections by subject, rule, time and, where it matters, severity.

    What began before ``since_s`` is matched and not counted.
    """
    index = {phone: number for number, phone in enumerate(cars.phone)}
    scores = {rule: RuleScore() for rule in OVERLAP_S}
    true_by: dict[tuple[str, str], list[Offence]] = defaultdict(list)
    for offence in offences:
        true_by[offence.rule, _subject(offence.rule, offence.vehicle)].append(offence)
    found_by: dict[tuple[str, str], list[Episode]] = defaultdict(list)
    for episode in episodes:
        if episode.rule in scores:
            found_by[episode.rule, _subject(episode.rule, episode.vehicle)].append(episode)
    for (rule, subject), own in found_by.items():
        score = scores[rule]
        for episode in own:
            if episode.start_s < since_s:
                continue
            score.detections += 1
            if any(_same(offence, episode) for offence in true_by[rule, subject]):
                score.right += 1
            else:
                score.wrong.append(episode)
    for (rule, subject), happened in true_by.items():
        score = scores[rule]
        for offence in happened:
            if offence.start_s < since_s:
                continue
            score.offences += 1
            expected = _expected(offence, index, cars, fault)
            score.expected += expected
            seen = [one for one in found_by[rule, subject] if _same(offence, one)]
            score.found_any += bool(seen)
            score.found += expected and bool(seen)
            if seen:
                first = min(episode.first_received_s for episode in seen)
                score.delays_s.append(first - offence.onset_s)
            elif expected:
                score.missed.append(offence)
    return scores


def _expected(
    offence: Offence, index: Mapping[str, int], cars: Fleet, fault: npt.NDArray[np.int8]
) -> bool:
    if offence.rule in RULES | PLACES:
        return offence.visible_s > 0
    number = index[offence.vehicle]
    sound = bool(fault[number] == SOUND) or (offence.rule in INTEGRITY and fault[number] != DARK)
    return sound and _plain_to_see(offence, int(cars.interval_s[number]))


def _plain_to_see(offence: Offence, interval_s: int) -> bool:
    """Whether reports at this interval are bound to show the offence for the rule's minimum."""
    shown = offence.visible_s - (offence.onset_s - offence.start_s)
    return shown >= 2 * interval_s + SURE_EXTRA_S


def _subject(rule: str, vehicle: str) -> str:
    """Vehicle, or the carriageway of a kilometre."""
    return vehicle.rpartition(":")[0] if rule in PLACES else vehicle


def _same(offence: Offence, episode: Episode) -> bool:
    if offence.severity and offence.severity != episode.severity:
        return False
    if offence.rule in PLACES and not _near(offence, _km(episode.vehicle)):
        return False
    slack = OVERLAP_S[offence.rule]
    return episode.start_s <= offence.end_s + slack and episode.end_s >= offence.start_s - slack


def _near(jam: Offence, km: int) -> bool:
    first, last = jam.kilometres or (_km(jam.vehicle),) * 2
    return first - NEAR_KM <= km <= last + NEAR_KM


def _km(stretch: str) -> int:
    return int(stretch.rpartition("K")[2])


def _seconds(moment: Any) -> float:
    return float(moment.timestamp())
