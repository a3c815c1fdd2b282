"""Record rules over real logs: nothing lost or doubled, whatever dies in between."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from sizao.core.clock import ManualClock
from sizao.core.errors import LogError
from sizao.core.schemas import WEIGHING
from sizao.detect import registry
from sizao.detect.records import RecordContext
from sizao.runtime.embedded.checkpoint import CheckpointStore
from sizao.runtime.embedded.log import SqliteLog
from sizao.runtime.embedded.record_store import RecordStore
from sizao.runtime.records import RecordRunner
from tests.detect.weighings import START, weighing

HEAVY = {"gross_kg": 70_000.0}


@pytest.fixture
def logs(tmp_path: Path):
    with (
        SqliteLog(tmp_path / "intake.sqlite", writer=True) as intake,
        SqliteLog(tmp_path / "detect.sqlite", writer=True) as detect,
    ):
        yield intake, detect


def runner(intake: SqliteLog, detect: SqliteLog) -> RecordRunner:
    context = RecordContext.build(registry.RECORD_RULES, only=frozenset({"over_road_limit"}))
    clock = ManualClock((START + timedelta(hours=1)).timestamp())
    store = RecordStore(CheckpointStore(detect))
    return RecordRunner({"weighings": intake}, store, lambda: context, clock)


def weigh(intake: SqliteLog, *numbers: int) -> None:
    rows = [weighing(number, **HEAVY) for number in numbers]
    intake.append({"weighings": pa.RecordBatch.from_pylist(rows, schema=WEIGHING)})


def found(detect: SqliteLog) -> list[str]:
    batches = [segment.batch for segment in detect.read("detections", 0)]
    return [ids for batch in batches for row in batch.to_pylist() for ids in row["evidence"]]


def test_what_was_weighed_is_judged_once(logs):
    intake, detect = logs
    weigh(intake, 1, 2)
    one = runner(intake, detect)
    assert (one.turn(), one.turn()) == (2, 0)
    weigh(intake, 3)
    assert one.turn() == 1
    one.commit()  # a second one so soon waits its share of the time otherwise
    assert found(detect) == ["weighings:w1", "weighings:w2", "weighings:w3"]


def test_a_restart_goes_on_where_the_last_commit_left_off(logs):
    intake, detect = logs
    weigh(intake, 1)
    runner(intake, detect).turn()
    weigh(intake, 2)
    again = runner(intake, detect)
    assert again.turn() == 1
    assert found(detect) == ["weighings:w1", "weighings:w2"]


def test_a_turn_that_cannot_commit_is_done_again(logs, monkeypatch):
    intake, detect = logs
    weigh(intake, 1)
    one = runner(intake, detect)

    def refuse(*_: object) -> None:
        raise LogError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(one._store, "commit", refuse)
        with pytest.raises(LogError, match="disk full"):
            one.turn()
    assert found(detect) == []
    assert one.turn() == 1
    assert found(detect) == ["weighings:w1"]


def test_reading_again_from_the_start_doubles_nothing(logs):
    """The keys of detections are in the same file: a lost offset is no harm."""
    intake, detect = logs
    weigh(intake, 1, 2)
    runner(intake, detect).turn()
    with detect.transaction() as connection:
        connection.execute("DELETE FROM saved_records")
    assert runner(intake, detect).turn() == 2
    assert found(detect) == ["weighings:w1", "weighings:w2"]


def test_damaged_memory_is_an_error_that_says_what_to_do(logs):
    intake, detect = logs
    weigh(intake, 1)
    runner(intake, detect).turn()
    with detect.transaction() as connection:
        connection.execute("UPDATE saved_records SET state = x'00'")
    with pytest.raises(LogError, match="--rebuild"):
        runner(intake, detect)
