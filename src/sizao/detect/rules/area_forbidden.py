"""Closed areas and roads: driving where and when it is forbidden (禁行区域、危险品限行).

Definition
----------
The fences of kind ``forbidden`` (``roads/fences.py``) say where, for which vehicle kinds, on which
days and at which times of the day. A sample is *inside* a fence if its place is, the fence
concerns the vehicle's kind and it is in force at the sample's event time.

For each fence for itself a sample is usable if it has a fix and a satellite speed and either lies
outside the fence or shows a speed above ``moving_above_kmh`` (5): who stands inside says nothing,
neither that he drives there nor that he has left. It is *on* if it is inside.

A spell of on samples (``detect/spells.py``) fires once it has lasted ``min_duration_s`` (30) with
two on samples in a row, and ends after ``end_samples`` (2) usable samples outside, when the hour
or the fence ends, or after a pause of more than ``max_gap_s`` (300). Who is inside when the closed
hours begin and drives on starts a spell then, with his first moving sample; a vehicle that stays
parked through them does not. Entering for less than 30 s, or with a single drifting sample, is
none.

``measured`` is the time from the first to the last on sample in minutes, ``limit`` is 0; place and
driver are those of the first. ``fence`` is the fence's number, part of the id: in two closed areas
at once a vehicle has two episodes. Severity is ``closed``.

Source: 中华人民共和国道路交通安全法 art. 39 (restrictions by traffic police, recalled), for
dangerous goods 危险化学品安全管理条例 art. 49 (restricted areas, recalled); each fence names its
own order. The numbers of this page ``detect.area_forbidden`` (proposed) in the rule book.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.detect import sparse, spells
from sizao.detect.concern import EVERY, in_fences_or_known, inside_of
from sizao.detect.emit import NOTHING, no_findings
from sizao.detect.params import Book, Params, number
from sizao.detect.spells import NONE
from sizao.detect.stage import Columns, Findings, Memory, RuleBase, World
from sizao.roads.fences import KIND_NUMBERS

FORBIDDEN = KIND_NUMBERS["forbidden"]
_BIT = np.uint8(1 << FORBIDDEN)

EACH = np.dtype([("open", "u2")])
"""Every vehicle: in how many closed areas it has a spell."""


@njit(cache=True, nogil=True)
def _inside(c, i, fences, wanted):  # type: ignore[no-untyped-def]  # numba
    """Whether row ``i`` is inside the closed area of this number."""
    for at in range(c.fence_from[i], c.fence_from[i + 1]):
        fence = fences[c.fence[at]]
        if fence.number == wanted and fence.kind == FORBIDDEN:
            return True
    return False


@njit(cache=True)
def _place(few, slot, spells_open, wanted):  # type: ignore[no-untyped-def]  # numba
    """Part under which the spell in this area stands, and the first part that is free."""
    free = np.int64(-1)
    k = NONE
    while spells_open > 0:
        at = sparse.find(few, slot, k)
        if at == 0:
            free = k if free < 0 else free
        else:
            if few[at].code == wanted:
                return k, free
            spells_open -= 1
        k += 1
    return -1, k if free < 0 else free


@njit(cache=True, nogil=True)
def _kernel(c, rows, each, few, fences, moving_above, numbers, out):  # type: ignore[no-untyped-def]  # numba
    count = np.int64(0)
    for i in rows:
        own = c.slot[i]
        first, last = c.fence_from[i], c.fence_from[i + 1]
        if first == last and each[own].open == 0:
            continue
        speed = c.speed_kmh[i]
        if math.isnan(c.lat[i]) or math.isnan(speed):
            continue
        st = each[own]
        moving = speed > moving_above
        left = int(st.open)
        k = NONE
        while left > 0:
            at = sparse.find(few, own, k)
            if at != 0:
                left -= 1
                area = few[at].code
                on = _inside(c, i, fences, area)
                if moving or not on:
                    few, out, count = spells.take(
                        st, few, k, c, i, on, 0.0, 0.0, 0.0, area, NONE, numbers, out, count
                    )
            k += 1
        if not moving:
            continue
        for at in range(first, last):
            fence = fences[c.fence[at]]
            if fence.kind != FORBIDDEN:
                continue
            k, free = _place(few, own, st.open, fence.number)
            if k < 0:
                few, out, count = spells.take(
                    st,
                    few,
                    free,
                    c,
                    i,
                    moving,
                    0.0,
                    0.0,
                    0.0,
                    fence.number,
                    NONE,
                    numbers,
                    out,
                    count,
                )
    return out[:count], few


class AreaForbidden(RuleBase):
    """The rule; the module's docstring is its definition."""

    id = "area_forbidden"
    measured_unit = "min"
    state_dtype = EACH
    few_dtype = sparse.episodes(spells.SPELL)

    def params_from(self, book: Book) -> Params:
        own = "detect.area_forbidden"
        return {
            "moving_above_kmh": number(book, own, "moving_above", "km/h"),
            **spells.lasting_params(book, own),
        }

    def active(self, memory: Memory) -> npt.NDArray[np.int32]:
        return np.unique(sparse.slots(spells.fired(memory)))

    def step(
        self, columns: Columns, memory: Memory, params: Params, world: World
    ) -> tuple[Findings, Memory]:
        grid = world.fences.grid
        rows = in_fences_or_known(
            columns.slot,
            columns.kind,
            inside_of(columns, grid).kinds,
            EVERY,
            _BIT,
            memory.each["open"],
        )
        if not len(rows):
            return NOTHING, memory
        found, few = _kernel(
            columns,
            rows,
            memory.each,
            memory.few,
            grid.fence,
            float(params["moving_above_kmh"]),
            spells.lasting(params),
            no_findings(),
        )
        return self._findings(found), Memory(memory.each, few)

    def close(self, memory: Memory, params: Params) -> Findings:
        return self._findings(spells.close(memory))

    def _findings(self, rows: npt.NDArray[Any]) -> Findings:
        found = spells.timed(rows, "closed", lambda row: str(row["code"]))
        return replace(found, fence=rows["code"].tolist()) if len(rows) else found
