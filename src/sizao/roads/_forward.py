"""The matching kernel: see ``matching.py`` for what it does and why."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.core.prefetch import prefetch
from sizao.roads._ahead import ROWS, Asked, ask_ahead
from sizao.roads._borrow import borrowed
from sizao.roads._candidates import CANDIDATES, Costs, Roads, candidates
from sizao.roads._transitions import REACHED, SEEN, come_from
from sizao.roads._ways import bucket

HYPOTHESES = 4
"""Roads kept in mind for each vehicle."""

_DROP = 8.0
"""A hypothesis so much dearer than the best is forgotten: odds of e^-8. Which way it had come is
forgotten with it, so it must stay above the rivals' cost."""
_COST = 1.0 / 31.0
"""Unit of a remembered cost: what is not dropped fits a byte."""
_DEGREE = 1e-7
"""Unit of a remembered place: a centimetre."""
_CLEAR = 2.0
"""A match is clear when the next is so much dearer: odds of 7 to 1."""
_STILL_M = 5.0
"""A slow vehicle within this of its last weighed position adds nothing: it is parked, and a
parked receiver's error stays the same for minutes, so that counting it again would be wrong."""
_SPEED_MS, _GAIN_MS2 = 0.4, 0.06
"""How far off two reported speeds may lead, as a deviation: so much a second for errors and bends,
and so much a second squared for what a vehicle may do between them."""


def scratch(pieces: int) -> tuple[Any, ...]:
    """What the kernel writes on: the candidates of a position, the pieces of a cell, of which there
    are at most so many, the junctions of a search, and the cells of rows soon to come."""
    floats = [np.empty(CANDIDATES) for _ in range(6)]
    offset, beyond, spot, square, cost, come_from = floats
    segment, led = np.empty(CANDIDATES, np.int32), np.empty(CANDIDATES, np.bool_)
    junctions = np.empty(REACHED, np.int32), np.empty(REACHED, np.int32), np.empty(REACHED)
    weighed = segment, offset, beyond, spot, led, square, cost, come_from
    near = np.empty(pieces), np.empty(pieces), np.empty(pieces), np.empty(pieces, np.int32)
    search = (*junctions, np.zeros(SEEN, np.int64))
    return weighed, near, search, Asked(np.empty(ROWS, np.int64), np.empty(ROWS), np.empty(ROWS))


