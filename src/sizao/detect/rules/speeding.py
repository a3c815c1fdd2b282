"""Speeding: faster than the limit of the matched road, for this vehicle kind, for a while.

Definition (the simulated city's ground truth computes the same from true 1 s speeds)
-----------------------------------------------------------------------------------
A sample is *usable* if it has a satellite fix, a satellite speed and a known limit; any other
sample is treated as if it had not come. A usable sample is *over* if

    speed_kmh > limit_kmh * (1 + tolerance_percent / 100) + margin_kmh

with tolerance 0 % and margin 1 km/h by default: the margin covers the receiver's own error
(0.2 m/s) and nothing else. Each sample is judged by the limit where it was taken, so an episode
may run across a change of limit or road.

Where a higher limit lies within the error of the position (a sign near by, an expressway beside
the service road), a sample is over only if it is over that one, and that one is its limit
(``limit_doubtful``). One that is over the lower alone proves nothing and is not usable.

An episode

- starts at the first of two consecutive usable over samples, at most ``max_gap_s`` (90 s) apart;
- fires (revision 0) at the first over sample, itself preceded by an over sample, that is
  ``min_duration_s`` (30 s) or more after the start. Duration is event time from sample to sample:
  what lies before the first and after the last over sample is not counted;
- goes on through a single sample that is not over. Before it has fired, two such samples in a row
  end it; afterwards, two or more in a row that reach ``end_below_s`` (20 s) past the last over
  sample end it;
- ends when more than ``max_gap_s`` passes without a usable sample;
- on ending is reported once more (revision 1), if it had fired. ``end`` is the last over sample.

``measured`` and ``limit`` are the speed and the limit at the worst ratio of the two, the earliest
if equal; place, road and severity go with them. Severity is the band of ``measured`` over
``limit`` in percent, lower edge inclusive (``speed.enforcement_codes``): ``lt10``, ``10-20``,
``20-50``, ``50-70``, ``ge70``.

One bad sample makes no episode (two consecutive are needed) and breaks none (one is bridged).
To keep it out of ``measured`` too, an over sample whose ratio of speed to limit jumps up against
the sample before is held until the next usable one shows at least the same ratio less the jump
allowed, and dropped if that does not. The jump allowed is 0.5 (half the limit), 0.15 if the
tachograph's speed contradicts the satellite's by more than ``recorder_agrees_kmh``, and unlimited
if the tachograph agrees and the limit is the same as at the sample before. A road matched wrongly
for one sample is caught in the same way.

Source: 中华人民共和国道路交通安全法 art. 42 (recalled); bands ``speed.enforcement_codes``; the
numbers of this page ``detect.speeding`` (proposed) in the rule book.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from sizao.detect import sparse
from sizao.detect.emit import no_findings
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
    params_from,
)
from sizao.detect.params import Book, Params
from sizao.detect.room import ahead
from sizao.detect.stage import Columns, Findings, Memory, World

STATE = np.dtype([("prev", "u4"), ("prev_ratio", "f4"), ("prev_limit", "f4"), ("open", "u1")])
"""Every vehicle: its last usable sample, and whether that stands in the table of the few instead.
``prev`` is the lower half of its time, ``prev_limit`` 0 if there is none, or an outdated one."""

FEW = sparse.episodes([*SEEN, *EPISODE])

LONGEST_US = 2_000_000_000
"""With pauses as long as this or longer half of a time may be mistaken for another (2^32 us are
4 295 s): then the table holds every vehicle."""


@njit(cache=True)
def _since(st, now):  # type: ignore[no-untyped-def]  # numba
    """Microseconds since the last usable sample, up to 2^32 of them."""
    return np.int64(np.uint32(now) - np.uint32(st.prev)) & 0xFFFF_FFFF


@njit(cache=True, nogil=True)
def _rows(slot, time_us, lat, speed_kmh, limit_kmh, each, numbers, short):  # type: ignore[no-untyped-def]  # numba
    """Rows to be looked at closely, rising: all but the ordinary ones, not over the limit, of
    vehicles without an episode. Those are remembered here: see ``concern.py``."""
    rows = np.empty(len(slot), np.int64)
    count = 0
    chosen = -1
    for i in range(len(slot)):
        ahead(each, slot, i)
        own = slot[i]
        st = each[own]
        speed, limit = float(speed_kmh[i]), float(limit_kmh[i])
        # Of what is not known (NaN) this is false. Over it, a higher one might count.
        lawful = limit > 0.0 and not is_over(speed, limit, numbers)
        usable = not (math.isnan(lat[i]) or math.isnan(speed))
        if short and usable and lawful and st.open == 0 and own != chosen:
            st.prev = np.uint32(time_us[i])
            st.prev_ratio = speed / limit
            st.prev_limit = limit
            continue
        chosen = own
        rows[count] = i
        count += 1
    return rows[:count]


@njit(cache=True, nogil=True)
def _kernel(c, each, few, numbers, out):  # type: ignore[no-untyped-def]  # numba
    count = np.int64(0)
    short = numbers.max_gap_us < LONGEST_US
    for i in _rows(
        c.slot,
        c.time_us,
        c.lat,
        c.speed_kmh,
        c.limit_kmh,
        each,
        numbers,
        short,
    ):
        speed = float(c.speed_kmh[i])
        limit = counted(speed, float(c.limit_kmh[i]), float(c.sure_kmh[i]), numbers)
        usable = not (math.isnan(c.lat[i]) or math.isnan(speed)) and limit > 0.0
        own = c.slot[i]
        now = c.time_us[i]
        st = each[own]
        if not st.open:
            if short and usable and not is_over(speed, limit, numbers):
                st.prev = np.uint32(now)
                st.prev_ratio = speed / limit
                st.prev_limit = limit
                continue
            # Asked at every row, so that half of the time is enough.
            gap_us = numbers.max_gap_us
            if now - c.prev_us[i] > gap_us or _since(st, now) > gap_us:
                st.prev_limit = 0.0
        if not usable:
            continue
        few, at = sparse.add(few, own, 0)
        ep = few[at]
        if not st.open:
            st.open = 1
            ep.seen = st.prev_limit > 0.0
            ep.prev_us = now - _since(st, now)
            ep.prev_ratio = st.prev_ratio
            ep.prev_limit = st.prev_limit
        out, count = judge(
            ep, ep, one_row(c, i), limit, limit > c.limit_kmh[i], numbers, out, count
        )
        if short and idle(ep):
            # What made it so was a sample that is not over: the last usable one.
            st.open = 0
            st.prev = np.uint32(now)
            st.prev_ratio = ep.prev_ratio
            st.prev_limit = ep.prev_limit
            sparse.drop(few, at)
    return out[:count], few


class Speeding(OverLimit):
    """The rule; the module's docstring is its definition."""

    id = "speeding"
    code_version = 2
    state_dtype: np.dtype[Any] = STATE
    few_dtype = FEW

    def params_from(self, book: Book) -> Params:
        return params_from(book)

    def step(
        self, columns: Columns, memory: Memory, params: Params, world: World
    ) -> tuple[Findings, Memory]:
        rows, few = _kernel(columns, memory.each, memory.few, numbers_of(params), no_findings())
        return self.findings_of(rows, params), Memory(memory.each, few)
