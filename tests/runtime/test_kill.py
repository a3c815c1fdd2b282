"""``kill -9`` of the real pipeline at random moments changes nothing it concludes.

The controls run such kills against a pipeline that saves its state before its outputs, which must
lose detections, against one that forgets what it reported ahead of its state, which must repeat
some, against one that takes a state which was written down meanwhile for that of now, which must
lose what happened since, against one that writes it over the one before, which must find it
damaged, and against one that keeps no copies of what it judges by, which must contradict itself
when rules change between a kill and the next start: or this test would prove nothing.
"""

from __future__ import annotations

import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from sizao.core.clock import ManualClock
from sizao.core.errors import LogError
from sizao.log.datadir import DataDir
from sizao.runtime.embedded.checkpoint import CheckpointStore, Saved
from sizao.runtime.embedded.log import SqliteLog
from sizao.runtime.pipeline import Pipeline
from tests.runtime import city
from tests.runtime.changing import Switching, put
from tests.runtime.helpers import START_US

ROOT = Path(__file__).resolve().parents[2]
PACED = [sys.executable, "-m", "tests.runtime.paced_pipeline"]
WHOLE, SLOW, SPLIT, LATE, IN_PLACE, FORGETFUL, SELDOM, UNKEPT = (
    [*PACED, name]
    for name in ("whole", "slow", "split", "late", "in_place", "forgetful", "seldom", "unkept")
)
KILLS = 20
MAX_ROWS = "40"
"""One segment a turn, so that a life is many turns and a kill falls between any two steps."""


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> DataDir:
    return city.write(tmp_path_factory.mktemp("city"), count=40, hours=5.0, segment_rows=40)


def installation(recorded: DataDir, folder: Path) -> DataDir:
    shutil.copytree(recorded.root, folder)
    return DataDir(folder)


def start(command: list[str], data: DataDir, *more: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*command, "--data", str(data.root), "--max-rows", MAX_ROWS, *more],
        cwd=ROOT,
        stderr=subprocess.DEVNULL,
    )


def finish(command: list[str], data: DataDir) -> None:
    process = start(command, data, "--once")
    try:
        assert process.wait(120) == 0
    finally:
        # Nothing may outlive the test, whatever becomes of it.
        process.kill()
        process.wait(10)


def committed(data: DataDir) -> int:
    """The offset in the checkpoint, as another process sees it."""
    return _asked(data, "SELECT max(at) FROM saved_part")


def reported(data: DataDir) -> int:
    """The last offset up to which detections were reported."""
    return _asked(data, "SELECT reported FROM saved_context")


def _asked(data: DataDir, sql: str) -> int:
    if not data.detect_log.exists():
        return 0
    with closing(sqlite3.connect(f"{data.detect_log.as_uri()}?mode=ro", uri=True)) as connection:
        try:
            row = connection.execute(sql).fetchone()
        except sqlite3.OperationalError:
            return 0
    return row[0] or 0 if row else 0


def live_and_die(
    command: list[str],
    data: DataDir,
    target: int,
    delay_s: float,
    passed: Callable[[DataDir], int] = committed,
) -> int:
    """Start, wait until the checkpoint has passed a target, kill a little later."""
    process = start(command, data)
    try:
        until = time.monotonic() + 60
        while passed(data) < target and time.monotonic() < until:
            assert process.poll() is None, "the pipeline ended by itself"
            time.sleep(0.002)
        time.sleep(delay_s)
    finally:
        process.send_signal(signal.SIGKILL)
        assert process.wait(10) == -signal.SIGKILL
    return passed(data)


def kill_often(command: list[str], data: DataDir, kills: int, seed: int) -> list[int]:
    """Kill at random places spread over the log; returns the offsets the kills left behind."""
    with SqliteLog(data.feeds_log) as feeds:
        last = feeds.last("positions")
    return list(_deaths(command, data, kills, last, random.Random(seed)))


def _deaths(
    command: list[str], data: DataDir, kills: int, last: int, chance: random.Random
) -> Iterator[int]:
    for number in range(kills):
        planned = int(last * (number + chance.uniform(0.1, 0.9)) / (kills + 1))
        # Every life commits something, or two kills would be one.
        target = min(max(planned, committed(data) + 1), last)
        yield live_and_die(command, data, target, chance.uniform(0, 0.06))


def left_behind(data: DataDir) -> tuple[Saved, pa.Table]:
    with SqliteLog(data.detect_log, writer=True) as log:
        found = [segment.batch for segment in log.read("detections", 0, 10**9)]
        order = [("id", "ascending"), ("revision", "ascending")]
        return CheckpointStore(log).load(), pa.Table.from_batches(found).sort_by(order)


