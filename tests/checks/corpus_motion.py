"""Days of vehicles that stand where they must not and whose terminals misbehave."""

from __future__ import annotations

import random

from tests.detect.tracks import Track

VEHICLES = ("13900000201", "13900000202", "13900000203")


def _odd_day(vehicle: str, chance: random.Random) -> Track:
    track = Track(vehicle, every_s=chance.choice([15, 30]), limit_kmh=80)
    for _ in range(60):
        act = chance.random()
        if act < 0.25:
            track.leg(chance.uniform(60, 900), chance.uniform(40, 75))
        elif act < 0.40:
            track.leg(chance.uniform(60, 400), chance.choice([0.0, 2.0, 6.0]))
        elif act < 0.55:
            kmh, recorder = chance.choice([(60.0, 0.0), (0.0, 60.0), (60.0, 58.0)])
            track.leg(chance.uniform(60, 900), kmh, recorder_speed_kmh=recorder)
        elif act < 0.70:
            track.silence(chance.uniform(5, 30), chance.choice([300.0, 9000.0]))
        elif act < 0.80:
            track.silence(0.25, chance.choice([1500.0, 5000.0, 30_000.0]))
        elif act < 0.85:
            track.sample(60, lat=27.5)
            track.now_s += 15
        elif act < 0.95:
            bits = chance.choice([1 << 4, 1 << 5, 1 << 8, 1 << 11, 3 << 5])
            track.leg(chance.uniform(10, 120), 50, alarm=bits)
        else:
            track.leg(chance.uniform(20, 120), 60, positioned=False)
    for _ in range(3):
        track.leg(chance.uniform(60, 200), 60, lat=26.5003).leg(120, 60)
    return track


def tracks() -> tuple[Track, ...]:
    chance = random.Random(11)
    return tuple(_odd_day(vehicle, chance) for vehicle in VEHICLES)
