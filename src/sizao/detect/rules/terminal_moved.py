"""Satellite and wheels disagree for long (卫星速度与行驶记录仪速度长期不符): the terminal or its
aerial is not where the wheels are, or one of the two is tampered with.

Definition
----------
A sample is usable if it has a fix, a satellite speed and a tachograph speed. It is *on* if one of
the two is ``moving_above_kmh`` (20) or more and the other ``standing_below_kmh`` (5) or less: a
terminal that drives while the wheels stand, or stands while they turn. Two speeds that merely
differ are a matter of calibration and not judged here.

A spell of on samples (``detect/spells.py``) fires once it has lasted ``min_duration_s`` (300) with
two on samples in a row, and ends after ``end_samples`` (2) usable samples that are not on, or
after more than ``max_gap_s`` (600) without a usable one. Spinning wheels, a shadowed sky or a
spike end sooner than five minutes.

``measured`` is the greatest difference in km/h, ``limit`` is ``moving_above_kmh`` less
``standing_below_kmh``; place and driver go with it. Severity is ``speeds_differ``.

Source: a project definition, ``detect.terminal_moved`` (proposed) in the rule book; that devices
may not be tampered with: 道路运输车辆动态监督管理办法 (2022) art. 37 (recalled); two independent
speeds: GB/T 19056 汽车行驶记录仪 (recalled)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.detect import sparse, spells
from sizao.detect.emit import NOTHING, findings, no_findings
from sizao.detect.params import Book, Params, number
from sizao.detect.spells import NONE
from sizao.detect.stage import Columns, Findings, Memory, RuleBase, World


@njit(cache=True, nogil=True)
def _rows(slot, lat, speed_kmh, recorder_kmh, each, moving, standing):  # type: ignore[no-untyped-def]  # numba
    """Rows on which the two speeds differ so far, and those of vehicles with a spell; all with
    both speeds and a fix. See ``concern.py``."""
    rows = np.empty(len(slot), np.int64)
    count = 0
    chosen = -1
    for i in range(len(slot)):
        own = slot[i]
        speed, recorder = float(speed_kmh[i]), float(recorder_kmh[i])
        if math.isnan(recorder) or math.isnan(speed) or math.isnan(lat[i]):
            continue
        on = max(speed, recorder) >= moving and min(speed, recorder) <= standing
        if on or each[own].open != 0 or own == chosen:
            chosen = own
            rows[count] = i
            count += 1
    return rows[:count]


@njit(cache=True, nogil=True)
def _kernel(c, rows, each, few, moving, standing, numbers, out):  # type: ignore[no-untyped-def]  # numba
    count = np.int64(0)
    for i in rows:
        recorder = float(c.recorder_speed_kmh[i])
        speed = float(c.speed_kmh[i])
        on = max(speed, recorder) >= moving and min(speed, recorder) <= standing
        own = c.slot[i]
        if not on and each[own].open == 0:
            continue
        apart = np.float64(abs(speed - recorder))
        few, out, count = spells.take(
            each[own],
            few,
            NONE,
            c,
            i,
            on,
            apart,
            apart,
            moving - standing,
            NONE,
            NONE,
            numbers,
            out,
            count,
        )
    return out[:count], few


class TerminalMoved(RuleBase):
    """The rule; the module's docstring is its definition."""

    id = "terminal_moved"
    measured_unit = "km/h"
    state_dtype = spells.EACH
    few_dtype = sparse.episodes(spells.SPELL)

    def params_from(self, book: Book) -> Params:
        own = "detect.terminal_moved"
        return {
            "moving_above_kmh": number(book, own, "moving_above", "km/h"),
            "standing_below_kmh": number(book, own, "standing_below", "km/h"),
            **spells.lasting_params(book, own),
        }

    def active(self, memory: Memory) -> npt.NDArray[np.int32]:
        return sparse.slots(spells.fired(memory))

    def step(
        self, columns: Columns, memory: Memory, params: Params, world: World
    ) -> tuple[Findings, Memory]:
        apart = float(params["moving_above_kmh"]), float(params["standing_below_kmh"])
        rows = _rows(
            columns.slot,
            columns.lat,
            columns.speed_kmh,
            columns.recorder_speed_kmh,
            memory.each,
            *apart,
        )
        if not len(rows):
            return NOTHING, memory
        found, few = _kernel(
            columns, rows, memory.each, memory.few, *apart, spells.lasting(params), no_findings()
        )
        return self._findings(found), Memory(memory.each, few)

    def close(self, memory: Memory, params: Params) -> Findings:
        return self._findings(spells.close(memory))

    def _findings(self, rows: npt.NDArray[Any]) -> Findings:
        return findings(rows, lambda row: "speeds_differ")
