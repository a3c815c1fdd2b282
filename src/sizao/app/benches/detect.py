"""``sizao bench detect``: positions a second through all rules, on one core, CPU time.

Vehicles report each 15 s in mixed order, 1 in 50 of them too fast now and then, in batches as the
pipeline makes them. Limits are given, so ``positions_per_s`` holds everything but road matching;
``matched_positions_per_s`` is the same with the simulated city's roads, every vehicle going up
and down one segment. Making the batches is not timed.

Baseline: speeding alone, one rule of three and without its guards against bad samples, as a plain
Python loop over the same batches, each taken out of Arrow with ``to_pylist``. Both must find the
same number of detections. ``speeding_alone_positions_per_s`` is the engine with that rule only.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np
import pyarrow as pa

from sizao.core.schemas import POSITION, TIME
from sizao.detect import engine
from sizao.detect.engine import Context, EngineState
from sizao.detect.params import Params
from sizao.roads.network import Network
from sizao.sim import city

START_US = 1_767_225_600_000_000
"""2026-01-01 00:00 UTC, event time of the first report."""

EVERY_S = 15
BATCH = 10_000
LIMIT_KMH = 80.0


def run(quick: bool = False) -> dict[str, Any]:
    """Positions a second; ``quick`` takes fewer vehicles, samples and runs."""
    vehicles, samples, runs = (2_000, 40, 3) if quick else (10_000, 200, 7)
    plain_context = Context.build()
    batches = _traffic(vehicles, samples)
    limits = np.full(BATCH, LIMIT_KMH, np.float32)
    _run(batches[:2], plain_context, limits)  # compiles or loads the kernels
    rates, state, found = _rates(runs, batches, plain_context, limits)

    road_context = Context.build(network := city.build().network)
    on_roads = _traffic(vehicles, samples, network)
    _run(on_roads[:2], road_context, None)
    matched, road_state, _ = _rates(max(1, runs // 2), on_roads, road_context, None)

    some = batches[: 40 if not quick else 4]
    python_rate, python_found = _plain(some, plain_context.params["speeding"])
    alone = Context.build(only=frozenset({"speeding"}))
    alone_seconds, _, kernel_found = _run(some, alone, limits)
    if python_found != kernel_found or not kernel_found:
        raise AssertionError(f"{kernel_found} detections, plain Python finds {python_found}")

    value = median(rates)
    return {
        "name": "detect",
        "unit": "positions/s",
        "value": round(value),
        "runs": len(rates),
        "baseline": {"name": "speeding alone in plain Python", "value": round(python_rate)},
        "ratio": round(value / python_rate, 1),
        "positions_per_s": round(value),
        "range": [round(min(rates)), round(max(rates))],
        "matched_positions_per_s": round(median(matched)),
        "speeding_alone_positions_per_s": round(sum(map(len, some)) / alone_seconds),
        "matched_share": round(1 - road_state.counters["unmatched"] / (vehicles * samples), 4),
        "vehicles": vehicles,
        "positions": vehicles * samples,
        "batch": BATCH,
        "detections": found,
        "bytes_per_vehicle": state.bytes_per_vehicle(),
        "saved_bytes_per_vehicle": round(len(state.to_bytes()) / vehicles),
        "rules": [rule.id for rule in plain_context.rules],
    }


def _run(
    batches: Sequence[pa.RecordBatch], context: Context, limits: Any
) -> tuple[float, EngineState, int]:
    """CPU seconds, last state, detections of a pass from an empty state."""
    state, found = EngineState(), 0
    start = time.process_time()
    for batch in batches:
        given = None if limits is None else limits[: len(batch)]
        detections, state = engine.step(batch, state, context, given)
        found += len(detections)
    return time.process_time() - start, state, found


def _rates(
    runs: int, batches: Sequence[pa.RecordBatch], context: Context, limits: Any
) -> tuple[list[float], EngineState, int]:
    total = sum(len(batch) for batch in batches)
    rates = []
    for _ in range(runs):
        seconds, state, found = _run(batches, context, limits)
        rates.append(total / seconds)
    return rates, state, found


def _traffic(vehicles: int, samples: int, network: Network | None = None) -> list[pa.RecordBatch]:
    """Batches of all vehicles' reports by time, each time in another order."""
    chance = np.random.default_rng(7)
    vehicle = np.concatenate([chance.permutation(vehicles) for _ in range(samples)])
    sample = np.repeat(np.arange(samples), vehicles)
    n = len(vehicle)
    # Too fast for 2 to 6 min of each 30; a fiftieth of the vehicles.
    fast = (vehicle % 50 == 0) & ((sample + vehicle) % 120 < 8 + vehicle % 17)
    speed = np.where(fast, 96, 66) + chance.normal(0, 2, n)
    time_us = START_US + (sample * EVERY_S + vehicle % EVERY_S) * 1_000_000
    lat, lon, heading = _places(vehicle, sample, chance, network)
    columns = {
        "vehicle": pa.array(np.char.mod("139%08d", np.arange(vehicles))).take(pa.array(vehicle)),
        "time": pa.array(time_us).cast(TIME),
        "received": pa.array(time_us + 500_000).cast(TIME),
        "lat": pa.array(lat),
        "lon": pa.array(lon),
        "speed_kmh": pa.array(speed.astype(np.float32)),
        "heading_deg": pa.array(heading.astype(np.float32)),
        "recorder_speed_kmh": pa.array((speed - 1).astype(np.float32)),
        "alarm": pa.array(np.zeros(n, np.uint32)),
        "positioned": pa.array(np.ones(n, np.bool_)),
    }
    missing = {name for name in POSITION.names if name not in columns}
    columns |= {name: pa.nulls(n, POSITION.field(name).type) for name in missing}
    whole = pa.RecordBatch.from_arrays([columns[name] for name in POSITION.names], schema=POSITION)
    return [whole.slice(start, BATCH) for start in range(0, n, BATCH)]


