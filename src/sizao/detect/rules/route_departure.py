"""Leaving the route one is bound to (偏离规定路线): dangerous goods off their approved road.

Definition
----------
Fences of kind ``route`` (``roads/fences.py``) name the vehicles that are bound to them. A vehicle
is bound at a moment if at least one of its routes is in force then. A sample is usable if it has a
fix and a satellite speed above ``moving_above_kmh`` (5), and the vehicle is bound: who stands
leaves nothing. It is *on* if it is inside none of the vehicle's routes that are in force. Half the
width of the corridor is all the tolerance there is; it is for the order that sets the route to
leave room for the receiver's error.

A spell of on samples (``detect/spells.py``) fires once it has lasted ``min_duration_s`` (120) with
two on samples in a row, and ends after ``end_samples`` (2) usable samples on a route, or after
more than ``max_gap_s`` (300) without a usable one, also because the vehicle is no longer bound.

``measured`` is the time from the first to the last on sample in minutes, ``limit`` is 0; place and
driver are those of the first. ``fence`` is the lowest number among its routes then in force.
Severity is ``off_route``.

Source: 危险化学品安全管理条例 art. 49 and 道路危险货物运输管理规定 (routes set by the public
security organs, recalled); each fence names its own order. The numbers of this page
``detect.route_departure`` (proposed) in the rule book.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.detect import sparse, spells
from sizao.detect.emit import NOTHING, no_findings
from sizao.detect.params import Book, Params, number
from sizao.detect.spells import NONE
from sizao.detect.stage import Columns, Findings, Memory, RuleBase, World
from sizao.roads.fence_grid import in_force


@njit(cache=True, nogil=True)
def _kernel(  # type: ignore[no-untyped-def]  # numba
    c, each, few, fences, windows, spans, routes, moving_above, numbers, out
):
    count = np.int64(0)
    for i in np.flatnonzero(c.bound):
        bound = c.bound[i]
        if math.isnan(c.lat[i]) or not c.speed_kmh[i] > moving_above:
            continue
        route = NONE
        on = True
        for at in range(routes.first[bound], routes.first[bound + 1]):
            fence = fences[routes.fence[at]]
            if not in_force(fence, windows, spans, c.time_us[i]):
                continue
            if route == 0:
                route = np.int64(fence.number)
            for k in range(c.fence_from[i], c.fence_from[i + 1]):
                if c.fence[k] == routes.fence[at]:
                    on = False
        own = c.slot[i]
        if route == 0 or (not on and each[own].open == 0):
            continue
        few, out, count = spells.take(
            each[own], few, NONE, c, i, on, 0.0, 0.0, 0.0, route, NONE, numbers, out, count
        )
    return out[:count], few


class RouteDeparture(RuleBase):
    """The rule; the module's docstring is its definition."""

    id = "route_departure"
    measured_unit = "min"
    state_dtype = spells.EACH
    few_dtype = sparse.episodes(spells.SPELL)

    def params_from(self, book: Book) -> Params:
        own = "detect.route_departure"
        return {
            "moving_above_kmh": number(book, own, "moving_above", "km/h"),
            **spells.lasting_params(book, own),
        }

    def active(self, memory: Memory) -> npt.NDArray[np.int32]:
        return sparse.slots(spells.fired(memory))

    def step(
        self, columns: Columns, memory: Memory, params: Params, world: World
    ) -> tuple[Findings, Memory]:
        if not world.fences.bound:
            return NOTHING, memory
        grid = world.fences.grid
        rows, few = _kernel(
            columns,
            memory.each,
            memory.few,
            grid.fence,
            grid.window,
            grid.span,
            world.fences.routes,
            float(params["moving_above_kmh"]),
            spells.lasting(params),
            no_findings(),
        )
        return self._findings(rows), Memory(memory.each, few)

    def close(self, memory: Memory, params: Params) -> Findings:
        return self._findings(spells.close(memory))

    def _findings(self, rows: npt.NDArray[Any]) -> Findings:
        found = spells.timed(rows, "off_route")
        return replace(found, fence=rows["code"].tolist()) if len(rows) else found
