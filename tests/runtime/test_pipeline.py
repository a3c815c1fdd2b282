"""The pipeline on a real log: what it concludes, shows, and keeps over a restart."""

from __future__ import annotations

import threading
import time
from concurrent.futures import wait
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from sizao.core.clock import ManualClock
from sizao.core.errors import LogError
from sizao.core.schemas import DETECTION, LIVE, check
from sizao.log.datadir import DataDir
from sizao.log.encoding import encode
from sizao.runtime.embedded.checkpoint import CheckpointStore
from sizao.runtime.embedded.log import SqliteLog
from sizao.runtime.pipeline import Pace, Pipeline
from sizao.runtime.sources import Sources
from tests.runtime import city
from tests.runtime.helpers import START_US, Given, positions

CLOCK = ManualClock(START_US / 1e6)
SAVED_OFTEN: dict[str, Any] = {"save_s": 0.0, "save_share": 1e9}
NEVER_SAVED: dict[str, Any] = {"save_s": 1e9, "report_share": 1e9}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> DataDir:
    return city.write(tmp_path_factory.mktemp("city"), count=12, hours=5.0)


def run(
    data: DataDir,
    detect: Path,
    *,
    max_rows: int = 10_000,
    turns: int | None = None,
    ends: bool = False,
    **options: Any,
) -> dict[str, Any]:
    """Run to the end of the log, or some turns of it and perhaps end in order; returns what is
    left behind."""
    boards: list[pa.RecordBatch] = []
    pace = replace(Pace(), **{"max_rows": max_rows, **SAVED_OFTEN, **options.pop("pace", {})})
    with SqliteLog(detect, writer=True) as log, SqliteLog(data.feeds_log) as feeds:
        store = CheckpointStore(log)
        pipeline = Pipeline(feeds, store, Sources(data), CLOCK, pace, show=boards.append, **options)
        if turns is None:
            pipeline.run(once=True)
        else:
            for _ in range(turns):
                pipeline.turn()
                if pipeline._writing is not None:
                    wait([pipeline._writing])
            if ends:
                pipeline.commit()
        saved = store.load()
        found = [segment.batch for segment in log.read("detections", 0, 10**9)]
        return {
            "offset": saved.offset,
            "state": dict(saved.state),
            "detections": (
                pa.Table.from_batches(found).sort_by(
                    [("id", "ascending"), ("revision", "ascending")]
                )
                if found
                else None
            ),
            "board": boards[-1] if boards else None,
            "counters": pipeline.counters(),
        }


def test_both_rules_fire_and_name_the_road(recorded: DataDir, tmp_path: Path) -> None:
    after = run(recorded, tmp_path / "detect.sqlite")
    found = after["detections"]
    assert {"speeding", "fatigue", "terminal_alarm"} <= set(found.column("rule").to_pylist())
    speeding = found.filter(pc.equal(found.column("rule"), "speeding"))
    assert set(speeding.column("road").to_pylist()) == {"G5"}
    assert set(speeding.column("limit").to_pylist()) == {80.0}
    keys = list(zip(*(found.column(c).to_pylist() for c in ("id", "revision")), strict=True))
    assert len(keys) == len(set(keys))
    for batch in found.to_batches():
        check(batch, DETECTION)
    with SqliteLog(recorded.feeds_log) as feeds:
        assert after["offset"] == feeds.last("positions")
    assert after["counters"]["behind_segments"] == 0
    assert after["counters"]["behind_s"] == 0.0


@pytest.mark.parametrize("max_rows", [200, 1_700])
def test_the_cut_of_the_batches_changes_nothing(
    recorded: DataDir, tmp_path: Path, max_rows: int
) -> None:
    whole = run(recorded, tmp_path / "whole.sqlite", max_rows=10**9)
    cut = run(recorded, tmp_path / "cut.sqlite", max_rows=max_rows)
    assert cut["detections"].equals(whole["detections"])
    assert cut["state"] == whole["state"]
    assert cut["board"].equals(whole["board"])


def test_a_restart_goes_on_where_the_last_commit_was(recorded: DataDir, tmp_path: Path) -> None:
    whole = run(recorded, tmp_path / "whole.sqlite")
    detect = tmp_path / "detect.sqlite"
    offsets = [run(recorded, detect, max_rows=1_000, turns=4)["offset"] for _ in range(3)]
    assert offsets == sorted(set(offsets))
    rest = run(recorded, detect)
    assert rest["counters"]["positions"] < whole["counters"]["positions"]
    assert rest["detections"].equals(whole["detections"])
    assert rest["state"] == whole["state"]
    assert encode(rest["board"]) == encode(whole["board"])


