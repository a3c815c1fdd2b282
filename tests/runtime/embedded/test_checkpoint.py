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
