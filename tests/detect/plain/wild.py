"""Vehicles driven by chance along one staked expressway with everything beside it, and terminals
with every fault. Numbers fall on the rules' edges as often as chance can make them: whole seconds,
gaps and stops of just the length that matters, speeds at and beside the limits.
"""

from __future__ import annotations

import random
from datetime import timedelta
from functools import cache
from typing import Any

from sizao.roads.fence_grid import Fences
from sizao.roads.fences import Fence, Window
from sizao.roads.network import Network
from sizao.roads.sections import Piece
from sizao.roads.temporary_limits import TemporaryLimit
from tests.detect.tracks import METRES_A_DEGREE_EAST, START, Row

WEST, LENGTH_KM = 101.7, 30
KINDS = ("heavy_truck", "hazmat", "tour_coach", "line_coach", "minivan", "semi_tractor")
_DAILY = 127
_BEGIN_S = 13 * 3600
"""From START: 21:00 in Shanghai, an hour before the night."""
_BITS = (0, 1, 2, 1 << 29, 1 << 30, 1 << 4, 1 << 8, 1 << 28, 3)


def lon(km: float) -> float:
    return WEST + km * 1000 / METRES_A_DEGREE_EAST


@cache
def network() -> Network:
    """Both carriageways, cut each 3 km, with signs, a tunnel and a downgrade; a road beside."""
    features = []
    for number in range(LENGTH_KM // 3):
        ends = [lon(3 * number), lon(3 * number + 3)]
        for way, lat in ((ends, 26.5), (ends[::-1], 26.5003)):
            east = way is ends
            features.append(
                _line(
                    [[x, lat] for x in way],
                    road_class="expressway",
                    ref="G5",
                    oneway=True,
                    direction="下行" if east else "上行",
                    stake_m=1000.0 * (3 * number if east else 3 * number + 3),
                    stake_end_m=1000.0 * (3 * number + 3 if east else 3 * number),
                    limit_kmh=(None, 100, 80, 120)[number % 4],
                    tunnel=number == 4,
                    grade_pct=-4.5 if number in (6, 7) else None,
                )
            )
    beside = [[lon(0), 26.5011], [lon(LENGTH_KM), 26.5011]]
    features.append(_line(beside, road_class="county", name="side", limit_kmh=60))
    return Network.from_features(features)


def _line(points: list[list[float]], **given: Any) -> dict[str, Any]:
    properties = {name: value for name, value in given.items() if value is not None}
    return {"geometry": {"type": "LineString", "coordinates": points}, "properties": properties}


def fences(vehicles: tuple[str, ...]) -> Fences:
    """Of every kind, over each other, some by the clock."""
    kinds = ("forbidden", "limit", "downgrade", "service", "blind", "forbidden", "limit")
    windows = (
        Window(_DAILY, 21 * 3600 + 1800, 22 * 3600 + 600),
        Window(_DAILY, 22 * 3600, 4 * 3600),
    )
    made = [
        Fence(
            number,
            "x",
            kinds[number % 7],
            "circle",
            line=((26.5, lon(number * 1.9)),),
            reach_m=(300.0, 900.0, 2500.0)[number % 3],
            windows=windows[number % 4 : number % 4 + 1],
            vehicle_kinds=("heavy_truck", "hazmat") if number % 5 == 0 else (),
            limit_kmh=40 + 20 * (number % 3),
            grade_pct=6,
        )
        for number in range(1, 16)
    ]
    for number in range(20, 26):
        way = ((26.5, lon(5 * (number - 20))), (26.5, lon(5 * (number - 20) + 4)))
        made.append(
            Fence(number, "x", "route", "corridor", line=way, reach_m=40, vehicles=vehicles[::3])
        )
    return Fences(made)


def temporary() -> list[TemporaryLimit]:
    """Work zones, one inside the other."""
    start_us = (int(START.timestamp()) + _BEGIN_S) * 1_000_000
    return [
        TemporaryLimit(
            id=f"M{number}",
            limit_kmh=(60.0, 40.0, 60.0)[number % 3],
            from_us=start_us + number * 600_000_000,
            until_us=None if number == 3 else start_us + (number + 9) * 600_000_000,
            road="G5",
            direction="",
            stake_from_m=None,
            stake_to_m=None,
            network=network().digest(),
            pieces=(Piece(number // 2 * 2, 200.0 + 100 * number, 2000.0),),
        )
        for number in range(6)
    ]


def names(vehicles: int) -> tuple[str, ...]:
    return tuple(f"1000{number:04d}" for number in range(vehicles))


def rows(seed: int, vehicles: int, hours: float) -> list[Row]:
    """Rows of all vehicles in the order of arrival."""
    chance = random.Random(seed)
    made = [row for name in names(vehicles) for row in _sent(chance, _driven(chance, name, hours))]
    made.sort(key=lambda row: row["received"])
    return made


def _driven(chance: random.Random, vehicle: str, hours: float) -> list[Row]:
    """What the terminal measures, by event time: legs of one sort of behaviour each."""
    every_s = chance.choice([5, 10, 15, 30, 30])
    now_s, km, ahead = float(_BEGIN_S + chance.randrange(600)), chance.uniform(1, LENGTH_KM - 1), 1
    made: list[Row] = []
    while now_s < _BEGIN_S + hours * 3600:
        kmh = chance.choice(
            [0, 0, 2.9, 3, 5, 5.1, 10.1, 15, 20, 37, 46, 61, 81, 81.1, 101, 121, 160]
        )
        heading = 90 if ahead > 0 else 270
        against = chance.random() < 0.15
        gap = chance.choice([None, 0.0, 5.0, 10.0, 10.1, 20.0, 40.0])
        alarm = chance.choice(_BITS) if chance.random() < 0.3 else 0
        hung = chance.random() < 0.12
        card = chance.choice([None, "A", "B"])
        stop_s = now_s + chance.choice([10, 20, 30, 60, 90, 120, 180, 300, 400, 600])
        kept = km
        while now_s < stop_s:
            lat = 26.5 if (ahead > 0) != against else 26.5003
            said = kmh if chance.random() > 0.03 else chance.choice([None, 0, 100, 200, 301])
            place = kept if hung else km
            stray = chance.choice([0.02, 0.05, 3.0, -30.0]) if chance.random() < 0.01 else 0.0
            fix = chance.random() > 0.02
            made.append(
                {
                    "vehicle": vehicle,
                    "time": START + timedelta(seconds=now_s),
                    "lat": lat + stray / 110 if fix else chance.choice([None, 0.0]),
                    "lon": lon(place) if fix else 0.0,
                    "speed_kmh": said,
                    "recorder_speed_kmh": None if gap is None else max(0.0, kmh - gap),
                    "heading_deg": float(heading) if chance.random() > 0.05 else None,
                    "positioned": chance.choice([True, True, None]) if fix else False,
                    "alarm": alarm,
                    "driver": card,
                }
            )
            now_s += every_s
            km += ahead * kmh / 3600 * every_s
            if not 0.5 < km < LENGTH_KM - 0.5:
                ahead = -ahead
                km = min(max(km, 0.6), LENGTH_KM - 0.6)
                break
        if chance.random() < 0.15:
            now_s += chance.choice([61, 90, 91, 300, 301, 400, 401, 600, 601, 900])
            km = chance.choice([km, chance.uniform(1, LENGTH_KM - 1)])
        if chance.random() < 0.02:
            km = chance.uniform(1, LENGTH_KM - 1)  # a jump
    return made


def _sent(chance: random.Random, measured: list[Row]) -> list[Row]:
    """The same with times of receipt: some twice, some stored for minutes, one clock ahead."""
    sent = []
    for row in measured:
        delay_s = chance.choice([0.2, 0.7, 1.5])
        if chance.random() < 0.02:
            delay_s = chance.choice([30, 59, 61, 119, 121, 700])
        if chance.random() < 0.002:
            delay_s = -chance.choice([300, 600, 601])
        sent.append({**row, "received": row["time"] + timedelta(seconds=delay_s)})
        if chance.random() < 0.02:
            sent.append({**row, "received": row["time"] + timedelta(seconds=delay_s + 2)})
    return sent
