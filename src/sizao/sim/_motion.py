"""The motion kernel: every vehicle, second by second. ``traffic.py`` explains and feeds it.

All chance comes from a hash of (seed, vehicle, what for, when), never from a running generator,
so that a vehicle's day does not depend on how the hours were cut into calls.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

DRIVING, STANDING, PARKED, OFF = 0, 1, 2, 3
"""Modes: on the way, stopped with the engine on, stopped with the engine off, terminal without
power as well (which only played vehicles are)."""

NORMAL, FATIGUE, NEAR_REST, NEAR_SWAP, TIRED_NIGHT = 0, 1, 2, 3, 4
"""Plans for one stretch of driving; see ``traffic.py``."""

STATE = np.dtype(
    [
        ("route", "i4"),
        ("element", "i4"),
        ("offset_m", "f8"),
        ("v", "f8"),
        ("mode", "i1"),
        ("until", "i8"),
        ("stretch_start", "i8"),
        ("stretch", "i4"),
        ("plan", "i1"),
        ("rest_after_s", "f8"),
        ("rest_s", "f8"),
        ("pulling_over", "i1"),
        ("stop_ahead", "i1"),
        ("driver", "i1"),
        ("swap_next", "i1"),
        ("shift_end", "i8"),
        ("lap", "i4"),
        ("fast_from", "i8"),
        ("fast_until", "i8"),
        ("fast_factor", "f8"),
        ("calm_until", "i8"),
    ]
)
"""One vehicle. Times in seconds since the epoch, speed in m/s."""


@njit(cache=True, inline="always")
def _unit(seed: int, vehicle: int, purpose: int, when: int) -> float:
    """A number in [0, 1) that depends on all four and nothing else (splitmix64)."""
    z = np.uint64(seed) * np.uint64(0x9E3779B97F4A7C15)
    z ^= np.uint64(vehicle) * np.uint64(0xBF58476D1CE4E5B9)
    z ^= np.uint64(purpose) * np.uint64(0x94D049BB133111EB)
    z += np.uint64(when) * np.uint64(0xD6E8FEB86659FD93)
    z ^= z >> np.uint64(30)
    z *= np.uint64(0xBF58476D1CE4E5B9)
    z ^= z >> np.uint64(27)
    z *= np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return float(z >> np.uint64(11)) / 9007199254740992.0


class Jams(NamedTuple):
    """Where traffic is held up: segment k has rows first[k]:first[k + 1] of the others.

    begin_s, end_s : seconds since the epoch, the end not included
    share : of the limit that is driven there at most
    """

    first: npt.NDArray[np.int64]
    begin_s: npt.NDArray[np.int64]
    end_s: npt.NDArray[np.int64]
    share: npt.NDArray[np.float64]


@njit(cache=True, inline="always")
def _held_up(jams, segment, now):  # type: ignore[no-untyped-def]  # numba
    """Share of the limit that can be driven on a segment now; infinite without a jam."""
    least = math.inf
    for row in range(jams.first[segment], jams.first[segment + 1]):
        if jams.begin_s[row] <= now < jams.end_s[row]:
            least = min(least, jams.share[row])
    return least


NIGHT_SHARE = 0.8
"""Of the day's limit, for coaches from 22:00 to 06:00; they slow down in the minute before."""

NIGHT_REST_S = 5400
"""A lawful coach looks for a place to rest after so much of the night."""


@njit(cache=True)
def _local_s(now: int) -> int:
    """Seconds after midnight in Shanghai."""
    return (now + 28800) % 86400


@njit(cache=True)
def _hold_until(seed: int, vehicle: int, now: int, offender: float) -> int:
    """When a coach bound by the curfew may go on, 0 if it need not or does not mind.

    A lawful one looks for a place from 01:35 on. One night in seven an offender drives through.
    """
    local = _local_s(now)
    if local < 5700 or local >= 18000:
        return 0
    day = (now + 28800) // 86400
    if offender >= 0.0 and _unit(seed, vehicle, 91, day) < 0.15:
        return 0
    return now - local + 18060 + int(1800.0 * _unit(seed, vehicle, 92, day))


