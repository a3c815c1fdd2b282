"""The matching kernel: see ``matching.py`` for what it does and why."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.core.prefetch import prefetch_read
from sizao.roads._ahead import RING, ROWS, Asked, ask_ahead
from sizao.roads._bits import how_many
from sizao.roads._borrow import borrowed
from sizao.roads._candidates import ROOM, Costs, Roads, Weighed, candidates
from sizao.roads._eight import EIGHT
from sizao.roads._settling import rank
from sizao.roads._transitions import REACHED, SEEN, Search, come_from
from sizao.roads._ways import head

HYPOTHESES = 4
"""Roads kept in mind for each vehicle."""

_DROP = 8.0
"""A hypothesis so much dearer than the best is forgotten: odds of e^-8. Which way it had come is
forgotten with it, so it must stay above the rivals' cost."""
_COST = 1.0 / 31.0
"""Unit of a remembered cost: what is not dropped fits a byte."""
_DEGREE = 1e-7
"""Unit of a remembered place: a centimetre."""
_MS = 1 / 3.6
"""Metres a second in a kilometre an hour."""
_CLEAR = 2.0
"""A match is clear when the next is so much dearer: odds of 7 to 1."""
_STILL_M = 5.0
"""A slow vehicle within this of its last weighed position adds nothing: it is parked, and a
parked receiver's error stays the same for minutes, so that counting it again would be wrong."""
_SPEED_MS, _GAIN_MS2 = 0.4, 0.06
"""How far off two reported speeds may lead, as a deviation: so much a second for errors and bends,
and so much a second squared for what a vehicle may do between them."""


_SOON = 4
"""Rows between asking for what a road leads to and looking at it."""


