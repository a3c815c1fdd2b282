"""``sizao bench detect``: positions a second through all rules, on one core, CPU time.

Vehicles report each 30 s, in uniform random order (the worst for caches), each going north at a
steady speed; 1 in 800 is too fast now and then. Rows come in batches of 65,536; making them is not
timed, nor is the first round, in which every vehicle is new. All rules are on.

- ``positions_per_s``: 1 M vehicles (``--vehicles``), 5,000 fences, limits given with the rows, no
  roads;
- ``by_vehicles``: the same at 100,000 and 7 M vehicles;
- ``roads_positions_per_s``: 1 M vehicles that drive on the simulated city's roads, matched and
  limited by them, with 50,000 fences there, so that a place lies in several;
- ``coming_back_positions_per_s``: the round in which all of 100,000 vehicles are heard again, an
  hour later elsewhere, as when a platform comes back: each is a detection that ends at once.

``bytes_per_vehicle`` is all that grows with vehicles: names and their index, last position, every
rule's memory, episodes in progress, with ``_roads`` the matcher's.

Baseline: speeding alone, one rule of many and without its guards against bad samples, as a plain
Python loop over batches of the same sort, each taken out of Arrow with ``to_pylist``; median of the
laps, which are in ``baseline_range``. Both must find the same number of detections.
``speeding_alone_positions_per_s`` is the engine with that rule only.

Python's garbage collector walks what a lap makes and not all that the process has imported: over a
few thousand rows, one such walk made the loop look twenty times as slow, now and then.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import median
from typing import Any

import numpy as np
import pyarrow as pa

from sizao.core.schemas import POSITION, TIME
from sizao.core.vehicles import KIND_CODES
from sizao.detect import engine
from sizao.detect.engine import Context, EngineState
from sizao.detect.params import Params
from sizao.roads.fence_grid import Fences
from sizao.roads.fences import Fence
from sizao.roads.limits import limits_on
from sizao.roads.network import Network
from sizao.runtime.warming import warm_up
from sizao.sim import city

START_US = 1_767_225_600_000_000
"""2026-01-01 00:00 UTC, event time of the first report."""

EVERY_S = 30
BATCH = 65_536
PLAIN_ROUNDS, PLAIN_LAPS = 3, 5
"""Rounds of a batch each, and how often plain Python goes over them."""
LIMIT_KMH = 80.0
CRUISE_KMH = 66.0
ROUTES, LEGS = 20_000, 16
"""Vehicles on roads share so many drives, of so many segments each (13 km on the city's)."""
AREA = (24.0, 99.0, 29.0, 104.0)
"""South, west, north, east of the country that vehicles without roads drive in."""


@dataclass(frozen=True)
class Case:
    """One measurement."""

    vehicles: int
    fences: int
    on_roads: bool = False
    rounds: int = 3
    silent: int = 0
    """Rounds that nobody reports after the first."""


def run(quick: bool = False, vehicles: int = 1_000_000) -> dict[str, Any]:
    """Positions a second; ``quick`` takes fewer vehicles, fences and runs."""
    network = city.build().network
    runs = 2 if quick else 3
    main = Case(2_000 if quick else vehicles, 500 if quick else 5_000, rounds=40 if quick else 4)
    rates, state, found = _rates(main, network, 2 if quick else 5)
    roads = Case(main.vehicles, 10 * main.fences, on_roads=True, rounds=main.rounds)
    road_rates, road_state, _ = _rates(roads, network, runs)
    others = {}
    for count in () if quick or vehicles != 1_000_000 else (100_000, 7_000_000):
        case = Case(count, main.fences, rounds=20 if count < 1_000_000 else 2)
        others[str(count)] = round(median(_rates(case, network, 1)[0]))

    gone = Case(2_000 if quick else 100_000, main.fences, rounds=2, silent=3600 // EVERY_S)
    back_rates, _, back_found = _rates(gone, network, runs)

    some = list(batches(Case(BATCH, 0, rounds=PLAIN_ROUNDS), network))
    plain_context = Context.build()
    python_rates, python_found = _plain(some, plain_context.params["speeding"])
    python_rate = median(python_rates)
    alone = Context.build(only=frozenset({"speeding"}))
    _run(some[:1], alone)  # compiles or loads its kernels
    alone_runs = [_run(some, alone) for _ in python_rates]
    kernel_found = alone_runs[0][2]
    if python_found != kernel_found or not kernel_found:
        raise AssertionError(f"{kernel_found} detections, plain Python finds {python_found}")

    value = median(rates)
    placed = road_state.counters["positions"]
    return {
        "name": "detect",
        "unit": "positions/s",
        "value": round(value),
        "runs": len(rates),
        "baseline": {"name": "speeding alone in plain Python", "value": round(python_rate)},
        "ratio": round(value / python_rate, 1),
        "positions_per_s": round(value),
        "range": [round(min(rates)), round(max(rates))],
        "by_vehicles": others,
        "roads_positions_per_s": round(median(road_rates)),
        "roads_range": [round(min(road_rates)), round(max(road_rates))],
        "coming_back_positions_per_s": round(median(back_rates)),
        "coming_back_detections_per_vehicle": round(back_found / gone.vehicles, 2),
        "baseline_range": [round(min(python_rates)), round(max(python_rates))],
        "baseline_positions": sum(map(len, some)),
        "speeding_alone_positions_per_s": round(
            sum(map(len, some)) / median(seconds for seconds, _, _ in alone_runs)
        ),
        "matched_share": round(1 - road_state.counters["unmatched"] / placed, 4),
        "vehicles": main.vehicles,
        "fences": main.fences,
        "roads_fences": roads.fences,
        "positions": (main.rounds - 1) * main.vehicles,
        "batch": BATCH,
        "detections": found,
        "bytes_per_vehicle": round(state.bytes_per_vehicle(), 1),
        "bytes_per_vehicle_roads": round(road_state.bytes_per_vehicle(), 1),
        "saved_bytes_per_vehicle": round(len(state.to_bytes()) / main.vehicles),
        "rules": [rule.id for rule in plain_context.rules],
    }


def _rates(case: Case, network: Network, runs: int) -> tuple[list[float], EngineState, int]:
    """Rates of the rounds after the first, the last state, and detections in one run."""
    fences = fences_of(case.fences, network if case.on_roads else None)
    context = Context.build(network if case.on_roads else None, fences=fences)
    warm_up(context)  # loads every kernel, as the pipeline does before its first turn
    rates, state, found = [], EngineState(), 0
    for _ in range(runs):
        state, found, seconds, rows, seen = EngineState(), 0, 0.0, 0, 0
        for batch in batches(case, network):
            spent, state, new = _run([batch], context, state)
            seen += len(batch)
            if seen > case.vehicles:
                seconds, rows, found = seconds + spent, rows + len(batch), found + new
        rates.append(rows / seconds)
    return rates, state, found


def _run(
    some: Sequence[pa.RecordBatch], context: Context, state: EngineState | None = None
) -> tuple[float, EngineState, int]:
    """CPU seconds, last state, detections."""
    state, found = state or EngineState(), 0
    limits = None if context.network is not None else np.full(BATCH, LIMIT_KMH, np.float32)
    start = time.process_time()
    for batch in some:
        given = None if limits is None else limits[: len(batch)]
        detections, state = engine.step(batch, state, context, given)
        found += len(detections)
    return time.process_time() - start, state, found


def fences_of(count: int, network: Network | None, seed: int = 3) -> Fences:
    """Six-sided areas of 300 m to 1 km across the country, or across a network's bounds."""
    chance = np.random.default_rng(seed)
    south, west, north, east = AREA
    if network is not None:
        west, south, east, north = network.bounds()
    lat, lon = chance.uniform(south, north, count), chance.uniform(west, east, count)
    reach = chance.uniform(0.003, 0.01, count)
    corner = np.radians(np.arange(6) * 60.0)
    return Fences(
        [
            Fence(
                number=n + 1,
                name=f"F{n}",
                kind=("forbidden", "limit", "blind")[n % 3],
                shape="polygon",
                rings=(
                    tuple(
                        zip(
                            (lat[n] + reach[n] * np.sin(corner)).tolist(),
                            (lon[n] + reach[n] * np.cos(corner)).tolist(),
                            strict=True,
                        )
                    ),
                ),
                vehicle_kinds=("hazmat",) if n % 3 == 0 else (),
                limit_kmh=120.0,
                legal_basis="bench",
            )
            for n in range(count)
        ]
    )


def batches(case: Case, network: Network, batch: int | None = None) -> Iterator[pa.RecordBatch]:
    """All vehicles' reports, round after round, each round in another random order."""
    size = batch or BATCH
    chance = np.random.default_rng(7)
    names = pa.array([f"139{number:08d}" for number in range(case.vehicles)])
    for number in range(case.rounds):
        round_ = number + case.silent if number else 0
        order = chance.permutation(case.vehicles)
        for start in range(0, case.vehicles, size):
            vehicle = order[start : start + size]
            yield _batch(vehicle, round_, names, chance, network if case.on_roads else None)


def _batch(
    vehicle: np.ndarray,
    round_: int,
    names: pa.Array,
    chance: np.random.Generator,
    network: Network | None,
) -> pa.RecordBatch:
    n = len(vehicle)
    fast = (vehicle % 800 == 0) & ((round_ + vehicle // 800) % 20 < 5)
    cruise, over = np.full(n, CRUISE_KMH), np.full(n, 1.2 * LIMIT_KMH)
    if network is not None:
        other = np.full(n, KIND_CODES["other"], np.int8)
        limit = limits_on(network, _on_roads(vehicle, round_, network)[0], other)[0]
        cruise, over = np.minimum(CRUISE_KMH, 0.85 * limit), 1.2 * limit
    speed = np.where(fast, over, cruise) + chance.normal(0, 2, n)
    time_us = START_US + (round_ * EVERY_S + vehicle % EVERY_S) * 1_000_000
    lat, lon, heading = _places(vehicle, round_, chance, network)
    columns = {
        "vehicle": names.take(pa.array(vehicle)),
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
    return pa.RecordBatch.from_arrays([columns[name] for name in POSITION.names], schema=POSITION)


@lru_cache(maxsize=1)
def _routes(network: Network) -> tuple[np.ndarray, np.ndarray]:
    """Segments of drives at random over a network, and metres to the end of each, shape
    (ROUTES, LEGS); round about only where there is no other way."""
    chance = np.random.default_rng(5)
    leaving = np.argsort(network.from_node, kind="stable")
    begin = np.searchsorted(network.from_node[leaving], np.arange(network.to_node.max() + 2))
    legs = [chance.integers(len(network), size=ROUTES)]
    for _ in range(LEGS - 1):
        here = legs[-1]
        first, ways = begin[network.to_node[here]], np.diff(begin)[network.to_node[here]]
        way = chance.integers(np.maximum(ways, 1))
        back = (leaving[(first + way) % len(leaving)] == network.twin[here]) & (ways > 1)
        way = np.where(back, (way + 1) % np.maximum(ways, 1), way)
        legs.append(np.where(ways > 0, leaving[(first + way) % len(leaving)], here))
    segment = np.column_stack(legs)
    return segment, np.cumsum(network.length_m[segment], axis=1)


def _on_roads(vehicle: np.ndarray, round_: int, network: Network) -> tuple[np.ndarray, np.ndarray]:
    """Segment of each vehicle in a round, and metres along it."""
    segments, ends_m = _routes(network)
    route = vehicle % ROUTES
    ends_m = ends_m[route]
    metres = (vehicle * 37.0 % ends_m[:, 0] + round_ * CRUISE_KMH / 3.6 * EVERY_S) % ends_m[:, -1]
    leg = (metres[:, None] >= ends_m).sum(axis=1)
    segment = segments[route, leg]
    begin_m = ends_m[np.arange(len(leg)), leg] - network.length_m[segment]
    return segment, np.minimum(metres - begin_m, network.length_m[segment])


def _places(
    vehicle: np.ndarray, round_: int, chance: np.random.Generator, network: Network | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Latitude, longitude, heading: northward over the country, or onward on roads."""
    step_m = CRUISE_KMH / 3.6 * EVERY_S
    noise = 6 / 111_195
    n = len(vehicle)
    if network is None:
        south, west, north, east = AREA
        # Two irrational steps spread vehicles evenly whatever their number.
        lat = south + (vehicle * 0.618_033_988_7 % 1) * (north - south)
        lon = west + (vehicle * 0.754_877_666_2 % 1) * (east - west)
        lat = lat + round_ * step_m / 111_195
        return lat + chance.normal(0, noise, n), lon + chance.normal(0, noise, n), np.zeros(n)
    segment, offset = _on_roads(vehicle, round_, network)
    lat, lon = network.points(segment, offset)
    ahead_lat, ahead_lon = network.points(segment, offset + 20)
    back_lat, back_lon = network.points(segment, offset - 20)
    eastward = (ahead_lon - back_lon) * np.cos(np.radians(lat))
    heading = np.degrees(np.arctan2(eastward, ahead_lat - back_lat)) % 360
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


def _plain(batches: Sequence[pa.RecordBatch], params: Params) -> tuple[list[float], int]:
    """Rows a CPU second of each lap of the plain loop, and detections in one."""
    rates, found = [], 0
    gc.collect()
    gc.freeze()
    try:
        for _ in range(PLAIN_LAPS):
            known: dict[str, _Vehicle] = {}
            start = time.process_time()
            found = sum(plain_speeding(batch, known, params) for batch in batches)
            rates.append(sum(map(len, batches)) / (time.process_time() - start))
    finally:
        gc.unfreeze()
    return rates, found


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
