"""A square grid of streets as a road network, and crashes on it with two known hot places."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa

from sizao.core.schemas import CRASH
from sizao.roads.network import Network

SIDE, STEP_DEG = 6, 0.006
LAT, LON = 26.55, 101.70
HOT_ROAD, HOT_NODE = "一横路", (3, 3)


@cache
def network() -> Network:
    """6 by 6 junctions, about 600 m apart; the streets 一横路.. run east, 一纵路.. north."""
    numbers = "一二三四五六"
    features = []
    for line in range(SIDE):
        across = [[LON + c * STEP_DEG, LAT + line * STEP_DEG] for c in range(SIDE)]
        along = [[LON + line * STEP_DEG, LAT + r * STEP_DEG] for r in range(SIDE)]
        for name, points in (("横", across), ("纵", along)):
            features.append(
                {
                    "geometry": {"type": "LineString", "coordinates": points},
                    "properties": {
                        "road_class": "urban", "name": f"{numbers[line]}{name}路",
                        "area": "510402",
                    },
                }
            )  # fmt: skip
    return Network.from_features(features)


def crash_rows(years: range = range(2023, 2026), a_year: int = 120) -> list[dict[str, Any]]:
    """Rows of schema CRASH: a fifth on one block of 一横路, a fifth at one junction."""
    rng = np.random.default_rng(5)
    roads = network()
    hot = next(
        s for s in range(len(roads))
        if roads.name[s] == HOT_ROAD and abs(roads.lon[roads.first[s]] - LON) < 1e-9
    )  # fmt: skip
    rows: list[dict[str, Any]] = []
    for year in years:
        for number in range(a_year):
            if number % 5 == 0:
                lat, lon = roads.point(hot, 150 + 300 * rng.random())
            elif number % 5 == 1:
                lat, lon = LAT + HOT_NODE[0] * STEP_DEG, LON + HOT_NODE[1] * STEP_DEG
            else:
                segment = int(rng.integers(len(roads)))
                lat, lon = roads.point(segment, 20 + 0.9 * roads.length_m[segment] * rng.random())
            harm = rng.random()
            rows.append(
                {
                    **dict.fromkeys(CRASH.names),
                    "source": "试验台账",
                    "crash": f"{year}-{number}",
                    "time": dt.datetime(year, 1, 1, tzinfo=dt.UTC)
                    + dt.timedelta(minutes=float(rng.integers(20, 365 * 24 * 60 - 600))),
                    "hour_known": number % 20 != 7,
                    "lat": lat + rng.normal(0, 2e-5),
                    "lon": lon + rng.normal(0, 2e-5),
                    "area": "510402",
                    "procedure": "fatal" if harm < 0.05 else "injury" if harm < 0.4
                    else "property_damage",
                    "dead": 1 if harm < 0.05 else 0,
                    "injured": 1 if 0.05 <= harm < 0.4 else 0,
                    "collision": "pedestrian" if number % 5 == 1 and rng.random() < 0.7
                    else str(rng.choice(["rear_end", "side", "fixed_object"])),
                    "light_condition": str(rng.choice(["day", "night_lit"])),
                    "surface": str(rng.choice(["dry", "wet"])),
                    "parties": ["car", "truck"],
                    "batch": 1,
                    "row": number,
                }
            )  # fmt: skip
    return rows


def crash_table(**kwargs: Any) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist(crash_rows(**kwargs), schema=CRASH)
