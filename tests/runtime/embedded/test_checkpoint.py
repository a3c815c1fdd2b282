"""Outputs, state and offset: all three or none."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

import pytest

from sizao.core.errors import LogError
from sizao.runtime.embedded.checkpoint import CheckpointStore, Saved
from sizao.runtime.embedded.log import SqliteLog
from tests.runtime.helpers import detections


def test_the_last_commit_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "detect.sqlite"
    with SqliteLog(path, writer=True) as log:
        store = CheckpointStore(log)
        assert store.load() == Saved(0, {})
        store.commit(detections(["a"], [0]), {"engine": b"one", "board": b"1"}, 7)
        store.commit(detections([], []), {"engine": b"two", "board": b"2"}, 9)
    with SqliteLog(path, writer=True) as log:
        assert CheckpointStore(log).load() == Saved(9, {"engine": b"two", "board": b"2"})
        assert [one.batch.column("id").to_pylist() for one in log.read("detections", 0)] == [["a"]]


def test_a_detection_is_committed_once(tmp_path: Path) -> None:
    with SqliteLog(tmp_path / "detect.sqlite", writer=True) as log:
        store = CheckpointStore(log)
        seq, fresh = store.commit(detections(["a", "b"], [0, 0]), {"engine": b""}, 1)
        assert (seq, len(fresh)) == (1, 2)
        seq, fresh = store.commit(detections(["b", "b", "c"], [0, 1, 0]), {"engine": b""}, 2)
        assert seq == 2
        assert fresh.column("id").to_pylist() == ["b", "c"]
        assert fresh.column("revision").to_pylist() == [1, 0]
        seq, fresh = store.commit(detections(["a"], [0]), {"engine": b""}, 3)
        assert seq is None
        assert store.load().offset == 3


def test_a_refused_commit_leaves_the_one_before(tmp_path: Path) -> None:
    with SqliteLog(tmp_path / "detect.sqlite", writer=True) as log:
        store = CheckpointStore(log)
        store.commit(detections(["a"], [0]), {"engine": b"one"}, 1)
        log._connection.execute("PRAGMA max_page_count = 1")  # type: ignore[union-attr]  # open
        with pytest.raises(LogError, match="full"):
            store.commit(
                detections(["b"], [0]), {"engine": random.Random(1).randbytes(1_000_000)}, 2
            )
        log._connection.execute("PRAGMA max_page_count = 100000")  # type: ignore[union-attr]  # open
        assert store.load() == Saved(1, {"engine": b"one"})
        # The key of the refused detection was not kept either.
        assert len(store.commit(detections(["b"], [0]), {"engine": b"two"}, 2)[1]) == 1


def test_damage_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "detect.sqlite"
    with SqliteLog(path, writer=True) as log:
        CheckpointStore(log).commit(detections([], []), {"engine": b"one"}, 1)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE saved_part SET state = x'6f6e66'")
    connection.close()
    with SqliteLog(path, writer=True) as log, pytest.raises(LogError, match="'engine' is damaged"):
        CheckpointStore(log).load()


def test_old_detections_go_with_their_keys(tmp_path: Path) -> None:
    wall = [1_000.0]
    with SqliteLog(tmp_path / "detect.sqlite", writer=True, now=lambda: wall[0]) as log:
        store = CheckpointStore(log)
        for number, name in enumerate(("a", "b", "c"), 1):
            store.commit(detections([name], [0]), {"engine": b"state"}, number)
            wall[0] += 100
        assert store.prune(1_000) == 0
        assert store.prune(1_150) == 2
        assert store.prune(1_150) == 0
        assert [one.batch.column("id").to_pylist() for one in log.read("detections", 0)] == [["c"]]
        with log.reading() as connection:
            assert connection is not None
            assert connection.execute("SELECT id FROM known_detection").fetchall() == [("c",)]
        assert store.load() == Saved(3, {"engine": b"state"})
        # The numbering goes on, and what is kept is still known.
        assert store.commit(detections(["c", "d"], [0, 0]), {"engine": b"state"}, 4)[0] == 4


def test_a_kill_between_keys_and_segments_is_finished_by_the_next_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SqliteLog(tmp_path / "detect.sqlite", writer=True, now=lambda: 1_000.0) as log:
        store = CheckpointStore(log)
        store.commit(detections(["a"], [0]), {"engine": b"state"}, 1)
        with monkeypatch.context() as patch:
            patch.setattr(log, "prune", lambda *_, **__: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                store.prune(2_000)
        assert store.prune(2_000) == 1
        assert log.read("detections", 0) == []


def test_keys_of_an_earlier_release_are_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "detect.sqlite"
    with SqliteLog(path, writer=True) as log:
        CheckpointStore(log).commit(detections(["a", "b"], [0, 1]), {"engine": b"state"}, 1)
        with log.transaction() as connection:
            connection.execute("DROP TABLE known_detection")
            connection.execute(
                "CREATE TABLE detection_key (id TEXT NOT NULL, revision INTEGER NOT NULL,"
                " PRIMARY KEY (id, revision)) WITHOUT ROWID"
            )
    with SqliteLog(path, writer=True) as log:
        store = CheckpointStore(log)
        fresh = store.report(detections(["a", "b", "b"], [0, 1, 2]), 3)
        assert fresh.column("revision").to_pylist() == [2], "the others are known"
        with log.transaction() as connection:
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        assert "detection_key" not in tables
