"""Continuous driving: more than 4 h without a stop of at least 20 min (连续驾驶).

Definition (the simulated city's ground truth computes the same from true 1 s speeds)
-----------------------------------------------------------------------------------
"连续驾驶机动车超过4小时未停车休息或者停车休息时间少于20分钟": a stop shorter than 20 min does not
interrupt continuous driving, so what counts is the time *elapsed* since driving began after the
last qualifying rest, short stops included. It is not the sum of the minutes at the wheel.

- Speed of a sample: the satellite's if there is a fix, else the tachograph's. A sample with
  neither is treated as if it had not come. *Moving* is above ``moving_above_kmh`` (5), else
  *standing*. What a sample shows holds until the next one.
- A run begins at the first moving sample ever seen, after a qualifying rest, or of another driver.
- A stop begins at its first standing sample and lasts until the latest standing one, or the first
  moving one that ends it. It is a *qualifying rest* as soon as it has lasted ``min_rest_min``
  (20) or more: 19 min is none, 20 min is one. The run then ends where the stop began.
- A single moving sample between two standing ones, all within ``spike_displacement_m`` (100 m) of
  where the stop began, does not break the stop: it is a speed spike of a parked vehicle. Whether
  it was one shows at the next sample, so the first moving sample after a stop never fires.
- A *gap* is more than ``max_gap_s`` (300) without a usable sample. Its length is neither driving
  nor, of itself, rest: it is taken off the elapsed time. If both ends have a place (the first end:
  the last place known, if not older than the last usable sample) and they are
  less than ``rest_displacement_m`` (500 m) apart, the vehicle stood (device off at rest): the gap
  is a stop, joined with the standing before and after it, and so a rest if that makes 20 min. If
  the vehicle went elsewhere, or nobody knows, no stop reaches across it; a gap of that sort longer
  than ``forget_gap_min`` (120) ends the run, because nothing is known about it.
- Driver change: a known driver code followed, at once or after unknown ones, by a different known
  code ends the run, and the new driver's begins with his first moving sample. "Unknown" is a state
  of its own: it neither ends a run nor stands for a person. A driver who returns after less than
  ``min_rest_min`` takes up the run he left, as if the other's time were a short stop: swapping
  cards for a moment is no rest. Of two drivers only: a third makes the first one's forgotten. If
  that run had fired, its end is then reported again, with the next revision.

The rule fires (revision 0) at the first sample at which

    elapsed = time - start of the run - gaps inside the run  >  max_continuous_min (240)

and the vehicle was driving until that sample: it moves, or it is the first standing one after
moving. A stop can therefore never make the rule fire, only driving on can. Exactly 4 h is lawful.
Revision 1 follows when the run ends, as soon as that is known: ``end`` is the last moment of
driving (where the resting stop began, or the last sample before the change of driver or the
forgotten gap).

``measured`` is the elapsed time in minutes at ``end``, ``limit`` is 240; the place is that of the
last driving sample. ``driver`` is the last code known since the rest or the forgotten gap that
ended the run before, null if none: a card that was drawn before he set out still counts. Severity
is ``over_limit``: the law knows one step, points depend on the vehicle (``fatigue.points``).
``quality`` says ``gap`` if the run contains one, and in whole minutes what there is inside the run
beside driving: ``unknown_min`` (gaps, taken off ``measured``: the true value lies up to so much
higher), ``rest_min`` (stops that were no rest, with gaps in which the vehicle stood) and
``driver_unknown_min`` (driving while no driver was known; the stops between if none ever was, but
those that end with a gap). What lies behind ``end`` is not inside.

Points that come late, from after the beginning of a gap that was judged unknown, re-open it for
``reopen_within_min`` (120) after its end: see ``reopen.py``.

Source: 中华人民共和国道路交通安全法实施条例 (2004) art. 62(7), ``fatigue.continuous_any`` (found);
the numbers for reading samples ``detect.fatigue`` (proposed) in the rule book. The coach rules
are rules of their own: ``coach_night_fatigue``, ``coach_day_total``, ``coach_week_total``.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.detect import sparse
from sizao.detect.brief_runs import BRIEF, goes_on, goes_on_apart, pack, unpack
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
from sizao.detect.emit import no_findings
from sizao.detect.params import Book, Params, number
from sizao.detect.room import ahead
from sizao.detect.stage import Columns, Findings, Memory, RuleBase, World

STATE = np.dtype(BRIEF)
"""Every vehicle: its run and the stop in progress, as far as they are ordinary."""

FEW = sparse.episodes([*DRIVING, *DETAILS])
"""All there is to know of a vehicle whose run is not."""


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
    each,
    few,
    numbers,
):
    """Rows to be looked at closely, rising: all that show a speed but those with which an ordinary
    run or stop goes on, which are remembered here: see ``concern.py``."""
    rows = np.empty(len(slot), np.int64)
    count = 0
    chosen = -1
    for i in range(len(slot)):
        ahead(each, slot, i)
        speed = speed_of(lat[i], speed_kmh[i], recorder_kmh[i])
        if math.isnan(speed):
            continue
        own = slot[i]
        moving = speed > numbers.moving_above_kmh
        if own != chosen:
            if each[own].open == 0:
                if goes_on(each[own], moving, time_us[i], driver[i] + 1, numbers):
                    continue
            elif goes_on_apart(
                few[sparse.find(few, own, 0)],
                moving,
                time_us[i],
                driver[i] + 1,
                lat[i],
                lon[i],
                stake_m[i],
                segment[i],
                numbers,
            ):
                continue
        chosen = own
        rows[count] = i
        count += 1
    return rows[:count]


@njit(cache=True, nogil=True)
def _kernel(c, each, few, numbers, out):  # type: ignore[no-untyped-def]  # numba
    count = np.int64(0)
    # A table for one: what changes in a vehicle's memory is nearly always over with the row.
    one = np.zeros(17, few.dtype)
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
        each,
        few,
        numbers,
    ):
        speed = speed_of(c.lat[i], c.speed_kmh[i], c.recorder_speed_kmh[i])
        own = c.slot[i]
        st = each[own]
        # Index plus one, 0 unknown: all-zero state must mean "never seen".
        if goes_on(st, speed > numbers.moving_above_kmh, c.time_us[i], c.driver[i] + 1, numbers):
            continue
        # The row is there before the run looks for it, so the table does not grow beneath it.
        table, at = sparse.add(few if st.open else one, own, 0)
        row = table[at]
        if not st.open:
            unpack(st, row)
        table, out, count = sample(row, table, c, i, speed, numbers, out, count)
        if pack(st, row, numbers.min_rest_us):
            st.open = 0
            sparse.drop(table, at)
        elif not st.open:
            st.open = 1
            few, there = sparse.add(few, own, 0)
            few[there] = row
            sparse.drop(table, at)
    return out[:count], few


class Fatigue(RuleBase):
    """The rule; the module's docstring is its definition."""

    id = "fatigue"
    code_version = 2
    measured_unit = "min"
    state_dtype = STATE
    few_dtype = FEW

    def params_from(self, book: Book) -> Params:
        law = "fatigue.continuous_any"
        return {
            "max_continuous_min": number(book, law, "max_continuous", "min"),
            "min_rest_min": number(book, law, "min_rest", "min"),
            "reopen_within_min": number(book, "detect.reopen", "within", "min"),
            **samples_from(book),
        }

    def active(self, memory: Memory) -> npt.NDArray[np.int32]:
        return sparse.slots(_fired(memory))

    def step(
        self, columns: Columns, memory: Memory, params: Params, world: World
    ) -> tuple[Findings, Memory]:
        rows, few = _kernel(columns, memory.each, memory.few, numbers_of(params), no_findings())
        return findings_of(rows, params), Memory(memory.each, few)

    def close(self, memory: Memory, params: Params) -> Findings:
        runs = _fired(memory)
        return findings_of(closed(sparse.slots(runs), runs, runs), params)


def _fired(memory: Memory) -> npt.NDArray[Any]:
    few = memory.few
    return sparse.rows(few, (few["running"] & few["fired"]) != 0)