def scratch(pieces: int) -> tuple[Any, ...]:
    """What the kernel writes on: the candidates of a position, the pieces of a cell, of which there
    are at most so many, the junctions of a search, and the cells of rows soon to come."""
    whole = {"segment", "road", "led", "place"}
    weighed = Weighed(
        **{name: np.zeros(ROOM, "i4" if name in whole else "f4") for name in Weighed._fields}
    )
    room = -(-pieces // EIGHT) * EIGHT
    near = tuple(np.empty(room, np.float32) for _ in range(3))
    search = Search(
        np.empty(REACHED, np.int32),
        np.empty(REACHED, np.int32),
        np.empty(REACHED),
        np.zeros(SEEN, np.int64),
    )
    return weighed, near, search, Asked(np.empty(RING, np.int64), np.empty(RING), np.empty(RING))


@njit(cache=True, forceinline=True)
def _is_foreign(k_segment: npt.NDArray[np.int32], own: np.uint64, segments: int) -> bool:
    """Whether a remembered segment is none of the network."""
    foreign = False
    for i in range(np.uint64(HYPOTHESES)):
        foreign = bool(foreign | (np.uint32(k_segment[own, i]) >= segments))
    return foreign


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
    Returns how many rivals there are, or -1 if the state is of another network.
    """
    # Held by the caller until this returns.
    roads, state = borrowed(roads), borrowed(state)
    k_segment, k_offset, k_cost = borrowed(k_segment), borrowed(k_offset), borrowed(k_cost)
    rival_row, rival_segment = borrowed(rival_row), borrowed(rival_segment)
    weighed, search, asked = borrowed(weighed), borrowed(search), borrowed(asked)
    p_free, p_square, p_cost = borrowed(pieces)
    order = np.zeros(ROOM, np.uint64)
    turn = 0
    rivals = 0
    variance = 0.5 / costs.per_square
    last = np.uint64(len(slot) - 1)
    for begin in range(-2 * ROWS, 0, ROWS):
        ask_ahead(roads, slot, lat, lon, state, begin, asked)
    for row in range(np.uint64(len(slot))):
        if row % np.uint64(ROWS) == 0:
            ask_ahead(roads, slot, lat, lon, state, np.int64(row), asked)
        y, x = lat[row], lon[row]
        if not positioned[row] or not math.isfinite(y) or not math.isfinite(x):
            continue
        # Numbers without a sign are not looked at for being negative, which counts from the end.
        own, ahead = np.uint64(slot[row]), row % np.uint64(RING)
        me = state[own]
        if _is_foreign(k_segment, own, len(roads.segment)) | (me.count > HYPOTHESES):
            return -1
        # Of a row soon to come, of which the state is near by now, what its road leads to.
        soon = np.uint64(slot[min(row + np.uint64(_SOON), last)])
        prefetch_read(roads.way.number, head(k_segment[soon, 0]))
        prefetch_read(roads.segment, k_segment[soon, 0])
        kmh = speed[row]
        slow = not (kmh >= costs.slow_kmh) or math.isnan(heading[row])
        waited_us = time_us[row] - me.time_us
        known = me.count if waited_us <= costs.expire_us else 0
        north, east = asked.north[ahead], asked.east[ahead]
        moved = 0.0
        if known > 0:
            up, right = (y - me.lat * _DEGREE) * north, (x - me.lon * _DEGREE) * east
            moved = up * up + right * right
        if known == 0 or not slow or moved > _STILL_M * _STILL_M:
            count = candidates(
                roads,
                costs,
                asked.cell[ahead],
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
                weighed,
                p_free,
                p_square,
                p_cost,
            )
            if count == 0:
                continue  # off the road, or a wild position: what was known waits
            unknown = np.float32(math.inf if known > 0 else 0.0)
            for i in range(np.uint64(ROOM)):
                weighed.come[i], weighed.led[i] = unknown, 0
            along_m2 = variance
            if known > 0:
                waited_s = waited_us * 1e-6
                fast = kmh if not math.isnan(kmh) else np.float32(0.0)
                if me.speed_kmh > fast:
                    fast = me.speed_kmh
                # Half as much again for bends and noise, and a hundred metres for two bad fixes.
                budget_m = 1.5 * max(math.sqrt(moved), fast * _MS * waited_s) + 100.0
                advance_m = 0.5 * (kmh + me.speed_kmh) * _MS * waited_s
                led, share = 0.0, 0.0
                if not math.isnan(advance_m):
                    doubt_m = _SPEED_MS * waited_s + _GAIN_MS2 * waited_s * waited_s
                    along_m2 = me.along_m2 + doubt_m * doubt_m
                    led = costs.motion / along_m2
                    share = costs.motion / (costs.motion + costs.per_square * along_m2)
                for i in range(np.uint64(known)):
                    turn += 1
                    come_from(
                        roads,
                        costs,
                        y,
                        x,
                        north,
                        east,
                        np.uint64(k_segment[own, i]),
                        k_offset[own, i],
                        k_cost[own, i - np.uint64(1)] * _COST if i > 0 else 0.0,
                        budget_m,
                        advance_m,
                        led,
                        share,
                        count,
                        weighed,
                        search,
                        turn,
                    )
            least, kept = np.float32(0.0), np.uint64(1)
            order[0] = 0
            if count > 1:
                least, near = rank(
                    count,
                    np.float32(_DROP),
                    weighed.cost,
                    weighed.come,
                    weighed.segment,
                    weighed.total,
                    weighed.place,
                )
                for i in range(count):
                    order[np.uint64(weighed.place[i])] = i
                kept = min(how_many(near), np.uint64(HYPOTHESES))
            best = order[0]
            me.distance_m = math.sqrt(weighed.square[best])
            me.along_m2 = variance
            if weighed.led[best]:
                me.along_m2 = variance * along_m2 / (variance + along_m2)
            for i in range(np.uint64(HYPOTHESES)):
                # What is not kept is nothing, and not what others left: equal states must be so.
                is_kept = i < kept
                at = order[i] if is_kept else best
                k_segment[own, i] = weighed.segment[at] if is_kept else 0
                spot = weighed.spot[at] if known > 0 else weighed.offset[at]
                k_offset[own, i] = spot if is_kept else np.float32(0.0)
                if i > 0:
                    # Rounded down, so that no rival is lost.
                    above = np.uint8((weighed.total[at] - least) * np.float32(1.0 / _COST))
                    k_cost[own, i - np.uint64(1)] = above if is_kept else np.uint8(0)
            me.count = kept
            me.lat, me.lon = round(y / _DEGREE), round(x / _DEGREE)
        me.time_us, me.speed_kmh = time_us[row], kmh
        segment[row], offset_m[row] = k_segment[own, 0], k_offset[own, 0]
        distance_m[row], quality[row] = me.distance_m, 2
        if me.count > 1 and k_cost[own, 0] * _COST < _CLEAR:
            quality[row] = 1
        for i in range(np.uint64(1), np.uint64(me.count)):
            if k_cost[own, i - np.uint64(1)] * _COST >= costs.rival:
                break
            # A road of another limit on which the vehicle may be as well.
            other = np.uint64(k_segment[own, i])
            if roads.segment[other].sign != roads.segment[np.uint64(k_segment[own, 0])].sign:
                rival_row[rivals], rival_segment[rivals] = row, k_segment[own, i]
                rivals += 1
    return rivals
