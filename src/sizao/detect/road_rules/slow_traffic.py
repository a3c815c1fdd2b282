"""Slow convoys, congestion and the end of a queue on an expressway (高速公路缓行、排队末端).

Definition
----------
Its subject is a kilometre of a carriageway
(``stretches.py``), and no vehicle is named by it.

A sample is *usable* if its road is clear (``match`` GOOD), an expressway and no ramp, its vehicle
is of the heavy class, it has a satellite speed and a usual limit, and its place is in no fence of
kind ``service``. Of each vehicle the first usable sample of a minute counts, by event time, and
each that is on a stretch farther on than the one counted last, of the same carriageway: who creeps
or stands would weigh more than who drives if all did, who stands at a border of stretches must not
be counted on one of them twice, and who seems to be now on one carriageway and now on the other
must be counted on one of them only. A minute of a stretch is judged
``hold_s`` (60) after its end, by receive times of usable samples alone: what comes later still is
not counted. Speeds count in whole tenths of km/h and their ratios in whole thousandths.

For each minute and stretch: ``n`` vehicles, their mean speed, and the mean of speed over the usual
limit for each one's kind (temporary limits are left aside: who keeps one is not slow traffic).
Samples are few, so that a mean may be off: ``margin_percent`` (8) is taken off ``slow_ratio`` and,
at a queue's end, off ``congested_kmh``, as other rules take off what their instruments may err.

- *Slow*: ``min_vehicles`` (3) or more vehicles each at ``slow_ratio`` (0.5) less the margin or
  under it, and the mean ratio of all n as well. A mean alone would make a jam of two broken-down
  trucks and those that pass them. *Free*: at least one vehicle and mean ratio >= ``free_ratio``
  (0.7).
- An episode begins with the first slow minute of a stretch that is in none; a slow stretch next to
  one of an open episode on the same carriageway joins that instead. It fires (revision 0) at its
  ``min_minutes``-th (3) minute with a slow stretch.
- A stretch leaves after ``end_minutes`` (2) free minutes, each slow one beginning the count anew,
  or when nothing was heard of it for ``max_gap_min`` (5). The episode ends when none is left, and
  is reported once more (revision 1) if it had fired.

``start`` is the beginning of its first slow minute, ``end`` the end of its last. ``measured`` is
the lowest mean speed of a slow stretch in a minute, the earliest if equal (of one minute the lowest
number's), ``limit`` the mean usual limit of the same vehicles; the place is that of the slowest of
them (of equals the earliest, of one moment the one at the lowest stake). Severity is by
``measured``: ``standing_traffic`` up to ``standing_kmh`` (5), ``congested`` up to
``congested_kmh`` (20), else ``slow``. ``quality`` says ``length_km=N``, the most stretches it had.

*The queue's end* is a detection of its own (severity and part ``queue_end``): a fired episode whose
last slow stretch against the driving direction is ``congested_kmh`` less the margin or slower this
minute, while on one of the ``approach_km`` (2) stretches before it traffic is free this minute:
vehicles come up at speed to a standing group. It fires at the ``queue_minutes``-th (2) such minute
of the episode; the place is that of the slowest vehicle on that stretch. It ends with the episode,
and is said once an episode. Roads without stakes have no queue ends across their segments.

Source: none; ``detect.slow_traffic`` (proposed) in the rule book.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.core.places import ROAD_CLASS_CODES
from sizao.core.vehicles import HEAVY, KIND_CODES
from sizao.detect import sparse
from sizao.detect.jams import CELL, Jams, judge_minute, slow_ratio
from sizao.detect.params import Book, Params, number
from sizao.detect.stage import Columns, Findings, Memory, RuleBase, World
from sizao.detect.stretches import stretches
from sizao.roads.fences import KIND_NUMBERS
from sizao.roads.matching import GOOD

MINUTE_US = 60_000_000
_STRETCHES = 1_048_575
_EXPRESSWAY = ROAD_CLASS_CODES["expressway"]
_SERVICE = KIND_NUMBERS["service"]
_HEAVY = sum(1 << KIND_CODES[kind] for kind in HEAVY)

EACH = np.dtype([("counted", "u4")])
"""Every vehicle: stretch and minute (of 4096) where it was counted last, in one number; 0 never.
Room for a million stretches, three times the expressways of the country."""


class _Numbers(NamedTuple):
    hold_us: int
    service: int
    slow: float
    """Thousandths of the usual limit."""


@njit(cache=True, nogil=True)
def _usable(row, road_class, match, kind, usual_kmh, speed_kmh, lat):  # type: ignore[no-untyped-def]  # numba
    """Usable rows, but for fences, in the order of arrival."""
    last = np.int64(-1)
    for i in range(len(row)):
        last = max(last, row[i])
    at = np.full(last + 1, -1, np.int64)
    for i in range(len(row)):
        # All is asked: quicker than to guess which of it is not so.
        usable = (
            (road_class[i] == _EXPRESSWAY)
            & (match[i] == GOOD)
            & ((_HEAVY >> kind[i]) & 1 != 0)
            & (usual_kmh[i] > 0.0)
            & (not math.isnan(speed_kmh[i]))
            & (not math.isnan(lat[i]))
        )
        at[row[i]] = i if usable else -1
    count = 0
    for place in range(last + 1):
        # Written in any case, for the same reason.
        at[count] = at[place]
        count += at[place] >= 0
    return at[:count]


@njit(cache=True)
def _farther(stretch, counted, step, first):  # type: ignore[no-untyped-def]  # numba
    """Whether a stretch lies farther on than the one counted last, on the same carriageway."""
    last = np.int64(counted // 4096) - 1
    # Of other roads before, it may be any number.
    if last < 0 or last >= len(first):
        return False
    return first[last] == first[stretch] and (stretch - last) * step[stretch] > 0


@njit(cache=True, nogil=True)
def _tally(rows, stretch, step, first, c, each, few, fences, clock_us, numbers):  # type: ignore[no-untyped-def]  # numba
    """Count the rows, which are in order of arrival. Returns the table and the latest receipt."""
    for k in range(len(rows)):
        i = rows[k]
        minute = c.time_us[i] // 60_000_000
        clock_us = max(clock_us, c.received_us[i])
        open_ = clock_us < (minute + 1) * 60_000_000 + numbers.hold_us
        last = each[c.slot[i]].counted
        counted = last != 0 and last % 4096 == minute % 4096
        if not open_ or (counted and not _farther(stretch[k], last, step, first)):
            continue
        parked = False
        for at in range(c.fence_from[i], c.fence_from[i + 1]):
            parked = parked or fences[c.fence[at]].kind == numbers.service
        if parked:
            continue
        each[c.slot[i]].counted = (stretch[k] % _STRETCHES + 1) * 4096 + minute % 4096
        few, at = sparse.add(few, stretch[k], minute % 4_194_304)
        cell = few[at]
        # Whole tenths and thousandths: a sum of them does not depend on its order.
        speed = np.int64(round(10 * float(c.speed_kmh[i])))
        # Of two as slow at one moment, the one further back: not who came first to us.
        sooner = speed == cell.slowest and (
            c.time_us[i] < cell.us or (c.time_us[i] == cell.us and c.stake_m[i] < cell.stake_m)
        )
        if cell.n == 0 or speed < cell.slowest or sooner:
            cell.slowest = speed
            cell.us = c.time_us[i]
            cell.slot = c.slot[i]
            cell.lat = c.lat[i]
            cell.lon = c.lon[i]
            cell.stake_m = c.stake_m[i]
            cell.segment = c.segment[i]
        cell.minute = minute
        cell.n += 1
        cell.speed += speed
        cell.limit += np.int64(round(10 * float(c.usual_kmh[i])))
        ratio = np.int64(round(1000 * float(c.speed_kmh[i]) / float(c.usual_kmh[i])))
        cell.ratio += ratio
        cell.slow += ratio <= numbers.slow
    return few, clock_us


@njit(cache=True, nogil=True)
def _without(few, minute):  # type: ignore[no-untyped-def]  # numba
    """The cells after a minute."""
    kept = np.zeros(17, few.dtype)
    for row in range(1, len(few)):
        if few[row].key != 0 and few[row].what == 0 and few[row].minute > minute:
            key = few[row].key - 1
            kept, at = sparse.add(kept, key // 16_777_216, key % 16_777_216)
            kept[at] = few[row]
    return kept


class SlowTraffic(RuleBase):
    """The rule; the module's docstring is its definition."""

    id = "slow_traffic"
    measured_unit = "km/h"
    code_version = 5
    state_dtype = EACH
    few_dtype = sparse.episodes(CELL)

    def params_from(self, book: Book) -> Params:
        own = "detect.slow_traffic"
        return {
            "min_vehicles": number(book, own, "min_vehicles", "vehicle"),
            "slow_ratio": number(book, own, "slow", "ratio"),
            "margin_percent": number(book, own, "margin", "percent"),
            "free_ratio": number(book, own, "free", "ratio"),
            "min_minutes": number(book, own, "min_duration", "min"),
            "end_minutes": number(book, own, "end", "min"),
            "max_gap_min": number(book, own, "max_gap", "min"),
            "standing_kmh": number(book, own, "standing", "km/h"),
            "congested_kmh": number(book, own, "congested", "km/h"),
            "approach_km": number(book, own, "approach", "km"),
            "queue_minutes": number(book, own, "queue", "min"),
            "hold_s": number(book, own, "hold", "s"),
        }

    def active(self, memory: Memory) -> npt.NDArray[np.int32]:
        return np.empty(0, np.int32)

    def step(
        self, columns: Columns, memory: Memory, params: Params, world: World
    ) -> tuple[Findings, Memory]:
        jams = Jams(memory.few, world.network)
        if world.network is None:
            return jams.findings(), memory._replace(few=jams.few)
        rows = _usable(
            columns.row,
            columns.road_class,
            columns.match,
            columns.kind,
            columns.usual_kmh,
            columns.speed_kmh,
            columns.lat,
        )
        if not len(rows):
            return jams.findings(), memory._replace(few=jams.few)
        index = stretches(world.network)
        before_us = jams.clock_us
        few, clock_us = _tally(
            rows,
            index.of(columns.segment[rows], columns.stake_m[rows], columns.offset_m[rows]),
            index.step,
            index.first,
            columns,
            memory.each,
            jams.few,
            world.fences.grid.fence,
            before_us,
            _Numbers(round(params["hold_s"] * 1e6), _SERVICE, 1000 * slow_ratio(params)),
        )
        jams.few, jams.clock_us = few, clock_us
        due = (clock_us - round(params["hold_s"] * 1e6)) // MINUTE_US - 1
        if due > jams.judged:
            self._judge(jams, due, index, params)
        return jams.findings(params), Memory(memory.each, jams.table())

    def close(self, memory: Memory, params: Params) -> Findings:
        """Episodes as they stand: minutes not over yet are not judged."""
        return Jams(memory.few.copy(), None).ended(params)

    def _judge(self, jams: Jams, due: int, index: Any, params: Params) -> None:
        cells = jams.cells()
        for minute in sorted({int(minute) for minute in cells["minute"] if minute <= due}):
            judge_minute(jams, cells[cells["minute"] == minute], minute, index, params)
        jams.few = _without(jams.few, due)
        jams.judged = due