@njit(cache=True, nogil=True)
def forward(
    roads: Roads,
    costs: Costs,
    slot: npt.NDArray[np.int32],
    time_us: npt.NDArray[np.int64],
    lat: npt.NDArray[np.float64],
    lon: npt.NDArray[np.float64],
    heading: npt.NDArray[np.float32],
    speed: npt.NDArray[np.float32],
    positioned: npt.NDArray[np.bool_],
    state: npt.NDArray[Any],
    k_segment: npt.NDArray[np.int32],
    k_offset: npt.NDArray[np.float32],
    k_cost: npt.NDArray[np.uint8],
    segment: npt.NDArray[np.int32],
    offset_m: npt.NDArray[np.float64],
    distance_m: npt.NDArray[np.float32],
    quality: npt.NDArray[np.int8],
    rival_row: npt.NDArray[np.int32],
    rival_segment: npt.NDArray[np.int32],
    weighed: Any,
    pieces: Any,
    search: Any,
    asked: Any,
) -> int:
    """Match rows in order; ``state`` as ``matching.STATE_DTYPE``, the last six are the answer.

    k_segment, k_offset, k_cost : the state's own hypotheses. Taken out of a row each would be an
        array of its own, counted in and out at every look: a quarter of the time.

    weighed, pieces, search, asked : of :func:`scratch`
    Returns how many rivals there are.
    """
    # Held by the caller until this returns.
    roads, state = borrowed(roads), borrowed(state)
    k_segment, k_offset, k_cost = borrowed(k_segment), borrowed(k_offset), borrowed(k_cost)
    rival_row, rival_segment = borrowed(rival_row), borrowed(rival_segment)
    c_segment, c_offset, c_beyond, c_spot, c_led, c_square, c_cost, c_from = borrowed(weighed)
    p_free, p_square, p_cost, p_near = borrowed(pieces)
    reached, reached_node, reached_m, seen = borrowed(search)
    turn = 0
    rivals = 0
    variance = 0.5 / costs.per_square
    asked = borrowed(asked)
    for row in range(len(slot)):
        if row % ROWS == 0:
            ask_ahead(roads, slot, lat, lon, state, row, asked)
        y, x = lat[row], lon[row]
        if not positioned[row] or not math.isfinite(y) or not math.isfinite(x):
            continue
        own = slot[row]
        me = state[own]
        kmh = speed[row]
        slow = not (kmh >= costs.slow_kmh) or math.isnan(heading[row])
        waited_us = time_us[row] - me.time_us
        known = me.count if waited_us <= costs.expire_us else 0
        north, east = asked.north[row % ROWS], asked.east[row % ROWS]
        moved = 0.0
        if known > 0:
            up, right = (y - me.lat * _DEGREE) * north, (x - me.lon * _DEGREE) * east
            moved = up * up + right * right
        if known == 0 or not slow or moved > _STILL_M * _STILL_M:
            count = candidates(
                roads,
                costs,
                asked.cell[row % ROWS],
                y,
                x,
                north,
                east,
                heading[row],
                kmh,
                slow,
                k_segment,
                own,
                known,
                c_segment,
                c_offset,
                c_beyond,
                c_square,
                c_cost,
                p_free,
                p_square,
                p_cost,
                p_near,
            )
            if count == 0:
                continue  # off the road, or a wild position: what was known waits
            for i in range(count):
                c_spot[i], c_led[i], c_from[i] = c_offset[i], False, math.inf
            along_m2 = variance
            if known > 0:
                waited_s = waited_us * 1e-6
                fast = kmh if not math.isnan(kmh) else np.float32(0.0)
                if me.speed_kmh > fast:
                    fast = me.speed_kmh
                # Half as much again for bends and noise, and a hundred metres for two bad fixes.
                budget_m = 1.5 * max(math.sqrt(moved), fast / 3.6 * waited_s) + 100.0
                advance_m = 0.5 * (kmh + me.speed_kmh) / 3.6 * waited_s
                led = 0.0
                if not math.isnan(advance_m):
                    doubt_m = _SPEED_MS * waited_s + _GAIN_MS2 * waited_s * waited_s
                    along_m2 = me.along_m2 + doubt_m * doubt_m
                    led = costs.motion / along_m2
                # What will be asked for, all at once: it lies anywhere.
                for i in range(known):
                    for k in range(count):
                        prefetch(roads.way.number, bucket(k_segment[own, i], c_segment[k]))
                for i in range(known):
                    turn += 1
                    come_from(
                        roads,
                        costs,
                        y,
                        x,
                        north,
                        east,
                        k_segment[own, i],
                        k_offset[own, i],
                        k_cost[own, i - 1] * _COST if i > 0 else 0.0,
                        budget_m,
                        advance_m,
                        led,
                        count,
                        c_segment,
                        c_offset,
                        c_beyond,
                        c_from,
                        c_spot,
                        c_led,
                        reached,
                        reached_node,
                        reached_m,
                        seen,
                        turn,
                    )
                for i in range(count):
                    c_cost[i] += c_from[i]
            kept = 0
            least = 0.0
            while kept < min(count, HYPOTHESES):
                best, lowest, number = -1, math.inf, np.int32(-1)
                for i in range(count):
                    # The order of the grid must not decide a tie. Chosen without a branch: it would
                    # be guessed wrong as often as not.
                    tie = (c_cost[i] == lowest) & (c_segment[i] < number)
                    cheaper = (c_cost[i] < lowest) | tie
                    best = i if cheaper else best
                    lowest = c_cost[i] if cheaper else lowest
                    number = c_segment[i] if cheaper else number
                if best < 0:
                    break
                if kept == 0:
                    least = c_cost[best]
                    me.distance_m = math.sqrt(c_square[best])
                    me.along_m2 = variance
                    if c_led[best]:
                        me.along_m2 = variance * along_m2 / (variance + along_m2)
                elif c_cost[best] - least > _DROP:
                    break
                k_segment[own, kept] = c_segment[best]
                k_offset[own, kept] = c_spot[best]
                if kept > 0:
                    # Rounded down, so that no rival is lost.
                    k_cost[own, kept - 1] = int((c_cost[best] - least) / _COST)
                c_cost[best] = math.inf
                kept += 1
            me.count = kept
            me.lat, me.lon = round(y / _DEGREE), round(x / _DEGREE)
        me.time_us, me.speed_kmh = time_us[row], kmh
        segment[row], offset_m[row] = k_segment[own, 0], k_offset[own, 0]
        distance_m[row], quality[row] = me.distance_m, 2
        if me.count > 1 and k_cost[own, 0] * _COST < _CLEAR:
            quality[row] = 1
        for i in range(1, me.count):
            if k_cost[own, i - 1] * _COST >= costs.rival:
                break
            # A road of another limit on which the vehicle may be as well.
            if roads.segment[k_segment[own, i]].sign != roads.segment[k_segment[own, 0]].sign:
                rival_row[rivals], rival_segment[rivals] = row, k_segment[own, i]
                rivals += 1
    return rivals
