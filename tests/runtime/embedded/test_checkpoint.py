"""Outputs, state and offset: all three or none."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest

from sizao.core.errors import LogError
from sizao.runtime.embedded.checkpoint import CheckpointStore, Saved
from sizao.runtime.embedded.log import SqliteLog
from tests.runtime.helpers import detections


def save(
    store: CheckpointStore, found: pa.RecordBatch, state: Mapping[str, bytes], offset: int
) -> tuple[int | None, pa.RecordBatch]:
    parts = {name: partial(bytes, content) for name, content in state.items()}
    return store.commit(found, store.write(parts, offset), offset)


def test_the_last_commit_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "detect.sqlite"
    with SqliteLog(path, writer=True) as log:
        store = CheckpointStore(log)
        assert store.load() == Saved(0, {})
        save(store, detections(["a"], [0]), {"engine": b"one", "board": b"1"}, 7)
        save(store, detections([], []), {"engine": b"two", "board": b"2"}, 9)
    with SqliteLog(path, writer=True) as log:
        assert CheckpointStore(log).load() == Saved(9, {"engine": b"two", "board": b"2"})
        assert [one.batch.column("id").to_pylist() for one in log.read("detections", 0)] == [["a"]]


def test_a_detection_is_committed_once(tmp_path: Path) -> None:
    with SqliteLog(tmp_path / "detect.sqlite", writer=True) as log:
        store = CheckpointStore(log)
        seq, fresh = save(store, detections(["a", "b"], [0, 0]), {"engine": b""}, 1)
        assert (seq, len(fresh)) == (1, 2)
        seq, fresh = save(store, detections(["b", "b", "c"], [0, 1, 0]), {"engine": b""}, 2)
        assert seq == 2
        assert fresh.column("id").to_pylist() == ["b", "c"]
        assert fresh.column("revision").to_pylist() == [1, 0]
        seq, fresh = save(store, detections(["a"], [0]), {"engine": b""}, 3)
        assert seq is None
        assert store.load().offset == 3


def test_a_refused_commit_leaves_the_one_before(tmp_path: Path) -> None:
    with SqliteLog(tmp_path / "detect.sqlite", writer=True) as log:
        store = CheckpointStore(log)
        save(store, detections(["a"], [0]), {"engine": b"one"}, 1)
        log._connection.execute("PRAGMA query_only = 1")  # type: ignore[union-attr]  # open
        with pytest.raises(LogError, match="readonly"):
            save(store, detections(["b"], [0]), {"engine": b"two"}, 2)
        log._connection.execute("PRAGMA query_only = 0")  # type: ignore[union-attr]  # open
        assert store.load() == Saved(1, {"engine": b"one"})
        # The key of the refused detection was not kept either.
        assert len(save(store, detections(["b"], [0]), {"engine": b"two"}, 2)[1]) == 1


def test_a_refused_transaction_may_come_back_to_life(tmp_path: Path) -> None:
    """Its rows name a file that nobody has written over since."""
    with SqliteLog(tmp_path / "detect.sqlite", writer=True) as log:
        store = CheckpointStore(log)
        save(store, detections([], []), {"engine": b"one"}, 1)
        refused = store.write({"engine": lambda: b"two"}, 2)
        log._connection.execute("PRAGMA query_only = 1")  # type: ignore[union-attr]  # open
        with pytest.raises(LogError):
            store.commit(detections([], []), refused, 2)
        log._connection.execute("PRAGMA query_only = 0")  # type: ignore[union-attr]  # open
        store.write({"engine": lambda: b"three"}, 3)
        assert store.load() == Saved(1, {"engine": b"one"})
        with log.transaction() as connection:
            store.save(connection, refused)
        assert store.load() == Saved(2, {"engine": b"two"})


def test_what_is_written_counts_for_nothing_before_it_is_committed(tmp_path: Path) -> None:
    path = tmp_path / "detect.sqlite"
    for number in range(1, 8):
        with SqliteLog(path, writer=True) as log:
            store = CheckpointStore(log)
            save(store, detections([], []), {"engine": b"kept %d" % number}, number)
            store.write({"engine": lambda: b"not named"}, 100)
            assert store.load() == Saved(number, {"engine": b"kept %d" % number})
    assert len(list(store.files.folder.iterdir())) == 2, "files are written in turn"


def test_a_full_disk_leaves_what_was_saved(tmp_path: Path) -> None:
    with SqliteLog(tmp_path / "detect.sqlite", writer=True) as log:
        store = CheckpointStore(log)
        save(store, detections([], []), {"engine": b"one"}, 1)
        store.files.path(2).symlink_to("/dev/full")
        with pytest.raises(LogError, match="No space left"):
            store.write({"engine": lambda: b"two"}, 2)
        assert store.load() == Saved(1, {"engine": b"one"})


@pytest.mark.parametrize("content", [b"", b"onf", None])
def test_damage_is_an_error(tmp_path: Path, content: bytes | None) -> None:
    with SqliteLog(tmp_path / "detect.sqlite", writer=True) as log:
        store = CheckpointStore(log)
        save(store, detections([], []), {"engine": b"one"}, 1)
        if content is None:
            store.files.path(1).unlink()
        else:
            store.files.path(1).write_bytes(content)
        with pytest.raises(LogError, match=r"state-1.saved: .*'engine' is damaged"):
            store.load()


def test_a_state_of_an_earlier_release_is_read(tmp_path: Path) -> None:
    """It stands in the rows themselves."""
    path = tmp_path / "detect.sqlite"
    blob = pa.compress(b"one", codec="zstd", asbytes=True)
    with SqliteLog(path, writer=True) as log:
        CheckpointStore(log)
        with log.transaction() as connection:
            row = ("engine", 5, 3, zlib.crc32(blob), blob)
            connection.execute("INSERT INTO saved_part VALUES (?, ?, ?, ?, ?)", row)
    with SqliteLog(path, writer=True) as log:
        store = CheckpointStore(log)
        assert store.load() == Saved(5, {"engine": b"one"})
        save(store, detections([], []), {"engine": b"two"}, 6)
        assert store.load() == Saved(6, {"engine": b"two"})


def test_old_detections_go_with_their_keys(tmp_path: Path) -> None:
    wall = [1_000.0]
    with SqliteLog(tmp_path / "detect.sqlite", writer=True, now=lambda: wall[0]) as log:
        store = CheckpointStore(log)
        for number, name in enumerate(("a", "b", "c"), 1):
            save(store, detections([name], [0]), {"engine": b"state"}, number)
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
        assert save(store, detections(["c", "d"], [0, 0]), {"engine": b"state"}, 4)[0] == 4


def test_a_kill_between_keys_and_segments_is_finished_by_the_next_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SqliteLog(tmp_path / "detect.sqlite", writer=True, now=lambda: 1_000.0) as log:
        store = CheckpointStore(log)
        save(store, detections(["a"], [0]), {"engine": b"state"}, 1)
        with monkeypatch.context() as patch:
            patch.setattr(log, "prune", lambda *_, **__: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                store.prune(2_000)
        assert store.prune(2_000) == 1
        assert log.read("detections", 0) == []


def test_keys_of_an_earlier_release_are_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "detect.sqlite"
    with SqliteLog(path, writer=True) as log:
        save(CheckpointStore(log), detections(["a", "b"], [0, 1]), {"engine": b"state"}, 1)
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
