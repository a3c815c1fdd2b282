"""The database that tests copy has every migration; made once, and anew for another source."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from contextlib import closing
from pathlib import Path

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from .migrated import Migrated


def test_nothing_is_left_to_migrate(db: None) -> None:
    executor = MigrationExecutor(connection)
    assert executor.migration_plan(executor.loader.graph.leaf_nodes()) == []


def test_who_comes_later_waits_and_gets_a_copy(tmp_path: Path) -> None:
    kept, made, copy = tmp_path / "kept", tmp_path / "made.sqlite", tmp_path / "copy.sqlite"
    kept.mkdir()
    (kept / "0123.sqlite").write_bytes(b"of another source")

    def later() -> None:
        with Migrated(kept) as second:
            second.copy_to(copy)

    with ThreadPoolExecutor(1) as pool, Migrated(kept) as first:
        first.copy_to(copy)
        assert not copy.exists(), "one of another source"
        waits = pool.submit(later)
        with pytest.raises(NotYet):
            waits.result(0.3)
        with closing(sqlite3.connect(made)) as database:
            database.execute("CREATE TABLE desk (a)")
        first.keep(made)
        waits.result(60)
    with closing(sqlite3.connect(copy)) as database:
        assert database.execute("SELECT name FROM sqlite_master").fetchall() == [("desk",)]
    assert len(list(kept.glob("*.sqlite*"))) == 1


def test_who_fails_to_make_one_leaves_it_to_the_next(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no migration"), Migrated(tmp_path):
        raise ValueError("no migration")
    with Migrated(tmp_path) as next_one:
        next_one.copy_to(tmp_path / "copy")
    assert not (tmp_path / "copy").exists()
