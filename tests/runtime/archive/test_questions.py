"""Who was here? And DuckDB may do nothing but read the archive."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import duckdb
import pytest

from sizao.core.errors import ConfigError, LogError, UnansweredError
from sizao.log.archive.store import ArchiveStore
from sizao.runtime.archive.presence import Area
from sizao.runtime.archive.questions import SETTINGS, ArchiveQuestions, _locked
from tests.runtime.helpers import START_US, positions

START = datetime.fromtimestamp(START_US / 1e6, UTC)
SQUARE = [(101.70, 26.50), (101.71, 26.50), (101.71, 26.51), (101.70, 26.51)]


def at(second: float) -> datetime:
    return START + timedelta(seconds=second)


@pytest.fixture
def questions(tmp_path: Path) -> ArchiveQuestions:
    """1 stands inside; 2 drives through between two reports; 3 passes by; 4 was inside before; 5
    jumps over it in ten minutes; 6 is only in the log yet."""
    batches = [
        positions(["1"] * 3, [0, 30, 60], lat=[26.505] * 3, lon=[101.705] * 3),
        positions(["2"] * 2, [10, 40], lat=[26.505] * 2, lon=[101.698, 101.712]),
        positions(["3"] * 2, [10, 40], lat=[26.52] * 2, lon=[101.698, 101.712]),
        positions(["4"] * 1, [-600], lat=[26.505], lon=[101.705]),
        positions(["5"] * 2, [10, 610], lat=[26.505] * 2, lon=[101.698, 101.712]),
    ]
    with ArchiveStore(tmp_path) as store:
        for number, batch in enumerate(batches, 1):
            store.take([batch], number, 0.0)
            if number == 2:
                store.compact()
    young = positions(["6", "1"], [20, 30], lat=[26.505] * 2, lon=[101.705] * 2)
    return ArchiveQuestions(tmp_path, lambda found: [young])


def test_inside_and_passed_are_told_apart(questions: ArchiveQuestions) -> None:
    rows = questions.inside(SQUARE, at(0), at(120))
    assert [(row["vehicle"], row["how"], row["points"]) for row in rows] == [
        ("1", "inside", 3),
        ("2", "passed", 0),
        ("6", "inside", 1),
    ]
    one, two, _ = rows
    assert (one["first"], one["last"]) == (at(0), at(60))
    assert (two["first"], two["last"]) == (at(10), at(40))
    assert one["fastest_kmh"] == 50


def test_the_end_is_not_in_the_span(questions: ArchiveQuestions) -> None:
    (one, *_) = questions.inside(SQUARE, at(0), at(60))
    assert (one["vehicle"], one["points"]) == ("1", 2)
    assert questions.inside(SQUARE, at(-300), at(-100)) == []


@pytest.mark.parametrize(
    ("ring", "why"),
    [
        ([(101.7, 26.5), (101.71, 26.5)], "not a polygon"),
        ([(0, 0), (1, 1), (1, 0), (0, 1)], "crosses itself"),
        ([(100, 26), (102, 26), (102, 28), (100, 28)], "km²"),
        ([(179, 26), (181, 26), (181, 26.1)], "outside the globe"),
    ],
)
def test_an_unfit_polygon_is_refused(ring: list[tuple[float, float]], why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        Area.of(ring)


def test_a_file_that_moved_in_between_is_found_again(
    questions: ArchiveQuestions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = questions._ask

    def compacting(statement: str, **given: object) -> object:
        monkeypatch.setattr(questions, "_ask", asked)
        with ArchiveStore(tmp_path) as store:
            assert store.compact()
        return asked(statement, **given)

    monkeypatch.setattr(questions, "_ask", compacting)
    assert len(questions.inside(SQUARE, at(0), at(120))) == 3


def test_a_missing_file_is_said(questions: ArchiveQuestions, tmp_path: Path) -> None:
    for path in tmp_path.rglob("*.parquet"):
        path.unlink()
    with pytest.raises(LogError):
        questions.inside(SQUARE, at(0), at(120))


@pytest.mark.parametrize("damage", ["empty", "garbage", "cut", "spoiled"])
def test_a_damaged_file_is_said_and_mended_is_read(
    questions: ArchiveQuestions, tmp_path: Path, damage: str
) -> None:
    whole = {path: path.read_bytes() for path in tmp_path.rglob("*.parquet")}
    for path, was in whole.items():
        spoiled = was[:4] + b"\xff" * (len(was) - 12) + was[-8:]
        path.write_bytes(
            {"empty": b"", "garbage": b"x" * 200, "cut": was[:-20], "spoiled": spoiled}[damage]
        )
    with pytest.raises(LogError):
        questions.inside(SQUARE, at(0), at(120))
    with pytest.raises(LogError):
        questions.track("1", at(0), at(120))
    for path, was in whole.items():
        path.write_bytes(was)
    assert len(questions.inside(SQUARE, at(0), at(120))) == 3
    assert len(questions.track("1", at(0), at(120))) == 3


def test_too_little_memory_is_no_damage(
    questions: ArchiveQuestions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SETTINGS, "memory_limit", "100KB")
    with pytest.raises(UnansweredError) as told:
        questions.inside(SQUARE, at(0), at(120))
    assert told.value.code == "memory"


def test_an_interrupted_question_is_no_damage_and_the_next_is_answered(
    questions: ArchiveQuestions,
) -> None:
    assert len(questions.inside(SQUARE, at(0), at(120))) == 3
    (connection,) = questions._connections.values()
    over = threading.Event()

    def refusal() -> UnansweredError | None:
        try:
            questions.inside(SQUARE, at(0), at(120))
        except UnansweredError as error:
            return error
        return None

    def interrupt() -> None:
        while not over.is_set():
            connection.interrupt()

    other = threading.Thread(target=interrupt)
    other.start()
    try:
        told = next(filter(None, (refusal() for _ in range(10_000))))  # one is caught in the midst
    finally:
        over.set()
        other.join()
    assert told.code == "interrupted"
    assert len(questions.inside(SQUARE, at(0), at(120))) == 3


def test_files_that_are_always_merged_in_between_are_no_damage(
    questions: ArchiveQuestions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each manifest is old before its files are read: a nation's archive on a slow disk."""
    asked, numbers = questions._ask, count(6)

    def merged(statement: str, **given: object) -> object:
        with ArchiveStore(tmp_path) as store:
            assert store.compact()
            number = next(numbers)
            store.take([positions(["1"], [number])], number, 0.0)
        return asked(statement, **given)

    monkeypatch.setattr(questions, "_ask", merged)
    with pytest.raises(UnansweredError) as told:
        questions.inside(SQUARE, at(0), at(120))
    assert told.value.code == "changing"


@pytest.mark.parametrize(
    "statement",
    [
        "INSTALL spatial",
        "LOAD httpfs",
        "SELECT * FROM read_parquet('https://example.org/x.parquet')",
        "SELECT * FROM read_csv('/etc/passwd')",
        "COPY (SELECT 1) TO '/tmp/x.csv'",
        "ATTACH '/tmp/x.db'",
        "SET enable_external_access = true",
    ],
)
def test_duckdb_reads_the_archive_and_nothing_else(tmp_path: Path, statement: str) -> None:
    connection = _locked(tmp_path)
    with pytest.raises(duckdb.Error):
        connection.execute(statement)
    connection.close()


def test_without_the_lock_it_would_read_anything(tmp_path: Path) -> None:
    """Control."""
    with duckdb.connect() as connection:
        assert connection.execute("SELECT count(*) FROM read_csv('/etc/passwd')").fetchone()
