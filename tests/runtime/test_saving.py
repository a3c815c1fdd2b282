"""The state is written down while turns go on: what a kill leaves in each moment of that.

The runs here die in the middle of a process; ``test_kill.py`` kills whole ones.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import wait
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from sizao.core.clock import ManualClock
from sizao.core.errors import LogError
from sizao.log.datadir import DataDir
from sizao.runtime.embedded.checkpoint import CheckpointStore, Saved
from sizao.runtime.embedded.log import SqliteLog
from sizao.runtime.embedded.state_files import Parts, Written
from sizao.runtime.pipeline import Pace, Pipeline
from sizao.runtime.sources import Sources
from tests.runtime import city
from tests.runtime.helpers import START_US
from tests.runtime.paced_pipeline import LateStore

EACH_TURN = replace(Pace(), max_rows=200, save_s=0.0, save_share=1e9, report_share=1e9)


class Held(CheckpointStore):
    """A disk that writes a state down when it is told to."""

    def __init__(self, log: SqliteLog) -> None:
        super().__init__(log)
        self.go = threading.Event()

    def write(self, parts: Parts, offset: int) -> Written:
        assert self.go.wait(30)
        return super().write(parts, offset)


class HeldLate(Held, LateStore):
    """And what is saved then is taken for the state of that moment."""


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> DataDir:
    return city.write(tmp_path_factory.mktemp("city"), count=12, hours=5.0)


@contextmanager
def life(
    recorded: DataDir, detect: Path, store: type[CheckpointStore] = CheckpointStore
) -> Iterator[Pipeline]:
    """A pipeline that nobody asks to end in order."""
    with SqliteLog(detect, writer=True) as log, SqliteLog(recorded.feeds_log) as feeds:
        sources, clock = Sources(recorded), ManualClock(START_US / 1e6)
        pipeline = Pipeline(feeds, store(log), sources, clock, EACH_TURN)
        try:
            yield pipeline
        finally:
            if isinstance(pipeline.store, Held):
                pipeline.store.go.set()
            if pipeline._writing is not None:
                wait([pipeline._writing])


def left_behind(detect: Path) -> tuple[Saved, pa.Table]:
    with SqliteLog(detect, writer=True) as log:
        found = [segment.batch for segment in log.read("detections", 0, 10**9)]
        order = [("id", "ascending"), ("revision", "ascending")]
        return CheckpointStore(log).load(), pa.Table.from_batches(found).sort_by(order)


def finish(recorded: DataDir, detect: Path) -> tuple[Saved, pa.Table]:
    with life(recorded, detect) as pipeline:
        pipeline.run(once=True)
    return left_behind(detect)


@pytest.fixture(scope="module")
def uninterrupted(
    recorded: DataDir, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Saved, pa.Table]:
    return finish(recorded, tmp_path_factory.mktemp("whole") / "detect.sqlite")


def test_turns_go_on_and_report_while_a_state_is_written(
    recorded: DataDir, uninterrupted: tuple[Saved, pa.Table], tmp_path: Path
) -> None:
    detect = tmp_path / "detect.sqlite"
    with life(recorded, detect, Held) as pipeline:
        for _ in range(40):
            assert pipeline.turn()
        assert (pipeline.saves, pipeline.reports > 5) == (0, True)
        assert pipeline.store.load().offset == 0
    # Killed before it was named: all of it is read again, and nothing reported again.
    assert finish(recorded, detect) == uninterrupted


@pytest.mark.parametrize("store", [Held, HeldLate])
def test_the_state_of_then_is_saved_with_the_offset_of_then(
    recorded: DataDir,
    uninterrupted: tuple[Saved, pa.Table],
    tmp_path: Path,
    store: type[Held],
) -> None:
    """And the detections of now; as a control, with the offset of now."""
    detect = tmp_path / "detect.sqlite"
    with life(recorded, detect, store) as pipeline:
        assert pipeline.turn()
        copied = pipeline.offset
        for _ in range(40):
            assert pipeline.turn()
        pipeline.store.go.set()  # type: ignore[attr-defined]  # one that is held
        assert pipeline._writing is not None
        wait([pipeline._writing])
        now = pipeline.offset
        assert pipeline.turn()
        assert pipeline.saves == 1
        saved = pipeline.store.load()
        assert saved.offset == (copied if store is Held else now)
    assert (finish(recorded, detect) == uninterrupted) == (store is Held)


def test_a_state_that_cannot_be_written_is_an_error_and_tried_again(
    recorded: DataDir, uninterrupted: tuple[Saved, pa.Table], tmp_path: Path
) -> None:
    detect = tmp_path / "detect.sqlite"
    with life(recorded, detect) as pipeline:
        folder = pipeline.store.files.folder
        folder.write_text("in the way")
        assert pipeline.turn()
        assert pipeline._writing is not None
        wait([pipeline._writing])
        with pytest.raises(LogError, match="volumes"):
            pipeline.turn()
        folder.unlink()
        pipeline.run(once=True)
        assert pipeline.error is None
    assert left_behind(detect) == uninterrupted


def test_a_refused_transaction_is_tried_again_with_what_was_written(
    recorded: DataDir, uninterrupted: tuple[Saved, pa.Table], tmp_path: Path
) -> None:
    detect = tmp_path / "detect.sqlite"
    with life(recorded, detect) as pipeline:
        assert pipeline.turn()
        written = pipeline._writing
        assert written is not None
        wait([written])
        connection = pipeline.store.log._connection
        assert connection is not None
        connection.execute("PRAGMA query_only = 1")
        for _ in range(3):
            with pytest.raises(LogError, match="readonly"):
                pipeline.turn()
        connection.execute("PRAGMA query_only = 0")
        assert pipeline._writing is written
        assert pipeline.turn()
        assert pipeline.store.load().offset == written.result().offset
    assert finish(recorded, detect) == uninterrupted
