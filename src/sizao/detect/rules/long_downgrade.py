"""Brakes that must be hot: a heavy vehicle on a long way down (长下坡制动发热).

Nobody reports the brakes' temperature. What the vehicle's height gave up and neither the road nor
the engine took, the brakes have turned to heat; this rule keeps the account, per kilogram of
vehicle, so that the mass need not be known. It is a proxy: it knows no retarder, no gear and no
load, and is to be read as "have a look", not as a measurement.

Definition
----------
Only vehicles of the heavy class (``core.vehicles.HEAVY``) are looked at. A sample is usable if it
has a fix and a satellite speed v. The account H (J/kg) begins at 0 with the first usable sample
inside a fence of kind ``downgrade``. For each further usable sample, dt seconds after the last,

    way    = dt (v + v_before) / 2
    braked = 9.81 way (grade - rolling) - (v^2 - v_before^2) / 2
    H      = H exp(-dt / cooling_s) + max(0, braked - engine_w_per_kg dt)

with the grade there as a share (a fall is positive): that of the matched road if the network knows
one, else the fence's mean grade; ``rolling`` 0.006 is what the tyres take. Outside of the fences H
only cools, and is forgotten below ``forget_j_per_kg`` (20). More than ``max_gap_s`` (90) without a
usable sample forgets it too: nothing is known of that way.

A sample is *on* if H is more than ``limit_j_per_kg`` (2 000). A spell of on samples
(``detect/spells.py``) fires once it has lasted ``min_duration_s`` (10) with two on samples in a
row, and ends after ``end_samples`` (2) usable samples that are not, or with the account.

``measured`` is the greatest H in J/kg, ``limit`` is ``limit_j_per_kg``; place, driver and
``fence`` (the lowest number there, 0 outside) go with it. Severity is ``brake_heat``.

The default: drums of a 49 t combination weigh some 700 kg, iron stores 500 J/(kg K): 2 000 J/kg
make 280 K, at which linings fade. 4 W/kg is an engine brake of 196 kW. Ten kilometres of 5 % at
60 km/h give up 4 905 J/kg, of which rolling takes 589 and the engine 2 400.

Source: a project definition, ``detect.long_downgrade`` (proposed) in the rule book; mean grades
and lengths that call for measures: JTG D20 公路路线设计规范 (recalled)."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.core.vehicles import HEAVY, KIND_CODES
from sizao.detect import sparse, spells
from sizao.detect.concern import in_fences_or_known, inside_of
from sizao.detect.emit import NOTHING, findings, no_findings
from sizao.detect.params import Book, Params, number
from sizao.detect.spells import NONE
from sizao.detect.stage import Columns, Findings, Memory, RuleBase, World
from sizao.roads.fences import KIND_NUMBERS

DOWNGRADE = KIND_NUMBERS["downgrade"]
_BIT = np.uint8(1 << DOWNGRADE)
GRAVITY = 9.81
_HEAVY = sum(1 << KIND_CODES[kind] for kind in HEAVY)

# What is this rule's own comes first: a row that began like another rule's would count as one of
# those, and which of the two a shared function is compiled for would be chance.
EACH = np.dtype([("warm", "u1"), ("open", "u1")])
"""Every vehicle: whether it has a spell (part 0 of the few), whether an account (part 1)."""

FEW = sparse.episodes([("heat", "f8"), ("heat_us", "i8"), ("heat_mps", "f8"), *spells.SPELL])


class _Brakes(NamedTuple):
    """The account's parameters as the kernel takes them."""

    rolling: float
    engine: float
    cooling_s: float
    limit: float
    forget: float


