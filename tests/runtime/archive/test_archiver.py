"""From the log into the archive: nothing is deleted there before it is kept here."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sizao.core.clock import ManualClock
from sizao.core.errors import LogError
from sizao.log.archive import manifest
from sizao.log.archive.store import ArchiveStore
from sizao.log.datadir import DataDir
from sizao.runtime.archive.archiver import Archiver, Cadence
from sizao.runtime.archive.held import held
from sizao.runtime.archive.questions import ArchiveQuestions
from sizao.runtime.archive.tracks import Tracks
from sizao.runtime.embedded.housekeeping import DAY_S, Housekeeping, Retention
from sizao.runtime.embedded.log import SqliteLog
from sizao.runtime.embedded.track_pages import TrackPages
from sizao.runtime.tracks import TrackReader
from tests.log.archive.rows import START_S, kept, keys_of, pieces
from tests.runtime.helpers import START_US, positions

CLOCK = ManualClock(START_US / 1e6)


def archived(data: DataDir, **given: float) -> None:
    """Take everything there is, once."""
    with ArchiveStore(data.archive) as store, SqliteLog(data.feeds_log) as feeds:
        Archiver(feeds, store, CLOCK, **given).run(once=True)


@pytest.fixture
def data(tmp_path: Path) -> DataDir:
    return DataDir(tmp_path).create()


def test_everything_in_the_log_is_kept_once_and_tracks_are_whole(data: DataDir) -> None:
    made = pieces(20)
    with SqliteLog(data.feeds_log, writer=True) as log:
        for batch in made[:15]:
            log.append({"positions": batch})
        archived(data)
        assert sorted(kept(data.archive)) == sorted(set(keys_of(made[:15])))
        for batch in made[15:]:
            log.append({"positions": batch})
        questions = ArchiveQuestions(data.archive)
        tracks = Tracks(TrackReader(log), questions)
        start = datetime.fromtimestamp(START_S, UTC)
        for vehicle in {name for name, _ in keys_of(made)}:
            expected = sorted({key for key in keys_of(made) if key[0] == vehicle})
            track = tracks.track(vehicle, start, start + timedelta(days=5))
            assert keys_of([track]) == expected
            part = questions.track(vehicle, start, start + timedelta(hours=30))
            cut = START_US + 30 * 3600 * 1_000_000
            old = {key for key in keys_of(made[:15]) if key[0] == vehicle and key[1] < cut}
            assert keys_of([part]) == sorted(old)
        questions.close()


def test_of_the_log_only_what_is_not_archived_yet_is_read(data: DataDir) -> None:
    """Segments that are in the archive are spoiled here: who read them would say so."""
    made = pieces(6)
    with SqliteLog(data.feeds_log, writer=True) as log:
        for batch in made[:4]:
            log.append({"positions": batch})
        archived(data)
        for batch in made[4:]:
            log.append({"positions": batch})
        with log.transaction() as connection:
            connection.execute("UPDATE segment SET crc = crc + 1 WHERE seq <= 4")
        reader, questions = TrackReader(log), ArchiveQuestions(data.archive)
        start = datetime.fromtimestamp(START_S, UTC)
        end = start + timedelta(days=5)
        for vehicle in {name for name, _ in keys_of(made)}:
            track = Tracks(reader, questions).track(vehicle, start, end)
            assert keys_of([track]) == sorted({k for k in keys_of(made) if k[0] == vehicle})
        with pytest.raises(LogError, match="damaged"):
            reader.track(vehicle, start, end)
        questions.close()


def test_a_file_is_written_when_enough_waits_or_waited_long_enough(data: DataDir) -> None:
    wall = [1_000.0]
    with (
        SqliteLog(data.feeds_log, writer=True, now=lambda: wall[0]) as log,
        ArchiveStore(data.archive) as store,
    ):
        archiver = Archiver(
            log, store, CLOCK, Cadence(take_rows=100, take_s=300), wall=lambda: wall[0]
        )
        assert not archiver.turn()
        log.append({"positions": positions(["1"] * 60, list(range(60)))})
        assert not archiver.turn()
        wall[0] += 299
        assert not archiver.turn()
        assert archiver.counters()["behind_s"] == 299
        wall[0] += 1
        assert archiver.turn()
        assert archiver.counters()["behind_s"] == 0
        for first in (100, 200):
            log.append({"positions": positions(["1"] * 60, [float(first + n) for n in range(60)])})
        assert archiver.turn()
        assert len(store.manifest.fresh) == 2


def test_as_much_is_taken_at_once_as_was_asked_for_however_it_is_read(
    data: DataDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sizao.runtime.archive.archiver.READ_ROWS", 70)
    made = pieces(9, each=30)
    with SqliteLog(data.feeds_log, writer=True) as log, ArchiveStore(data.archive) as store:
        for batch in made:
            log.append({"positions": batch})
        archiver = Archiver(log, store, CLOCK, Cadence(take_rows=33 * 4 + 5))
        for upto in (4, 8):
            assert archiver.turn()
            assert store.manifest.upto == upto, "33 rows a segment: four fit, five do not"
        assert not archiver.turn(), "one segment waits for others"
        assert archiver.turn(all_of_it=True)
        assert archiver.taken == 9 * 33
    assert set(kept(data.archive)) == set(keys_of(made))


@pytest.mark.parametrize(("spare_share", "tidied"), [(0.25, False), (1.0, True)])
def test_past_days_are_made_tidy_when_there_is_time(
    data: DataDir, spare_share: float, tidied: bool
) -> None:
    """Each look at the clock takes a second here: what has to be done takes most of the time."""
    seconds = itertools.count()
    cadence = Cadence(take_rows=1, take_s=0, compact_rows=1, expire_s=1e9, spare_share=spare_share)
    with SqliteLog(data.feeds_log, writer=True) as log, ArchiveStore(data.archive) as store:
        archiver = Archiver(log, store, CLOCK, cadence, monotonic=lambda: float(next(seconds)))

        def days() -> list[int]:
            return [len(day.files) for day in store.manifest.days.values()]

        for batch in pieces(20):
            log.append({"positions": batch})
            while archiver.turn():
                pass
        assert (days()[0] == 1) is tidied
        for _ in range(80):
            archiver.turn()
        assert days()[0] == 1, "an hour of rest, and it is still not tidy"


def test_the_log_deletes_only_what_the_archive_holds(data: DataDir) -> None:
    long_ago = time.time() - 30 * DAY_S
    with SqliteLog(data.feeds_log, writer=True, now=lambda: long_ago) as log:
        for second in range(4):
            log.append({"positions": positions(["1"] * 10, [float(second)] * 10)})
        keep = Housekeeping(
            log, CLOCK, Retention(segments=7), archived=lambda: held(log, data.archive)
        )
        keep.pages.make(at_least=1)
        keep()
        assert log.first("positions") == 1, "deleted though no archive holds it"
        archived(data)
        log.append({"positions": positions(["1"], [100.0])})
        keep.pages.make(at_least=1)
        keep()
        assert (log.first("positions"), log.last("positions")) == (5, 5)
        # Control: without the archive's word, age alone decides.
        Housekeeping(log, CLOCK, Retention(segments=7))()
        assert log.first("positions") == 6


def test_a_damaged_archive_stops_deletion(data: DataDir) -> None:
    with SqliteLog(data.feeds_log, writer=True, now=lambda: 0.0) as log:
        log.append({"positions": positions(["1"], [0.0])})
        archived(data)
        (data.archive / manifest.NAME).write_text("{")
        keep = Housekeeping(log, CLOCK, archived=lambda: held(log, data.archive))
        keep.pages.make(at_least=1)
        keep()
        assert log.first("positions") == 1


def test_a_replaced_log_is_read_from_its_start(data: DataDir) -> None:
    with SqliteLog(data.feeds_log, writer=True) as log:
        for second in range(3):
            log.append({"positions": positions(["1"], [float(second)])})
    archived(data)
    for path in data.root.glob("feeds.sqlite*"):
        path.unlink()
    with SqliteLog(data.feeds_log, writer=True) as log:
        for second in range(2, 9):
            log.append({"positions": positions(["1"], [float(second)])})
        assert held(log, data.archive) == 0, "numbers of another log"
        archived(data)
        assert held(log, data.archive) == 7
    assert len(kept(data.archive)) == 9
    assert manifest.load(data.archive).generation == 2


def test_half_a_year_of_track_pages_is_taken_over(data: DataDir) -> None:
    made = pieces(10)
    with SqliteLog(data.feeds_log, writer=True, now=lambda: 0.0) as log:
        for batch in made:
            log.append({"positions": batch})
        TrackPages(log).make(at_least=1)
        assert log.prune("positions", 1e12) == 10
        log.append({"positions": positions(["1"], [5.0])})
        archived(data)
        expected = {*keys_of(made), ("1", START_US + 5_000_000)}
        assert sorted(kept(data.archive)) == sorted(expected)
        assert held(log, data.archive) == 11


def test_days_past_the_retention_go(data: DataDir) -> None:
    with SqliteLog(data.feeds_log, writer=True) as log:
        for batch in pieces(20):
            log.append({"positions": batch})
    archived(data, keep_days=1_000.0)
    found = manifest.load(data.archive)
    later = ManualClock(START_US / 1e6 + 11 * DAY_S)
    with ArchiveStore(data.archive) as store, SqliteLog(data.feeds_log) as feeds:
        gone = Archiver(feeds, store, later, keep_days=10.0).expire()
        assert gone == list(found.days)[: len(gone)]
        assert len(gone) == 1


def test_a_killed_process_loses_and_doubles_nothing(data: DataDir) -> None:
    made = pieces(60)
    with SqliteLog(data.feeds_log, writer=True) as log:
        for batch in made:
            log.append({"positions": batch})
    code = (
        "import sys, pathlib\n"
        "from sizao.core.clock import SystemClock\n"
        "from sizao.log.archive.store import ArchiveStore\n"
        "from sizao.runtime.archive.archiver import Archiver, Cadence\n"
        "from sizao.runtime.embedded.log import SqliteLog\n"
        "root = pathlib.Path(sys.argv[1])\n"
        "store = ArchiveStore(root / 'archive', bucket_rows=200)\n"
        "print('up', flush=True)\n"
        "cadence = Cadence(take_rows=100, compact_rows=300)\n"
        "feeds = SqliteLog(root / 'feeds.sqlite')\n"
        "Archiver(feeds, store, SystemClock(), cadence, keep_days=1e4).run(once=True)\n"
        "print('done', flush=True)\n"
    )
    ends = []
    for patience_s in (0.05, 0.12, 0.3, 300.0):
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(data.root)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        try:
            process.wait(patience_s)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
        ends.append(process.returncode)
        process.stdout.close()
    assert ends[-1] == 0
    assert -signal.SIGKILL in ends, "no kill hit the work"
    assert sorted(kept(data.archive)) == sorted(set(keys_of(made)))
