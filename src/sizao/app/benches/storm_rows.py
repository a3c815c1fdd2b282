"""The storm: 5,000 detections of one bad minute, at a dozen places and all over the city.

Ice and fog close in on a few stretches; vehicles there stop, go the wrong way, brake hot; terminals
lose touch all over; and the ordinary speeding goes on. The mix is a project choice, the vehicles
are the made-up fleet's.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sizao.core.ids import content_id

KINDS: tuple[tuple[str, float, str, float, float, str], ...] = (
    ("speeding", 0.40, "20-50", 96.0, 60.0, "km/h"),
    ("stopped_on_expressway", 0.12, "standing", 6.0, 2.0, "min"),
    ("long_downgrade", 0.08, "brake_heat", 320.0, 260.0, "degC"),
    ("fatigue", 0.10, "over_limit", 262.0, 240.0, "min"),
    ("offline_moving", 0.20, "offline", 12.0, 5.0, "min"),
    ("wrong_way", 0.02, "wrong_way", 0.6, 0.3, "km"),
    ("area_limit", 0.08, "20-50", 55.0, 40.0, "km/h"),
)
"""Rule, share of the storm, severity, measured, limit, unit."""

SPOTS = 12
NEAR_DEG = 0.01
"""Detections at a spot lie within about a kilometre of it."""


def storm_rows(
    vehicles: Sequence[dict[str, Any]],
    places: Sequence[dict[str, Any]],
    count: int,
    start: datetime,
    span_s: float,
    seed: int = 1,
) -> list[dict[str, Any]]:
    """Rows of schema DETECTION in the order in which they fire, over ``span_s`` seconds.

    vehicles : rows of the register, ``vehicle`` and ``kind``
    places : ``lat, lon, area`` and optionally ``road, road_class``
    """
    chance = random.Random(seed)
    spots = chance.sample(list(places), min(SPOTS, len(places)))
    rows = []
    for number in range(count):
        rule, _, severity, measured, limit, unit = chance.choices(
            KINDS, weights=[kind[1] for kind in KINDS]
        )[0]
        spot = chance.choice(spots if chance.random() < 0.7 else list(places))
        vehicle = chance.choice(vehicles)
        fired = start + timedelta(seconds=span_s * number / count)
        began = fired - timedelta(seconds=60)
        expressway = rule in ("stopped_on_expressway", "wrong_way")
        rows.append(
            {
                "id": content_id("storm", seed, number),
                "revision": 0,
                "rule": rule,
                "rule_version": "1-storm",
                "vehicle": vehicle["vehicle"],
                "vehicle_kind": vehicle["kind"],
                "driver": None,
                "start": began,
                "end": fired,
                "fired": fired,
                "received": fired,
                "measured": measured * chance.uniform(0.9, 1.3),
                "limit": limit,
                "measured_unit": unit,
                "severity": severity,
                "lat": spot["lat"] + chance.uniform(-NEAR_DEG, NEAR_DEG),
                "lon": spot["lon"] + chance.uniform(-NEAR_DEG, NEAR_DEG),
                "road": "G5" if expressway else spot.get("road") or "",
                "road_class": "expressway" if expressway else spot.get("road_class") or "county",
                "stake_m": None,
                "area": spot["area"],
                "final": False,
                "evidence": [],
                "quality": "",
            }
        )
    return rows
