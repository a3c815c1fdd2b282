"""A place no vehicle can have reached in the time (位置突变): two devices under one number, a
forged track, a clock that was set.

Definition
----------
Of each vehicle consecutive fixes are compared, whatever else lies between. A fix *jumps* if it is
more than ``min_jump_m`` (2 000) from the fix before, and further than ``max_speed_kmh`` (200)
could have brought the vehicle in the time between the two. A fix at exactly the place of the one
before says nothing new: the receiver may hang, and wake up where the vehicle has got to meanwhile.
So the time counts from the beginning of the minute in which the place before the jump was first
reported, if it was reported more than once. (A clone of a vehicle that stands under such a
receiver is seen when it moves again, or is far away.) The jump is
believed at the next fix if that does not jump in turn: a single stray position makes two jumps in
a row, out and back, and is drift. The rule then fires; the episode is over at once, so revision 1
comes together with revision 0.

``start`` is the last fix before the jump, ``end`` the first one after it, ``fired`` the fix that
confirms it. ``measured`` is the speed the jump would have taken in km/h, ``limit`` is
``max_speed_kmh``; the place is that after the jump. Severity is ``jump``.

200 km/h is more than any supervised vehicle can do, and 2 km more than any error of a receiver
with a fix. Distances are on a sphere (haversine). Frozen and missing fixes are none, as
everywhere.

Source: a project definition, ``detect.impossible_jump`` (proposed) in the rule book; that
positions may not be falsified: 道路运输车辆动态监督管理办法 (2022) art. 37 (recalled)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.detect import sparse
from sizao.detect.emit import NOTHING, findings, no_findings, placed, room
from sizao.detect.params import Book, Params, number
from sizao.detect.stage import Columns, Findings, Memory, RuleBase, World

EACH = np.dtype([("since_min", "u2"), ("held", "u1")])
"""Every vehicle: the minute (of 65 535, from 1) in which its place was first reported, and whether
its last fix jumped."""

_MINUTES = 65_535

FEW = sparse.episodes(
    [
        ("from_us", "i8"),
        ("to_us", "i8"),
        ("kmh", "f8"),
        ("lat", "f8"),
        ("lon", "f8"),
        ("stake_m", "f8"),
        ("segment", "i4"),
        ("driver", "i4"),
    ]
)
"""A jump not yet believed."""

_RADIUS_M = 6_371_000.0


@njit(cache=True)
def metres(lat_a, lon_a, lat_b, lon_b):  # type: ignore[no-untyped-def]  # numba
    """Distance on a sphere, haversine."""
    phi_a, phi_b = math.radians(lat_a), math.radians(lat_b)
    half = (
        math.sin((phi_b - phi_a) / 2) ** 2
        + math.cos(phi_a) * math.cos(phi_b) * math.sin(math.radians(lon_b - lon_a) / 2) ** 2
    )
    return 2 * _RADIUS_M * math.asin(min(1.0, math.sqrt(half)))


@njit(cache=True)
def _report(ep, slot, us, received_us, revision, limit, out, count):  # type: ignore[no-untyped-def]  # numba
    out = room(out, count)
    row = out[count]
    row.slot = slot
    row.revision = revision
    row.start_us = ep.from_us
    row.end_us = row.worst_us = ep.to_us
    row.fired_us = us
    row.received_us = received_us
    row.measured = ep.kmh
    row.limit = limit
    row.lat = ep.lat
    row.lon = ep.lon
    row.stake_m = ep.stake_m
    row.segment = ep.segment
    row.driver = ep.driver
    row.quality = 0
    row.code = 0
    return out, count + 1


@njit(cache=True, nogil=True)
def _rows(slot, lat, lon, prev_lat, prev_lon, each, near_deg):  # type: ignore[no-untyped-def]  # numba
    """Rows that are far from the fix before or at its very place, and those of vehicles that have
    been before."""
    rows = np.empty(len(slot), np.int64)
    count = 0
    chosen = -1
    for i in range(len(slot)):
        own = slot[i]
        north, east = abs(lat[i] - prev_lat[i]), abs(lon[i] - prev_lon[i])
        # Of what is NaN neither is true.
        far = north > near_deg or east > near_deg
        same = north == 0.0 and east == 0.0
        known = each[own].since_min != 0 or each[own].held != 0
        if far or same or known or own == chosen:
            chosen = own
            rows[count] = i
            count += 1
    return rows[:count]


@njit(cache=True, nogil=True)
def _kernel(c, rows, each, few, min_jump_m, near_deg, max_kmh, out):  # type: ignore[no-untyped-def]  # numba
    count = np.int64(0)
    for i in rows:
        lat, lon = c.lat[i], c.lon[i]
        if math.isnan(lat) or math.isnan(c.prev_lat[i]):
            continue
        own = c.slot[i]
        minute = c.time_us[i] // 60_000_000 % _MINUTES
        if lat == c.prev_lat[i] and lon == c.prev_lon[i] and each[own].since_min == 0:
            each[own].since_min = c.prev_fix_us[i] // 60_000_000 % _MINUTES + 1
        jumps = False
        kmh = 0.0
        if abs(lat - c.prev_lat[i]) > near_deg or abs(lon - c.prev_lon[i]) > near_deg:
            far = metres(c.prev_lat[i], c.prev_lon[i], lat, lon)
            waited_us = c.time_us[i] - c.prev_fix_us[i]
            if each[own].since_min != 0:
                minutes = (minute - each[own].since_min + 1) % _MINUTES
                waited_us = max(waited_us, minutes * 60_000_000 + c.time_us[i] % 60_000_000)
            kmh = far / waited_us * 3.6e6
            jumps = far > min_jump_m and kmh > max_kmh
        if lat != c.prev_lat[i] or lon != c.prev_lon[i]:
            each[own].since_min = 0
        if each[own].held != 0:
            at = sparse.find(few, own, 0)
            if not jumps:
                for revision in range(2):
                    out, count = _report(
                        few[at], own, c.time_us[i], c.received_us[i], revision, max_kmh, out, count
                    )
            sparse.drop(few, at)
            # Out and back again: the second half of a stray position is no jump of its own.
            each[own].held = 0
            continue
        if jumps:
            few, at = sparse.add(few, own, 0)
            each[own].held = 1
            ep = few[at]
            ep.from_us = c.prev_fix_us[i]
            ep.to_us = c.time_us[i]
            ep.kmh = kmh
            placed(ep, c, i)
    return out[:count], few


class ImpossibleJump(RuleBase):
    """The rule; the module's docstring is its definition."""

    id = "impossible_jump"
    code_version = 3
    measured_unit = "km/h"
    state_dtype = EACH
    few_dtype = FEW

    def params_from(self, book: Book) -> Params:
        own = "detect.impossible_jump"
        return {
            "min_jump_m": number(book, own, "min_jump", "m"),
            "max_speed_kmh": number(book, own, "max_speed", "km/h"),
        }

    def active(self, memory: Memory) -> npt.NDArray[np.int32]:
        return np.empty(0, np.int32)

    def step(
        self, columns: Columns, memory: Memory, params: Params, world: World
    ) -> tuple[Findings, Memory]:
        min_jump_m = float(params["min_jump_m"])
        # Nearer than this in both directions is no jump: spares the trigonometry for nearly all.
        near_deg = min_jump_m / _RADIUS_M * 180.0 / math.pi * 0.7
        rows = _rows(
            columns.slot,
            columns.lat,
            columns.lon,
            columns.prev_lat,
            columns.prev_lon,
            memory.each,
            near_deg,
        )
        if not len(rows):
            return NOTHING, memory
        found, few = _kernel(
            columns,
            rows,
            memory.each,
            memory.few,
            min_jump_m,
            near_deg,
            float(params["max_speed_kmh"]),
            no_findings(),
        )
        return self._findings(found), Memory(memory.each, few)

    def close(self, memory: Memory, params: Params) -> Findings:
        return self._findings(no_findings()[:0])

    def _findings(self, rows: npt.NDArray[Any]) -> Findings:
        return findings(rows, lambda row: "jump")
