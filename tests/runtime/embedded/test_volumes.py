"""Large segments lie beside the database, and are there if and only if a row names them."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from sizao.core.errors import LogError
from sizao.core.ids import partition_of
from sizao.log.encoding import PACKED
from sizao.log.interface import Segment
from sizao.runtime.embedded import tallies, volumes
from sizao.runtime.embedded.log import SqliteLog
from sizao.runtime.embedded.volumes import LARGE, Volumes, place_of
from sizao.runtime.tracks import TrackReader
from tests.runtime.helpers import START_US, positions

ROOT = Path(__file__).resolve().parents[3]


def large(first: int = 0, rows: int = 3000) -> pa.RecordBatch:
    names = [str(13_800_000_000 + first + number) for number in range(rows)]
    return positions(names, [float(number) for number in range(rows)])


def stored(path: Path) -> list[bytes]:
    with sqlite3.connect(path) as connection:
        found = connection.execute("SELECT batch FROM segment ORDER BY topic, seq").fetchall()
    connection.close()
    return [one for (one,) in found]


def names(segments: list[Segment]) -> list[set[str]]:
    return [set(one.batch.column("vehicle").to_pylist()) for one in segments]


def bins(path: Path) -> list[str]:
    return sorted(one.name for one in Volumes(path).folder.glob("*.bin"))


def test_a_large_segment_lies_beside_the_database_and_a_small_one_in_its_row(
    tmp_path: Path,
) -> None:
    path = tmp_path / "feeds.sqlite"
    batches = [large(), large(0, 10), large(5000)]
    with SqliteLog(path, writer=True) as log, SqliteLog(path) as reader:
        for one in batches:
            log.append({"positions": one})
        assert names(log.read("positions", 0)) == [
            set(one.column("vehicle").to_pylist()) for one in batches
        ]
        assert names(reader.read("positions", 0, 100_000)) == names(
            log.read("positions", 0, 100_000)
        )
    first, small, last = map(place_of, stored(path))
    assert first is not None
    assert small is None
    assert last is not None
    assert first.size >= LARGE
    assert (first.number, first.start) == (1, 0)
    assert (last.number, last.start) == (1, first.size)
    # Room that was asked for ahead is given back.
    assert Volumes(path).path("positions", 1).stat().st_size == first.size + last.size
    with SqliteLog(path, writer=True) as log:
        assert log.append({"positions": large()}) == {"positions": 4}
        assert len(log.read("positions", 0, 100_000)) == 4


def test_tracks_are_found_in_volumes(tmp_path: Path) -> None:
    path = tmp_path / "feeds.sqlite"
    with SqliteLog(path, writer=True) as log:
        log.append({"positions": large()})
        start = datetime.fromtimestamp(START_US / 1e6, UTC)
        track = TrackReader(log).track("13800000007", start, start + timedelta(hours=1))
    assert track.column("vehicle").to_pylist() == ["13800000007"]
    assert place_of(stored(path)[0]) is not None


def test_a_log_written_before_there_were_volumes_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "feeds.sqlite"
    with sqlite3.connect(path) as connection:
        connection.executescript(
            (Path(__file__).parent / "format1.sql").read_text(encoding="utf-8")
        )
    connection.close()
    wanted = [{"10000000001", "10000000002"}, {"10000000001"}]
    with SqliteLog(path) as reader:
        assert names(reader.read("positions", 0)) == wanted
        with SqliteLog(path, writer=True) as log:
            assert names(log.read("positions", 0)) == wanted
            assert log.append({"positions": large()}) == {"positions": 3}
        assert names(reader.read("positions", 1)) == [
            wanted[1],
            set(large().column("vehicle").to_pylist()),
        ]
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (3,)
    connection.close()


def packable(rows: int) -> pa.RecordBatch:
    """Positions that came together, in narrow columns a segment of 50 bytes a row."""
    batch = large(0, rows)
    received = pa.array([START_US] * rows, batch.schema.field("received").type)
    return batch.set_column(2, batch.schema.field("received"), received)


def test_a_log_with_segments_of_arrow_alone_goes_on_with_narrow_ones(tmp_path: Path) -> None:
    path = tmp_path / "feeds.sqlite"
    with SqliteLog(path, writer=True) as log:
        log.append({"positions": large()})
    # What the release before has written.
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 2")
    connection.close()
    with SqliteLog(path) as reader, SqliteLog(path, writer=True) as log:
        log.append({"positions": packable(6000)})
        log.append({"positions": packable(300)})
        log.append({"positions": packable(200)})
        with sqlite3.connect(path) as connection:
            assert connection.execute("PRAGMA user_version").fetchone() == (3,)
        connection.close()
        first, *others = reader.read("positions", 0, 100_000)
    assert first.batch.num_rows == 3000
    assert [one.batch.num_rows for one in others] == [6000, 300, 200]
    for one in others:
        rows = sorted(one.batch.to_pylist(), key=lambda row: row["vehicle"])
        assert rows == packable(len(rows)).to_pylist()
        assert one.batch.schema.equals(first.batch.schema)
        assert [row["vehicle"] for row in one.partition(7).to_pylist()] == [
            row["vehicle"] for row in rows if partition_of(row["vehicle"]) == 7
        ]
    old, big, small, few = stored(path)
    assert Volumes(path).content("positions", old).startswith(b"\xff\xff\xff\xff")
    place = place_of(big)
    assert place is not None
    assert place.size < 60 * 6000
    assert Volumes(path).content("positions", big).startswith(PACKED)
    assert small.startswith(PACKED)
    assert few.startswith(b"\xff\xff\xff\xff")


@pytest.mark.parametrize("harm", ["flip", "tear", "remove"])
def test_damage_to_a_volume_is_an_error_with_a_place(tmp_path: Path, harm: str) -> None:
    path = tmp_path / "feeds.sqlite"
    with SqliteLog(path, writer=True) as log:
        for number in range(3):
            log.append({"positions": large(number)})
    volume = Volumes(path).path("positions", 1)
    place = place_of(stored(path)[1])
    assert place is not None
    data = bytearray(volume.read_bytes())
    data[place.start + 100] ^= 16
    if harm == "remove":
        volume.unlink()
    else:
        volume.write_bytes(data if harm == "flip" else data[: place.start + 100])
    wanted = "volume is missing" if harm == "remove" else "positions 2: damaged"
    with SqliteLog(path) as log, pytest.raises(LogError, match=wanted):
        log.read("positions", 0, 100_000)


def test_pruning_deletes_whole_volumes_and_no_number_comes_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(volumes, "FULL", 1)
    path = tmp_path / "feeds.sqlite"
    moment = [0.0]
    with SqliteLog(path, writer=True, now=lambda: moment[0]) as log:
        for moment[0] in (1.0, 2.0, 3.0):
            log.append({"positions": large()})
        assert bins(path) == ["positions-1.bin", "positions-2.bin", "positions-3.bin"]
        assert log.prune("positions", 2.5) == 2
        assert bins(path) == ["positions-3.bin"]
        assert log.prune("positions", 9.0) == 1
        assert bins(path) == ["positions-3.bin"]
    (path.parent / "feeds.sqlite.volumes" / "positions-9.bin").write_bytes(b"never committed")
    with SqliteLog(path, writer=True) as log:
        assert bins(path) == ["positions-3.bin"]
        log.append({"positions": large()})
        assert bins(path) == ["positions-3.bin", "positions-4.bin"]


def test_a_reader_whom_pruning_overtakes_reads_what_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(volumes, "FULL", 1)
    path = tmp_path / "feeds.sqlite"
    moment = [0.0]
    with (
        SqliteLog(path, writer=True, now=lambda: moment[0]) as log,
        SqliteLog(path) as reader,
    ):
        for moment[0] in (1.0, 2.0, 3.0):
            log.append({"positions": large(int(moment[0]))})
        content = reader._volumes.content

        def late(topic: str, blob: bytes) -> bytes:
            log.prune("positions", 2.5)
            return content(topic, blob)

        monkeypatch.setattr(reader._volumes, "content", late)
        assert [one.seq for one in reader.read("positions", 0)] == [3]


def test_what_a_refused_transaction_wrote_is_never_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "feeds.sqlite"
    with SqliteLog(path, writer=True) as log:

        def refuse(*_: object) -> None:
            raise sqlite3.OperationalError("disk I/O error")

        with monkeypatch.context() as patch:
            patch.setattr(tallies, "add", refuse)
            with pytest.raises(LogError, match="I/O"):
                log.append({"positions": large()})
        assert log.last("positions") == 0
        assert log.append({"positions": large(7)}) == {"positions": 1}
        assert len(log.read("positions", 0)) == 1
    place = place_of(stored(path)[0])
    assert place is not None
    # Its row might come back to life after a power cut: then its bytes are still its own.
    assert place.start >= LARGE


def test_a_file_that_could_not_be_synced_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "feeds.sqlite"
    with SqliteLog(path, writer=True) as log:
        log.append({"positions": large()})

        def refuse(file: int) -> None:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

        with monkeypatch.context() as patch:
            patch.setattr(os, "fdatasync", refuse)
            with pytest.raises(LogError, match="Input/output error"):
                log.append({"positions": large()})
        assert log.append({"positions": large()}) == {"positions": 2}
        assert len(log.read("positions", 0, 100_000)) == 2
    numbers = [place.number for one in stored(path) if (place := place_of(one))]
    assert numbers == [1, 2]


def test_a_copy_without_its_last_bytes_is_not_written_over(tmp_path: Path) -> None:
    path, copy = tmp_path / "feeds.sqlite", tmp_path / "copy.sqlite"
    with SqliteLog(path, writer=True) as log:
        log.append({"positions": large()})
    shutil.copy(path, copy)
    shutil.copytree(Volumes(path).folder, Volumes(copy).folder)
    os.truncate(Volumes(copy).path("positions", 1), 1000)
    with SqliteLog(copy, writer=True) as log:
        log.append({"positions": large()})
        with pytest.raises(LogError, match="positions 1: damaged"):
            log.read("positions", 0)
        assert len(log.read("positions", 1)) == 1
    assert Volumes(copy).path("positions", 1).stat().st_size == 1000


DIES = """
import os, pathlib, sys
from sizao.runtime.embedded.log import SqliteLog
from sizao.runtime.embedded.volumes import Place, VolumeWriter
from tests.runtime.embedded.test_volumes import large

