"""``sizao bench gateway``: acknowledged messages a second over TCP, each durable before its answer.

The real ``sizao gateway`` in one process on one core, terminals in a closed loop in another on
another core, the log with ``synchronous=FULL``. ``lost`` counts reports that were acknowledged and
are not in the log, vehicle by vehicle; it must be 0. Baseline: the same terminals against the
gateway's own sockets, answering without decoding or keeping anything. ``acked_per_cpu_s`` is what
a core gives when nothing else wants it: acknowledged messages by processor time of the server,
the system's for it included.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from sizao.app.benches._terminals import FIRST
from sizao.app.benches.processes import cores, pin, rss, server, socket_pages
from sizao.core.errors import ConfigError
from sizao.core.tied import tied
from sizao.log.datadir import DataDir, read_status
from sizao.runtime.embedded.log import SqliteLog
from sizao.runtime.loops import raise_file_limit

_SETTLE_S = 3.0
"""Seconds until the generator has started, connected and warmed up, and more for many."""
_TERMINALS = [sys.executable, "-m", "sizao.app.benches._terminals"]


def run(
    quick: bool = False, seconds: float | None = None, connections: int | None = None
) -> dict[str, Any]:
    """Acknowledged messages a second; ``quick`` takes fewer connections and one short run."""
    connections, runs = connections or (100 if quick else 10_000), 1 if quick else 3
    seconds = seconds or (2.0 if quick else 8.0)
    if raise_file_limit(connections + 100) < connections + 100:
        raise ConfigError(f"the system does not allow {connections + 100} open files a process")
    found = [_measured(connections, seconds) for _ in range(runs)]
    bare = [_baseline(connections, seconds) for _ in range(runs)]
    value, baseline = (median(one["acked_per_s"] for one in some) for some in (found, bare))
    middle = sorted(found, key=lambda one: one["acked_per_s"])[runs // 2]
    return {
        "name": "gateway",
        "unit": "acknowledged messages/s",
        "value": value,
        "runs": runs,
        "baseline": {"name": "the same sockets, answering and keeping nothing", "value": baseline},
        "ratio": round(value / baseline, 3),
        "connections": connections,
        "acked_per_s": value,
        "acked_range": [f([one["acked_per_s"] for one in found]) for f in (min, max)],
        "acked_per_cpu_s": round(median(1e6 / one["cpu_us"] for one in found)),
        "baseline_per_cpu_s": round(median(1e6 / one["cpu_us"] for one in bare)),
        "lost": sum(one["lost"] for one in found),
        "unanswered": sum(one["unanswered"] for one in found),
        "dropped": sum(one["dropped"] for one in found),
        "strange_answers": sum(one["strange"] for one in found),
        "server_cpu_us_per_message": middle["cpu_us"],
        "server_user_us_per_message": middle["user_us"],
        "baseline_cpu_us_per_message": median(one["cpu_us"] for one in bare),
        "generator_cpu_us_per_message": middle["generator_cpu_us"],
        "server_busy": middle["server_busy"],
        "set_up_s": middle["set_up_s"],
        "ack_p50_ms": middle["p50_ms"],
        "ack_p99_ms": middle["p99_ms"],
        "rows_per_commit": middle["rows_per_commit"],
        "commit_p50_ms": middle["commit_p50_ms"],
        "rss_mb": middle["rss_mb"],
        "bytes_per_connection": middle["bytes_per_connection"],
        "kernel_bytes_per_connection": middle["kernel_bytes_per_connection"],
        "pinned": len(cores()) > 1,
    }


def _measured(connections: int, seconds: float) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        data = DataDir(Path(folder)).create()
        gateway = [sys.executable, "-m", "sizao", "gateway", "--data", folder]
        with server([*gateway, "--port", "0", "--no-auth"], core=0) as (port, pid):
            figures, acked = _load(port, pid, connections, seconds)
        status = read_status(data, "gateway")
        counters = status["counters"] if status else {}
        lost = _lost(data, acked)
    return figures | {
        "lost": lost,
        "rows_per_commit": round(counters["rows"] / max(counters["commits"], 1), 1),
        "commit_p50_ms": counters["commit_p50_ms"],
        "rss_mb": counters["rss_mb"],
    }


def _lost(data: DataDir, acked: npt.NDArray[np.int64]) -> int:
    """Reports acknowledged and not in the log."""
    kept: Counter[str] = Counter()
    with SqliteLog(data.feeds_log) as log:
        after = 0
        while segments := log.read("positions", after, 100_000):
            for segment in segments:
                for one in pc.value_counts(segment.batch.column("vehicle")).to_pylist():
                    kept[one["values"]] += one["counts"]
            after = segments[-1].seq
    wanted = {str(FIRST + number): count for number, count in enumerate(acked.tolist())}
    return sum(max(count - kept[name], 0) for name, count in wanted.items())


def _baseline(connections: int, seconds: float) -> dict[str, Any]:
    with server([*_TERMINALS, "answer", "0"], core=0) as (port, pid):
        return _load(port, pid, connections, seconds)[0]


def _load(
    port: int, pid: int, connections: int, seconds: float
) -> tuple[dict[str, Any], npt.NDArray[np.int64]]:
    """Figures of a run, and how often each terminal was acknowledged."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/acked.npy"
        words = ["load", "127.0.0.1", str(port), str(connections), str(seconds), path, str(pid)]
        # Compiles, so that the measured run does not, and so does the server.
        _terminals([*words[:3], "2", "0.1", path, str(pid)])
        before = rss(pid)
        kernel = socket_pages()
        process = tied([*_TERMINALS, *words], stdout=subprocess.PIPE, text=True, preexec_fn=pin(1))
        # While all are connected and talk.
        time.sleep(_SETTLE_S + connections / 10_000 + seconds / 2)
        held, kernel = rss(pid) - before, socket_pages() - kernel
        out, _ = process.communicate(timeout=120 + seconds)
        if process.returncode:
            raise ConfigError(f"the load generator failed with {process.returncode}")
        figures: dict[str, Any] = json.loads(out)
        acked = np.load(path)
    return figures | {
        "bytes_per_connection": round(held / connections),
        "kernel_bytes_per_connection": round(kernel / connections),
    }, acked


def _terminals(words: list[str]) -> None:
    subprocess.run([*_TERMINALS, *words], capture_output=True, check=True)
