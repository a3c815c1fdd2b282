"""``sizao bench intake``: passages a second over HTTP, each durable before its answer.

The real ``sizao intake`` in one process, checkpoints in a closed loop in another, the log with
``synchronous=FULL``: registered by digest, then MotorVehicles of twenty passages a message. Beside
it one passage a message, and one with a picture of 30 kB, which is fsynced as a file of its own
first. ``lost`` counts passages that were acknowledged and are not in the log; it must be 0.
Baseline: the same load against the same HTTP server that reads the body and answers. Server and
checkpoints share the machine's cores.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

import yaml

from sizao.app.benches._cameras import PASSWORD, device
from sizao.app.benches.processes import cpu_s, server
from sizao.log.datadir import DataDir, read_status
from sizao.runtime.embedded.log import SqliteLog

_CAMERAS = [sys.executable, "-m", "sizao.app.benches._cameras"]

BATCH = 20
PICTURE = 30_000


def run(quick: bool = False, seconds: float | None = None) -> dict[str, Any]:
    """Durable passages a second; ``quick`` takes fewer connections and one short run."""
    connections, runs = (8, 1) if quick else (64, 3)
    seconds = seconds or (1.5 if quick else 6.0)
    many, bare = [], []
    for _ in range(runs):
        many.append(_measured(connections, seconds, BATCH, 0))
        bare.append(_baseline(connections, seconds, BATCH))
    single = _measured(connections, seconds, 1, 0)
    single_bare = _baseline(connections, seconds, 1)
    pictured = _measured(connections, seconds, 1, PICTURE)
    value, baseline = (median(one["acked_per_s"] for one in some) for some in (many, bare))
    middle = sorted(many, key=lambda one: one["acked_per_s"])[runs // 2]
    every = [*many, single, pictured]
    return {
        "name": "intake",
        "unit": "durable passages/s",
        "value": value,
        "runs": runs,
        "baseline": {"name": "the same server that reads and answers", "value": baseline},
        "ratio": round(value / baseline, 3),
        "connections": connections,
        "passages_a_message": BATCH,
        "range": [f(one["acked_per_s"] for one in many) for f in (min, max)],
        "lost": sum(one["lost"] for one in every),
        "failed": sum(one["failed"] for one in every),
        "server_cpu_us_per_passage": middle["cpu_us"],
        "baseline_cpu_us_per_passage": median(one["cpu_us"] for one in bare),
        "answer_p50_ms": middle["p50_ms"],
        "answer_p99_ms": middle["p99_ms"],
        "rows_per_commit": middle["rows_per_commit"],
        "single_per_s": single["acked_per_s"],
        "single_cpu_us": single["cpu_us"],
        "single_baseline_cpu_us": single_bare["cpu_us"],
        "single_baseline_per_s": single_bare["acked_per_s"],
        "single_ratio": round(single["acked_per_s"] / single_bare["acked_per_s"], 3),
        "with_picture_per_s": pictured["acked_per_s"],
        "with_picture_p99_ms": pictured["p99_ms"],
        "rss_mb": middle["rss_mb"],
    }


def _measured(connections: int, seconds: float, batch: int, picture: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        data = DataDir(Path(folder)).create()
        _register(data, connections)
        intake = [sys.executable, "-m", "sizao", "intake", "--data", folder, "--port", "0"]
        with server(intake) as (port, pid):
            before_s = sum(cpu_s(pid))
            figures = _load(port, connections, seconds, batch, picture, digest=True)
            used_s = sum(cpu_s(pid)) - before_s
        status = read_status(data, "intake")
        counters = status["counters"] if status else {}
        kept = 0
        with SqliteLog(data.intake_log) as log:
            after = 0
            while segments := log.read("passages", after, 100_000):
                kept += sum(len(segment.batch) for segment in segments)
                after = segments[-1].seq
    return figures | {
        "cpu_us": round(used_s / max(figures["acked"], 1) * 1e6, 1),
        "lost": max(figures["acked"] - kept, 0),
        "rows_per_commit": round(counters["rows"] / max(counters["commits"], 1), 1),
        "rss_mb": counters["rss_mb"],
    }


def _baseline(connections: int, seconds: float, batch: int) -> dict[str, Any]:
    with server([*_CAMERAS, "answer"]) as (port, pid):
        before_s = sum(cpu_s(pid))
        figures = _load(port, connections, seconds, batch, 0, digest=False)
        return figures | {"cpu_us": round((sum(cpu_s(pid)) - before_s) / figures["acked"] * 1e6, 1)}


def _load(
    port: int, connections: int, seconds: float, batch: int, picture: int, *, digest: bool
) -> dict[str, Any]:
    numbers = (connections, seconds, batch, picture, int(digest))
    words = ["load", "127.0.0.1", str(port), *map(str, numbers)]
    done = subprocess.run([*_CAMERAS, *words], capture_output=True, text=True, check=True)
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def _register(data: DataDir, connections: int) -> None:
    names = [f"gat1400:{device(number)}" for number in range(connections)]
    entries = [
        {"id": name, "name_zh": name, "name_en": name, "owner": {"party": "bench"}}
        for name in names
    ]
    data.sources.write_text(yaml.safe_dump({"sources": entries}), encoding="utf-8")
    data.secrets.touch(mode=0o600)
    secrets = {name: {"password": PASSWORD} for name in names}
    data.secrets.write_text(yaml.safe_dump(secrets), encoding="utf-8")
