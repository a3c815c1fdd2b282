"""Tallies are exactly what the segments hold, whenever the writer is killed."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import textwrap
from collections import Counter
from pathlib import Path

import pytest

from sizao.core.clock import ManualClock
from sizao.core.errors import LogError
from sizao.log.sketch import estimate, from_bytes
from sizao.log.tally import HOUR_US, tally
from sizao.runtime.embedded.housekeeping import Housekeeping
from sizao.runtime.embedded.log import SqliteLog
from sizao.runtime.embedded.tally_reader import LogTallies
from tests.runtime.helpers import START_US, positions

ROOT = Path(__file__).resolve().parents[3]
HOUR = START_US // HOUR_US
ALL = (0, 1 << 40)

WRITER = """
    import os, signal, sys
    from pathlib import Path
    from sizao.runtime.embedded import tallies
    from sizao.runtime.embedded.log import SqliteLog
    from tests.runtime.helpers import positions

    moment, path = sys.argv[1], Path(sys.argv[2])
    log = SqliteLog(path, writer=True)
    add = tallies.add
    if moment == "control":  # the tally in a transaction of its own, after the segment's
        kept = []
        tallies.add = lambda connection, found: kept.append(found)
    for number in range(10_000):
        if number == 7 and moment == "before":
            tallies.add = lambda connection, found: os.kill(os.getpid(), signal.SIGKILL)
        if number == 7 and moment == "between":
            tallies.add = lambda *both: (add(*both), os.kill(os.getpid(), signal.SIGKILL))
        log.append({"positions": positions([f"v{number}"] * 3, [number * 60.0] * 3)})
        if number == 7:
            os.kill(os.getpid(), signal.SIGKILL)
        if moment == "control":
            with log.transaction() as connection:
                add(connection, kept.pop())
"""


def killed(moment: str, path: Path) -> None:
    script = textwrap.dedent(WRITER)
    process = subprocess.run(
        [sys.executable, "-c", script, moment, str(path)], cwd=ROOT, check=False
    )
    assert process.returncode == -signal.SIGKILL


def counted(path: Path) -> tuple[Counter[object], Counter[object]]:
    """What the tally says, and what the segments say."""
    with SqliteLog(path) as log:
        told = Counter({key[:3]: key[3] for key in LogTallies(log).counts(*ALL)})
        true: Counter[object] = Counter()
        for segment in log.read("positions", 0, 1 << 40):
            true.update(tally("positions", segment.batch).counts)
    return told, true


@pytest.mark.parametrize(("moment", "rows"), [("before", 21), ("between", 21), ("after", 24)])
def test_a_kill_leaves_tally_and_segments_equal(moment: str, rows: int, tmp_path: Path) -> None:
    path = tmp_path / "feeds.sqlite"
    killed(moment, path)
    told, true = counted(path)
    assert told == true
    assert sum(n for key, n in true.items() if key[2] == "accepted/positions") == rows  # type: ignore[index]  # keys are tuples here


def test_control_a_tally_of_its_own_differs_after_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "feeds.sqlite"
    killed("control", path)
    told, true = counted(path)
    assert told != true


def test_a_refused_append_counts_nothing(tmp_path: Path) -> None:
    with SqliteLog(tmp_path / "feeds.sqlite", writer=True) as log:
        with log.transaction() as connection:
            connection.execute(
                "CREATE TRIGGER full BEFORE UPDATE ON topic BEGIN SELECT raise(ABORT, 'full'); END"
            )
        log.append({"positions": positions(["a"], [0.0])})
        before = LogTallies(log).counts(*ALL)
        with pytest.raises(LogError, match="full"):
            log.append(
                {"positions": positions(["b"], [0.0])}, {("test", HOUR, "bytes/received"): 1}
            )
        assert LogTallies(log).counts(*ALL) == before


def test_silences_are_noted_when_the_source_speaks_again(tmp_path: Path) -> None:
    with SqliteLog(tmp_path / "feeds.sqlite", writer=True) as log:
        for second in (0.0, 30.0, 300.0, 290.0, 310.0):
            log.append({"positions": positions(["a"], [second])})
        tallies = LogTallies(log)
        first = START_US + 1_000_000
        gap = ("test", "positions", first + 30_000_000, first + 300_000_000)
        assert tallies.quiet(0) == [gap]
        assert tallies.quiet(gap[3]) == []
        # A record that was received earlier does not turn the clock back.
        assert tallies.heard() == [("test", "positions", first + 310_000_000)]
        assert tallies.begun() == {"test": HOUR}


def test_vehicles_of_an_hour_are_merged_over_appends(tmp_path: Path) -> None:
    with SqliteLog(tmp_path / "feeds.sqlite", writer=True) as log:
        names = [f"1000000{number:04d}" for number in range(100)]
        for second in (0.0, 20.0, 40.0):
            log.append({"positions": positions(names, [second] * 100)})
        [(source, hour, sketch)] = LogTallies(log).sketches(*ALL)
        assert (source, hour) == ("test", HOUR)
        assert estimate(from_bytes(sketch)) == pytest.approx(100, rel=0.03)


def test_a_log_from_before_gets_its_tables_and_its_readers_see_none(tmp_path: Path) -> None:
    path = tmp_path / "feeds.sqlite"
    with SqliteLog(path, writer=True) as log:
        log.append({"positions": positions(["a"], [0.0])})
    with sqlite3.connect(path) as connection:
        for table in ("tally", "heard", "quiet", "seen"):
            connection.execute(f"DROP TABLE {table}")
    connection.close()
    with SqliteLog(path) as old:
        tallies = LogTallies(old)
        assert (tallies.counts(*ALL), tallies.heard(), tallies.quiet(0)) == ([], [], [])
    with SqliteLog(path, writer=True) as log:
        log.append({"positions": positions(["a"], [0.0])})
        assert ("test", HOUR, "accepted/positions", 1) in LogTallies(log).counts(*ALL)
    with SqliteLog(tmp_path / "none.sqlite") as none:
        assert LogTallies(none).counts(*ALL) == []


def test_old_tallies_go(tmp_path: Path) -> None:
    with SqliteLog(tmp_path / "feeds.sqlite", writer=True) as log:
        log.append({"positions": positions(["a", "a"], [0.0, 7200.0])})
        later = START_US / 1e6 + 400 * 86_400 + 3600
        Housekeeping(log, ManualClock(later))()
        hours = {hour for _, hour, _, _ in LogTallies(log).counts(*ALL)}
        assert hours == {HOUR + 2}
