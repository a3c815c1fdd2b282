"""A batch is matched while rules run over the one before: nothing that is concluded depends on it.

The runs here die in the middle of a process; ``test_kill.py`` kills whole ones.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from sizao.core.clock import ManualClock
from sizao.core.errors import LogError
from sizao.log.datadir import DataDir
from sizao.log.interface import Segment
from sizao.runtime.embedded.checkpoint import CheckpointStore, Saved
from sizao.runtime.embedded.log import SqliteLog
from sizao.runtime.pipeline import Pace, Pipeline, Turn
from sizao.runtime.sources import Sources
from tests.runtime import city
from tests.runtime.helpers import START_US, Given

UNSAVED = replace(Pace(), max_rows=200, save_s=1e9, report_share=1e9)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> DataDir:
    return city.write(tmp_path_factory.mktemp("city"), count=12, hours=5.0)


class Alone(Pipeline):
    """One that does everything in turn."""

    def _is_best_overlapped(self, turn: Turn) -> bool:
        return False


class Hasty(Pipeline):
    """One that saves its state while a batch is ahead."""

    def _is_best_overlapped(self, turn: Turn) -> bool:
        return turn.behind

    def _count(self, turn: Turn) -> None:
        super()._count(turn)
        ahead, self._ahead = self._ahead, None
        if self._save_is_due(time.monotonic()):
            self._begin_save()
        self._ahead = ahead


class Refusing(SqliteLog):
    """A log that cannot be read now and then."""

    reads = 0

    def read(self, topic: str, after: int, max_rows: int = 10_000) -> list[Segment]:
        self.reads += 1
        if self.reads % 7 == 0:
            raise LogError("not now")
        return super().read(topic, after, max_rows)


@contextmanager
def life(
    recorded: DataDir,
    detect: Path,
    make: type[Pipeline] = Pipeline,
    pace: Pace = UNSAVED,
    feeds_of: type[SqliteLog] = SqliteLog,
    **options: Any,
) -> Iterator[Pipeline]:
    """A pipeline that nobody asks to end in order."""
    with SqliteLog(detect, writer=True) as log, feeds_of(recorded.feeds_log) as feeds:
        context = options.pop("context", None) or Sources(recorded)
        clock = ManualClock(START_US / 1e6)
        yield make(feeds, CheckpointStore(log), context, clock, pace, **options)


def left_behind(detect: Path) -> tuple[Saved, pa.Table]:
    with SqliteLog(detect, writer=True) as log:
        found = [segment.batch for segment in log.read("detections", 0, 10**9)]
        order = [("id", "ascending"), ("revision", "ascending")]
        return CheckpointStore(log).load(), pa.Table.from_batches(found).sort_by(order)


def finish(recorded: DataDir, detect: Path, make: type[Pipeline] = Pipeline) -> Any:
    boards: list[pa.RecordBatch] = []
    with life(recorded, detect, make, show=boards.append) as pipeline:
        pipeline.run(once=True)
        assert pipeline.offset == pipeline.reached == pipeline.feeds.last("positions")
    return *left_behind(detect), boards[-1]


@pytest.fixture(scope="module")
def in_turn(recorded: DataDir, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return finish(recorded, tmp_path_factory.mktemp("alone") / "detect.sqlite", Alone)


def test_one_batch_is_ahead_and_changes_nothing(
    recorded: DataDir, in_turn: Any, tmp_path: Path
) -> None:
    detect = tmp_path / "detect.sqlite"
    with life(recorded, detect) as pipeline:
        for number in range(1, 11):
            assert pipeline.turn()
            read = pipeline.feeds.read("positions", 0, 200 * number + 200)
            assert pipeline.reached == read[-1].seq > pipeline.offset
    # Killed with a batch ahead.
    assert finish(recorded, detect) == in_turn


def test_only_what_waits_is_read_ahead(recorded: DataDir, tmp_path: Path) -> None:
    """Where the log has no more, everything is done in one thread."""
    pace = replace(UNSAVED, max_rows=10**9)
    with life(recorded, tmp_path / "detect.sqlite", pace=pace) as pipeline:
        threads = threading.active_count()
        assert pipeline.turn()
        assert pipeline.offset == pipeline.reached == pipeline.feeds.last("positions")
        assert not pipeline.turn()
        assert threading.active_count() == threads


@pytest.mark.parametrize("make", [Pipeline, Hasty])
def test_the_state_is_saved_without_what_is_ahead(
    recorded: DataDir, in_turn: Any, tmp_path: Path, make: type[Pipeline]
) -> None:
    """And read again after a kill; as a control, with what is ahead in half of it."""
    detect = tmp_path / "detect.sqlite"
    pace = replace(UNSAVED, save_s=0.02, save_share=1e9)
    for _ in range(4):
        with life(recorded, detect, make, pace) as pipeline:
            while pipeline.saves < 2 or pipeline.offset == pipeline.reached:
                assert pipeline.turn()
            if pipeline._writing is not None:
                pipeline._writing.result()
    assert (finish(recorded, detect) == in_turn) == (make is Pipeline)


@pytest.mark.parametrize("what", ["positions", "reports"])
def test_a_log_that_refuses_meanwhile_loses_nothing(
    recorded: DataDir, in_turn: Any, tmp_path: Path, what: str
) -> None:
    detect = tmp_path / "detect.sqlite"
    feeds_of = Refusing if what == "positions" else SqliteLog
    with life(recorded, detect, feeds_of=feeds_of) as pipeline:
        connection = pipeline.store.log._connection
        assert connection is not None
        refused = turns = 0
        while pipeline.offset < pipeline.feeds.last("positions"):
            turns += 1
            if what == "reports":
                connection.execute(f"PRAGMA query_only = {int(turns % 3 == 0)}")
            before = pipeline.reached
            try:
                pipeline.turn()
            except LogError:
                refused += 1
                assert pipeline.offset == before
        connection.execute("PRAGMA query_only = 0")
        pipeline.commit()
    assert refused > 5
    assert left_behind(detect) == in_turn[:2]


def test_what_is_ahead_is_judged_by_what_it_was_matched_by(
    recorded: DataDir, tmp_path: Path
) -> None:
    """Another context counts from the next batch on, and what the one before led to is saved."""
    contexts = [Sources(recorded)() for _ in range(2)]
    in_force = contexts[:1]
    given = Given(lambda: in_force[0])
    with life(recorded, tmp_path / "detect.sqlite", context=given) as pipeline:
        for _ in range(5):
            assert pipeline.turn()
        reached = pipeline.reached
        assert reached > pipeline.offset
        in_force[0] = contexts[1]
        assert pipeline.turn()
        assert (pipeline.offset, pipeline.context) == (reached, contexts[0])
        assert pipeline.turn()
        assert pipeline.context is contexts[1]
        assert pipeline.store.load().offset == reached


def test_it_stops_after_what_is_ahead(recorded: DataDir, in_turn: Any, tmp_path: Path) -> None:
    detect = tmp_path / "detect.sqlite"
    with life(recorded, detect, pace=replace(UNSAVED, show_s=0.0)) as pipeline:
        reached: list[int] = []

        def stop(counters: dict[str, Any]) -> None:
            if counters["offset"] > 20 and not reached:
                assert pipeline.reached > counters["offset"]
                reached.append(pipeline.reached)
                pipeline.stop()

        pipeline._publish = stop
        pipeline.run()
        assert pipeline.store.load().offset == pipeline.offset == reached[0]
    assert finish(recorded, detect) == in_turn
