"""Vehicles that are driven by chance, with every fault that late points make, for the rules on
driving and rest. Small numbers of minutes, so that everything happens within hours.
"""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

from tests.detect.tracks import METRES_A_DEGREE_EAST, START, Row

SHORT: dict[str, dict[str, Any]] = {
    "fatigue": {"max_continuous_min": 40.0, "min_rest_min": 6.0, "forget_gap_min": 30.0},
    "coach_night_fatigue": {"max_continuous_min": 25.0, "min_rest_min": 6.0},
    "coach_curfew": {},
    "coach_day_total": {"max_driving_min": 60.0},
    "coach_week_total": {"max_driving_min": 90.0},
}
"""Parameters by which a few hours are enough."""

KINDS = ("tour_coach", "line_coach", "tour_coach", "heavy_truck")
SERVICES = ("", "long_distance", "short_line")


def rows_of(seed: int, vehicles: int, hours: float) -> list[Row]:
    """Rows of all vehicles in the order of arrival."""
    chance = random.Random(seed)
    rows = [
        row
        for number in range(vehicles)
        for row in _delivered(chance, _driven(chance, f"1000{number:04d}", hours, vehicles))
    ]
    rows.sort(key=lambda row: row["received"])
    return rows


def _driven(chance: random.Random, vehicle: str, hours: float, vehicles: int) -> list[Row]:
    """What the terminal measures, by event time."""
    every_s = chance.choice([10, 15, 30, 30, 60])
    cards = [f"D{chance.randrange(vehicles)}" for _ in range(3)]
    now_s, east_m, driver = float(chance.randrange(86_400)), 0.0, None
    end_s = now_s + hours * 3600
    rows: list[Row] = []
    while now_s < end_s:
        kmh = chance.choice([0, 0, 3.1, 4.3, 20, 60, 60, 80])
        leg_s = 60 * chance.choice([0.5, 1, 3, 5, 5.5, 6, 7, 12, 25, 45])
        if chance.random() < 0.5:
            driver = chance.choice([None, None, cards[0], cards[0], cards[1], cards[2]])
        stop_s = now_s + leg_s
        while now_s < stop_s:
            time = START + timedelta(seconds=round(now_s))
            blind = chance.random() < 0.04
            said = kmh if chance.random() > 0.02 else chance.choice([0, 30])
            rows.append(
                {
                    "vehicle": vehicle,
                    "time": time,
                    "received": time,
                    "lat": None if blind else 26.5,
                    "lon": None if blind else 101.7 + east_m / METRES_A_DEGREE_EAST,
                    "speed_kmh": None if blind else float(said),
                    "recorder_speed_kmh": chance.choice([None, float(kmh)]) if blind else None,
                    "heading_deg": 90.0,
                    "positioned": not blind,
                    "driver": driver,
                }
            )
            now_s += every_s
            east_m += kmh / 3.6 * every_s
        if chance.random() < 0.12:
            # Switched off, and perhaps towed.
            now_s += 60 * chance.choice([2, 4, 6, 8, 20, 40])
            east_m += chance.choice([0, 0, 90, 400, 5000])
    return rows


def _delivered(chance: random.Random, rows: list[Row]) -> list[Row]:
    """When each row arrives: at once, or when the terminal is back; some twice, some never."""
    out: list[Row] = []
    at = 0
    while at < len(rows):
        if chance.random() < 0.012:
            # A dead zone. What is stored comes after a newer row, or two, or never.
            end = min(len(rows) - 1, at + chance.randrange(3, 120))
            held, at = rows[at:end], end
            again = chance.choice([0, 1, 2, 10, 60])
            if chance.random() < 0.3:
                held = [row for row in held if chance.random() < 0.6]
            if chance.random() < 0.2:
                chance.shuffle(held)
            back = rows[min(len(rows) - 1, end + again)]["time"]
            parts = chance.choice([1, 1, 3])
            if chance.random() < 0.85:
                for number, row in enumerate(held):
                    part = number * parts // max(len(held), 1)
                    sent = back + timedelta(seconds=45 * part, milliseconds=1500 + 2 * number)
                    out.append({**row, "received": sent})
            continue
        row = rows[at]
        wait_ms = 1000 if chance.random() < 0.97 else chance.randrange(200_000)
        out.append({**row, "received": row["time"] + timedelta(milliseconds=wait_ms)})
        if chance.random() < 0.01:
            out.append({**row, "received": row["time"] + timedelta(milliseconds=wait_ms + 700)})
        at += 1
    return out
