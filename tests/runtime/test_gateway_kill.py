"""``kill -9`` of the real gateway: what was acknowledged is in the log."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sizao.log.datadir import DataDir
from sizao.runtime.embedded.log import SqliteLog
from tests.runtime.terminal import Terminal

ROOT = Path(__file__).resolve().parents[2]

EACH = 5
"""Reports of each terminal that are acknowledged before a kill, however long that takes."""


def start(folder: Path, port: int = 0) -> tuple[subprocess.Popen[str], int]:
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "sizao",
            "gateway",
            "--data",
            str(folder),
            "--port",
            str(port),
            "--no-auth",
        ],
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if found := re.search(r"listening on [\d.]+:(\d+)", line):
            return process, int(found[1])
    raise AssertionError("the gateway did not start")


async def talk(terminal: Terminal, acked: set[float], first: int) -> None:
    """Closed loop until the connection is gone; a report's speed is its name."""
    number = first
    while not terminal.closed.is_set():
        serial = terminal.position(number / 10)
        try:
            await terminal.answered(serial, 2.0)
        except TimeoutError:
            return
        if any(body[:2] == serial.to_bytes(2, "big") for _, body in terminal.answers):
            acked.add(number / 10)
        number += 1


@pytest.mark.slow
def test_what_was_acknowledged_survives_kills(tmp_path: Path) -> None:
    acked: dict[str, set[float]] = {}
    for life in range(3):
        process, port = start(tmp_path)

        async def scene(port: int, process: subprocess.Popen[str], life: int) -> None:
            terminals = [
                await Terminal(str(13_800_000_000 + number)).connect(port) for number in range(20)
            ]
            talking = [
                asyncio.create_task(talk(one, acked.setdefault(one.phone, set()), 1 + 1000 * life))
                for one in terminals
            ]
            async with asyncio.timeout(60):
                while any(len(names) < EACH * (life + 1) for names in acked.values()):
                    await asyncio.sleep(0.02)
            await asyncio.sleep(0.037 * life)
            process.send_signal(signal.SIGKILL)
            await asyncio.gather(*talking)
            for one in terminals:
                await one.leave()

        asyncio.run(scene(port, process, life))
        process.communicate()
    kept: dict[str, set[float]] = {}
    with SqliteLog(DataDir(tmp_path).feeds_log) as log:
        for segment in log.read("positions", 0, 10**9):
            for row in segment.batch.select(["vehicle", "speed_kmh"]).to_pylist():
                kept.setdefault(row["vehicle"], set()).add(round(row["speed_kmh"], 1))
    lost = {phone: names - kept[phone] for phone, names in acked.items() if names - kept[phone]}
    assert not lost, json.dumps({phone: sorted(names) for phone, names in lost.items()})
