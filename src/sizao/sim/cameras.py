"""Cameras that watch drivers and the road: now and then a report carries what one of them saw.

Half of the vehicles have them. An alarm is chance, by vehicle and second, and not part of the
ground truth: what a camera claims is not what happened.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from sizao.feeds.jt808.location import encode_location
from sizao.sim import _wire
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


def body(report: Any, chance: float) -> bytes:
    """The 0x0200 body of a report with its alarm."""
    vehicle, at_us = int(report["vehicle"]), int(report["time_s"]) * 1_000_000
    lat, lon, speed_kmh = report["lat"] / 1e6, report["lon"] / 1e6, int(report["speed"]) / 10
    kind = kind_of(chance)
    items: list[dict[str, Any]] = [{"id": "0x01", "mileage_km": int(report["mileage"]) / 10}]
    if report["recorder"] != _wire.NO_RECORDER:
        items.append({"id": "0x03", "recorder_speed_kmh": int(report["recorder"]) / 10})
    items += [{"id": "0x30", "rssi": 25}, {"id": "0x31", "gnss_satellites": 11}]
    items.append(
        alarm_item(
            kind,
            at_us,
            lat,
            lon,
            terminal_id=f"S{vehicle + 1:06d}",
            files=FILES,
            speed_kmh=speed_kmh,
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