def test_what_was_reported_ahead_of_the_state_is_not_reported_again(
    recorded: DataDir, tmp_path: Path
) -> None:
    whole = run(recorded, tmp_path / "whole.sqlite")
    detect = tmp_path / "detect.sqlite"
    killed = run(recorded, detect, max_rows=1_000, turns=12, pace=NEVER_SAVED)
    assert killed["offset"] == 0
    assert 0 < killed["counters"]["detections"] < len(whole["detections"])
    rest = run(recorded, detect)
    assert rest["counters"]["positions"] == whole["counters"]["positions"]
    assert rest["counters"]["detections"] == len(whole["detections"]) - len(killed["detections"])
    assert rest["detections"].equals(whole["detections"])
    assert rest["state"] == whole["state"]


def _with_a_change(
    data: DataDir, detect: Path, at_turn: int, *, killed: bool, **changed: Any
) -> dict[str, Any]:
    """Run under one context, then under another; perhaps die soon after the change."""
    contexts = [Sources(data)()]
    contexts.append(replace(contexts[0], **changed))
    turns = [0]

    def context() -> Any:
        return contexts[turns[0] >= at_turn]

    # What was reported stands, whatever is found anew: here only the first turn reports.
    pace = replace(Pace(), max_rows=1_000, **{**NEVER_SAVED, "report_share": 1e-9})
    with SqliteLog(data.feeds_log) as feeds:
        while True:
            with SqliteLog(detect, writer=True) as log:
                store = CheckpointStore(log)
                pipeline = Pipeline(feeds, store, Given(context), CLOCK, pace)
                while pipeline.turn():
                    turns[0] += 1
                    if killed and turns[0] == at_turn + 2:
                        break
                else:
                    pipeline.commit()
                    saved = store.load()
                    found = [segment.batch for segment in log.read("detections", 0, 10**9)]
                    order = [("id", "ascending"), ("revision", "ascending")]
                    return {
                        "state": dict(saved.state),
                        "detections": pa.Table.from_batches(found).sort_by(order),
                    }


@pytest.mark.parametrize("safe", [True, False])
def test_what_one_context_judged_is_not_judged_again_by_the_next(
    recorded: DataDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, safe: bool
) -> None:
    """A kill just after the register changed; as a control without the save at the change."""
    kinds = dict.fromkeys(Sources(recorded)().kinds, "hazmat")
    whole = _with_a_change(recorded, tmp_path / "whole.sqlite", 8, killed=False, kinds=kinds)
    if not safe:
        commits = iter([True, False])  # at the start, of nothing; the one due at the change
        commit = Pipeline.commit
        monkeypatch.setattr(
            Pipeline, "commit", lambda self: commit(self) if next(commits, True) else None
        )
    after = _with_a_change(recorded, tmp_path / "killed.sqlite", 8, killed=True, kinds=kinds)
    assert (after["detections"].equals(whole["detections"])) == safe
    assert (after["state"] == whole["state"]) == safe


def test_a_rebuild_repeats_no_detection(recorded: DataDir, tmp_path: Path) -> None:
    detect = tmp_path / "detect.sqlite"
    first = run(recorded, detect)
    again = run(recorded, detect, rebuild=True)
    assert again["counters"]["positions"] == first["counters"]["positions"]
    assert again["counters"]["detections"] == 0
    assert again["detections"].equals(first["detections"])


def test_the_board_shows_the_last_position_of_each_vehicle(
    recorded: DataDir, tmp_path: Path
) -> None:
    board = run(recorded, tmp_path / "detect.sqlite")["board"]
    check(board, LIVE)
    with SqliteLog(recorded.feeds_log) as feeds:
        table = pa.Table.from_batches(
            [segment.batch for segment in feeds.read("positions", 0, 10**9)]
        )
    last = {
        row["vehicle"]: row["time_max"]
        for row in table.group_by("vehicle").aggregate([("time", "max")]).to_pylist()
    }
    shown = board.to_pylist()
    assert {row["vehicle"]: row["time"] for row in shown} == last
    assert {row["road"] for row in shown} == {"G5"}
    assert {row["road_class"] for row in shown} == {"expressway"}
    assert {row["area"] for row in shown} == {"510411"}
    assert {row["limit_kmh"] for row in shown} == {80.0}
    assert {row["kind"] for row in shown} == {"heavy_truck", "hazmat", "line_coach", "other"}


def test_active_says_what_is_open_now(recorded: DataDir, tmp_path: Path) -> None:
    after = run(recorded, tmp_path / "detect.sqlite", max_rows=2_000, turns=8, ends=True)
    pipeline_board = run(recorded, tmp_path / "detect.sqlite", max_rows=1, turns=0)
    assert pipeline_board["board"] is None
    found = after["detections"].to_pylist()
    still_open: dict[tuple[str, str], set[str]] = {}
    for row in found:
        opened = still_open.setdefault((row["vehicle"], row["rule"]), set())
        (opened.discard if row["final"] else opened.add)(row["id"])
    wanted = {key for key, ids in still_open.items() if ids}
    boards: list[pa.RecordBatch] = []
    with (
        SqliteLog(tmp_path / "detect.sqlite", writer=True) as log,
        SqliteLog(recorded.feeds_log) as feeds,
    ):
        Pipeline(feeds, CheckpointStore(log), Sources(recorded), CLOCK, show=boards.append).show(
            now=True
        )
    shown = {
        (row["vehicle"], rule)
        for row in boards[0].to_pylist()
        for rule in row["active"].split(",")
        if rule
    }
    assert wanted
    assert shown == wanted


