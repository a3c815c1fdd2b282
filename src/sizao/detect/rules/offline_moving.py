"""Silent while moving (行驶中离线、离线位移): the terminal fell silent under way and came back
elsewhere.

Definition
----------
Two consecutive rows of a vehicle, in event time. Between them it was *silent while moving* if

- the first shows a satellite or tachograph speed above ``moving_above_kmh`` (10);
- more than ``silence_min`` (10 min) lies between them: many times the 10 to 30 s at which terminals
  report under way;
- both have a fix, and they are more than ``displacement_m`` (1 000) apart: who stopped and switched
  off, and then went a little way, is nothing;
- neither end is *excused*: on a matched road in a tunnel, or inside a fence of kind ``blind``
  (``roads/fences.py``), where terminals are known to fall silent.

What a terminal stored meanwhile and sends when it is back, before it goes on, stands between the
two rows: then there was no silence. The rule fires at the second row; the episode is over with it,
so revision 1 comes together with revision 0. It is judged when the vehicle is heard again, never
before, so that nothing depends on how long somebody has waited: a vehicle that never comes back is
for the live board, which shows how long each has been silent.

``start`` and ``end`` are the two rows. ``measured`` is the silence in minutes, ``limit`` is
``silence_min``; the place is where it came back. Severity is ``offline``, ``quality`` says
``gap``.

Source: 道路运输车辆动态监督管理办法 (2022) art. 26 and 37 (the device must work whenever the
vehicle does, recalled), 离线位移 as assessed by supervision platforms (recalled);
``detect.offline_moving`` (proposed) in the rule book."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.detect import sparse
from sizao.detect.concern import inside_of
from sizao.detect.emit import GAP, NOTHING, findings, no_findings, placed, room
from sizao.detect.params import Book, Params, number
from sizao.detect.room import ahead
from sizao.detect.rules.impossible_jump import metres
from sizao.detect.stage import Columns, Findings, Memory, RuleBase, World
from sizao.roads.fences import KIND_NUMBERS

BLIND = np.uint8(1 << KIND_NUMBERS["blind"])

EACH = np.dtype([("moving", "u1")])
"""Every vehicle: its last row had a fix, showed it moving and was not excused."""

FEW = sparse.episodes([])
"""Nothing more to remember: the columns hold the row before."""


@njit(cache=True, nogil=True)
def _rows(  # type: ignore[no-untyped-def]  # numba
    slot,
    time_us,
    prev_us,
    lat,
    speed_kmh,
    recorder_kmh,
    segment,
    inside,
    each,
    tunnel,
    moving_above,
    longest_us,
):
    """Rows with which vehicles that moved come back, not excused; what all show is remembered
    here: see ``concern.py``."""
    rows = np.empty(len(slot), np.int64)
    count = 0
    for i in range(len(slot)):
        ahead(each, slot, i)
        st = each[slot[i]]
        excused = segment[i] >= 0 and tunnel[segment[i]]
        excused = excused or inside[i] & BLIND != 0
        known = not (math.isnan(lat[i]) or excused)
        # Written in any case: quicker than to guess whether.
        rows[count] = i
        count += known and st.moving != 0 and time_us[i] - prev_us[i] > longest_us
        st.moving = known and (speed_kmh[i] > moving_above or recorder_kmh[i] > moving_above)
    return rows[:count]


@njit(cache=True, nogil=True)
def _kernel(c, rows, silence_us, away_m, out):  # type: ignore[no-untyped-def]  # numba
    count = np.int64(0)
    for i in rows:
        # That it moved says that the row before had a fix: prev_lat is of that row.
        far = metres(c.prev_lat[i], c.prev_lon[i], c.lat[i], c.lon[i])
        for revision in range(2 if far > away_m else 0):
            out = room(out, count)
            row = out[count]
            row.slot = c.slot[i]
            row.revision = revision
            row.start_us = c.prev_us[i]
            row.end_us = row.fired_us = row.worst_us = c.time_us[i]
            row.received_us = c.received_us[i]
            row.measured = (c.time_us[i] - c.prev_us[i]) / 60e6
            row.limit = silence_us / 60e6
            placed(row, c, i)
            row.quality = GAP
            row.code = 0
            count += 1
    return out[:count]


class OfflineMoving(RuleBase):
    """The rule; the module's docstring is its definition."""

    id = "offline_moving"
    measured_unit = "min"
    state_dtype = EACH
    few_dtype = FEW

    def params_from(self, book: Book) -> Params:
        own = "detect.offline_moving"
        return {
            "moving_above_kmh": number(book, own, "moving_above", "km/h"),
            "silence_min": number(book, own, "silence", "min"),
            "displacement_m": number(book, own, "displacement", "m"),
        }

    def active(self, memory: Memory) -> npt.NDArray[np.int32]:
        return np.empty(0, np.int32)

    def step(
        self, columns: Columns, memory: Memory, params: Params, world: World
    ) -> tuple[Findings, Memory]:
        tunnel = np.zeros(0, np.bool_) if world.network is None else world.network.tunnel
        silence_us = round(params["silence_min"] * 60e6)
        rows = _rows(
            columns.slot,
            columns.time_us,
            columns.prev_us,
            columns.lat,
            columns.speed_kmh,
            columns.recorder_speed_kmh,
            columns.segment,
            inside_of(columns, world.fences.grid).kinds,
            memory.each,
            tunnel,
            float(params["moving_above_kmh"]),
            silence_us,
        )
        if not len(rows):
            return NOTHING, memory
        away_m = float(params["displacement_m"])
        return self._findings(_kernel(columns, rows, silence_us, away_m, no_findings())), memory

    def close(self, memory: Memory, params: Params) -> Findings:
        return self._findings(no_findings()[:0])

    def _findings(self, rows: npt.NDArray[Any]) -> Findings:
        return findings(rows, "offline")