def _places(
    vehicle: np.ndarray, sample: np.ndarray, chance: np.random.Generator, network: Network | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Latitude, longitude, heading: anywhere, or 200 m onward on a segment each sample."""
    n = len(vehicle)
    if network is None:
        return 26.5 + chance.random(n), 101.5 + chance.random(n), np.zeros(n)
    long = np.flatnonzero(network.length_m > 1000)
    segment = long[vehicle % len(long)]
    offset = (sample * 200.0) % network.length_m[segment]
    lat, lon = network.points(segment, offset)
    ahead_lat, ahead_lon = network.points(segment, offset + 20)
    back_lat, back_lon = network.points(segment, offset - 20)
    east = (ahead_lon - back_lon) * np.cos(np.radians(lat))
    heading = np.degrees(np.arctan2(east, ahead_lat - back_lat)) % 360
    noise = 6 / 111_195
    return lat + chance.normal(0, noise, n), lon + chance.normal(0, noise, n), heading


@dataclass
class _Vehicle:
    """State of :func:`plain_speeding`."""

    last_s: float = 0.0
    start_s: float = 0.0
    last_over_s: float = 0.0
    in_row: int = 0
    below: int = 0
    fired: bool = False


def _plain(batches: Sequence[pa.RecordBatch], params: Params) -> tuple[float, int]:
    """Rows a CPU second and detections of the plain loop."""
    known: dict[str, _Vehicle] = {}
    start = time.process_time()
    found = sum(plain_speeding(batch, known, params) for batch in batches)
    return sum(len(batch) for batch in batches) / (time.process_time() - start), found


def plain_speeding(batch: pa.RecordBatch, known: dict[str, _Vehicle], params: Params) -> int:
    """How many detections the speeding rule reports, where speeds do not jump: the same definition
    without its guards against bad samples."""
    threshold = LIMIT_KMH * (1 + params["tolerance_percent"] / 100) + params["margin_kmh"]
    batch = batch.set_column(1, "time", batch.column("time").cast(pa.int64()))
    found = 0
    for row in batch.select(["vehicle", "time", "speed_kmh", "lat", "positioned"]).to_pylist():
        one = known.get(row["vehicle"])
        if one is None:
            one = known[row["vehicle"]] = _Vehicle()
        now, speed = row["time"] / 1e6, row["speed_kmh"]
        if now <= one.last_s or not row["positioned"] or row["lat"] is None or speed is None:
            continue
        one.last_s = now
        if speed > threshold:
            if one.in_row == 0:
                one.start_s = now
            one.in_row += 1
            if (
                not one.fired
                and one.in_row > 1
                and one.below == 0
                and now - one.start_s >= params["min_duration_s"]
            ):
                one.fired = True
                found += 1
            one.below = 0
            one.last_over_s = now
        elif one.in_row:
            one.below += 1
            if one.fired:
                if (
                    one.below >= params["end_below_samples"]
                    and now - one.last_over_s >= params["end_below_s"]
                ):
                    found += 1
                    one.fired, one.in_row, one.below = False, 0, 0
            elif one.in_row == 1 or one.below >= 2:
                one.in_row, one.below = 0, 0
    return found