@njit(cache=True)
def _new_stretch(
    s: Any, seed: int, vehicle: int, now: int, offender: float, two: bool, coach: bool
) -> None:
    """After a real rest: decide how long to drive now and how to rest then."""
    s["stretch"] += 1
    s["stretch_start"] = now
    n = int(s["stretch"])
    a = _unit(seed, vehicle, 11, n)
    b = _unit(seed, vehicle, 12, n)
    c = _unit(seed, vehicle, 13, n)
    s["rest_s"] = 1500.0 + 1500.0 * c
    local = _local_s(now)
    if coach and offender >= 0.0 and a < 0.15 and (local >= 79200 or local < 10800):
        s["plan"] = TIRED_NIGHT
        s["rest_after_s"] = 8400.0 + 2400.0 * b  # 2 h 20 to 3 h of the night
    elif offender >= 0.0 and a < 0.02:
        s["plan"] = FATIGUE
        s["rest_after_s"] = 15000.0 + 6600.0 * b  # 4 h 10 to 6 h
    elif a < 0.035:
        s["plan"] = NEAR_REST
        s["rest_after_s"] = 13080.0 + 240.0 * b  # 3 h 38 and a little: rests before 4 h
        s["rest_s"] = 1500.0 + 120.0 * c
    elif a < 0.05 and two:
        s["plan"] = NEAR_SWAP
        s["rest_after_s"] = 13080.0 + 240.0 * b
        s["rest_s"] = 200.0 + 240.0 * c
    else:
        s["plan"] = NORMAL
        s["rest_after_s"] = 5400.0 + 6300.0 * b  # 1 h 30 to 3 h 15


@njit(cache=True)
def _enter(
    s: Any,
    seed: int,
    vehicle: int,
    now: int,
    first: npt.NDArray[np.int64],
    segment: npt.NDArray[np.int32],
    stop: npt.NDArray[np.int8],
    urban: npt.NDArray[np.bool_],
) -> None:
    """On entering an element, decide what happens at its end: 0 nothing, 1 leg end, 2 rest
    place used, 3 red light."""
    at = first[s["route"]] + s["element"]
    s["stop_ahead"] = 0
    if stop[at] == 1:
        s["stop_ahead"] = 1
    elif stop[at] == 2 and now - s["stretch_start"] >= s["rest_after_s"]:
        s["stop_ahead"] = 2
    elif urban[segment[at]] and _unit(seed, vehicle, 21, now) < 0.35:
        s["stop_ahead"] = 3


