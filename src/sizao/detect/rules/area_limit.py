"""Speed in areas with a limit of their own: schools at school times, long downgrades (区域限速).

Definition
----------
Fences of the kinds ``limit`` and ``downgrade`` (``roads/fences.py``) give a limit for their
vehicle kinds and times. A sample is usable if it has a fix and a satellite speed and the
tachograph, if it gives a speed, agrees within ``recorder_agrees_kmh`` (10): a speed that the
wheels contradict does not count, and where there is no tachograph the satellite is believed. The
limit of a sample is the lowest of all such fences it is inside of, whatever the sign of the road
says (``speeding`` looks at that). It is *on* if it is inside one and

    speed_kmh > limit_kmh + margin_kmh

with a margin of 1 km/h, the receiver's own error.

A spell of on samples (``detect/spells.py``) fires once it has lasted ``min_duration_s`` (10) with
two on samples in a row: such areas are short, at 40 km/h a school's 200 m are passed in 36 s. It
ends after ``end_samples`` (2) usable samples that are not on, or after more than ``max_gap_s``
(90) without a usable one.

``measured`` and ``limit`` are speed and limit at the greatest ratio of the two, the first if
equal; place, driver and ``fence`` go with them. Severity is the reporting band, as in
``speeding``. ``quality`` says ``gps_only`` if no tachograph confirms the worst speed.

Source: 中华人民共和国道路交通安全法 art. 42 and 39 (recalled), bands ``speed.enforcement_codes``
(recalled); each fence names its own order. The numbers of this page ``detect.area_limit``
(proposed) in the rule book.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.detect import sparse, spells
from sizao.detect.concern import inside_of
from sizao.detect.emit import GPS_ONLY, NOTHING, findings, no_findings
from sizao.detect.over_limit import bands_of
from sizao.detect.params import Book, Params, number
from sizao.detect.spells import NONE
from sizao.detect.stage import Columns, Findings, Memory, RuleBase, World
from sizao.roads.fences import KIND_NUMBERS

LIMIT, DOWNGRADE = KIND_NUMBERS["limit"], KIND_NUMBERS["downgrade"]


@njit(cache=True, nogil=True)
def _rows(slot, speed, lowest, each, margin):  # type: ignore[no-untyped-def]  # numba
    """Rows above the lowest limit, and those of vehicles with a spell: see ``concern.py``."""
    rows = np.empty(len(slot), np.int64)
    count = 0
    chosen = -1
    for i in range(len(slot)):
        own = slot[i]
        if float(speed[i]) > float(lowest[i]) + margin or each[own].open != 0 or own == chosen:
            chosen = own
            rows[count] = i
            count += 1
    return rows[:count]


@njit(cache=True, nogil=True)
def _kernel(c, rows, each, few, fences, margin, agrees, numbers, out):  # type: ignore[no-untyped-def]  # numba
    count = np.int64(0)
    for i in rows:
        own = c.slot[i]
        first, last = c.fence_from[i], c.fence_from[i + 1]
        if first == last and each[own].open == 0:
            continue
        speed = float(c.speed_kmh[i])
        recorder = float(c.recorder_speed_kmh[i])
        if math.isnan(c.lat[i]) or math.isnan(speed) or abs(recorder - speed) > agrees:
            continue
        limit = math.inf
        where = NONE
        for at in range(first, last):
            fence = fences[c.fence[at]]
            if (fence.kind == LIMIT or fence.kind == DOWNGRADE) and fence.limit_kmh < limit:
                limit = float(fence.limit_kmh)
                where = np.int64(fence.number)
        on = speed > limit + margin
        if not on and each[own].open == 0:
            continue
        quality = np.int64(GPS_ONLY) if math.isnan(recorder) else NONE
        few, out, count = spells.take(
            each[own],
            few,
            NONE,
            c,
            i,
            on,
            speed / limit,
            np.float64(speed),
            limit,
            where,
            quality,
            numbers,
            out,
            count,
        )
    return out[:count], few


class AreaLimit(RuleBase):
    """The rule; the module's docstring is its definition."""

    id = "area_limit"
    measured_unit = "km/h"
    state_dtype = spells.EACH
    few_dtype = sparse.episodes(spells.SPELL)

    def params_from(self, book: Book) -> Params:
        own = "detect.area_limit"
        return {
            "margin_kmh": number(book, own, "margin", "km/h"),
            "recorder_agrees_kmh": number(book, own, "recorder_agrees", "km/h"),
            **spells.lasting_params(book, own),
            "band_edges_percent": list(book["speed.enforcement_codes"].value("edges")),
        }

    def active(self, memory: Memory) -> npt.NDArray[np.int32]:
        return sparse.slots(spells.fired(memory))

    def step(
        self, columns: Columns, memory: Memory, params: Params, world: World
    ) -> tuple[Findings, Memory]:
        grid, margin = world.fences.grid, float(params["margin_kmh"])
        rows = _rows(
            columns.slot,
            columns.speed_kmh,
            inside_of(columns, grid).limit_kmh,
            memory.each,
            margin,
        )
        if not len(rows):
            return NOTHING, memory
        found, few = _kernel(
            columns,
            rows,
            memory.each,
            memory.few,
            grid.fence,
            margin,
            float(params["recorder_agrees_kmh"]),
            spells.lasting(params),
            no_findings(),
        )
        return self._findings(found, params), Memory(memory.each, few)

    def close(self, memory: Memory, params: Params) -> Findings:
        return self._findings(spells.close(memory), params)

    def _findings(self, rows: npt.NDArray[Any], params: Params) -> Findings:
        if not len(rows):
            return NOTHING
        found = findings(rows, bands_of(rows, params["band_edges_percent"]))
        return replace(found, fence=rows["code"].tolist())