@njit(cache=True, nogil=True)
def _kernel(c, rows, each, few, fences, grades, brakes, numbers, out):  # type: ignore[no-untyped-def]  # numba
    count = np.int64(0)
    for i in rows:
        own = c.slot[i]
        first, last = c.fence_from[i], c.fence_from[i + 1]
        if first == last and each[own].warm == 0 and each[own].open == 0:
            continue
        if math.isnan(c.lat[i]) or math.isnan(c.speed_kmh[i]):
            continue
        st = each[own]
        grade = math.nan
        where = NONE
        for at in range(first, last):
            fence = fences[c.fence[at]]
            if fence.kind == DOWNGRADE and where == 0:
                where = np.int64(fence.number)
                grade = float(fence.grade_pct)
        if where != 0 and c.segment[i] >= 0 and not math.isnan(grades[c.segment[i]]):
            grade = -float(grades[c.segment[i]])
        now = c.time_us[i]
        mps = float(c.speed_kmh[i]) / 3.6
        at = sparse.find(few, own, 1) if st.warm != 0 else 0
        if at != 0 and now - few[at].heat_us > numbers.max_gap_us:
            sparse.drop(few, at)
            st.warm = 0
            at = 0
        heat = 0.0
        if at != 0:
            ep = few[at]
            dt = (now - ep.heat_us) / 1e6
            heat = ep.heat * math.exp(-dt / brakes.cooling_s)
            if where != 0:
                way = dt * (mps + ep.heat_mps) / 2
                braked = GRAVITY * way * (grade / 100 - brakes.rolling)
                braked -= (mps * mps - ep.heat_mps * ep.heat_mps) / 2
                heat += max(0.0, braked - brakes.engine * dt)
            if where == 0 and heat < brakes.forget:
                sparse.drop(few, at)
                st.warm = 0
                at = 0
        elif where != 0:
            few, at = sparse.add(few, own, 1)
            st.warm = 1
        if at != 0:
            ep = few[at]
            ep.heat = heat
            ep.heat_us = now
            ep.heat_mps = mps
        on = heat > brakes.limit
        if on or st.open != 0:
            few, out, count = spells.take(
                st, few, NONE, c, i, on, heat, heat, brakes.limit, where, NONE, numbers, out, count
            )
    return out[:count], few


class LongDowngrade(RuleBase):
    """The rule; the module's docstring is its definition."""

    id = "long_downgrade"
    measured_unit = "J/kg"
    state_dtype = EACH
    few_dtype = FEW

    def params_from(self, book: Book) -> Params:
        own = "detect.long_downgrade"
        return {
            "rolling": number(book, own, "rolling", "ratio"),
            "engine_w_per_kg": number(book, own, "engine", "W/kg"),
            "cooling_s": number(book, own, "cooling", "s"),
            "limit_j_per_kg": number(book, own, "limit", "J/kg"),
            "forget_j_per_kg": number(book, own, "forget", "J/kg"),
            **spells.lasting_params(book, own),
        }

    def active(self, memory: Memory) -> npt.NDArray[np.int32]:
        return sparse.slots(spells.fired(memory))

    def step(
        self, columns: Columns, memory: Memory, params: Params, world: World
    ) -> tuple[Findings, Memory]:
        network, grid = world.network, world.fences.grid
        rows = in_fences_or_known(
            columns.slot,
            columns.kind,
            inside_of(columns, grid).kinds,
            _HEAVY,
            _BIT,
            # Two bytes in one: either is something that is known.
            memory.each.view(np.uint16),
        )
        if not len(rows):
            return NOTHING, memory
        found, few = _kernel(
            columns,
            rows,
            memory.each,
            memory.few,
            grid.fence,
            np.zeros(0, np.float32) if network is None else network.grade_pct,
            _Brakes(
                float(params["rolling"]),
                float(params["engine_w_per_kg"]),
                float(params["cooling_s"]),
                float(params["limit_j_per_kg"]),
                float(params["forget_j_per_kg"]),
            ),
            spells.lasting(params),
            no_findings(),
        )
        return self._findings(found), Memory(memory.each, few)

    def close(self, memory: Memory, params: Params) -> Findings:
        return self._findings(spells.close(memory))

    def _findings(self, rows: npt.NDArray[Any]) -> Findings:
        found = findings(rows, "brake_heat")
        return replace(found, fence=rows["code"].tolist()) if len(rows) else found
