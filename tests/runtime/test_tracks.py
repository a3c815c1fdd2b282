"""Tracks are the same whether they come from pages, from segments or from both."""

from __future__ import annotations

import random
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from sizao.core.errors import LogError
from sizao.core.ids import partition_of
from sizao.core.schemas import COMMAND_RESULT, POSITION
from sizao.runtime.embedded import track_pages
from sizao.runtime.embedded.log import SqliteLog
from sizao.runtime.embedded.track_pages import TrackPages
from sizao.runtime.tracks import TrackReader
from tests.runtime.helpers import START_US, positions, rows

START = datetime.fromtimestamp(START_US / 1e6, UTC)
VEHICLES = [str(13_800_000_000 + number) for number in range(200)]


def fill(log: SqliteLog, segments: int, seed: int = 1) -> dict[str, set[int]]:
    """Append mixed segments with late and repeated points. Returns second by vehicle."""
    chance = random.Random(seed)
    expected: dict[str, set[int]] = {}
    for number in range(segments):
        names = chance.choices(VEHICLES, k=20)
        seconds = [max(number * 10 - chance.choice([0, 0, 0, 500]), 0) for _ in names]
        for name, second in zip(names, seconds, strict=True):
            expected.setdefault(name, set()).add(second)
        log.append({"positions": positions(names, seconds)})
    return expected


def seconds_of(track: pa.RecordBatch) -> list[int]:
    return [round((moment - START).total_seconds()) for moment in track.column("time").to_pylist()]


@pytest.mark.parametrize("paged", [0, 3000, 6000])
def test_a_track_is_complete_sorted_and_free_of_repeats(tmp_path: Path, paged: int) -> None:
    path = tmp_path / "feeds.sqlite"
    with SqliteLog(path, writer=True) as log, SqliteLog(path) as beside:
        expected = fill(log, 300)
        pages = TrackPages(log)
        made = 0
        while made < paged:
            made += pages.make(at_least=1, at_most=1000)
        assert made == paged
        reader = TrackReader(beside)
        for vehicle in VEHICLES[:30]:
            track = reader.track(vehicle, START, START + timedelta(days=1))
            assert seconds_of(track) == sorted(expected[vehicle])
            assert set(track.column("vehicle").to_pylist()) == {vehicle}
            part = reader.track(
                vehicle, START + timedelta(seconds=500), START + timedelta(seconds=1500)
            )
            assert seconds_of(part) == sorted(s for s in expected[vehicle] if 500 <= s < 1500)
        assert reader.track("nobody", START, START + timedelta(days=1)).schema == POSITION


def test_two_days_of_a_report_each_second_are_whole(tmp_path: Path) -> None:
    """A track that ended early would look like a vehicle that fell silent."""
    path = tmp_path / "feeds.sqlite"
    with SqliteLog(path, writer=True) as log, SqliteLog(path) as beside:
        for day in range(2):
            seconds = [float(day * 86_400 + second) for second in range(86_400)]
            log.append({"positions": positions([VEHICLES[0]] * 86_400, seconds)})
        reader = TrackReader(beside)
        track = reader.track(VEHICLES[0], START, START + timedelta(days=2))
        assert len(track) == 172_800
        few = reader.track(VEHICLES[0], START, START + timedelta(days=2), max_rows=5)
        assert seconds_of(few) == [0, 1, 2, 3, 4]


def test_pages_wait_for_company_and_are_pruned_by_age(tmp_path: Path) -> None:
    with SqliteLog(tmp_path / "feeds.sqlite", writer=True) as log:
        pages = TrackPages(log)
        fill(log, 10)
        assert pages.make(at_least=1000) == 0
        assert pages.span() == (0, 0)
        assert pages.make(at_least=100) == 200
        assert pages.span() == (0, 10)
        assert pages.prune(START_US - 1) == 0
        assert pages.prune(START_US + 10**9) > 0
        reader = TrackReader(log)
        assert len(reader.track(VEHICLES[0], START, START + timedelta(days=1))) == 0


