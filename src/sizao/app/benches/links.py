"""``sizao bench links``: positions a second, durable, over four JT/T 809 links on loopback.

The real ``sizao gateway`` with four lower platforms in one process, which send positions made
beforehand in another. The clock stops when each link's keepalive, sent after the last position,
has been answered: that answer goes out after all before it is durable. Every pass holds frames
with a wrong CRC and frames that are cut off; ``lost`` and ``quarantine_wrong`` must be 0.

Baseline: the same frames through the Python path of the same session and the same log, without
sockets, in the same run. Gateway and generator share the machine's cores.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from sizao.app.benches import _platforms
from sizao.app.benches.processes import cpu_s, server
from sizao.core.schemas import POSITION
from sizao.feeds.jt808.positions import rows_to_batch
from sizao.feeds.jt809.outcome import MAIN
from sizao.feeds.jt809.upper import Upper
from sizao.feeds.jt809.vehicles import Directory
from sizao.log.datadir import DataDir, read_status
from sizao.runtime.embedded.log import SqliteLog

LINKS = 4
_LOAD = [sys.executable, "-m", "sizao.app.benches._platforms"]


def run(quick: bool = False, seconds: float | None = None) -> dict[str, Any]:
    """Durable positions a second; ``quick`` makes one short run and leaves 2019 out."""
    runs = 1 if quick else 3
    seconds = seconds or (1.0 if quick else 4.0)
    found, python = [], []
    for _ in range(runs):
        found.append(_measured("2011", seconds))
        python.append(_python_path("2011", 5_000 if quick else 25_000))
    newer = [] if quick else [_measured("2019", seconds) for _ in range(runs)]
    values = [one["per_s"] for one in found]
    value, baseline = median(values), median(python)
    middle = sorted(found, key=lambda one: one["per_s"])[runs // 2]
    every = [*found, *newer]
    return {
        "name": "links",
        "unit": "durable positions/s",
        "value": round(value),
        "runs": runs,
        "range": [round(min(values)), round(max(values))],
        "baseline": {"name": "Python session path and log, no sockets", "value": round(baseline)},
        "ratio": round(value / baseline, 1),
        "links": LINKS,
        "edition": "2011",
        "value_2019": round(median(one["per_s"] for one in newer)) if newer else None,
        "positions": sum(one["positions"] for one in every),
        "lost": sum(one["lost"] for one in every),
        "bad_crc": sum(one["bad"] for one in every),
        "cut_frames": sum(one["cut"] for one in every),
        "quarantine_wrong": sum(one["quarantine_wrong"] for one in every),
        "problems": [problem for one in every for problem in one["problems"]],
        "gateway_cpu_us_per_position": round(middle["cpu_us"], 3),
        "generator_cpu_us_per_position": round(middle["generator_cpu_us"], 3),
        "rows_per_commit": middle["rows_per_commit"],
        "rss_mb": middle["rss_mb"],
    }


def _measured(edition: str, seconds: float) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        data = DataDir(Path(folder)).create()
        port = _platforms.write_links(data, edition, LINKS)
        gateway = [sys.executable, "-m", "sizao", "gateway", "--data", folder]
        with server([*gateway, "--port", "0"]) as (_, pid):
            _platforms.wait_for(port)
            before_s = sum(cpu_s(pid))
            words = [edition, str(port), str(LINKS), str(seconds)]
            done = subprocess.run([*_LOAD, *words], capture_output=True, text=True, check=False)
            if done.returncode:
                raise RuntimeError(done.stderr)
            used_s = sum(cpu_s(pid)) - before_s
        figures: dict[str, Any] = json.loads(done.stdout)
        status = read_status(data, "gateway")
        counters = status["counters"] if status else {}
        with SqliteLog(data.feeds_log) as log:
            _, rows = log.rows_after("positions", 0)
            wrong = _quarantine_wrong(log, figures)
        return figures | {
            "per_s": figures["positions"] / figures["took_s"],
            "lost": figures["positions"] - rows,
            "quarantine_wrong": wrong,
            "cpu_us": used_s / figures["positions"] * 1e6,
            "rows_per_commit": round(counters["rows"] / max(counters["commits"], 1)),
            "rss_mb": counters["rss_mb"],
        }


def _quarantine_wrong(log: SqliteLog, figures: dict[str, Any]) -> int:
    """How far the quarantine is from exactly the bad and the cut frames."""
    found = {"bad_crc": 0, "no_frame": 0}
    other = after = 0
    while segments := log.read("quarantine", after):
        for segment in segments:
            for reason in segment.batch.column("reason").to_pylist():
                if reason in found:
                    found[reason] += 1
                else:
                    other += 1
        after = segments[-1].seq
    off = abs(found["bad_crc"] - figures["bad"]) + abs(found["no_frame"] - figures["cut"])
    return off + other


def _python_path(edition: str, frames: int) -> float:
    """Positions a second through the session's Python path into a log of its own."""
    link = _platforms.params(edition, 1)
    content = _platforms.one_pass(link, frames)
    upper = Upper(link, Directory(), _platforms.START_US, new_code=lambda: 1)
    upper.connected(MAIN, _platforms.START_US)
    upper.channels[MAIN].up = True
    now_us = _platforms.START_US + 10**12
    upper.bulk_from = len(content.data) + 1
    with (
        tempfile.TemporaryDirectory() as folder,
        SqliteLog(Path(folder) / "feeds.sqlite", writer=True) as log,
    ):
        began = time.perf_counter()
        count = 0
        for at in range(0, len(content.data), _platforms.WRITE):
            out = upper.receive(MAIN, content.data[at : at + _platforms.WRITE], now_us)
            log.append({"positions": rows_to_batch(out.positions, POSITION)})
            count += len(out.positions)
        took_s = time.perf_counter() - began
    if count != content.good:
        raise AssertionError(f"{count} of {content.good} positions decoded")
    return count / took_s
