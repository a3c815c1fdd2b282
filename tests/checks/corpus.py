"""Messy positions on which every rule fires: what shared checks are run on.

Seeded, so that a failing check fails again. A new rule that finds nothing here makes
``fires_on_the_corpus`` fail: add what it looks for.
"""

from __future__ import annotations

import random
from functools import cache

import numpy as np

from tests.checks import corpus_motion
from tests.detect.tracks import Row, Track

VEHICLES = ("13900000001", "13900000002", "13900000003", "13900000004", "13900000005")

COACHES = tuple(f"1390000010{number}" for number in range(1, 7))
KINDS = dict(zip(COACHES, ["line_coach", "tour_coach", "highway_passenger"] * 2, strict=True))

Rows = tuple[Row, ...]


def _messy_day(vehicle: str, chance: random.Random) -> Track:
    """Ten hours at the wheel with most of what can go wrong."""
    track = Track(vehicle, every_s=chance.choice([20, 30, 45]), limit_kmh=80)
    driver: str | None = f"{vehicle}-A"
    while track.now_s < 10 * 3600:
        act = chance.random()
        given = {
            "driver": driver,
            "recorder_speed_kmh": chance.choice([None, 60.0, 100.0]),
            "limit_kmh": chance.choice([60.0, 80.0, 80.0, float("nan")]),
        }
        if act < 0.35:
            track.drive(chance.uniform(5, 50), chance.uniform(40, 75), **given)
        elif act < 0.55:
            track.leg(chance.uniform(10, 200), chance.uniform(85, 150), **given)
        elif act < 0.65:
            track.stand(chance.uniform(1, 24), driver=driver)
        elif act < 0.70:
            track.silence(chance.uniform(2, 30), chance.choice([0.0, 300.0, 9000.0]))
        elif act < 0.75:
            track.sample(chance.choice([0.0, 200.0, None]), driver=driver)
            track.now_s += 10
        elif act < 0.82:
            driver = chance.choice([None, f"{vehicle}-A", f"{vehicle}-B"])
        elif act < 0.90:
            bits = chance.choice([1, 2, 4, 1 << 29, 1 << 30, 3])
            track.leg(chance.uniform(10, 120), 50, alarm=bits, driver=driver)
        elif act < 0.95:
            track.leg(chance.uniform(20, 120), 60, positioned=False, recorder_speed_kmh=55.0)
        else:
            track.leg(chance.uniform(20, 90), chance.choice([60, 110]), lat=None, alarm=None)
    return track.drive(260, 70, driver=f"{vehicle}-C").leg(90, 120)


def _coach_week(vehicle: str, chance: random.Random) -> Track:
    """Seven days of a coach that drives too long, at night too fast, and through the small hours.

    Tracks begin at 08:00 in Shanghai, so 22:00 is 14 h after that.
    """
    track = Track(vehicle, every_s=240, limit_kmh=100)
    known = vehicle[-1] not in "25"
    for day in range(7):
        track.driver = f"{vehicle}-A" if known else None
        track.now_s = day * 86_400 + chance.uniform(0, 3600)
        track.drive(chance.uniform(180, 230), 70).stand(chance.choice([10, 30]))
        track.drive(chance.uniform(150, 210), 75, recorder_speed_kmh=75.0)
        if chance.random() < 0.3:
            track.silence(chance.uniform(6, 40), 20_000)
        track.driver = chance.choice([track.driver, None, f"{vehicle}-B"])
        track.now_s = day * 86_400 + 13 * 3600 + chance.uniform(0, 3600)
        track.drive(chance.uniform(60, 100), 75)
        for kmh in (75, 92, 70, 105, 75):
            track.every_s = chance.choice([20, 30])
            track.leg(chance.uniform(40, 150), kmh)
        track.every_s = 240
        track.drive(chance.uniform(60, 120), 75).stand(chance.choice([15, 25]))
        track.sample(60, positioned=False)
        track.now_s += 60
        if chance.random() < 0.7:
            track.now_s = day * 86_400 + 18 * 3600 + chance.uniform(0, 3600)
            track.drive(chance.uniform(30, 160), 70, driver=chance.choice([None, track.driver]))
    return track


@cache
def tracks() -> tuple[Track, ...]:
    """One track a vehicle, each in order of event time."""
    chance = random.Random(20260302)
    days = tuple(_messy_day(vehicle, chance) for vehicle in VEHICLES)
    weeks = tuple(_coach_week(vehicle, chance) for vehicle in COACHES)
    return (*days, *corpus_motion.tracks(), *weeks)


@cache
def stream() -> tuple[Rows, np.ndarray]:
    """All vehicles as they arrive: by time, with 2 % each sent twice and sent late.

    Returns rows and the limit known for each, shape (n,).
    """
    chance = random.Random(7)
    arrivals = []
    for track in tracks():
        for row, limit in zip(track.rows, track.limits, strict=True):
            sent = row["time"].timestamp()
            arrivals.append((sent, row, limit))
            if chance.random() < 0.02:
                arrivals.append((sent + chance.choice([1, 400]), row, limit))
            if chance.random() < 0.02:
                arrivals[-1] = (sent + chance.choice([35, 200]), row, limit)
    arrivals.sort(key=lambda item: (item[0], item[1]["vehicle"]))
    return tuple(row for _, row, _ in arrivals), np.array([x for _, _, x in arrivals], np.float32)
