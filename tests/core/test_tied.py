"""A parent that is killed leaves no children behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

CHILD = """
import pathlib, signal, sys, time
from sizao.core.tied import watch_parent
watch_parent()
def stop(*_):
    pathlib.Path(sys.argv[1]).write_text("finished")
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
print("up", flush=True)
time.sleep(120)
"""

PARENT = """
import subprocess, sys, time
from sizao.core.tied import tied
start = tied if sys.argv[1] == "tied" else subprocess.Popen
child = start([sys.executable, "-c", sys.argv[2], sys.argv[3]], stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
time.sleep(120)
"""

PART = """
import pathlib, sys, time
from sizao.app.parts import Parts
from sizao.log.datadir import DataDir
parts = Parts(DataDir(pathlib.Path(sys.argv[1])).create())
part = parts.start("intake", "--data", sys.argv[1], "--port", "0")
parts.wait_ready("intake", 120)
print(part.process.pid, flush=True)
time.sleep(120)
"""


def parent(code: str, *words: str) -> tuple[subprocess.Popen[str], int]:
    """A running parent and the pid of its child."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, *words], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, int(process.stdout.readline())


def kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def alive(pid: int) -> bool:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except OSError:
        return False
    return text.rpartition(")")[2].split()[0] != "Z"


def gone(pid: int, seconds: float = 60) -> bool:
    until = time.monotonic() + seconds
    while alive(pid) and time.monotonic() < until:
        time.sleep(0.05)
    return not alive(pid)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_a_child_ends_in_order_when_its_parent_is_killed_and_a_plain_one_lives_on(tmp_path: Path):
    plain, left = parent(PARENT, "plain", CHILD, str(tmp_path / "plain"))
    process, child = parent(PARENT, "tied", CHILD, str(tmp_path / "tied"))
    try:
        assert alive(child)
        kill(plain)
        kill(process)
        assert gone(child)
        assert (tmp_path / "tied").read_text() == "finished", "it could end what it was at"
        assert alive(left), "control: what is not tied is an orphan now"
    finally:
        os.kill(left, signal.SIGKILL)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_a_part_of_the_installation_ends_with_whoever_started_it(tmp_path: Path):
    process, child = parent(PART, str(tmp_path / "data"))
    assert alive(child)
    kill(process)
    assert gone(child)
