"""``sizao bench archive``: bytes a position, one vehicle's day out of 100 million rows.

The archive is filled as the archiver fills it: positions in the order of arrival, fresh files,
compaction by day while the day goes on. Tracks are made up (trips, stops, noise in every value);
beside them a stretch of the simulated city is stored, whose terminals report all that real ones
do. Baseline, in the same run: one of the days as Parquet with pyarrow's defaults in the order of
arrival, asked with the same DuckDB.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sizao.core.schemas import POSITION, TIME
from sizao.log.archive.days import DAY_S
from sizao.log.archive.store import FRESH_FILES, ArchiveStore
from sizao.runtime.archive.questions import SETTINGS, ArchiveQuestions
from sizao.runtime.counters import rss_mb
from sizao.sim import city
from sizao.sim.fleet import fleet
from sizao.sim.intake import Intake
from sizao.sim.score import START_S
from sizao.sim.world import World

EVERY_S = 30
PER_DAY = DAY_S // EVERY_S
HELPING_S = 1800
"""Of feed time in one fresh file."""


def run(quick: bool = False) -> dict[str, Any]:
    """Ten days of 3,472 vehicles; ``quick`` takes two days of 300."""
    vehicles, days, asked = (300, 2, 100) if quick else (3_472, 10, 400)
    chance = np.random.default_rng(4)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "archive"
        filled = _fill(root, vehicles, days)
        questions = ArchiveQuestions(root)
        names = _names(vehicles)

        def vehicle_day(
            ask: Callable[[str, datetime, datetime], int], day: int
        ) -> tuple[float, float]:
            """Seconds by the clock, and of CPU: the one that a busy machine does not change."""
            start = datetime.fromtimestamp(START_S + day * DAY_S, UTC)
            vehicle = names[chance.integers(vehicles)]
            began, cpu = time.perf_counter(), time.process_time()
            found = ask(vehicle, start, start + timedelta(days=1))
            took = time.perf_counter() - began, time.process_time() - cpu
            if found != PER_DAY:
                raise AssertionError(f"{found} positions of a vehicle-day, not {PER_DAY}")
            return took

        def ask(vehicle: str, start: datetime, end: datetime) -> int:
            return len(questions.track(vehicle, start, end))

        # Warm: every file has been read once, and each day asked.
        for path in root.rglob("*.parquet"):
            path.read_bytes()
        for number in range(4 * days):
            vehicle_day(ask, number % days)
        timed = [vehicle_day(ask, int(chance.integers(days))) for _ in range(asked)]
        took, spent = (sorted(one) for one in zip(*timed, strict=True))
        where = [_polygon(questions, days) for _ in range(5)]
        questions.close()
        plain = Path(folder) / "plain.parquet"
        _write_plain(plain, vehicles)
        rows = vehicles * PER_DAY
        with duckdb.connect(config={**SETTINGS, "threads": 2}) as connection:

            def ask_plain(vehicle: str, start: datetime, end: datetime) -> int:
                statement = (
                    "SELECT * FROM read_parquet($file) WHERE vehicle = $vehicle"
                    " AND time >= $start AND time < $end ORDER BY time"
                )
                given = {"file": str(plain), "vehicle": vehicle, "start": start, "end": end}
                return len(connection.sql(statement, params=given).to_arrow_table())

            plain_took = [vehicle_day(ask_plain, 0)[0] for _ in range(5)]
        simulated = _simulated(Path(folder), 20 if quick else 60, 1 if quick else 12)
        p99_s = took[int(len(took) * 0.99)]
        return {
            "name": "archive",
            "unit": "bytes/position",
            "value": round(filled["bytes"] / filled["rows"], 2),
            "runs": 1,
            "baseline": {
                "name": "Parquet with defaults, in order of arrival",
                "value": round(plain.stat().st_size / rows, 2),
            },
            "ratio": round(plain.stat().st_size / rows / (filled["bytes"] / filled["rows"]), 2),
            "rows": filled["rows"],
            "vehicles": vehicles,
            "days": days,
            "simulated_bytes_per_position": simulated,
            "vehicle_day_p50_ms": round(median(took) * 1000, 1),
            "vehicle_day_p99_ms": round(p99_s * 1000, 1),
            "vehicle_day_cpu_p99_ms": round(spent[int(len(spent) * 0.99)] * 1000, 1),
            "vehicle_day_asked": asked,
            "baseline_vehicle_day_ms": round(median(plain_took) * 1000, 1),
            "baseline_rows": rows,
            "polygon_hour_ms": round(median(where) * 1000),
            "taken_per_s": round(filled["rows"] / filled["take_s"]),
            "compacted_per_s": round(filled["rows"] / filled["compact_s"]),
            "rss_mb": filled["rss_mb"],
        }


def _names(vehicles: int) -> list[str]:
    return [f"139{number:08d}" for number in range(vehicles)]


def _fill(root: Path, vehicles: int, days: int) -> dict[str, Any]:
    """Fill an archive; seconds spent taking and compacting, what is kept, memory at its peak."""
    take_s = compact_s = 0.0
    memory = 0.0
    with ArchiveStore(root) as store:
        for day in range(days):
            for number, batch in enumerate(_day(vehicles, day)):
                began = time.perf_counter()
                store.take([batch], store.manifest.upto + 1, float(number))
                taken = time.perf_counter()
                if len(store.manifest.fresh) >= FRESH_FILES:
                    store.compact()
                    while store.thin():
                        pass
                compact_s += time.perf_counter() - taken
                take_s += taken - began
                memory = max(memory, rss_mb() or 0.0)
        began = time.perf_counter()
        # As the archiver does when it has time; the newest day keeps its few files.
        while store.compact() or store.tidy():
            pass
        compact_s += time.perf_counter() - began
        found = store.manifest
    if found.rows != vehicles * days * PER_DAY:
        raise AssertionError(f"{found.rows} rows kept of {vehicles * days * PER_DAY}")
    return {
        "rows": found.rows,
        "bytes": found.size_bytes,
        "take_s": take_s,
        "compact_s": max(compact_s, 1e-9),
        "rss_mb": memory,
    }


def _day(vehicles: int, day: int) -> Iterator[pa.RecordBatch]:
    """A day's positions in the order of arrival, so many seconds a batch."""
    chance = np.random.default_rng(day)
    names = pa.array(_names(vehicles))
    lat = 26.4 + chance.random(vehicles) * 0.6
    lon = 101.4 + chance.random(vehicles) * 0.6
    heading = chance.random(vehicles) * 360
    speed = np.zeros(vehicles)
    wanted = np.zeros(vehicles)
    altitude = 1100 + 800 * chance.random(vehicles)
    mileage = 1e5 * chance.random(vehicles)
    offset = np.sort(chance.integers(0, EVERY_S, vehicles))
    order = chance.permutation(vehicles)
    samples = HELPING_S // EVERY_S
    for first in range(0, PER_DAY, samples):
        parts = []
        for sample in range(first, first + samples):
            # A trip or a rest of some 40 min each; a third of the time is rest.
            change = chance.random(vehicles) < 1 / 80
            target = np.where(chance.random(vehicles) < 1 / 3, 0.0, chance.normal(62, 15, vehicles))
            wanted = np.where(change, target, wanted)
            speed += (wanted - speed) * 0.4 + np.where(wanted > 0, chance.normal(0, 3, vehicles), 0)
            speed = np.clip(np.where((wanted == 0) & (speed < 3), 0, speed), 0, 110)
            moving = speed > 0
            heading = (heading + np.where(moving, chance.normal(0, 14, vehicles), 0)) % 360
            step = speed / 3.6 * EVERY_S / 111_195
            lat += step * np.cos(np.radians(heading)) + moving * chance.normal(0, 4e-5, vehicles)
            lon += step * np.sin(np.radians(heading)) + moving * chance.normal(0, 4e-5, vehicles)
            altitude += moving * chance.normal(0, 9, vehicles)
            mileage += speed * EVERY_S / 3600
            time_us = (START_S + day * DAY_S + sample * EVERY_S + offset) * 1_000_000
            received = time_us + chance.integers(200_000, 2_500_000, vehicles)
            parts.append(
                {
                    "vehicle": names.take(pa.array(order)),
                    "time": pa.array(time_us).cast(TIME),
                    "received": pa.array(received).cast(TIME),
                    "lat": pa.array(np.round(lat[order], 6)),
                    "lon": pa.array(np.round(lon[order], 6)),
                    "speed_kmh": pa.array(np.round(speed[order], 1).astype(np.float32)),
                    "heading_deg": pa.array(np.floor(heading[order]).astype(np.float32)),
                    "altitude_m": pa.array(np.round(altitude[order]).astype(np.float32)),
                    "recorder_speed_kmh": pa.array(np.floor(speed[order]).astype(np.float32)),
                    "mileage_km": pa.array(np.round(mileage[order], 1)),
                    "alarm": pa.array(np.zeros(vehicles, np.uint32)),
                    "status": pa.array(np.where(moving[order], 3, 2).astype(np.uint32)),
                    "positioned": pa.array(np.ones(vehicles, np.bool_)),
                    "catch_up": pa.array(np.zeros(vehicles, np.bool_)),
                    "driver": pa.nulls(vehicles, pa.string()),
                    "source": pa.array(["jt808"] * vehicles),
                }
            )
        batches = [pa.RecordBatch.from_pydict(part, schema=POSITION) for part in parts]
        yield pa.Table.from_batches(batches).combine_chunks().to_batches()[0]


