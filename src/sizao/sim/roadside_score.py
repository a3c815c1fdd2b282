"""Rules over passages, weighings and roadside checks scored: what really was, what was concluded.

    motion -> crossings -> truth
       |-> checkpoints, stations, posts -> messages -> feeds -> rows -> detect.records -> detections

As ``score.py`` has it for positions. What is true is said by ``passage_truth.py`` and
``check_truth.py``, and of a weighing by the true mass. Detections count as told at the end of the
span in which they were made, waiting for stragglers included.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pyarrow as pa

from sizao.core.rulebook import entry
from sizao.core.schemas import TIME, TOPICS
from sizao.detect import records, registry
from sizao.detect.heard import Heard
from sizao.detect.names import Names
from sizao.detect.records import Facts, RecordContext, RecordState
from sizao.feeds.gat1400.passages import read_passage
from sizao.feeds.roadside.record import read_check
from sizao.feeds.taken import Taken, as_tuple
from sizao.feeds.weighing.record import read_weighing
from sizao.sim import check_truth, passage_truth
from sizao.sim.check_truth import CheckTruth
from sizao.sim.checkpoints import Checkpoints
from sizao.sim.city import City
from sizao.sim.fleet import Fleet
from sizao.sim.gates import Crossing, Watch, gates
from sizao.sim.passage_truth import PassageTruth
from sizao.sim.played.plates import Plates
from sizao.sim.roadside_checks import RoadsideChecks
from sizao.sim.sections import sections
from sizao.sim.terminal import Frames
from sizao.sim.traffic import Motion
from sizao.sim.truth import Offence
from sizao.sim.weighing import LADEN, WeighStations

RULES = frozenset({*passage_truth.RULES, *check_truth.RULES, "over_road_limit"})
SENT_AFTER_S = 2
"""A message arrives so long after what it tells."""

_SURE_S = 100_000
"""``visible`` of what is bound to be found."""


class RoadsideScore:
    """Feed it what the terminals did and every :class:`Motion` in order; take what happened and
    what was found."""

    def __init__(self, city: City, cars: Fleet, seed: int, plates: Plates | None = None) -> None:
        self._plates = plates = plates or Plates()
        self._rows = cars.register.to_pylist()
        self._sites = {site["code"]: site for site in (*city.checkpoints, *city.weigh_stations)}
        self.passages = PassageTruth(self._rows, self._sites, plates)
        self.checks = CheckTruth(self._rows, self._sites)
        self._loads: list[Offence] = []
        self._found: list[dict[str, Any]] = []
        self._checkpoints = Checkpoints(city, cars, seed, plates.shown)
        self._stations = WeighStations(city, cars, seed)
        self._posts = RoadsideChecks(city, cars, seed)
        self._passing = Watch(gates(city.checkpoints, city.network), city.network)
        self._weighed = Watch(gates(city.weigh_stations, city.network), city.network)
        places = {
            code: {"lat": site["lat"], "lon": site["lon"], "sections": sections().get(code, [])}
            for code, site in self._sites.items()
        }
        self._heard = Heard()
        facts = Facts(pa.table(cars.register), places, plates.hot_list, self._heard)
        self._context = RecordContext.build(registry.RECORD_RULES, facts, only=RULES)
        self._state = RecordState()

    def hear(self, frames: Frames, batch: pa.RecordBatch, slots: Any, names: Names) -> None:
        """Terminals sent ``frames``; the product made ``batch`` of them."""
        self.passages.sent(frames.vehicle, frames.send_us)
        time_us, received_us = (
            batch.column(name).cast(pa.int64()).to_numpy() for name in ("time", "received")
        )
        self._heard.update(names, slots, time_us, received_us, batch.column("source"))

    def feed(self, motion: Motion) -> None:
        """A span: truth, and what the product makes of what the devices send."""
        now_s = motion.start_s + motion.seconds
        self._heard.until_us = now_s * 1_000_000
        passages = []
        sent = self._checkpoints.feed(motion)
        for one, (device, message) in zip(self._passing.feed(motion), sent, strict=True):
            item = read_passage(
                message, source=f"gat1400:{device}", device=device, received_us=_received(one)
            )
            self.passages.passed(one, device, str(item.row["plate"]) if item.row else None)
            passages.append(item)
        self.passages.tick(now_s)
        weighings = self._read(self._stations.feed(motion), "weigh", read_weighing, now_s)
        for one in self._weighed.feed(motion):
            self._loaded(one)
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
        offences, found = self._loads, self._found
        self._loads, self._found = [], []
        for truth in (self.passages, self.checks):
            offences += truth.offences
            truth.offences = []
        return offences, found

    def close(self, now_s: int) -> None:
        """The end of the run: what was held for stragglers."""
        self.passages.close(now_s)
        self.checks.close()
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
        told = pa.array([now_s * 1_000_000] * len(detections), pa.int64()).cast(TIME)
        at = detections.schema.get_field_index("received")
        rows = detections.set_column(at, detections.schema.field(at), told).to_pylist()
        self._found += rows

    def _loaded(self, one: Crossing) -> None:
        kind = str(self._rows[one.vehicle]["kind"])
        if kind not in LADEN:
            return
        limit = LADEN[kind][2]
        mass = self._stations.gross_kg(one.vehicle, one.time_s)
        if mass <= limit:
            return
        # Each axle may be shown 2 % too light, and the rule takes 2.5 % off.
        allowed = float(entry("detect.weighing").value("margin_low_speed")) / 100
        sure = mass * 0.98 * (1 - allowed) > limit
        site = self._sites[str(self._stations.sites[one.gate.site]["code"])]
        phone, at = str(self._rows[one.vehicle]["vehicle"]), one.time_s
        place = (site["lat"], site["lon"], str(site["name"]))
        self._loads.append(
            Offence(
                "over_road_limit", phone, at, at, at, mass, limit, _SURE_S if sure else 0, *place
            )
        )


def _received(one: Crossing) -> int:
    return (one.time_s + SENT_AFTER_S) * 1_000_000
