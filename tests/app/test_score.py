from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from sizao.app.commands.score import command
from sizao.sim.score import OVERLAP_S


def test_json_has_every_scored_rule() -> None:
    result = CliRunner().invoke(
        command, ["--vehicles", "30", "--seeds", "1,2", "--hours", "0.25", "--json"]
    )
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert [run["seed"] for run in answer["runs"]] == [1, 2]
    assert set(answer["rules"]) == set(OVERLAP_S)
    total = answer["rules"]["speeding"]["detections"]
    assert total == sum(run["rules"]["speeding"]["detections"] for run in answer["runs"])
    assert total > 0


def test_table_is_for_people() -> None:
    result = CliRunner().invoke(command, ["--vehicles", "20", "--seeds", "1", "--hours", "0.1"])
    assert result.exit_code == 0, result.output
    assert "precision" in result.stdout
    head, *lines = result.stdout.splitlines()
    assert len(lines) == 2 * len(OVERLAP_S), "the one run, and all"
    assert len(head) == len(lines[0])


def test_wrong_seeds_are_said_in_plain_words() -> None:
    result = CliRunner().invoke(command, ["--seeds", "one"])
    assert result.exit_code == 2
    assert "whole numbers" in result.output


POOL = """
import os, time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from sizao.app.commands.score import _end_with_parent

with ProcessPoolExecutor(1, get_context("spawn"), initializer={}) as pool:
    print(pool.submit(os.getpid).result(), flush=True)
    pool.submit(time.sleep, 600).result()
"""


@pytest.mark.parametrize(("initializer", "ends"), [("_end_with_parent", True), ("None", False)])
def test_a_seed_ends_with_who_asked_for_it(initializer: str, ends: bool) -> None:
    code = POOL.format(initializer)
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        parent.kill()
    try:
        deadline = time.monotonic() + (30 if ends else 1)
        while _runs(worker) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert _runs(worker) != ends
    finally:
        if _runs(worker):
            os.kill(worker, signal.SIGKILL)


def _runs(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
