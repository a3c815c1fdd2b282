"""``sizao bench gateway``: acknowledged messages a second over TCP, each durable before its answer.

The real ``sizao gateway`` in one process, terminals in a closed loop in another, the log with
``synchronous=FULL``. ``lost`` counts reports that were acknowledged and are not in the log; it
must be 0. Baseline: the same terminals against a server that answers without decoding or keeping
anything, which is what the sockets alone allow. Server and terminals share the machine's cores.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from sizao.core.errors import ConfigError
from sizao.log.datadir import DataDir, read_status
from sizao.runtime.embedded.log import SqliteLog

_TERMINALS = [sys.executable, "-m", "sizao.app.benches._terminals"]


def run(quick: bool = False, seconds: float | None = None) -> dict[str, Any]:
    """Acknowledged messages a second; ``quick`` takes fewer connections and one short run."""
    connections, runs = (100, 1) if quick else (1_000, 3)
    seconds = seconds or (2.0 if quick else 8.0)
    found = [_measured(connections, seconds) for _ in range(runs)]
    bare = [_baseline(connections, seconds) for _ in range(runs)]
    value, baseline = (median(one["acked_per_s"] for one in some) for some in (found, bare))
    middle = sorted(found, key=lambda one: one["acked_per_s"])[runs // 2]
    return {
        "name": "gateway",
        "unit": "acknowledged messages/s",
        "value": value,
        "runs": runs,
        "baseline": {"name": "server that answers without decoding or keeping", "value": baseline},
        "ratio": round(value / baseline, 3),
        "connections": connections,
        "acked_per_s": value,
        "acked_range": [f([one["acked_per_s"] for one in found]) for f in (min, max)],
        "lost": sum(one["lost"] for one in found),
        "unanswered": sum(one["unanswered"] for one in found),
        "dropped": sum(one["dropped"] for one in found),
        "server_cpu_us_per_message": middle["cpu_us"],
        "baseline_cpu_us_per_message": median(one["cpu_us"] for one in bare),
        "ack_p50_ms": middle["p50_ms"],
        "ack_p99_ms": middle["p99_ms"],
        "rows_per_commit": middle["rows_per_commit"],
        "commit_p50_ms": middle["commit_p50_ms"],
        "rss_mb": middle["rss_mb"],
    }


def _measured(connections: int, seconds: float) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        data = DataDir(Path(folder)).create()
        gateway = [sys.executable, "-m", "sizao", "gateway", "--data", folder]
        with _server([*gateway, "--port", "0", "--no-auth"]) as (port, pid):
            before_s = _cpu_s(pid)
            figures = _load(port, connections, seconds)
            cpu_s = _cpu_s(pid) - before_s
        status = read_status(data, "gateway")
        counters = status["counters"] if status else {}
        with SqliteLog(data.feeds_log) as log:
            kept = Counter[str]()
            after = 0
            while segments := log.read("positions", after, 100_000):
                for segment in segments:
                    kept.update(segment.batch.column("vehicle").to_pylist())
                after = segments[-1].seq
    return figures | {
        "cpu_us": round(cpu_s / max(figures["acked"], 1) * 1e6, 1),
        "lost": max(figures["acked"] - kept.total(), 0),
        "rows_per_commit": round(counters["rows"] / max(counters["commits"], 1), 1),
        "commit_p50_ms": counters["commit_p50_ms"],
        "rss_mb": counters["rss_mb"],
    }


def _baseline(connections: int, seconds: float) -> dict[str, Any]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with _server([*_TERMINALS, "answer", str(port)]) as (_, pid):
        before_s = _cpu_s(pid)
        figures = _load(port, connections, seconds)
        return figures | {"cpu_us": round((_cpu_s(pid) - before_s) / figures["acked"] * 1e6, 1)}


def _load(port: int, connections: int, seconds: float) -> dict[str, Any]:
    words = ["load", "127.0.0.1", str(port), str(connections), str(seconds)]
    done = subprocess.run([*_TERMINALS, *words], capture_output=True, text=True, check=True)
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def _cpu_s(pid: int) -> float:
    """Processor seconds a process has used, own and the system's for it; 0 without /proc."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def _server(command: list[str]) -> Iterator[tuple[int, int]]:
    """A server process until the block ends; gives the port it names (or 0) and its pid."""
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    said = []
    try:
        for line in process.stderr:
            said.append(line)
            if "listening" in line:
                found = re.search(r":(\d+)$", line.strip())
                yield int(found[1]) if found else 0, process.pid
                break
        else:
            raise ConfigError(f"the server did not start: {''.join(said)}")
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