def _polygon(questions: ArchiveQuestions, days: int) -> float:
    """Seconds to tell who was in a square kilometre in one hour of the last day."""
    start = datetime.fromtimestamp(START_S + (days - 1) * DAY_S + 43_200, UTC)
    ring = [(101.70, 26.70), (101.71, 26.70), (101.71, 26.709), (101.70, 26.709)]
    began = time.perf_counter()
    questions.inside(ring, start, start + timedelta(hours=1))
    return time.perf_counter() - began


def _write_plain(path: Path, vehicles: int) -> None:
    with pq.ParquetWriter(path, POSITION) as writer:
        for batch in _day(vehicles, 0):
            writer.write_batch(batch)


def _simulated(folder: Path, vehicles: int, hours: int) -> float:
    """Bytes a position of the simulated city's terminals, compacted."""
    drawn = city.build()
    world = World.begin(drawn, fleet(drawn, vehicles, seed=1), 1, START_S)
    intake = Intake()
    with ArchiveStore(folder / "simulated") as store:
        for number in range(1, hours * 12 + 1):
            frames = [frames for frames in world.advance(300)[0] if len(frames)]
            store.take([intake.take(one) for one in frames], number, 0.0)
        while store.compact():
            pass
        return round(store.manifest.size_bytes / store.manifest.rows, 2)