class Later(VolumeWriter):
    "The safeguard switched off: the row is committed first, the bytes come with the next one."
    waiting = []
    def put(self, topic, blob):
        for one in self.waiting:
            super().put(topic, one)
        self.waiting[:] = [blob]
        end = self._topics[topic].end if topic in self._topics else 0
        return Place(1, end, len(blob))

log = SqliteLog(pathlib.Path(sys.argv[1]), writer=True)
if sys.argv[2] == "row first":
    log._volumes.__class__ = Later
for number in range(3):
    log.append({"positions": large(number)})
os._exit(9)
"""


@pytest.mark.parametrize("order", ["file first", "row first"])
def test_a_writer_that_dies_leaves_every_committed_segment_whole(
    tmp_path: Path, order: str
) -> None:
    path = tmp_path / "feeds.sqlite"
    died = subprocess.run([sys.executable, "-c", DIES, str(path), order], cwd=ROOT, check=False)
    assert died.returncode == 9
    with SqliteLog(path, writer=True) as log:
        if order == "row first":
            with pytest.raises(LogError, match="positions 3: damaged"):
                log.read("positions", 2)
            return
        assert len(log.read("positions", 0, 100_000)) == 3
        assert log.append({"positions": large()}) == {"positions": 4}
        assert len(log.read("positions", 0, 100_000)) == 4