def test_a_new_position_is_seen_and_committed_soon(tmp_path: Path) -> None:
    data = city.write(tmp_path / "data", count=2, hours=0.1)
    with (
        SqliteLog(data.detect_log, writer=True) as log,
        SqliteLog(data.feeds_log) as feeds,
    ):
        boards: list[pa.RecordBatch] = []
        tidied: list[int] = []
        pace = Pace(poll_s=0.01, save_s=0.05, show_s=0.05, tidy_s=0.01)
        pipeline = Pipeline(
            feeds,
            CheckpointStore(log),
            Sources(data),
            CLOCK,
            pace,
            show=boards.append,
            tidy=lambda: tidied.append(1),
        )
        working = threading.Thread(target=pipeline.run)
        working.start()
        try:
            with SqliteLog(data.feeds_log, writer=True) as gateway:
                gateway.append({"positions": positions(["13800000099"], [5000.0])})
            deadline = time.monotonic() + 30
            while time.monotonic() < deadline:
                if boards and "13800000099" in boards[-1].column("vehicle").to_pylist():
                    break
                time.sleep(0.01)
            assert boards[-1].column("vehicle").to_pylist()[-1] == "13800000099"
        finally:
            pipeline.stop()
            working.join(30)
        assert CheckpointStore(log).load().offset == feeds.last("positions")
        assert pipeline.counters()["latency_p50_s"] is not None
        assert tidied, "what is past its time is never deleted"


def test_a_refused_commit_keeps_everything_for_the_next_try(
    recorded: DataDir, tmp_path: Path
) -> None:
    whole = run(recorded, tmp_path / "whole.sqlite")
    detect = tmp_path / "detect.sqlite"
    pace = Pace(max_rows=2_000, **SAVED_OFTEN)
    with SqliteLog(detect, writer=True) as log, SqliteLog(recorded.feeds_log) as feeds:
        store = CheckpointStore(log)
        pipeline = Pipeline(feeds, store, Sources(recorded), CLOCK, pace)
        connection = log._connection
        assert connection is not None
        for _ in range(3):
            while pipeline._writing is None:
                pipeline.turn()
            wait([pipeline._writing])
            connection.execute("PRAGMA query_only = 1")
            before = store.log.last("detections")
            with pytest.raises(LogError, match="readonly"):
                pipeline.turn()
            assert store.log.last("detections") == before
            connection.execute("PRAGMA query_only = 0")
            pipeline.turn()
            assert pipeline._writing is None
    rest = run(recorded, detect)
    assert rest["detections"].equals(whole["detections"])
    assert rest["state"] == whole["state"]


def test_a_log_that_was_replaced_is_noticed(recorded: DataDir, tmp_path: Path) -> None:
    detect = tmp_path / "detect.sqlite"
    run(recorded, detect)
    other = city.write(tmp_path / "other", count=1, hours=0.1)
    with pytest.raises(LogError, match="--rebuild"):
        run(other, detect)
    assert run(other, detect, rebuild=True)["offset"] > 0


def test_the_register_is_read_again_when_it_changes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sizao.runtime.sources.LOOK_S", 0.0)
    data = city.write(tmp_path, count=2, hours=0.01)
    sources = Sources(data)
    before = sources()
    assert sources() is before
    assert before.kinds["13800000000"] == "heavy_truck"
    changed = city.register(city.vehicles(2)).to_pylist()
    changed[0]["kind"] = "school_bus"
    time.sleep(0.01)
    pq.write_table(pa.Table.from_pylist(changed, city.register([]).schema), data.register)
    after = sources()
    assert after.kinds["13800000000"] == "school_bus"
    assert after.network is before.network
    data.register.write_bytes(b"nothing of the kind")
    assert sources() is after
    assert sources() is after
    assert caplog.text.count("not a register") == 1


def test_a_board_that_takes_long_is_shown_less_often(recorded: DataDir, tmp_path: Path) -> None:
    """A million vehicles take a third of a second: the heartbeat goes on, the board waits."""
    boards: list[pa.RecordBatch] = []
    beats: list[dict[str, object]] = []
    with SqliteLog(recorded.feeds_log) as feeds, SqliteLog(tmp_path / "d", writer=True) as log:
        pipeline = Pipeline(
            feeds,
            CheckpointStore(log),
            Sources(recorded),
            CLOCK,
            Pace(show_s=0.0, max_rows=10_000),
            show=boards.append,
            publish=beats.append,
        )
        pipeline.turn()
        pipeline.show()
        assert (len(boards), len(beats)) == (1, 1)
        pipeline.turn()
        pipeline._board_cost_s = 3600.0
        pipeline.show()
        assert (len(boards), len(beats)) == (1, 2)
        pipeline.show(now=True)
        assert len(boards) == 2, "the last board is always shown"
