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
from tests.runtime.lives import Life, Lives, lives

WHOLE, SLOW, SPLIT, LATE = "whole", "slow", "split", "late"
IN_PLACE, FORGETFUL, SELDOM, UNKEPT = "in_place", "forgetful", "seldom", "unkept"
"""Variants of ``paced_pipeline``."""
KILLS = 20
MAX_ROWS = "40"
"""One segment a turn, so that a life is many turns and a kill falls between any two steps."""


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> DataDir:
    return city.write(tmp_path_factory.mktemp("city"), count=40, hours=5.0, segment_rows=40)


@pytest.fixture(scope="module")
def nursery(recorded: DataDir) -> Iterator[Lives]:
    with lives(recorded.root) as found:
        yield found


def installation(recorded: DataDir, folder: Path) -> DataDir:
    shutil.copytree(recorded.root, folder)
    return DataDir(folder)


def start(nursery: Lives, variant: str, data: DataDir, *more: str) -> Life:
    return nursery.begin(variant, "--data", str(data.root), "--max-rows", MAX_ROWS, *more)


def finish(nursery: Lives, variant: str, data: DataDir) -> None:
    life = start(nursery, variant, data, "--once")
    try:
        assert life.wait(120) == 0
    finally:
        # Nothing may outlive the test, whatever becomes of it.
        life.kill()


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
    nursery: Lives,
    variant: str,
    data: DataDir,
    target: int,
    delay_s: float,
    passed: Callable[[DataDir], int] = committed,
) -> int:
    """Start, wait until the checkpoint has passed a target, kill a little later."""
    life = start(nursery, variant, data)
    try:
        until, looks = time.monotonic() + 60, 0
        while passed(data) < target and time.monotonic() < until:
            looks += 1  # asked each time, the other process would do nothing else
            assert looks % 20 or life.poll() is None, "the pipeline ended by itself"
            time.sleep(0.002)
        time.sleep(delay_s)
    finally:
        life.kill()
        assert life.wait(10) == -signal.SIGKILL
    return passed(data)


def kill_often(nursery: Lives, variant: str, data: DataDir, kills: int, seed: int) -> list[int]:
    """Kill at random places spread over the log; returns the offsets the kills left behind."""
    with SqliteLog(data.feeds_log) as feeds:
        last = feeds.last("positions")
    return list(_deaths(nursery, variant, data, kills, last, random.Random(seed)))


def _deaths(
    nursery: Lives, variant: str, data: DataDir, kills: int, last: int, chance: random.Random
) -> Iterator[int]:
    for number in range(kills):
        planned = int(last * (number + chance.uniform(0.1, 0.9)) / (kills + 1))
        # Every life commits something, or two kills would be one.
        target = min(max(planned, committed(data) + 1), last)
        yield live_and_die(nursery, variant, data, target, chance.uniform(0, 0.06))


def left_behind(data: DataDir) -> tuple[Saved, pa.Table]:
    with SqliteLog(data.detect_log, writer=True) as log:
        found = [segment.batch for segment in log.read("detections", 0, 10**9)]
        order = [("id", "ascending"), ("revision", "ascending")]
        return CheckpointStore(log).load(), pa.Table.from_batches(found).sort_by(order)


@pytest.fixture(scope="module")
def uninterrupted(
    nursery: Lives, recorded: DataDir, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Saved, pa.Table]:
    data = installation(recorded, tmp_path_factory.mktemp("whole") / "data")
    finish(nursery, WHOLE, data)
    return left_behind(data)


@pytest.mark.slow
@pytest.mark.timeout(600, func_only=True)
def test_twenty_kills_change_nothing(
    nursery: Lives, recorded: DataDir, uninterrupted: tuple[Saved, pa.Table], tmp_path: Path
) -> None:
    data = installation(recorded, tmp_path / "data")
    offsets = kill_often(nursery, WHOLE, data, KILLS, seed=20)
    saved, detections = uninterrupted
    # Otherwise the kills proved nothing: they must fall inside the log, and in different places.
    inside = [offset for offset in offsets if 0 < offset < saved.offset]
    assert len(inside) >= KILLS * 3 // 4, offsets
    assert len(set(inside)) >= KILLS // 2, offsets
    finish(nursery, WHOLE, data)
    after, found = left_behind(data)
    assert found.num_rows > 1000
    assert found.equals(detections)
    assert after == saved


@pytest.mark.slow
@pytest.mark.timeout(600, func_only=True)
@pytest.mark.parametrize("variant", [SLOW, LATE])
def test_kills_while_the_state_is_written_change_nothing(
    nursery: Lives,
    recorded: DataDir,
    uninterrupted: tuple[Saved, pa.Table],
    tmp_path: Path,
    variant: str,
) -> None:
    """As a control, with the offset of the moment at which it is named."""
    data = installation(recorded, tmp_path / "data")
    offsets = kill_often(nursery, variant, data, 6, seed=20)
    assert len(set(offsets)) >= 4, offsets
    finish(nursery, variant, data)
    after, found = left_behind(data)
    saved, detections = uninterrupted
    assert (after == saved and found.equals(detections)) == (variant == SLOW)


@pytest.mark.slow
@pytest.mark.timeout(600, func_only=True)
def test_control_a_state_written_over_the_one_before_is_caught(
    nursery: Lives, recorded: DataDir, tmp_path: Path
) -> None:
    data = installation(recorded, tmp_path / "data")
    with pytest.raises(AssertionError):
        kill_often(nursery, IN_PLACE, data, 6, seed=20)
    with pytest.raises(LogError, match="is damaged"):
        left_behind(data)


@pytest.mark.slow
@pytest.mark.timeout(600, func_only=True)
def test_control_a_split_commit_is_caught(
    nursery: Lives, recorded: DataDir, uninterrupted: tuple[Saved, Any], tmp_path: Path
) -> None:
    data = installation(recorded, tmp_path / "data")
    kill_often(nursery, SPLIT, data, 6, seed=20)
    finish(nursery, SPLIT, data)
    after, found = left_behind(data)
    saved, detections = uninterrupted
    assert after == saved, "the state is whole: only the outputs were left out of its transaction"
    assert found.num_rows < detections.num_rows, "no kill fell between the two transactions"


@pytest.mark.slow
@pytest.mark.timeout(600, func_only=True)
def test_control_forgotten_reports_are_caught(
    nursery: Lives, recorded: DataDir, uninterrupted: tuple[Saved, Any], tmp_path: Path
) -> None:
    data = installation(recorded, tmp_path / "data")
    kill_often(nursery, FORGETFUL, data, 4, seed=20)
    finish(nursery, FORGETFUL, data)
    after, found = left_behind(data)
    saved, detections = uninterrupted
    assert after == saved
    assert found.num_rows > detections.num_rows, "no kill fell between a report and the next save"


@pytest.mark.slow
@pytest.mark.timeout(600, func_only=True)
@pytest.mark.parametrize("variant", [SELDOM, UNKEPT])
def test_rules_that_change_after_a_kill_contradict_nothing(
    nursery: Lives, recorded: DataDir, tmp_path: Path, variant: str
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
        upto = live_and_die(
            nursery, variant, data, max(target, 1), chance.uniform(0, 0.06), reported
        )
        assert upto > max(committed(data), switches[-1][0])
        switches.append((upto, state))
    put(data, switches[-1][1])
    finish(nursery, variant, data)
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
    assert (found.equals(uninterrupted)) == (variant == SELDOM)
