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
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sizao.core.schemas import POSITION, TIME
from sizao.detect import engine
from sizao.detect.context import Context
from sizao.detect.state import EngineState
from sizao.feeds.jt808.batch import split_batch
from sizao.feeds.jt808.bulk import decode_bulk
from sizao.feeds.jt808.cards import Cards, card_event
from sizao.feeds.jt808.decode import decode_body, open_frame
from sizao.feeds.jt808.positions import DEFAULT_LIMITS, position_batch, position_row
from sizao.feeds.jt808.problems import Malformed
from sizao.sim._sampling import SOUND
from sizao.sim.city import build
from sizao.sim.city.fences import fences_of
from sizao.sim.fleet import Fleet, fleet
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
    "section_speed": 0,
    "over_road_limit": 0,
}
"""A detection and an offence are the same if they overlap or are at most this far apart."""

SURE_EXTRA_S = 5

INTEGRITY = frozenset({"offline_moving", "impossible_jump", "terminal_moved"})
"""Rules that are expected to see what is wrong with a terminal."""


@dataclass
class RuleScore:
    """Figures of one rule over one or more runs."""

    offences: int = 0
    expected: int = 0
    """Offences that a sound terminal showed for long enough to be seen."""
    found: int = 0
    found_any: int = 0
    detections: int = 0
    right: int = 0
    delays_s: list[float] = field(default_factory=list)
    missed: list[Offence] = field(default_factory=list)
    wrong: list[dict[str, Any]] = field(default_factory=list)

    def add(self, other: RuleScore) -> None:
        self.offences += other.offences
        self.expected += other.expected
        self.found += other.found
        self.found_any += other.found_any
        self.detections += other.detections
        self.right += other.right
        self.delays_s += other.delays_s
        self.missed += other.missed
        self.wrong += other.wrong

    def figures(self) -> dict[str, Any]:
        """For JSON: counts, precision, recall (of the expected, and of all), delay in s."""
        delays = np.array(self.delays_s)
        return {
            "offences": self.offences,
            "expected": self.expected,
            "detections": self.detections,
            "precision": _share(self.right, self.detections),
            "recall": _share(self.found, self.expected),
            "recall_of_all": _share(self.found_any, self.offences),
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
    offences: list[Offence]
    found: list[dict[str, Any]]
    """Every revision of every detection."""


def _share(part: int, whole: int) -> float | None:
    return round(float(part) / whole, 5) if whole else None


class Intake:
    """Frames to POSITION batches through ``feeds.jt808``, as a gateway would make them."""

    def __init__(self) -> None:
        self.cards = Cards()
        self.quarantined: Counter[str] = Counter()
        self._driver: dict[str, str | None] = {}

    def take(self, frames: Frames) -> pa.RecordBatch:
        """Positions in the order of arrival; ``received`` is the send time of their frame."""
        data = frames.data.tobytes()
        latest = int(frames.send_us[-1]) if len(frames) else 0
        bulk = decode_bulk(data, latest)
        # Stray bytes before a frame count as a frame of their own.
        pieces = 1 + (frames.data[frames.first[:-1]] != 0x7E)
        sent_us = np.repeat(frames.send_us, pieces)
        changed: set[str] = set()
        stored: list[Any] = []
        for number, raw in bulk.rest:
            self._other(raw, int(sent_us[number]), stored, changed)
        received = pa.array(sent_us[bulk.frame]).cast(TIME)
        batch = bulk.positions.set_column(2, POSITION.field("received"), received)
        batch = self._with_drivers(batch, changed)
        if stored:
            both = pa.concat_batches([position_batch(stored), batch])
            order = pc.sort_indices(both, sort_keys=[("received", "ascending")])
            batch = both.take(order)
        return batch

    def _other(self, raw: bytes, at_us: int, stored: list[Any], changed: set[str]) -> None:
        try:
            frame = open_frame(raw)
        except Malformed as problem:
            self.quarantined[problem.kind] += 1
            return
        header = frame.header
        if header.message_id in (0x0200, 0x0704):
            stores = header.message_id == 0x0704
            for body in split_batch(frame.body)[2] if stores else [frame.body]:
                row, reason = position_row(
                    body, header.phone, at_us, catch_up=stores, driver_at=self.cards.driver
                )
                if row is not None:
                    stored.append(row)
                else:
                    self.quarantined[str(reason)] += 1
        elif header.message_id == 0x0702:
            fields = decode_body(header.message_id, frame.body, header.version)
            event = card_event(fields, at_us, DEFAULT_LIMITS.future_s)
            if isinstance(event, str):
                self.quarantined[event] += 1
                return
            self.cards.record(header.phone, event.time_us, event.driver)
            self._driver[header.phone] = event.driver
            changed.add(header.phone)
        else:
            self.quarantined["unsupported"] += 1

    def _with_drivers(self, batch: pa.RecordBatch, changed: set[str]) -> pa.RecordBatch:
        """The driver column. Who changed no card in this span has one driver throughout, but
        for what was stored before."""
        coded = batch.column("vehicle").dictionary_encode()
        names = coded.dictionary.to_pylist()
        current = pa.array([self._driver.get(name) for name in names], pa.string())
        drivers = current.take(coded.indices)
        moved = [number for number, name in enumerate(names) if name in changed]
        stored = batch.column("catch_up").to_numpy(zero_copy_only=False)
        if moved or stored.any():
            rows = np.flatnonzero(np.isin(coded.indices.to_numpy(), moved) | stored)
            times = batch.column("time").cast(pa.int64()).to_numpy()
            values = drivers.to_pylist()
            index = coded.indices.to_numpy()
            for row in rows.tolist():
                values[row] = self.cards.driver(names[index[row]], int(times[row]))
            drivers = pa.array(values, pa.string())
        column = batch.schema.get_field_index("driver")
        return batch.set_column(column, POSITION.field("driver"), drivers)


def run(seed: int, vehicles: int = 2000, hours: float = 24.0) -> Score:
    """Simulate from :data:`START_S` on and score every rule that the truth knows."""
    began = time.perf_counter()
    city = build()
    cars = fleet(city, vehicles, seed)
    world = World.begin(city, cars, seed, START_S)
    world.truth.watch(seed, world.terminals.fault)
    context = Context.build(
        city.network, cars.register, only=frozenset(OVERLAP_S), fences=fences_of(city)
    )
    state = EngineState()
    intake = Intake()
    offences: list[Offence] = []
    found: list[dict[str, Any]] = []
    frames = positions = 0
    roadside = RoadsideScore(city, cars, seed)
    for _ in range(round(hours * 3600 / GROUP_S)):
        parts, ended = world.advance(GROUP_S)
        offences += ended
        assert world.motion is not None
        roadside.feed(world.motion)
        for part in parts:
            batch = intake.take(part)
            frames += len(part)
            positions += len(batch)
            detections, state = engine.step(batch, state, context)
            found += detections.to_pylist()
    offences += world.truth.close()
    found += engine.close(state, context).to_pylist()
    roadside.close()
    offences += roadside.offences
    found += roadside.found
    return Score(
        seed=seed,
        rules=compare(offences, found, cars, world.terminals.fault),
        frames=frames,
        positions=positions,
        quarantined=intake.quarantined,
        counters=dict(state.counters),
        seconds=time.perf_counter() - began,
        offences=offences,
        found=found,
    )


def compare(
    offences: Iterable[Offence],
    detections: Iterable[Mapping[str, Any]],
    cars: Fleet,
    fault: npt.NDArray[np.int8],
) -> dict[str, RuleScore]:
    """Match offences and detections by vehicle, rule and time; all revisions may be given."""
    index = {phone: number for number, phone in enumerate(cars.phone)}
    scores = {rule: RuleScore() for rule in OVERLAP_S}
    true_by: dict[tuple[str, str], list[Offence]] = defaultdict(list)
    for offence in offences:
        true_by[offence.rule, offence.vehicle].append(offence)
    episodes: dict[str, dict[str, Any]] = {}
    for row in detections:
        known = episodes.get(row["id"])
        first = known["first_received"] if known else row["received"]
        if known is None or row["revision"] >= known["revision"]:
            episodes[row["id"]] = {**row, "first_received": first}
    found_by: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for episode in episodes.values():
        if episode["rule"] in scores:
            found_by[episode["rule"], episode["vehicle"]].append(episode)
    for (rule, vehicle), wrongs in found_by.items():
        score = scores[rule]
        for episode in wrongs:
            score.detections += 1
            if any(_same(offence, episode) for offence in true_by[rule, vehicle]):
                score.right += 1
            else:
                score.wrong.append(episode)
    for (rule, vehicle), own in true_by.items():
        score = scores[rule]
        number = index[vehicle]
        for offence in own:
            score.offences += 1
            sound = rule in INTEGRITY | RULES or bool(fault[number] == SOUND)
            expected = sound and _plain_to_see(offence, int(cars.interval_s[number]))
            score.expected += expected
            seen = [episode for episode in found_by[rule, vehicle] if _same(offence, episode)]
            score.found_any += bool(seen)
            score.found += expected and bool(seen)
            if seen:
                first = min(_seconds(episode["first_received"]) for episode in seen)
                score.delays_s.append(first - offence.onset_s)
            elif expected:
                score.missed.append(offence)
    return scores


def _plain_to_see(offence: Offence, interval_s: int) -> bool:
    """Whether reports at this interval are bound to show the offence for the rule's minimum."""
    shown = offence.visible_s - (offence.onset_s - offence.start_s)
    return shown >= 2 * interval_s + SURE_EXTRA_S


def _same(offence: Offence, episode: Mapping[str, Any]) -> bool:
    slack = OVERLAP_S[offence.rule]
    start, end = _seconds(episode["start"]), _seconds(episode["end"])
    return start <= offence.end_s + slack and end >= offence.start_s - slack


def _seconds(moment: Any) -> float:
    return float(moment.timestamp())
