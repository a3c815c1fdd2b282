"""Coach driven for more than 2 h of one night without a stop of at least 20 min (夜间连续驾驶).

Definition
----------
As ``fatigue``, word for word (elapsed time between rests, stops under 20 min included, gaps taken
off, driver changes, speed spikes at rest), for vehicles of the ``kinds`` that the coach rules
bind, with two changes:

- Only samples of the *night* are looked at, local time from 22:00:00 inclusive to 06:00:00
  exclusive. So a run begins at the first moving sample of the night, after a qualifying rest, or of
  another driver. Who has driven since 20:30 without a rest has driven 2 h of the night at
  midnight; the hour and a half before it belongs to ``fatigue``. A rest may have begun before
  22:00; nothing has to be known of it, because no run is going on yet.
- A run ends with its night: at the vehicle's first sample outside it, ``end`` being its last
  moment of driving inside.

The rule fires at the first sample at which the elapsed time is more than ``max_continuous_min``
(120), if the vehicle was driving until that sample. Exactly 2 h is lawful. ``measured`` is the
elapsed time of the night in minutes, ``limit`` 120, severity ``over_limit``.

Up to one reporting interval at 22:00 is not counted, in the driver's favour, nor a single moving
sample behind a stop that is the last before 06:00: nothing shows that it was no speed spike.

Points that come late, from after the beginning of a gap that was judged unknown, re-open it for
``reopen_within_min`` (120) after its end: see ``reopen.py``.

Source: 道路旅客运输企业安全管理规范 (2018) art. 38, ``fatigue.coach`` (found); the hours
``fatigue.night_definition`` (recalled); kinds ``detect.coaches`` (recalled); the numbers for
reading samples ``detect.fatigue`` (proposed) in the rule book.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.core.prefetch import prefetch
from sizao.detect import sparse
from sizao.detect.brief_runs import goes_on_apart, rests_on
from sizao.detect.coaches import kinds_from, rows_of
from sizao.detect.concern import in_hours_or_known
from sizao.detect.continuous import (
    DETAILS,
    DRIVING,
    closed,
    findings_of,
    numbers_of,
    sample,
    samples_from,
    speed_of,
)
from sizao.detect.emit import NOTHING, no_findings
from sizao.detect.local_time import day_of, hours_us, is_within
from sizao.detect.params import Book, Params, local_min, number
from sizao.detect.room import AHEAD
from sizao.detect.runs import end_run
from sizao.detect.stage import Columns, Findings, Memory, RuleBase, World

STATE = np.dtype([("known", "i1")])
"""Every vehicle: whether it is in the table of the few."""

FEW = sparse.episodes([("night", "i4"), *DRIVING, *DETAILS])
"""A coach at night. ``night`` tells one night from the next."""


@njit(cache=True, nogil=True)
def _rows(  # type: ignore[no-untyped-def]  # numba
    slot,
    time_us,
    lat,
    lon,
    speed_kmh,
    recorder_kmh,
    driver,
    stake_m,
    segment,
    rows,
    each,
    few,
    night,
    numbers,
):
    """Of ``rows`` those to be looked at closely: all that show a speed but those with which the
    night's run, stop or rest of a coach goes on, which are remembered here: see ``concern.py``."""
    some = np.empty(len(rows), np.int64)
    count = 0
    chosen = -1
    for k in range(len(rows)):
        i = rows[k]
        soon = slot[rows[min(k + AHEAD, len(rows) - 1)]]
        if each[soon].known:
            prefetch(few, sparse.home(few, soon, 0))
        own, now = slot[i], time_us[i]
        speed = speed_of(lat[i], speed_kmh[i], recorder_kmh[i])
        if math.isnan(speed):
            continue
        if own != chosen and each[own].known and is_within(now, night):
            row = few[sparse.find(few, own, 0)]
            moving, code = speed > numbers.moving_above_kmh, driver[i] + 1
            if row.night == day_of(now, night) and (
                rests_on(row, moving, now, code, numbers)
                or goes_on_apart(
                    row, moving, now, code, lat[i], lon[i], stake_m[i], segment[i], numbers
                )
            ):
                continue
        chosen = own
        some[count] = i
        count += 1
    return some[:count]


@njit(cache=True, nogil=True)
def _kernel(c, rows, each, few, night, numbers, out):  # type: ignore[no-untyped-def]  # numba
    count = np.int64(0)
    for i in _rows(
        c.slot,
        c.time_us,
        c.lat,
        c.lon,
        c.speed_kmh,
        c.recorder_speed_kmh,
        c.driver,
        c.stake_m,
        c.segment,
        rows,
        each,
        few,
        night,
        numbers,
    ):
        own = c.slot[i]
        now = c.time_us[i]
        speed = speed_of(c.lat[i], c.speed_kmh[i], c.recorder_speed_kmh[i])
        dark = is_within(now, night)
        if math.isnan(speed) or (not dark and not each[own].known):
            continue
        if each[own].known:
            at = sparse.find(few, own, 0)
            if not dark or few[at].night != day_of(now, night):
                out, count = end_run(few[at], few, own, out, count)
                sparse.drop(few, at)
                each[own].known = 0
        if not dark:
            continue
        # The row is there before the run looks for it, so the table does not grow beneath it.
        few, at = sparse.add(few, own, 0)
        each[own].known = 1
        row = few[at]
        row.open = 1
        row.night = day_of(now, night)
        few, out, count = sample(row, few, c, i, speed, numbers, out, count)
    return out[:count], few


class CoachNightFatigue(RuleBase):
    """The rule; the module's docstring is its definition."""

    id = "coach_night_fatigue"
    code_version = 2
    measured_unit = "min"
    state_dtype = STATE
    few_dtype = FEW

    def params_from(self, book: Book) -> Params:
        law, night = "fatigue.coach", "fatigue.night_definition"
        return {
            "max_continuous_min": number(book, law, "night_max_continuous", "min"),
            "min_rest_min": number(book, law, "min_rest", "min"),
            "night_start_min": local_min(book, night, "start"),
            "night_end_min": local_min(book, night, "end"),
            "kinds": kinds_from(book),
            "reopen_within_min": number(book, "detect.reopen", "within", "min"),
            **samples_from(book),
        }

    def active(self, memory: Memory) -> npt.NDArray[np.int32]:
        return sparse.slots(_fired(memory))

    def step(
        self, columns: Columns, memory: Memory, params: Params, world: World
    ) -> tuple[Findings, Memory]:
        night = hours_us(params["night_start_min"], params["night_end_min"])
        rows = rows_of(columns, params["kinds"])
        known = memory.each["known"]
        rows = in_hours_or_known(columns.slot, columns.time_us, rows, night, known)
        if not len(rows):
            return NOTHING, memory
        found, few = _kernel(
            columns,
            rows,
            memory.each,
            memory.few,
            night,
            numbers_of(params),
            no_findings(),
        )
        return findings_of(found, params), Memory(memory.each, few)

    def close(self, memory: Memory, params: Params) -> Findings:
        runs = _fired(memory)
        return findings_of(closed(sparse.slots(runs), runs, runs), params)


def _fired(memory: Memory) -> npt.NDArray[Any]:
    few = memory.few
    return sparse.rows(few, (few["running"] & few["fired"]) != 0)
