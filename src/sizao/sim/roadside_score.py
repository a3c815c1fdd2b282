"""Rules over passages and weighings scored: what really crossed the lines, and what was concluded.

    motion -> crossings -> truth
       |-> checkpoints, stations -> messages -> feeds -> rows -> detect.records -> detections

As ``score.py`` has it for positions. The truth of a journey over a section is its length over the
true time between the lines, of a weighing the true mass. An offence is *expected* to be found if
both plates were read as they are and it is large enough that no allowed error can hide it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from sizao.core.clock import SHANGHAI
from sizao.core.rulebook import entry
from sizao.core.schemas import TOPICS
from sizao.core.vehicles import COACHES
from sizao.detect import records, registry
from sizao.detect.records import Facts, RecordContext, RecordState
from sizao.feeds.gat1400.passages import read_passage
from sizao.feeds.taken import Taken, as_tuple
from sizao.feeds.weighing.record import read_weighing
from sizao.sim.checkpoints import Checkpoints
from sizao.sim.city import City
from sizao.sim.fleet import Fleet
from sizao.sim.gates import Crossing, Watch, gates
from sizao.sim.sections import sections
from sizao.sim.traffic import Motion
from sizao.sim.truth import Offence
from sizao.sim.weighing import LADEN, WeighStations

RULES = frozenset({"section_speed", "over_road_limit"})
SENT_AFTER_S = 2
"""A message arrives so long after what it tells."""

_WITHIN_S = 7200
_SURE_S = 100_000
"""``visible`` of what is bound to be found."""

_SHIFT_S = int(SHANGHAI.utcoffset(None).total_seconds())


class RoadsideScore:
    """Feed it every :class:`Motion` in order; ask for what happened and what was found."""

    def __init__(self, city: City, cars: Fleet, seed: int) -> None:
        self.offences: list[Offence] = []
        self.found: list[dict[str, Any]] = []
        self._rows = cars.register.to_pylist()
        self._checkpoints = Checkpoints(city, cars, seed)
        self._stations = WeighStations(city, cars, seed)
        self._passing = Watch(gates(city.checkpoints, city.network), city.network)
        self._weighed = Watch(gates(city.weigh_stations, city.network), city.network)
        self._entered: dict[tuple[int, str], tuple[int, bool]] = {}
        self._ends: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
        self._sites = {site["code"]: site for site in (*city.checkpoints, *city.weigh_stations)}
        for start, begun in sections().items():
            for section in begun:
                self._ends.setdefault(section["to"], []).append((start, section))
        places = {
            code: {"lat": site["lat"], "lon": site["lon"], "sections": sections().get(code, [])}
            for code, site in self._sites.items()
        }
        self._context = RecordContext.build(
            registry.RECORD_RULES, Facts(cars.register, places), only=RULES
        )
        self._state = RecordState()

    def feed(self, motion: Motion) -> None:
        """A span: truth, and what the product makes of what the devices send."""
        passages = []
        sent = self._checkpoints.feed(motion)
        for one, (device, message) in zip(self._passing.feed(motion), sent, strict=True):
            item = read_passage(
                message, source=f"gat1400:{device}", device=device, received_us=_received(one)
            )
            plate = item.row and item.row["plate"]
            self._passed(one, device, plate == self._rows[one.vehicle]["plate"])
            passages.append(item)
        weighings = []
        for station, message in self._stations.feed(motion):
            received_us = (motion.start_s + motion.seconds + SENT_AFTER_S) * 1_000_000
            weighings.append(
                read_weighing(
                    message, source=f"weigh:{station}", station=station, received_us=received_us
                )
            )
        for one in self._weighed.feed(motion):
            self._loaded(one)
        self._judge("passages", passages)
        self._judge("weighings", weighings)

    def close(self) -> None:
        """The end of the run: what was held for stragglers."""
        detections, self._state = records.release(None, self._state, self._context)
        self.found += detections.to_pylist()

    def _judge(self, topic: str, items: list[Taken]) -> None:
        rows = [as_tuple(item.row, TOPICS[topic]) for item in items if item.row is not None]
        if not rows:
            return
        names = TOPICS[topic].names
        columns = [
            pa.array(list(column), field.type)
            for column, field in zip(zip(*rows, strict=True), TOPICS[topic], strict=True)
        ]
        batch = pa.RecordBatch.from_arrays(columns, schema=TOPICS[topic])
        assert batch.schema.names == names
        detections, self._state = records.step(topic, batch, self._state, self._context)
        self.found += detections.to_pylist()

    def _passed(self, one: Crossing, device: str, read: bool) -> None:
        """True journeys that end here, and where others begin."""
        for start, section in self._ends.get(device, ()):
            began = self._entered.pop((one.vehicle, start), None)
            if began is not None:
                self._journey(one, device, section, began, read)
        self._entered[one.vehicle, device] = (one.time_s, read)

    def _journey(
        self,
        one: Crossing,
        device: str,
        section: Mapping[str, Any],
        began: tuple[int, bool],
        read: bool,
    ) -> None:
        began_s, was_read = began
        seconds = one.time_s - began_s
        if not 0 < seconds <= _WITHIN_S:
            return
        kind = str(self._rows[one.vehicle]["kind"])
        limit = float(section["limits"].get(kind, section["limit_kmh"]))
        if kind in COACHES and _night(began_s) and _night(one.time_s):
            limit *= float(entry("fatigue.coach_night_speed").value("ratio"))
        kmh = section["length_m"] * 3.6 / seconds
        if kmh <= limit:
            return
        own = entry("detect.section_speed")
        share = 1 - float(own.value("length_error")) / 100
        least = section["length_m"] * share * 3.6 / (seconds + float(own.value("clock")))
        sure = read and was_read and least > limit
        self._add("section_speed", one, device, began_s, kmh, limit, sure)

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
        code = str(self._stations.sites[one.gate.site]["code"])
        self._add("over_road_limit", one, code, one.time_s, mass, limit, sure)

    def _add(
        self,
        rule: str,
        one: Crossing,
        code: str,
        began_s: int,
        worst: float,
        limit: float,
        sure: bool,
    ) -> None:
        site = self._sites[code]
        self.offences.append(
            Offence(
                rule,
                str(self._rows[one.vehicle]["vehicle"]),
                began_s,
                one.time_s,
                one.time_s,
                worst,
                limit,
                _SURE_S if sure else 0,
                site["lat"],
                site["lon"],
                site["name"],
            )
        )


def _received(one: Crossing) -> int:
    return (one.time_s + SENT_AFTER_S) * 1_000_000


def _night(time_s: int) -> bool:
    hour = (time_s + _SHIFT_S) // 3600 % 24
    return hour >= 22 or hour < 6