@njit(cache=True)
def _stopped(
    s: Any,
    seed: int,
    vehicle: int,
    now: int,
    day_only: bool,
    offender: float,
    two: bool,
    heavy: bool,
    coach: bool,
) -> None:
    """The vehicle has just come to a stop that was decided on: how long, and what then."""
    u = _unit(seed, vehicle, 31, now)
    w = _unit(seed, vehicle, 32, now)
    s["mode"] = STANDING
    reason = s["stop_ahead"]
    driven = now - s["stretch_start"]
    if s["pulling_over"] == 1:
        s["pulling_over"] = 0
        reason = 2
    if reason == 3:
        s["until"] = now + 8 + int(37 * u)
        return
    due = driven >= s["rest_after_s"]
    if reason == 2 or due:
        if s["plan"] == NEAR_SWAP:
            s["swap_next"] = 1
        s["until"] = now + int(s["rest_s"])
        return
    # The end of a leg: load, unload, take passengers.
    local_hour = ((now // 3600) + 8) % 24
    if now >= s["shift_end"] and s["plan"] == NORMAL:
        s["mode"] = PARKED
        until = now + 10800 + int(10800 * u)
        # A coach's drivers are long off duty: 8 h at the wheel in 24 are enough. Some are not.
        long_day = offender >= 0.0 and _unit(seed, vehicle, 93, 0) < 0.1
        if coach and not long_day:
            until += 25200
        hour = ((until // 3600) + 8) % 24
        if (hour >= 22 or hour < 5) and (day_only or w < 0.15):
            day = (until + 28800) // 86400 + (1 if hour >= 22 else 0)
            until = day * 86400 - 28800 + 5 * 3600 + int(9000 * w)
        s["until"] = until
        s["shift_end"] = until + (25200 if coach and not long_day else 32400 + int(14400 * u))
        if two:
            s["swap_next"] = 1
        return
    if day_only and s["plan"] == NORMAL and (local_hour >= 22 or local_hour < 5):
        s["mode"] = PARKED
        day = (now + 28800) // 86400 + (1 if local_hour >= 22 else 0)
        s["until"] = day * 86400 - 28800 + 5 * 3600 + 900 + int(7200 * u)
        s["shift_end"] = s["until"] + (25200 if coach else 36000)
        return
    if s["plan"] == NORMAL and w < (0.55 if heavy else 0.35):
        s["until"] = now + 1500 + int(1800 * u)
    elif s["plan"] == FATIGUE or s["plan"] == TIRED_NIGHT:
        s["until"] = now + 180 + int(720 * u)  # up to 15 min: no rest in law
    else:
        s["until"] = now + 150 + int(600 * u)


@njit(cache=True)
def _leave(
    s: Any, seed: int, vehicle: int, now: int, offender: float, two: bool, coach: bool, stood: int
) -> None:
    """The stop is over."""
    if s["stop_ahead"] == 2:  # rested already, be it here or before the place was reached
        s["stop_ahead"] = 0
    if s["swap_next"] == 1:
        s["swap_next"] = 0
        s["driver"] = 1 - s["driver"]
        _new_stretch(s, seed, vehicle, now, offender, two, coach)
    elif stood >= 1200:
        _new_stretch(s, seed, vehicle, now, offender, two, coach)
    s["mode"] = DRIVING


@njit(cache=True)
def advance(
    seed: int,
    start: int,
    seconds: int,
    state: npt.NDArray[Any],
    since: npt.NDArray[np.int64],
    kind: npt.NDArray[np.int8],
    manner: npt.NDArray[np.float64],
    offender: npt.NDArray[np.float64],
    two_drivers: npt.NDArray[np.bool_],
    coach: npt.NDArray[np.bool_],
    curfew: npt.NDArray[np.bool_],
    day_only: npt.NDArray[np.bool_],
    heavy: npt.NDArray[np.bool_],
    top_ms: npt.NDArray[np.float64],
    choice_first: npt.NDArray[np.int64],
    choice: npt.NDArray[np.int32],
    first: npt.NDArray[np.int64],
    segment: npt.NDArray[np.int32],
    stop: npt.NDArray[np.int8],
    length: npt.NDArray[np.float64],
    limit: npt.NDArray[np.float32],
    grade: npt.NDArray[np.float32],
    urban: npt.NDArray[np.bool_],
    tunnel: npt.NDArray[np.bool_],
    area: npt.NDArray[np.int8],
    jams: Jams,
    out_segment: npt.NDArray[np.int32],
    out_offset: npt.NDArray[np.float32],
    out_speed: npt.NDArray[np.float32],
    out_mode: npt.NDArray[np.int8],
    out_driver: npt.NDArray[np.int8],
) -> None:
    """Move all vehicles ``seconds`` ahead. Column j of an output is the moment start + 1 + j.

    state : STATE (n,), changed in place; since : when the present mode began (n,)
    limit : km/h (kinds, segments); length : m; grade : percent
    out_* : (n, seconds): segment, offset along it in m, speed in km/h, mode, driver
    """
    n = len(state)
    for i in range(n):
        s = state[i]
        k = kind[i]
        accel = 0.5 if heavy[i] else 0.8
        for j in range(seconds):
            now = start + 1 + j
            at = first[s["route"]] + s["element"]
            seg = segment[at]
            hold = _hold_until(seed, i, now, offender[i]) if curfew[i] else 0
            if s["mode"] != DRIVING and now >= s["until"] and hold > 0:
                s["until"] = hold
            if s["mode"] != DRIVING and now >= s["until"]:
                stood = now - since[i]
                _leave(s, seed, i, now, offender[i], two_drivers[i], coach[i], stood)
                since[i] = now
                if length[seg] - s["offset_m"] < 3.0:  # on to the next element
                    _next(s, seed, i, now, first, segment, stop, urban, choice_first, choice)
                    at = first[s["route"]] + s["element"]
                    seg = segment[at]
            if s["mode"] == DRIVING:
                share = 1.0
                local = _local_s(now + 60)
                if coach[i] and (local >= 79200 or local < 21660):
                    share = NIGHT_SHARE
                    dark = min(now - s["stretch_start"], (local - 79260) % 86400)
                    lawful = s["plan"] != FATIGUE and s["plan"] != TIRED_NIGHT
                    if lawful and dark > NIGHT_REST_S:
                        driven = float(now - s["stretch_start"])
                        s["rest_after_s"] = min(s["rest_after_s"], driven)
                if hold > 0:  # pulls over at the next place
                    s["rest_after_s"] = min(s["rest_after_s"], now - s["stretch_start"] - 601.0)
                # Episodes of driving too fast: drawn once a minute.
                if now % 60 == int(59.0 * _unit(seed, i, 41, now // 60)) and (
                    now >= s["fast_until"] and s["fast_from"] <= now and now >= s["calm_until"]
                ):
                    u = _unit(seed, i, 42, now // 60)
                    chance = offender[i] / 60.0
                    night_hour = ((now // 3600) + 8) % 24
                    if night_hour >= 20 or night_hour < 6:  # empty roads
                        chance *= 2.2
                    if now - s["fast_until"] < 240:  # who has been fast is soon fast again
                        chance *= 8.0
                    if u < chance:
                        _go_fast(s, seed, i, now, limit[k, seg] * share)
                fast = s["fast_from"] <= now < s["fast_until"]
                lim = limit[k, seg] * share / 3.6
                if fast:
                    ease = s["fast_factor"]
                    want = min(lim * ease, top_ms[i])
                else:
                    ease = manner[i] * _mood(seed, i, now)
                    if urban[seg]:
                        local_hour = ((now // 3600) + 8) % 24
                        if local_hour in (7, 8, 17, 18):
                            ease *= 0.68
                        elif 9 <= local_hour < 17:
                            ease *= 0.85
                    if _unit(seed, int(area[seg]), 51, now // 7200) < 0.12:
                        ease *= 0.78  # rain over the division for two hours
                    if heavy[i] and grade[seg] > 3.0:
                        ease *= 0.72
                    want = lim * ease
                # In a jam nobody keeps the same pace for long.
                flow = 0.85 + 0.3 * _unit(seed, i, 94, now // 15)
                want = min(want, lim * flow * _held_up(jams, seg, now))
                # A higher limit is taken up 20 m after the sign, a lower one reached 20 m before.
                if s["offset_m"] < 20.0 and s["element"] > 0:
                    before = limit[k, segment[at - 1]] * share / 3.6
                    if before < lim:
                        want = min(want, before * ease)
                brake = 0.8
                reach = s["v"] * s["v"] / (2 * brake) + 60.0
                ahead = length[seg] - s["offset_m"]
                if s["stop_ahead"] != 0:
                    want = min(want, math.sqrt(2 * 0.6 * max(ahead - 1.0, 0.0)))
                else:
                    look = at
                    last = first[s["route"] + 1] - 1
                    while ahead < reach and look < last:
                        look += 1
                        easy = min(ease, _held_up(jams, segment[look], now))
                        coming = limit[k, segment[look]] * share / 3.6 * easy
                        room = max(ahead - 20.0, 0.0)
                        want = min(want, math.sqrt(coming * coming + 2 * brake * room))
                        if stop[look] == 1:
                            ahead += length[segment[look]]
                            want = min(want, math.sqrt(2 * 0.6 * ahead))
                            break
                        ahead += length[segment[look]]
                if s["pulling_over"] == 1:
                    want = max(0.0, s["v"] - 0.9)
                elif (
                    now - s["stretch_start"] > s["rest_after_s"] + 600.0
                    and s["stop_ahead"] != 1
                    and not tunnel[seg]
                    and length[seg] - s["offset_m"] > 0.7 * s["v"] * s["v"] + 20.0
                ):  # nobody rests in a tunnel
                    s["pulling_over"] = 1
                change = want - s["v"]
                s["v"] += min(max(change, -1.6), accel)
                if s["v"] < 0.0:
                    s["v"] = 0.0
                s["offset_m"] += s["v"]
                halted = False
                if s["pulling_over"] == 1 and s["v"] < 0.3:
                    halted = True
                elif s["stop_ahead"] != 0 and length[seg] - s["offset_m"] < 2.5:
                    s["offset_m"] = length[seg]
                    halted = True
                if halted:
                    s["v"] = 0.0
                    since[i] = now
                    light = s["stop_ahead"] == 3 and s["pulling_over"] == 0
                    _stopped(
                        s,
                        seed,
                        i,
                        now,
                        day_only[i],
                        offender[i],
                        two_drivers[i],
                        heavy[i],
                        coach[i],
                    )
                    if hold > 0 and not light:
                        s["until"] = max(s["until"], hold)
                elif s["offset_m"] >= length[seg]:
                    s["offset_m"] -= length[seg]
                    _next(s, seed, i, now, first, segment, stop, urban, choice_first, choice)
                    seg = segment[first[s["route"]] + s["element"]]
            out_segment[i, j] = seg
            out_offset[i, j] = min(s["offset_m"], length[seg])
            out_speed[i, j] = s["v"] * 3.6
            out_mode[i, j] = s["mode"]
            out_driver[i, j] = s["driver"]


@njit(cache=True)
def _next(
    s: Any,
    seed: int,
    vehicle: int,
    now: int,
    first: npt.NDArray[np.int64],
    segment: npt.NDArray[np.int32],
    stop: npt.NDArray[np.int8],
    urban: npt.NDArray[np.bool_],
    choice_first: npt.NDArray[np.int64],
    choice: npt.NDArray[np.int32],
) -> None:
    """On to the next element; at the end of the loop, on to another loop from the same base."""
    here = first[s["route"]] + s["element"]
    if s["v"] == 0.0:
        s["offset_m"] = 0.0
    s["element"] += 1
    if here + 1 >= first[s["route"] + 1]:
        s["lap"] += 1
        a, b = choice_first[vehicle], choice_first[vehicle + 1]
        s["route"] = choice[a + int((b - a) * _unit(seed, vehicle, 61, s["lap"]))]
        s["element"] = 0
    _enter(s, seed, vehicle, now, first, segment, stop, urban)


@njit(cache=True)
def _mood(seed: int, vehicle: int, now: int) -> float:
    """A slow drift of the speed a driver holds, 0.92 to 1.0."""
    block, share = now // 90, (now % 90) / 90.0
    a, b = _unit(seed, vehicle, 71, block), _unit(seed, vehicle, 71, block + 1)
    return 0.92 + 0.08 * (a + (b - a) * share)


@njit(cache=True)
def _go_fast(s: Any, seed: int, vehicle: int, now: int, limit_kmh: float) -> None:
    """Begin an episode: mostly a real one, sometimes one too short or too slight to count."""
    a = _unit(seed, vehicle, 81, now)
    b = _unit(seed, vehicle, 82, now)
    c = _unit(seed, vehicle, 83, now)
    s["fast_from"] = now
    if a < 0.08:  # a short burst: overtaking
        s["fast_until"] = now + 9 + int(5 * b)
        s["fast_factor"] = 1.15 + 0.15 * c
    elif a < 0.16:  # hardly over
        s["fast_until"] = now + 10 + int(4 * b)
        s["fast_factor"] = 1.05
    else:
        s["fast_until"] = now + 95 + int(420 * b * b)
        if b > 0.97:  # all the way
            s["fast_until"] = now + 1200 + int(1200 * c)
        if c < 0.45:
            factor = 1.12 + 0.08 * (c / 0.45)
        elif c < 0.80:
            factor = 1.20 + 0.30 * (c - 0.45) / 0.35
        else:
            factor = 1.50 + 0.20 * (c - 0.80) / 0.20
        s["fast_factor"] = max(factor, 1.0 + 6.0 / limit_kmh)