@pytest.mark.parametrize("after", [0, 3, 7, 10])
def test_pages_may_begin_behind_what_the_archive_holds(tmp_path: Path, after: int) -> None:
    """The archive stood still after segment 7, so 8 to 10 are pages. Should it be lost, the log's
    own segments 4 to 7 must not be taken for paged."""
    path = tmp_path / "feeds.sqlite"
    with SqliteLog(path, writer=True) as log:
        pages = TrackPages(log)
        for number in range(12):
            log.append({"positions": positions(["1"], [float(number)])})
            if number == 2:
                assert pages.make(at_least=1) == 3
        assert pages.make(archived=7, at_least=1, at_most=3) == 3
        assert pages.span() == (7, 10)
        whole = START, START + timedelta(days=1)
        track = TrackReader(log).track("1", *whole, after=after)
        assert set(range(after, 12)) <= set(seconds_of(track))
        assert pages.make(archived=9, at_least=1) == 2
        assert pages.span() == (7, 12)


def test_pages_of_an_older_release_are_known_before_and_after_its_upgrade(tmp_path: Path) -> None:
    path = tmp_path / "feeds.sqlite"
    with SqliteLog(path, writer=True) as log:
        fill(log, 10)
        TrackPages(log).make(at_least=1)
        with log.transaction() as connection:
            connection.execute("DROP TABLE track_span")
            connection.execute("CREATE TABLE track_upto (seq INTEGER NOT NULL)")
            connection.execute("INSERT INTO track_upto VALUES (10)")
            assert track_pages.span(connection) == (0, 10)
        for _ in range(2):
            assert TrackPages(log).span() == (0, 10)
        with log.reading() as connection:
            names = "SELECT name FROM sqlite_master WHERE name LIKE 'track_u%'"
            assert connection is not None
            assert connection.execute(names).fetchall() == []


def test_only_what_the_span_touches_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "feeds.sqlite"
    with SqliteLog(path, writer=True) as log:
        for second in (0, 1000, 2000):
            log.append({"positions": positions(["1"], [second])})
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE segment SET batch = x'00' WHERE seq IN (1, 3)")
    connection.close()
    with SqliteLog(path) as log:
        reader = TrackReader(log)
        middle = START + timedelta(seconds=900)
        assert len(reader.track("1", middle, middle + timedelta(seconds=200))) == 1
        with pytest.raises(LogError, match="positions 1: damaged"):
            reader.track("1", START, middle)


def test_command_results_are_read_on_from_where_one_was(tmp_path: Path) -> None:
    one = rows(COMMAND_RESULT, 1, command=["c1"], time=[START_US], vehicle=["1"], state=["sent"])
    with SqliteLog(tmp_path / "feeds.sqlite", writer=True) as log:
        reader = TrackReader(log)
        assert reader.latest_command_results(0) == []
        log.append({"command_results": one})
        log.append({"command_results": one})
        assert [segment.seq for segment in reader.latest_command_results(1)] == [2]


def test_pages_hold_their_rows_by_vehicle_and_time_whatever_came_first(tmp_path: Path) -> None:
    """As sorting by two columns would have them, what came first of two reports of a moment
    before the other."""
    chance = random.Random(3)
    count = 900
    batches = [
        positions(
            [f"1380000{chance.randrange(70):04}" for _ in range(count)],
            [float(chance.randrange(300)) for _ in range(count)],
            speed_kmh=[float(number) for number in range(start, start + count)],
        )
        for start in (0, count)
    ]
    with SqliteLog(tmp_path / "feeds.sqlite", writer=True) as log:
        for batch in batches:
            log.append({"positions": batch})
        pages = TrackPages(log)
        assert pages.make(at_least=1) == 2 * count
        found = list(track_pages.every(log, at_least=1))
    kept = pa.Table.from_batches(found).select(["vehicle", "time", "speed_kmh"])
    order = [("vehicle", "ascending"), ("time", "ascending")]
    whole = pa.Table.from_batches(batches).select(kept.column_names).sort_by(order)
    numbers = pa.array([partition_of(name) for name in whole["vehicle"].to_pylist()])
    by_partition = np.argsort(numbers.to_numpy(), kind="stable")
    assert kept.to_pylist() == whole.take(pa.array(by_partition)).to_pylist()
