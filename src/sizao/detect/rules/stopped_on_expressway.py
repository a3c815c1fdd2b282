"""A heavy vehicle that stands on an expressway (高速公路停车).

Definition
----------
A sample is usable if it has a fix and a satellite speed and its road is clear (``match`` GOOD). It
is *on* if the road is an expressway and no ramp, the vehicle is of the heavy class
(``core.vehicles.HEAVY``), the greater of satellite and tachograph speed is ``standing_below_kmh``
(3) or less, so that a shielded receiver does not stand for a vehicle, and the place is in no fence
of kind ``service`` (``roads/fences.py``: service areas, toll plazas, stopping places).

A spell of on samples (``detect/spells.py``) fires once it has lasted ``min_duration_s`` (120) with
two on samples in a row, and ends after ``end_samples`` (2) usable samples that are not on, or
after more than ``max_gap_s`` (400; a parked terminal reports each 3 min) without a usable one. A
vehicle in a queue creeps on: two samples above 3 km/h end its spell. One that stands still in a
jam for two minutes is reported; that the road is blocked there is worth a look, too.

``measured`` is the time from the first to the last on sample in minutes, ``limit`` is 0; place and
driver are those of the first. Severity is ``standing``. A receiver cannot tell the hard shoulder
from the lane, nor a breakdown from an offence: the vehicle is in danger in each case, and whoever
looks into it decides.

Source: 中华人民共和国道路交通安全法实施条例 (2004) art. 82(2) (no stopping on the carriageway of
an expressway, recalled), 道路交通安全法 art. 68 (what to do in a breakdown, recalled);
``detect.stopped_on_expressway`` (proposed) in the rule book."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.core.places import ROAD_CLASS_CODES
from sizao.core.vehicles import HEAVY, KIND_CODES
from sizao.detect import sparse, spells
from sizao.detect.concern import inside_of
from sizao.detect.emit import NOTHING, no_findings
from sizao.detect.params import Book, Params, number
from sizao.detect.spells import NONE
from sizao.detect.stage import Columns, Findings, Memory, RuleBase, World
from sizao.roads.fences import KIND_NUMBERS
from sizao.roads.matching import GOOD

EXPRESSWAY = ROAD_CLASS_CODES["expressway"]
SERVICE = KIND_NUMBERS["service"]
_SERVICE = np.uint8(1 << SERVICE)
_HEAVY = sum(1 << KIND_CODES[kind] for kind in HEAVY)


@njit(cache=True, nogil=True)
def _rows(slot, speed, recorder, road_class, kind, inside, each, standing):  # type: ignore[no-untyped-def]  # numba
    """Rows of heavy vehicles that stand on an expressway where they may not, and of those with a
    spell: see ``concern.py``."""
    rows = np.empty(len(slot), np.int64)
    count = 0
    chosen = -1
    for i in range(len(slot)):
        own = slot[i]
        stands = speed[i] <= standing and not recorder[i] > standing
        on = stands and road_class[i] == EXPRESSWAY and (_HEAVY >> kind[i]) & 1 != 0
        on = on and inside[i] & _SERVICE == 0
        if on or each[own].open != 0 or own == chosen:
            chosen = own
            rows[count] = i
            count += 1
    return rows[:count]


@njit(cache=True, nogil=True)
def _kernel(c, rows, each, few, fences, standing, numbers, out):  # type: ignore[no-untyped-def]  # numba
    count = np.int64(0)
    for i in rows:
        own = c.slot[i]
        speed = c.speed_kmh[i]
        if c.recorder_speed_kmh[i] > speed:
            speed = c.recorder_speed_kmh[i]
        on = speed <= standing and c.road_class[i] == EXPRESSWAY and (_HEAVY >> c.kind[i]) & 1 != 0
        if not on and each[own].open == 0:
            continue
        if math.isnan(c.lat[i]) or math.isnan(speed) or c.match[i] != GOOD:
            continue
        for at in range(c.fence_from[i], c.fence_from[i + 1]):
            if fences[c.fence[at]].kind == SERVICE:
                on = False
        if not on and each[own].open == 0:
            continue
        few, out, count = spells.take(
            each[own], few, NONE, c, i, on, 0.0, 0.0, 0.0, NONE, NONE, numbers, out, count
        )
    return out[:count], few


class StoppedOnExpressway(RuleBase):
    """The rule; the module's docstring is its definition."""

    id = "stopped_on_expressway"
    measured_unit = "min"
    state_dtype = spells.EACH
    few_dtype = sparse.episodes(spells.SPELL)

    def params_from(self, book: Book) -> Params:
        own = "detect.stopped_on_expressway"
        return {
            "standing_below_kmh": number(book, own, "standing_below", "km/h"),
            **spells.lasting_params(book, own),
        }

    def active(self, memory: Memory) -> npt.NDArray[np.int32]:
        return sparse.slots(spells.fired(memory))

    def step(
        self, columns: Columns, memory: Memory, params: Params, world: World
    ) -> tuple[Findings, Memory]:
        if world.network is None:
            return NOTHING, memory
        standing = float(params["standing_below_kmh"])
        rows = _rows(
            columns.slot,
            columns.speed_kmh,
            columns.recorder_speed_kmh,
            columns.road_class,
            columns.kind,
            inside_of(columns, world.fences.grid).kinds,
            memory.each,
            standing,
        )
        if not len(rows):
            return NOTHING, memory
        found, few = _kernel(
            columns,
            rows,
            memory.each,
            memory.few,
            world.fences.grid.fence,
            standing,
            spells.lasting(params),
            no_findings(),
        )
        return self._findings(found), Memory(memory.each, few)

    def close(self, memory: Memory, params: Params) -> Findings:
        return self._findings(spells.close(memory))

    def _findings(self, rows: npt.NDArray[Any]) -> Findings:
        return spells.timed(rows, "standing")
