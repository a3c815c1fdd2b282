"""Cameras that watch drivers and the road: now and then a report carries what one of them saw.

Half of the vehicles have them. An alarm is chance, by vehicle and second, and not part of the
ground truth: what a camera claims is not what happened.

Where detection is scored, drivers nod off and coaches are too full by a plan (:func:`staged`), for
minutes or for a report or two only, also at a standstill; then the single mistakes of a camera are
of the lower level.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.feeds.jt808.location import encode_location
from sizao.feeds.jt808.safety import OVER_CAPACITY
from sizao.sim import _wire
from sizao.sim._motion import _unit
from sizao.sim.handset import alarm_item

SHARE = 0.5
"""Of the vehicles."""
RATE = 0.0004
"""Alarms a report of a moving vehicle with cameras: one in some ten hours of driving."""
FILES = 2
"""Pictures a camera has of an alarm, for who asks (0x9208)."""
MOVING = 200
"""0.1 km/h."""

KINDS = (
    *("dsm.phone", "dsm.phone", "dsm.phone", "dsm.fatigue", "dsm.fatigue", "dsm.smoking"),
    *("dsm.distraction", "adas.lane_departure", "adas.too_close", "adas.forward_collision"),
)
"""What is seen, the frequent ones several times."""

CHANCE, NODS, SLEEPS, TOO_FULL = 1, 2, 3, 8
"""What a report tells: something seen by chance, a driver who nods off (level 1) or sleeps (level
2); and beside these that the coach is too full."""

_BLOCK_S = 7_200
_DROWSY, _CROWDED = 0.01, 0.02
"""Shares of blocks with a spell."""
_SHORT = 0.4
"""Of the spells: over after a report or two."""


class Shown(NamedTuple):
    """An alarm that was sent; ``level`` 0: it has none."""

    vehicle: int
    time_s: int
    kind: str
    level: int
    speed_kmh: float


def seen(
    reports: npt.NDArray[Any], camera: npt.NDArray[np.bool_], chance: npt.NDArray[np.float64]
) -> npt.NDArray[np.bool_]:
    """Which live reports carry an alarm. ``chance`` is a number in [0, 1) for each."""
    found: npt.NDArray[np.bool_] = (
        camera[reports["vehicle"]]
        & (reports["batch"] == 0)
        & (reports["damage"] == 0)
        & (reports["status"] & 2 != 0)
        & (reports["speed"] > MOVING)
        & (chance < RATE)
    )
    return found


def kind_of(chance: float) -> str:
    """What was seen, by the number that decided that something was."""
    return KINDS[int(chance / RATE * len(KINDS))]


@njit(cache=True)
def _spell(seed, vehicle, purpose, now, share):  # type: ignore[no-untyped-def]  # numba
    """0 outside of spells, 1 in a long one, 2 in a short one."""
    block, since = now // _BLOCK_S, now % _BLOCK_S
    if _unit(seed, vehicle, purpose, block) >= share:
        return 0
    begin = 5_500.0 * _unit(seed, vehicle, purpose + 1, block)
    short = _unit(seed, vehicle, purpose + 2, block) < _SHORT
    length = _unit(seed, vehicle, purpose + 3, block)
    last = begin + (15.0 + 15.0 * length if short else 240.0 + 900.0 * length)
    if not begin <= since < last:
        return 0
    return 2 if short else 1


@njit(cache=True)
def staged(seed, reports, camera, coach, chance):  # type: ignore[no-untyped-def]  # numba
    """What each live report tells by the plan: 0 nothing, else codes added up. Shape (n,)."""
    codes = np.zeros(len(reports), np.int8)
    for i in range(len(reports)):
        r = reports[i]
        if r.batch != 0 or r.damage != 0 or r.status & 2 == 0:
            continue
        v, now = r.vehicle, r.time_s
        if camera[v]:
            spell = _spell(seed, v, 221, now, _DROWSY)
            if spell == 2 or (spell == 1 and _unit(seed, v, 225, now) < 0.35):
                codes[i] = SLEEPS if _unit(seed, v, 226, now) < 0.04 else NODS
            elif r.speed > MOVING and chance[i] < RATE:
                codes[i] = CHANCE
        if coach[v]:
            spell = _spell(seed, v, 231, now, _CROWDED)
            if spell == 2 or (spell == 1 and _unit(seed, v, 235, now) < 0.9):
                codes[i] += TOO_FULL
    return codes


def shown(report: Any, code: int, chance: float) -> list[Shown]:
    """The alarms of a report by its code."""
    vehicle, at, kmh = int(report["vehicle"]), int(report["time_s"]), int(report["speed"]) / 10
    told = []
    if code % TOO_FULL:
        kind = "dsm.fatigue" if code % TOO_FULL > CHANCE else kind_of(chance)
        told.append(Shown(vehicle, at, kind, 2 if code % TOO_FULL == SLEEPS else 1, kmh))
    if code >= TOO_FULL:
        told.append(Shown(vehicle, at, "video.over_capacity", 0, kmh))
    return told


def body(report: Any, alarms: Iterable[Shown]) -> bytes:
    """The 0x0200 body of a report with its alarms."""
    vehicle, at_us = int(report["vehicle"]), int(report["time_s"]) * 1_000_000
    lat, lon, speed_kmh = report["lat"] / 1e6, report["lon"] / 1e6, int(report["speed"]) / 10
    items: list[dict[str, Any]] = [{"id": "0x01", "mileage_km": int(report["mileage"]) / 10}]
    if report["recorder"] != _wire.NO_RECORDER:
        items.append({"id": "0x03", "recorder_speed_kmh": int(report["recorder"]) / 10})
    items += [{"id": "0x30", "rssi": 25}, {"id": "0x31", "gnss_satellites": 11}]
    for alarm in alarms:
        if not alarm.level:
            items.append({"id": "0x14", "video_alarm": OVER_CAPACITY})
            continue
        items.append(
            alarm_item(
                alarm.kind,
                at_us,
                lat,
                lon,
                terminal_id=f"S{vehicle + 1:06d}",
                files=FILES,
                speed_kmh=speed_kmh,
                level=alarm.level,
            )
        )
    return encode_location(
        time_us=at_us,
        lat=lat,
        lon=lon,
        speed_kmh=speed_kmh,
        heading_deg=int(report["heading"]),
        altitude_m=int(report["altitude"]),
        alarm=int(report["alarm"]),
        status=int(report["status"]),
        items=items,
    )
