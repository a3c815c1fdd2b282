"""A valley with one expressway, one county road beside it, and vehicles that break both rules."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from sizao.core.schemas import POSITION, REGISTER, TIME
from sizao.log.datadir import DataDir
from sizao.roads.network import Network
from sizao.runtime.embedded.log import SqliteLog
from tests.runtime.helpers import START_US, rows

LAT, LON = 26.5, 101.5
M_PER_DEGREE = 111_195.0
ROAD_M = 20_000.0
STEP_S = 15


def network() -> Network:
    """G5, 20 km due east with an 80 sign, and X101 a kilometre north without a sign."""
    east = ROAD_M / (M_PER_DEGREE * math.cos(math.radians(LAT)))
    north = 1_000 / M_PER_DEGREE

    def line(lat: float, **properties: object) -> dict[str, object]:
        points = [[LON + east * step / 20, lat] for step in range(21)]
        return {
            "type": "Feature",
            "geometry": {"type": "LineString", "coordinates": points},
            "properties": properties,
        }

    return Network.from_features(
        [
            line(
                LAT,
                road_class="expressway",
                ref="G5",
                limit_kmh=80,
                area="510411",
                direction="下行",
                stake_m=2_610_000,
            ),
            line(LAT + north, road_class="county", ref="X101", area="510421", stake_m=0),
        ]
    )


def vehicles(count: int) -> list[str]:
    return [str(13_800_000_000 + number) for number in range(count)]


def register(names: list[str]) -> pa.RecordBatch:
    kinds = ["heavy_truck", "hazmat", "line_coach", "other"]
    return rows(
        REGISTER,
        len(names),
        vehicle=names,
        plate=[f"川D{number:05d}" for number in range(len(names))],
        kind=[kinds[number % len(kinds)] for number in range(len(names))],
    )


def _track(chance: random.Random, seconds: int) -> Iterator[tuple[int, float, float]]:
    """(second, metres along, km/h): to and fro at lawful speed, sometimes too fast, rare rests."""
    along, direction, speed, left = chance.uniform(0, ROAD_M), 1, 70.0, 0
    rest_at = chance.choice([seconds * 2, chance.randrange(3600, 3 * 3600)])
    for second in range(0, seconds, STEP_S):
        if left <= 0:
            speed = chance.choice([60.0, 70.0, 75.0, 78.0, 95.0, 128.0])
            left = chance.randrange(60, 400)
        left -= STEP_S
        moving = 0.0 if rest_at <= second < rest_at + 1500 else speed
        along += direction * moving / 3.6 * STEP_S
        if not 0 <= along <= ROAD_M:
            along, direction = min(max(along, 0.0), ROAD_M), -direction
        yield second, along, direction * moving


def recording(count: int, hours: float, seed: int) -> pa.Table:
    """Positions of all vehicles in the order of receipt, with repeats and late ones."""
    chance = random.Random(seed)
    degree_m = M_PER_DEGREE * math.cos(math.radians(LAT))
    found = []
    for name in vehicles(count):
        offset = chance.uniform(0, STEP_S)
        for second, along, signed in _track(chance, int(hours * 3600)):
            event = START_US + int((second + offset) * 1_000_000)
            late = chance.random() < 0.01
            received = event + (90_000_000 if late else 1_000_000)
            row = (received, name, event, along, signed, chance.gauss(0, 4))
            found += [row, row] if chance.random() < 0.01 else [row]
    found.sort(key=lambda row: (row[0], row[1]))
    received, names, events, along, signed, noise = zip(*found, strict=True)
    count = len(found)
    batch = rows(
        POSITION,
        count,
        vehicle=list(names),
        time=pa.array(events, TIME),
        received=pa.array(received, TIME),
        lat=[LAT + metres / M_PER_DEGREE for metres in noise],
        lon=[LON + metres / degree_m for metres in along],
        speed_kmh=[abs(speed) for speed in signed],
        heading_deg=[90.0 if speed >= 0 else 270.0 for speed in signed],
        alarm=[chance.choice([0] * 200 + [1]) for _ in names],
        status=[3] * count,
        positioned=[True] * count,
        source=["test"] * count,
    )
    return pa.Table.from_batches([batch])


def write(
    folder: Path, *, count: int = 40, hours: float = 5.0, seed: int = 7, segment_rows: int = 200
) -> DataDir:
    """An installation whose feeds log holds a whole recording."""
    data = DataDir(folder).create()
    network().save(data.network)
    pq.write_table(pa.Table.from_batches([register(vehicles(count))]), data.register)
    with SqliteLog(data.feeds_log, writer=True) as log:
        for batch in recording(count, hours, seed).to_batches(max_chunksize=segment_rows):
            log.append({"positions": batch})
    return data
