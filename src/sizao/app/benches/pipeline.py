"""``sizao bench pipeline``: from a durable log to durable detections, and how soon.

Throughput: the simulated city's own frames, decoded once, lie in a log as a gateway leaves them;
the pipeline reads, matches roads, runs all rules and commits. Baseline: reading the same log and
doing nothing. ``realtime_factor`` is feed seconds handled in a second.

Latency: the real ``sizao pipeline`` process on an installation of its own, while positions are
appended at the pace of as many vehicles, a segment each 0.1 s; from receipt to the end of the turn
that handled them, commit of detections included.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sizao.core.clock import SystemClock
from sizao.core.schemas import TIME
from sizao.log.datadir import DataDir, read_status
from sizao.runtime.counters import rss_mb
from sizao.runtime.embedded.checkpoint import CheckpointStore
from sizao.runtime.embedded.log import SqliteLog
from sizao.runtime.pipeline import Pipeline
from sizao.runtime.sources import Sources, warm_up
from sizao.sim import city
from sizao.sim.fleet import fleet
from sizao.sim.score import START_S, Intake
from sizao.sim.world import World

SEGMENT_ROWS = 500
SEGMENT_S = 0.1


def run(quick: bool = False, seconds: float | None = None) -> dict[str, Any]:
    """``quick`` takes fewer vehicles and minutes; ``seconds`` is how long latency is watched."""
    vehicles, minutes, runs = (300, 20, 2) if quick else (2_000, 60, 5)
    with tempfile.TemporaryDirectory() as folder:
        data = DataDir(Path(folder) / "data").create()
        drawn = city.write(data)
        cars = fleet(drawn, vehicles, seed=1)
        pq.write_table(pa.Table.from_batches([cars.register]), data.register)
        table = _recorded(World.begin(drawn, cars, 1, START_S), minutes)
        with SqliteLog(data.feeds_log, writer=True) as log:
            for batch in table.to_batches(max_chunksize=SEGMENT_ROWS):
                log.append({"positions": batch})
        warm_up(Sources(data)())
        found = [_handled(data, Path(folder) / f"detect-{number}.sqlite") for number in range(runs)]
        read_s = median(_read_only(data) for _ in range(runs))
        watched = _latency(data, table, seconds or (5.0 if quick else 60.0), vehicles)
    took_s = median(one["seconds"] for one in found)
    rate, read_rate = table.num_rows / took_s, table.num_rows / read_s
    return {
        "name": "pipeline",
        "unit": "positions/s",
        "value": round(rate),
        "runs": runs,
        "baseline": {"name": "reading the log and doing nothing", "value": round(read_rate)},
        "ratio": round(rate / read_rate, 3),
        "positions_per_s": round(rate),
        "positions_range": [
            round(table.num_rows / f([one["seconds"] for one in found])) for f in (max, min)
        ],
        "positions_per_cpu_s": round(table.num_rows / median(one["cpu_s"] for one in found)),
        "realtime_factor": round(minutes * 60 / took_s, 1),
        "vehicles": vehicles,
        "positions": table.num_rows,
        "detections": found[0]["detections"],
        "stage_s": found[0]["stage_s"],
        "bench_rss_mb": rss_mb(),
        **watched,
    }


def _recorded(world: World, minutes: int) -> pa.Table:
    """What the gateway would have decoded in so many minutes, in the order of receipt."""
    intake = Intake()
    parts = [
        intake.take(frames)
        for _ in range(minutes)
        for frames in world.advance(60)[0]
        if len(frames)
    ]
    return pa.Table.from_batches(parts).combine_chunks()


def _handled(data: DataDir, detect_log: Path) -> dict[str, Any]:
    with SqliteLog(detect_log, writer=True) as log, SqliteLog(data.feeds_log) as feeds:
        pipeline = Pipeline(feeds, CheckpointStore(log), Sources(data), SystemClock())
        began, cpu = time.perf_counter(), time.process_time()
        pipeline.run(once=True)
        took_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu
        counters = pipeline.counters()
    return {"seconds": took_s, "cpu_s": cpu_s} | {
        name: counters[name] for name in ("detections", "stage_s")
    }


def _read_only(data: DataDir) -> float:
    began = time.perf_counter()
    after = 0
    with SqliteLog(data.feeds_log) as feeds:
        while segments := feeds.read("positions", after):
            after = segments[-1].seq
    return time.perf_counter() - began


def _latency(data: DataDir, table: pa.Table, seconds: float, vehicles: int) -> dict[str, Any]:
    """The process beside a writer that keeps the vehicles' pace."""
    live = DataDir(data.root.with_name("live")).create()
    for name in ("network", "register"):
        getattr(live, name).write_bytes(getattr(data, name).read_bytes())
    per_segment = max(round(vehicles / 15 * SEGMENT_S), 1)
    command = [sys.executable, "-m", "sizao", "pipeline", "--data", str(live.root)]
    with SqliteLog(live.feeds_log, writer=True) as log:
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            while read_status(live, "pipeline") is None and process.poll() is None:
                time.sleep(0.05)
            began = time.monotonic()
            for number, batch in enumerate(table.to_batches(max_chunksize=per_segment)):
                due = began + number * SEGMENT_S
                if due - began > seconds:
                    break
                time.sleep(max(due - time.monotonic(), 0))
                log.append({"positions": _as_of_now(batch)})
            time.sleep(1.5)
            status = read_status(live, "pipeline")
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
    counters: dict[str, Any] = status["counters"] if status else {}
    return {
        "p50_s": counters.get("latency_p50_s"),
        "p99_s": counters.get("latency_p99_s"),
        "detection_p50_s": counters.get("detection_p50_s"),
        "rss_mb": counters.get("rss_mb"),
        "latency_positions": counters.get("positions"),
    }


def _as_of_now(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The rows as if they came in now: both times moved on by the same span."""
    now_us = int(time.time() * 1_000_000)
    shift = now_us - pc.max(batch.column("received")).cast(pa.int64()).as_py()
    for name in ("time", "received"):
        index = batch.schema.get_field_index(name)
        moved = pc.add(batch.column(name).cast(pa.int64()), shift).cast(TIME)
        batch = batch.set_column(index, batch.schema.field(index), moved)
    return batch
