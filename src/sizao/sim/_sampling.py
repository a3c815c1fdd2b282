"""What each terminal measures and when: the true motion seen through a receiver and a clock."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.sim._motion import OFF, PARKED, _unit
from sizao.sim._wire import NO_RECORDER
from sizao.sim.alarm_words import PRESSED_S, alarm_word, pressed

SOUND, FROZEN, SPIKES, CLOCK, NOISE_BYTES, BAD_SUMS = 0, 1, 2, 3, 4, 5
SHIELDED, SILENT, DOUBLED, DARK = 6, 7, 8, 9
"""What is wrong with a terminal. The last four are no accident: a receiver that is made to show a
standing vehicle, a supply that is switched off under way, a second device under the same number,
and no terminal at all."""

SHIELDED_S, SILENT_S, DOUBLED_S = 1800, 2400, 3600
"""Seconds of a spell of each."""

DOUBLED_DEG = 3.0
"""How far north the second device is: off the map."""


@njit(cache=True)
def tampered(seed, vehicle, fault, now):  # type: ignore[no-untyped-def]  # numba
    """Whether what is no accident goes on with this vehicle's terminal now."""
    if fault == SHIELDED:
        return _unit(seed, vehicle, 161, now // SHIELDED_S) < 0.25
    if fault == SILENT:
        return _unit(seed, vehicle, 171, now // SILENT_S) < 0.15
    if fault == DOUBLED:
        return _unit(seed, vehicle, 181, now // DOUBLED_S) < 0.15
    return False


PARKED_INTERVAL_S = 180

MEMORY = np.dtype(
    [
        ("lat", "f8"),
        ("lon", "f8"),
        ("speed", "f8"),
        ("heading", "f8"),
        ("mileage", "f8"),
        ("pressed_until", "i8"),
    ]
)
"""What a terminal remembers: last fix, odometer in km, emergency button held until."""


@njit(cache=True, inline="always")
def _gauss(seed: int, vehicle: int, purpose: int, when: int) -> float:
    a = max(_unit(seed, vehicle, purpose, when), 1e-12)
    b = _unit(seed, vehicle, purpose + 1000, when)
    return math.sqrt(-2.0 * math.log(a)) * math.cos(6.283185307179586 * b)


@njit(cache=True, inline="always")
def _drift(seed: int, vehicle: int, purpose: int, now: int) -> float:
    """A slowly wandering error, standard deviation about 1."""
    block, share = now // 60, (now % 60) / 60.0
    a = _gauss(seed, vehicle, purpose, block)
    return a + (_gauss(seed, vehicle, purpose, block + 1) - a) * share


@njit(cache=True)
def sample(
    seed: int,
    start_s: int,
    segment: npt.NDArray[np.int32],
    offset: npt.NDArray[np.float32],
    speed: npt.NDArray[np.float32],
    mode: npt.NDArray[np.int8],
    interval: npt.NDArray[np.int32],
    recorder: npt.NDArray[np.bool_],
    fault: npt.NDArray[np.int8],
    panics: npt.NDArray[np.bool_],
    lat: npt.NDArray[np.float64],
    lon: npt.NDArray[np.float64],
    along: npt.NDArray[np.float64],
    first: npt.NDArray[np.int64],
    tunnel: npt.NDArray[np.bool_],
    wanted: npt.NDArray[np.bool_],
    memory: npt.NDArray[Any],
    out: npt.NDArray[Any],
    out_segment: npt.NDArray[np.int32],
) -> int:
    """Reports of a span of motion, vehicle by vehicle in time order. Returns how many.

    Reports at moments when (second + 7 * vehicle) is a multiple of the interval.
    """
    count = 0
    per_lat, per_lon = 110783.0, 99561.0
    for i in range(segment.shape[0]):
        m = memory[i]
        for j in range(segment.shape[1]):
            now = start_s + 1 + j
            m["mileage"] += abs(speed[i, j]) / 3600.0
            if mode[i, j] == OFF or fault[i] == DARK:
                continue
            step = PARKED_INTERVAL_S if mode[i, j] == PARKED else interval[i]
            if (now + 7 * i) % step != 0:
                continue
            seg = segment[i, j]
            fix = not tunnel[seg]
            true_kmh = abs(float(speed[i, j]))
            frozen = fault[i] == FROZEN and _unit(seed, i, 101, now // 1800) < 0.3
            if fix and not (frozen and m["lat"] != 0.0):
                at = first[seg]
                last = first[seg + 1] - 2
                low, high = at, last
                while low < high:  # the vertex before the offset
                    middle = (low + high + 1) // 2
                    if along[middle] <= offset[i, j]:
                        low = middle
                    else:
                        high = middle - 1
                piece = along[low + 1] - along[low]
                share = (offset[i, j] - along[low]) / piece if piece > 0 else 0.0
                share = min(max(share, 0.0), 1.0)
                north = (lat[low + 1] - lat[low]) * per_lat
                east = (lon[low + 1] - lon[low]) * per_lon
                error_n = 3.4 * _drift(seed, i, 111, now) + 2.0 * _gauss(seed, i, 112, now)
                error_e = 3.4 * _drift(seed, i, 113, now) + 2.0 * _gauss(seed, i, 114, now)
                m["lat"] = lat[low] + share * (lat[low + 1] - lat[low]) + error_n / per_lat
                m["lon"] = lon[low] + share * (lon[low + 1] - lon[low]) + error_e / per_lon
                wander = min(max(0.45 * _gauss(seed, i, 115, now), -1.0), 1.0)
                m["speed"] = max(0.0, true_kmh + wander)
                if true_kmh < 0.5:
                    m["speed"] = abs(wander) if wander > 0.5 else 0.0
                else:
                    course = math.degrees(math.atan2(east, north))
                    if speed[i, j] < 0.0:  # driven against the segment's direction
                        course += 180.0
                    blur = 2.5 if true_kmh > 20 else 9.0
                    m["heading"] = (course + blur * _gauss(seed, i, 116, now)) % 360.0
            if mode[i, j] != PARKED and panics[i] and pressed(seed, i, now):
                m["pressed_until"] = now + PRESSED_S
            meddled = tampered(seed, i, fault[i], now)
            if not wanted[i] or (meddled and fault[i] == SILENT):
                continue
            r = out[count]
            r["vehicle"] = i
            r["batch"] = 0
            r["send_us"] = now * 1000000
            r["time_s"] = now
            elsewhere = DOUBLED_DEG if meddled and fault[i] == DOUBLED else 0.0
            r["lat"] = round((m["lat"] + elsewhere) * 1e6)
            r["lon"] = round(m["lon"] * 1e6)
            r["altitude"] = int(
                1350.0 + 300.0 * math.sin(m["lat"] * 61.0) + 200.0 * math.cos(m["lon"] * 83.0)
            )
            shown = m["speed"] if fix or frozen else 0.0
            if fault[i] == SPIKES and _unit(seed, i, 131, now) < 0.03:
                shown += 60.0 + 60.0 * _unit(seed, i, 132, now)
            if meddled and fault[i] == SHIELDED:
                shown = 0.0
            if fault[i] == CLOCK:
                r["time_s"] = now + int(160.0 * _unit(seed, i, 141, 0)) - 80
            r["speed"] = round(shown * 10.0)
            r["heading"] = int(m["heading"]) % 360
            r["recorder"] = NO_RECORDER
            if recorder[i]:
                wheel = true_kmh + 0.3 * _gauss(seed, i, 117, now) if true_kmh > 0.5 else 0.0
                r["recorder"] = round(max(0.0, wheel) * 10.0)
            r["mileage"] = int(m["mileage"] * 10.0)
            r["alarm"] = alarm_word(seed, i, now) | (1 if now < m["pressed_until"] else 0)
            r["status"] = (0 if mode[i, j] == PARKED else 1) | (2 if fix else 0)
            r["damage"] = 0
            if fault[i] == BAD_SUMS and _unit(seed, i, 151, now) < 0.05:
                r["damage"] = 1
            elif fault[i] == NOISE_BYTES and _unit(seed, i, 152, now) < 0.05:
                r["damage"] = 2
            out_segment[count] = seg
            count += 1
    return count