@pytest.fixture(scope="module")
def uninterrupted(
    recorded: DataDir, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Saved, pa.Table]:
    data = installation(recorded, tmp_path_factory.mktemp("whole") / "data")
    finish(WHOLE, data)
    return left_behind(data)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_twenty_kills_change_nothing(
    recorded: DataDir, uninterrupted: tuple[Saved, pa.Table], tmp_path: Path
) -> None:
    data = installation(recorded, tmp_path / "data")
    offsets = kill_often(WHOLE, data, KILLS, seed=20)
    saved, detections = uninterrupted
    # Otherwise the kills proved nothing: they must fall inside the log, and in different places.
    inside = [offset for offset in offsets if 0 < offset < saved.offset]
    assert len(inside) >= KILLS * 3 // 4, offsets
    assert len(set(inside)) >= KILLS // 2, offsets
    finish(WHOLE, data)
    after, found = left_behind(data)
    assert found.num_rows > 1000
    assert found.equals(detections)
    assert after == saved


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("command", [SLOW, LATE])
def test_kills_while_the_state_is_written_change_nothing(
    recorded: DataDir, uninterrupted: tuple[Saved, pa.Table], tmp_path: Path, command: list[str]
) -> None:
    """As a control, with the offset of the moment at which it is named."""
    data = installation(recorded, tmp_path / "data")
    offsets = kill_often(command, data, 6, seed=20)
    assert len(set(offsets)) >= 4, offsets
    finish(command, data)
    after, found = left_behind(data)
    saved, detections = uninterrupted
    assert (after == saved and found.equals(detections)) == (command is SLOW)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_control_a_state_written_over_the_one_before_is_caught(
    recorded: DataDir, tmp_path: Path
) -> None:
    data = installation(recorded, tmp_path / "data")
    with pytest.raises(AssertionError):
        kill_often(IN_PLACE, data, 6, seed=20)
    with pytest.raises(LogError, match="is damaged"):
        left_behind(data)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_control_a_split_commit_is_caught(
    recorded: DataDir, uninterrupted: tuple[Saved, Any], tmp_path: Path
) -> None:
    data = installation(recorded, tmp_path / "data")
    kill_often(SPLIT, data, 6, seed=20)
    finish(SPLIT, data)
    after, found = left_behind(data)
    saved, detections = uninterrupted
    assert after == saved, "the state is whole: only the outputs were left out of its transaction"
    assert found.num_rows < detections.num_rows, "no kill fell between the two transactions"


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_control_forgotten_reports_are_caught(
    recorded: DataDir, uninterrupted: tuple[Saved, Any], tmp_path: Path
) -> None:
    data = installation(recorded, tmp_path / "data")
    kill_often(FORGETFUL, data, 4, seed=20)
    finish(FORGETFUL, data)
    after, found = left_behind(data)
    saved, detections = uninterrupted
    assert after == saved
    assert found.num_rows > detections.num_rows, "no kill fell between a report and the next save"


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("command", [SELDOM, UNKEPT])
def test_rules_that_change_after_a_kill_contradict_nothing(
    recorded: DataDir, tmp_path: Path, command: list[str]
) -> None:
    """Rules and register change after each kill; as a control, without copies of the files."""
    data = installation(recorded, tmp_path / "data")
    with SqliteLog(data.feeds_log) as feeds:
        last = feeds.last("positions")
    chance = random.Random(20)
    switches = [(0, "strict")]
    for number, state in enumerate(("patient", "hazmat", "strict", "patient"), 1):
        put(data, switches[-1][1])
        target = int(last * (number - chance.uniform(0.1, 0.9)) / 5)
        upto = live_and_die(command, data, max(target, 1), chance.uniform(0, 0.06), reported)
        assert upto > max(committed(data), switches[-1][0])
        switches.append((upto, state))
    put(data, switches[-1][1])
    finish(command, data)
    _, found = left_behind(data)

    data.detect_log.unlink()
    own = Switching(data, switches)
    with SqliteLog(data.feeds_log) as feeds, SqliteLog(data.detect_log, writer=True) as log:
        pipeline = Pipeline(feeds, CheckpointStore(log), own, ManualClock(START_US / 1e6))
        own.follow(pipeline)
        pipeline.pace = replace(pipeline.pace, max_rows=int(MAX_ROWS))
        pipeline.run(once=True)
    _, uninterrupted = left_behind(data)
    assert uninterrupted.num_rows > 1000
    assert (found.equals(uninterrupted)) == (command is SELDOM)
