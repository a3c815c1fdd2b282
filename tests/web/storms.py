"""Detections of a storm in the tests' small world: many kinds, vehicles, repeats and updates."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

from tests.web.conftest import EAST, HAZMAT, TRUCK, WEST, World

SAY = (
    ("speeding", "20-50", 75.0, 60.0, "km/h"),
    ("speeding", "50-70", 95.0, 60.0, "km/h"),
    ("stopped_on_expressway", "standing", 6.0, 2.0, "min"),
    ("section_speed", "20-50", 75.0, 60.0, "km/h"),
    ("wrong_way", "wrong_way", 0.6, 0.3, "km"),
)


def rows_of(world: World, count: int, seed: int) -> list[dict[str, Any]]:
    """So many rows by the seed: a dozen vehicles at two places, some rows again as revisions."""
    chance = random.Random(seed)
    rows: list[dict[str, Any]] = []
    for number in range(count):
        if rows and chance.random() < 0.15:
            old = chance.choice(rows)
            rows.append({**old, "revision": old["revision"] + 1, "final": True,
                         "end": old["end"] + timedelta(seconds=30)})  # fmt: skip
            continue
        rule, severity, measured, limit, unit = chance.choice(SAY)
        place = chance.choice((EAST, WEST))
        vehicle = chance.choice((TRUCK, HAZMAT, *(f"1970000{n:04}" for n in range(10))))
        rows.append(
            world.detection(
                id=f"{seed}-{number}", rule=rule, severity=severity, measured=measured,
                limit=limit, measured_unit=unit, vehicle=vehicle,
                start=world.now - timedelta(seconds=600 - number),
                lat=place[0] + chance.uniform(-0.02, 0.02), lon=place[1],
                area="510402" if place is EAST else "510403", stake_m=None,
                road_class="expressway" if limit == 2.0 else "national",
            )
        )  # fmt: skip
    return rows
