"""One command runs the whole loop, stops cleanly, and goes on where it was."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from sizao.app.commands.demo import Stopped, _Meanwhile, _set_clock
from sizao.app.parts import Part, Parts
from sizao.core.clock import ScaledClock, SystemClock, load_clock, save_clock
from sizao.log.datadir import COMPILING, DataDir, read_status, write_status
from sizao.runtime.embedded.log import SqliteLog


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def command(data: Path, port: int, *more: str) -> list[str]:
    return [
        *(sys.executable, "-m", "sizao", "demo", "--data", str(data), "--port", str(port)),
        *("--gateway-port", str(free_port()), "--vehicles", "60", *more),
    ]


@contextmanager
def demo(data: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        command(data, port), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            return json.load(answer)["status"] == "ok"
    except OSError:
        return False


def wait_for(condition: Any, seconds: float, process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < until, "took too long"
        time.sleep(0.2)


def positions(data: DataDir) -> int:
    log = SqliteLog(data.feeds_log, writer=False)
    try:
        total, after = 0, 0
        while segments := log.read("positions", after):
            total += sum(segment.batch.num_rows for segment in segments)
            after = segments[-1].seq
        return total
    finally:
        log.close()


def processes_of(folder: Path) -> list[str]:
    """Command lines that name a folder, from /proc: a bare machine has no pgrep."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # it ended meanwhile
        if str(folder) in line and int(entry.parent.name) != os.getpid():
            found.append(line)
    return found


@pytest.mark.slow
def test_it_runs_stops_and_goes_on_without_loss(tmp_path: Path) -> None:
    data = DataDir(tmp_path / "data")
    port = free_port()
    with demo(data.root, port) as process:
        wait_for(lambda: healthy(port), 240, process)
        wait_for(lambda: read_status(data, "sim") and positions(data) > 50, 60, process)

        second = subprocess.run(
            command(data.root, free_port()), capture_output=True, text=True, check=False
        )
        assert second.returncode == 1
        assert "another sizao demo uses" in second.stderr

        taken = subprocess.run(
            command(tmp_path / "other", port), capture_output=True, text=True, check=False
        )
        assert taken.returncode == 1
        assert f"port {port}" in taken.stderr
        assert "--port" in taken.stderr

        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=40)
        assert process.returncode == 0, output
        assert "Traceback" not in output
        for account in ("demo-detachment", "demo-brigade", "demo-squadron", "demo-auditor"):
            assert account in output
    before = positions(data)
    assert processes_of(data.root) == [], "a part outlived the demonstration"

    with demo(data.root, port) as process:
        wait_for(lambda: healthy(port), 240, process)
        wait_for(lambda: positions(data) > before + 20, 60, process)
        os.kill(process.pid, signal.SIGTERM)
        output, _ = process.communicate(timeout=40)
        assert process.returncode == 0, output


def test_normal_speed_needs_no_clock_file(tmp_path: Path) -> None:
    data = DataDir(tmp_path).create()
    _set_clock(data, 1.0)
    assert isinstance(load_clock(data.clock), SystemClock)


def test_a_fast_clock_starts_now(tmp_path: Path) -> None:
    data = DataDir(tmp_path).create()
    _set_clock(data, 10.0)
    clock = load_clock(data.clock)
    assert clock.factor == 10.0
    assert clock.time_s() == pytest.approx(time.time(), abs=5)


def test_feed_time_never_runs_backwards(tmp_path: Path) -> None:
    """After an hour at factor 60 the feed is days ahead; a normal start goes on from there."""
    data = DataDir(tmp_path).create()
    ahead = time.time() + 200_000
    save_clock(ScaledClock(time.time() - 10, ahead - 600, 60.0), data.clock)
    write_status(data, "gateway", at_s=time.time(), counters={"feed_time_s": ahead - 30})
    _set_clock(data, 1.0)
    clock = load_clock(data.clock)
    assert clock.factor == 1.0
    assert ahead - 60 < clock.time_s() < ahead + 5


def test_time_while_stopped_does_not_count_at_the_fast_rate(tmp_path: Path) -> None:
    """The folder lay still for an hour: at factor 60 that must not become two and a half days."""
    data = DataDir(tmp_path).create()
    save_clock(ScaledClock(time.time() - 3_600, time.time() - 3_600, 60.0), data.clock)
    last = time.time() - 3_000
    write_status(data, "gateway", at_s=last, counters={"feed_time_s": last})
    _set_clock(data, 60.0)
    assert load_clock(data.clock).time_s() == pytest.approx(time.time(), abs=60)


def test_who_waits_long_is_told_that_it_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One loop takes a minute on a busy machine: no silence then."""
    data = DataDir(tmp_path).create()
    write_status(data, COMPILING, at_s=0.0, counters={"done": 0, "of": 16})
    moments = (100.0, 100.0, 129.0, 131.0, 140.0, 265.0)
    now = [0.0]
    meanwhile = _Meanwhile(data, threading.Event(), lambda: now[0])
    for now[0] in moments:
        meanwhile()
    said = capsys.readouterr().out.strip().split("\n")
    assert [line.strip().partition(": 0%")[2] for line in said] == [
        "", ", 0 min 31 s so far", ", 2 min 45 s so far",
    ]  # fmt: skip


def test_while_parts_start_compiling_is_said_and_a_stop_is_heeded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = DataDir(tmp_path).create()
    stop = threading.Event()
    meanwhile = _Meanwhile(data, stop)
    meanwhile()
    for done in (21, 21, 29, 30):
        write_status(data, COMPILING, at_s=0.0, counters={"done": done, "of": 100})
        meanwhile()
    said = capsys.readouterr().out.split("\n")
    assert [": 21%" in said[0], ": 30%" in said[1], said[2]] == [True, True, ""]
    assert "so far" not in said[0]
    parts = Parts(data, parts=[Part("x", (), subprocess.Popen(["sleep", "60"]))])
    stop.set()
    with pytest.raises(Stopped):
        parts.wait_ready("x", 60, meanwhile=meanwhile)
    parts.stop()
