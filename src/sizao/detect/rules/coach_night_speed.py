"""Coach at night faster than 80 % of the day's limit (客运车辆夜间车速不超过日间限速80%).

Definition
----------
As ``speeding``, word for word and with its parameters, with this limit in place of the road's:

- for vehicles of the ``kinds`` that the coach rules bind, at *night*, that is in local time from
  22:00:00 inclusive to 06:00:00 exclusive: ``ratio`` (0.8) times the limit of the road for this
  kind of vehicle, as it stands by day (a temporary limit is no day's limit: ``speeding``);
- for other vehicles and by day: none. A sample by day is a usable sample that is not over, so an
  episode ends after 06:00 as any other does, and its last over sample lies before.

Each sample is judged by the time and place where it was taken. An episode that began before 22:00
under the day's limit is another matter (``speeding``); this one begins at 22:00:00 at the
earliest. ``limit`` is the night's limit, and severity the band of ``measured`` over it. A coach
that is over the day's limit at night breaks both rules and is reported under both.

Source: 道路运输车辆动态监督管理办法 (2014), ``fatigue.coach_night_speed`` (found); the hours
``fatigue.night_definition`` (recalled); kinds ``detect.coaches`` (recalled); the numbers for
reading samples ``detect.speeding`` (proposed) in the rule book.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.core.prefetch import prefetch
from sizao.detect import sparse
from sizao.detect.coaches import kinds_from, rows_of
from sizao.detect.concern import in_hours_or_known
from sizao.detect.emit import NOTHING, no_findings
from sizao.detect.local_time import hours_us, is_within
from sizao.detect.one_row import one_row
from sizao.detect.over_limit import (
    EPISODE,
    SEEN,
    OverLimit,
    counted,
    idle,
    is_over,
    judge,
    numbers_of,
    seen,
)
from sizao.detect.over_limit import params_from as samples_from
from sizao.detect.params import Book, Params, local_min, number
from sizao.detect.room import AHEAD
from sizao.detect.stage import Columns, Findings, Memory, World

STATE = np.dtype([("open", "i1")])
"""Every vehicle: whether it is in the table of the few."""

FEW = sparse.episodes([*SEEN, *EPISODE])
"""A coach at night, and one whose episode has not ended yet."""


@njit(cache=True, nogil=True)
def _rows(  # type: ignore[no-untyped-def]  # numba
    slot, time_us, lat, speed_kmh, usual_kmh, sure_usual_kmh, rows, each, few, ratio, night, numbers
):
    """Of ``rows`` those to be looked at closely: all but those at night, not over the limit, of
    coaches that are known and without an episode. Those are remembered here: see ``concern.py``."""
    some = np.empty(len(rows), np.int64)
    count = 0
    chosen = -1
    for k in range(len(rows)):
        i = rows[k]
        soon = slot[rows[min(k + AHEAD, len(rows) - 1)]]
        if each[soon].open:
            prefetch(few, sparse.home(few, soon, 0))
        own = slot[i]
        if own != chosen and each[own].open and is_within(time_us[i], night):
            speed, usual = float(speed_kmh[i]), float(usual_kmh[i]) * ratio
            limit = counted(speed, usual, float(sure_usual_kmh[i]) * ratio, numbers)
            if math.isnan(lat[i]) or math.isnan(speed) or not limit > 0.0:
                continue
            row = few[sparse.find(few, own, 0)]
            if idle(row) and not is_over(speed, limit, numbers):
                seen(row, time_us[i], speed / limit, limit)
                continue
        chosen = own
        some[count] = i
        count += 1
    return some[:count]


@njit(cache=True, nogil=True)
def _kernel(c, rows, each, few, ratio, night, numbers, out):  # type: ignore[no-untyped-def]  # numba
    count = np.int64(0)
    for i in _rows(
        c.slot,
        c.time_us,
        c.lat,
        c.speed_kmh,
        c.usual_kmh,
        c.sure_usual_kmh,
        rows,
        each,
        few,
        ratio,
        night,
        numbers,
    ):
        own = c.slot[i]
        now = c.time_us[i]
        dark = is_within(now, night)
        if not dark and not each[own].open:
            continue
        limit, doubtful = math.inf, False
        if dark:
            usual, sure = float(c.usual_kmh[i]) * ratio, float(c.sure_usual_kmh[i]) * ratio
            limit = counted(float(c.speed_kmh[i]), usual, sure, numbers)
            doubtful = limit > usual
        if math.isnan(c.lat[i]) or math.isnan(c.speed_kmh[i]) or not limit > 0.0:
            continue
        if each[own].open:
            at = sparse.find(few, own, 0)
        else:
            few, at = sparse.add(few, own, 0)
            each[own].open = 1
        row = few[at]
        if idle(row) and not is_over(c.speed_kmh[i], limit, numbers):
            seen(row, now, c.speed_kmh[i] / limit, limit)
        else:
            out, count = judge(row, row, one_row(c, i), limit, doubtful, numbers, out, count)
        # By day nothing can be over: what was seen before has no bearing on the next night.
        if not dark and idle(row):
            sparse.drop(few, at)
            each[own].open = 0
    return out[:count], few


class CoachNightSpeed(OverLimit):
    """The rule; the module's docstring is its definition."""

    id = "coach_night_speed"
    code_version = 2
    state_dtype = STATE
    few_dtype = FEW

    def params_from(self, book: Book) -> Params:
        night = "fatigue.night_definition"
        return {
            "ratio": number(book, "fatigue.coach_night_speed", "ratio", "ratio"),
            "night_start_min": local_min(book, night, "start"),
            "night_end_min": local_min(book, night, "end"),
            "kinds": kinds_from(book),
            **samples_from(book),
        }

    def findings_of(self, rows: npt.NDArray[Any], params: Params) -> Findings:
        found = super().findings_of(rows, params)
        return replace(found, measure=[]) if len(rows) else found

    def step(
        self, columns: Columns, memory: Memory, params: Params, world: World
    ) -> tuple[Findings, Memory]:
        night = hours_us(params["night_start_min"], params["night_end_min"])
        rows = rows_of(columns, params["kinds"])
        known = memory.each["open"]
        rows = in_hours_or_known(columns.slot, columns.time_us, rows, night, known)
        if not len(rows):
            return NOTHING, memory
        found, few = _kernel(
            columns,
            rows,
            memory.each,
            memory.few,
            float(params["ratio"]),
            night,
            numbers_of(params),
            no_findings(),
        )
        return self.findings_of(found, params), Memory(memory.each, few)
