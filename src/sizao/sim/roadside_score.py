"""Rules over passages, weighings and roadside checks scored: what really was, what was concluded.

    motion -> crossings -> truth
       |-> checkpoints, stations, posts -> messages -> feeds -> rows -> detect.records -> detections

As ``score.py`` has it for positions, with the alarms that its terminals sent. What is true is said
by ``passage_truth.py``, ``load_truth.py``, ``check_truth.py`` and ``camera_truth.py``. Detections
count as told at the end of the span in which they were made, waiting for stragglers included.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pyarrow as pa

from sizao.core.schemas import TIME, TOPICS
from sizao.detect import records, registry
from sizao.detect.heard import Heard
from sizao.detect.names import Names
from sizao.detect.records import Facts, RecordContext, RecordState
from sizao.feeds.gat1400.passages import read_passage
from sizao.feeds.roadside.record import read_check
from sizao.feeds.taken import Taken, as_tuple
from sizao.feeds.weighing.record import read_weighing
from sizao.sim import camera_truth, check_truth, load_truth, passage_truth
from sizao.sim.camera_truth import CameraTruth
from sizao.sim.cameras import Shown
from sizao.sim.check_truth import CheckTruth
from sizao.sim.checkpoints import Checkpoints
from sizao.sim.city import City
from sizao.sim.fleet import Fleet
from sizao.sim.gates import Crossing
from sizao.sim.load_truth import LoadTruth
from sizao.sim.passage_truth import PassageTruth
from sizao.sim.played import loads
from sizao.sim.played.plates import Plates
from sizao.sim.roadside_checks import RoadsideChecks
from sizao.sim.sections import sections
from sizao.sim.terminal import Frames
from sizao.sim.traffic import Motion
from sizao.sim.truth import Offence
from sizao.sim.weighing import WeighStations

RULES = frozenset(
    {*passage_truth.RULES, *check_truth.RULES, *load_truth.RULES, *camera_truth.RULES}
)
SENT_AFTER_S = 2
"""A message arrives so long after what it tells."""

_MINUTE_S = 60
_TOLD_S = 660
"""A weighing before the run is looked at again when none can be missing any more."""


class RoadsideScore:
    """Feed it what the terminals did and every :class:`Motion` in order; take what happened and
    what was found."""

    def __init__(
        self,
        city: City,
        cars: Fleet,
        seed: int,
        plates: Plates | None = None,
        start_s: int | None = None,
    ) -> None:
        """``start_s``: when the run begins, where weighings of the year before are to be known."""
        self._plates = plates = plates or Plates()
        register = loads.register(cars, seed)
        self._rows = register.to_pylist()
        self._sites = {site["code"]: site for site in (*city.checkpoints, *city.weigh_stations)}
        self.passages = PassageTruth(self._rows, self._sites, plates)
        self.checks = CheckTruth(self._rows, self._sites)
        self.cameras = CameraTruth(self._rows)
        self._found: list[dict[str, Any]] = []
        self._checkpoints = Checkpoints(city, cars, seed, plates.shown)
        self._stations = WeighStations(city, cars, seed)
        self.loads = LoadTruth(self._rows, self._sites, self._stations)
        self._posts = RoadsideChecks(city, cars, seed)
        places = {
            code: {"lat": site["lat"], "lon": site["lon"], "sections": sections().get(code, [])}
            for code, site in self._sites.items()
        }
        self._heard = Heard()
        facts = Facts(pa.Table.from_batches([register]), places, plates.hot_list, self._heard)
        self._context = RecordContext.build(registry.RECORD_RULES, facts, only=RULES)
        self._state = RecordState()
        if start_s is not None:
            self._weigh_before(loads.earlier(cars, seed, start_s))

    def hear(self, frames: Frames, batch: pa.RecordBatch, slots: Any, names: Names) -> None:
        """Terminals sent ``frames``; the product made ``batch`` of them."""
        self.passages.sent(frames.vehicle, frames.send_us)
        time_us, received_us = (
            batch.column(name).cast(pa.int64()).to_numpy() for name in ("time", "received")
        )
        self._heard.update(names, slots, time_us, received_us, batch.column("source"))

    def alarm(self, rows: list[tuple[Any, ...]], shown: Iterable[Shown], now_s: int) -> None:
        """``rows`` of DEVICE_ALARM that the product made of what terminals sent up to ``now_s``;
        ``shown``: what their cameras told."""
        for one in shown:
            self.cameras.take(one)
        self._take("device_alarms", rows, now_s)

    def feed(self, motion: Motion) -> None:
        """A span: truth, and what the product makes of what the devices send."""
        now_s = motion.start_s + motion.seconds
        self._heard.until_us = now_s * 1_000_000
        passages = []
        for one in self._checkpoints.watch.feed(motion):
            device, message = self._checkpoints.passage(one)
            item = read_passage(
                message, source=f"gat1400:{device}", device=device, received_us=_received(one)
            )
            if item.row is None:
                self.passages.passed(one, device, None)
            else:
                plate, sure = item.row["plate"], item.row["plate_reliability"]
                self.passages.passed(one, device, str(plate), sure)
            passages.append(item)
        self.passages.tick(now_s)
        weighed = self._stations.weighed(motion)
        sent = [self._stations.weighing(one) for one in weighed]
        weighings = self._read(sent, "weigh", read_weighing, now_s)
        for one in weighed:
            self.loads.weighed(one)
        crossings = self._posts.watch.feed(motion)
        cases = [case for one in crossings if (case := self._posts.case(one)) is not None]
        self.checks.take(cases, now_s)
        checks = self._read(self._posts.tell(cases, now_s), "roadside", read_check, now_s)
        self._judge("passages", passages, now_s)
        self._judge("weighings", weighings, now_s)
        self._judge("roadside_checks", checks, now_s)
        detections, self._state = records.release(now_s * 1_000_000, self._state, self._context)
        self._keep(detections, now_s)

    def take(self) -> tuple[list[Offence], list[dict[str, Any]]]:
        """Offences and detections since the last call."""
        offences: list[Offence] = []
        found, self._found = self._found, []
        for truth in (self.passages, self.checks, self.loads, self.cameras):
            offences += truth.offences
            truth.offences = []
        return offences, found

    def close(self, now_s: int) -> None:
        """The end of the run: what was held for stragglers."""
        self.passages.close(now_s)
        self.checks.close()
        self.cameras.close()
        detections, self._state = records.release(None, self._state, self._context)
        self._keep(detections, now_s)

    def _read(
        self,
        sent: Iterable[tuple[str, dict[str, Any]]],
        sort: str,
        read: Callable[..., Taken],
        now_s: int,
    ) -> list[Taken]:
        received_us = (now_s + SENT_AFTER_S) * 1_000_000
        return [
            read(message, source=f"{sort}:{site}", station=site, received_us=received_us)
            for site, message in sent
        ]

    def _judge(self, topic: str, items: list[Taken], now_s: int) -> None:
        rows = [as_tuple(item.row, TOPICS[topic]) for item in items if item.row is not None]
        self._take(topic, rows, now_s)

    def _take(self, topic: str, rows: list[tuple[Any, ...]], now_s: int) -> None:
        if not rows:
            return
        columns = [
            pa.array(list(column), field.type)
            for column, field in zip(zip(*rows, strict=True), TOPICS[topic], strict=True)
        ]
        batch = pa.RecordBatch.from_arrays(columns, schema=TOPICS[topic])
        detections, self._state = records.step(topic, batch, self._state, self._context)
        self._keep(detections, now_s)

    def _keep(self, detections: pa.RecordBatch, now_s: int) -> None:
        """They are told at the end of the minute, however long the spans are."""
        minute_s = -(-now_s // _MINUTE_S) * _MINUTE_S
        told = pa.array([minute_s * 1_000_000] * len(detections), pa.int64()).cast(TIME)
        at = detections.schema.get_field_index("received")
        rows = detections.set_column(at, detections.schema.field(at), told).to_pylist()
        self._found += rows

    def _weigh_before(self, weighings: Iterable[loads.Earlier]) -> None:
        """What was weighed before the run, one after another."""
        gate = self._stations.watch.places[0]
        for known in weighings:
            one = Crossing(gate, known.vehicle, known.time_s, 20.0)
            self._stations.known[known.vehicle, known.time_s] = known.mass_kg
            sent = [self._stations.weighing(one)]
            self.loads.weighed(one)
            items = self._read(sent, "weigh", read_weighing, known.time_s)
            self._judge("weighings", items, known.time_s + SENT_AFTER_S)
            told_s = known.time_s + _TOLD_S
            detections, self._state = records.release(
                told_s * 1_000_000, self._state, self._context
            )
            self._keep(detections, told_s)


def _received(one: Crossing) -> int:
    return (one.time_s + SENT_AFTER_S) * 1_000_000
