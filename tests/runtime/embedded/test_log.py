"""The embedded log keeps what it promises, also when the disk does not."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sizao.core.errors import ColumnError, LogError
from sizao.core.ids import PARTITIONS, partition_of
from sizao.core.schemas import PASSAGE, TOPICS, check
from sizao.runtime.embedded import segments
from sizao.runtime.embedded.log import SqliteLog
from tests.detect.judging import passage
from tests.runtime.helpers import positions


@pytest.fixture(scope="module", params=["rows", "volumes"], autouse=True)
def kept_in(request: pytest.FixtureRequest) -> Iterator[str]:
    """Everything here holds for segments in their rows, and for such as lie beside."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "volumes":
            patch.setattr("sizao.runtime.embedded.log.LARGE", 1)
        yield request.param


vehicles = st.lists(
    st.integers(0, 300).map(lambda number: str(13_800_000_000 + number)), max_size=40
)


def batch(names: list[str], first_s: float = 0.0) -> pa.RecordBatch:
    return positions(names, [first_s + step for step in range(len(names))])


def test_rows_of_a_release_whose_topic_had_fewer_columns(tmp_path: Path) -> None:
    path, one = tmp_path / "feeds.sqlite", [passage(0, "A")]
    with pytest.MonkeyPatch.context() as patch:
        fewer = PASSAGE.remove(PASSAGE.get_field_index("plate_reliability"))
        patch.setitem(TOPICS, "passages", fewer)
        patch.setitem(segments._BARE, "passages", fewer.remove_metadata())
        with SqliteLog(path, writer=True) as log:
            log.append({"passages": pa.RecordBatch.from_pylist(one, schema=fewer)})
    with SqliteLog(path) as reader:
        (segment,) = reader.read("passages", 0)
    assert check(segment.batch, PASSAGE).to_pylist() == (
        pa.RecordBatch.from_pylist(one, schema=PASSAGE).to_pylist()
    )


@given(appends=st.lists(vehicles, max_size=8), max_rows=st.integers(1, 60))
@settings(max_examples=40, deadline=None)
def test_what_was_appended_is_read_back_in_order(
    tmp_path_factory: pytest.TempPathFactory, appends: list[list[str]], max_rows: int
) -> None:
    path = tmp_path_factory.mktemp("log") / "feeds.sqlite"
    with SqliteLog(path, writer=True) as log, SqliteLog(path) as reader:
        wanted: dict[int, list[tuple[str, object]]] = {number: [] for number in range(PARTITIONS)}
        for count, names in enumerate(appends):
            new = batch(names, count * 100.0)
            log.append({"positions": new})
            for name, moment in zip(names, new.column("time").to_pylist(), strict=True):
                wanted[partition_of(name)].append((name, moment))
        read: dict[int, list[tuple[str, object]]] = {number: [] for number in range(PARTITIONS)}
        after, seqs = 0, []
        while segments := reader.read("positions", after, max_rows):
            assert len(segments) == 1 or sum(len(one.batch) for one in segments) <= max_rows
            for segment in segments:
                seqs.append(segment.seq)
                assert segment.bounds[0] == 0
                assert segment.bounds[PARTITIONS] == len(segment.batch)
                for number in range(PARTITIONS):
                    part = segment.partition(number)
                    read[number] += zip(
                        part.column("vehicle").to_pylist(),
                        part.column("time").to_pylist(),
                        strict=True,
                    )
            after = segments[-1].seq
        assert read == wanted
        assert seqs == list(range(1, 1 + sum(1 for names in appends if names)))
        assert log.last("positions") == reader.last("positions") == len(seqs)


def test_all_columns_come_back_as_they_went_in(tmp_path: Path) -> None:
    one = positions(["13800000001"], [0.0], alarm=[1], status=[3], driver=["51040219"])
    with SqliteLog(tmp_path / "feeds.sqlite", writer=True) as log:
        log.append({"positions": one})
        back = log.read("positions", 0)[0].batch
    assert back.to_pylist() == one.to_pylist()


def test_a_log_that_does_not_exist_yet_is_empty_and_then_is_not(tmp_path: Path) -> None:
    path = tmp_path / "later.sqlite"
    with SqliteLog(path) as reader:
        assert reader.read("positions", 0) == []
        assert reader.last("positions") == 0
        assert reader.rows_after("positions", 0) == (0, 0)
        with SqliteLog(path, writer=True) as log:
            assert reader.last("positions") == 0
            log.append({"positions": batch(["1", "2"])})
            assert reader.last("positions") == 1
            assert reader.rows_after("positions", 0) == (1, 2)
            assert reader.appended_s("positions", 1) is not None
            assert reader.appended_s("positions", 2) is None


def test_topics_and_columns_are_checked(tmp_path: Path) -> None:
    good = batch(["1"])
    with SqliteLog(tmp_path / "feeds.sqlite", writer=True) as log:
        with pytest.raises(LogError, match="no topic 'rumours'"):
            log.append({"rumours": good})
        with pytest.raises(ColumnError, match="missing column"):
            log.append({"driver_cards": good})
        with pytest.raises(ColumnError, match="'time' has nulls"):
            log.append(
                {
                    "positions": good.set_column(
                        1, good.schema.field("time"), pa.nulls(1, good.schema.field("time").type)
                    )
                }
            )
        assert log.last("positions") == 0
        assert log.append({"positions": good.slice(0, 0)}) == {}


def test_one_bad_batch_leaves_the_other_topics_alone(tmp_path: Path) -> None:
    with SqliteLog(tmp_path / "feeds.sqlite", writer=True) as log:
        with pytest.raises(ColumnError):
            log.append({"positions": batch(["1"]), "quarantine": batch(["1"])})
        assert log.last("positions") == 0


def test_a_second_writer_is_kept_out_and_a_reader_cannot_write(tmp_path: Path) -> None:
    path = tmp_path / "feeds.sqlite"
    with SqliteLog(path, writer=True) as log:
        with pytest.raises(LogError, match="another process is writing"):
            SqliteLog(path, writer=True)
        log.append({"positions": batch(["1"])})
        with SqliteLog(path) as reader, pytest.raises(LogError, match="reading only"):
            reader.append({"positions": batch(["1"])})
    with SqliteLog(path, writer=True) as again:
        assert again.append({"positions": batch(["1"])}) == {"positions": 2}


def test_a_stranger_and_a_newer_format_are_refused(tmp_path: Path) -> None:
    stranger = tmp_path / "stranger.sqlite"
    with sqlite3.connect(stranger) as connection:
        connection.execute("CREATE TABLE recipes (name)")
    connection.close()
    with pytest.raises(LogError, match="not a log of Sizao"):
        SqliteLog(stranger, writer=True)
    newer = tmp_path / "newer.sqlite"
    SqliteLog(newer, writer=True).close()
    with sqlite3.connect(newer) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    for writer in (True, False):
        with pytest.raises(LogError, match="newer release"), SqliteLog(newer, writer) as log:
            log.last("positions")


READER = """
import sys, pathlib
from sizao.runtime.embedded.log import SqliteLog
log = SqliteLog(pathlib.Path(sys.argv[1]))
print("ready", flush=True)
for line in sys.stdin:
    rows = sum(len(one.batch) for one in log.read("positions", 0))
    print(log.last("positions"), rows, flush=True)
"""


def test_readers_in_other_processes_see_committed_segments_only(tmp_path: Path) -> None:
    path = tmp_path / "feeds.sqlite"
    with SqliteLog(path, writer=True) as log:
        log.append({"positions": batch(["1"])})
        readers = [
            subprocess.Popen(
                [sys.executable, "-c", READER, str(path)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in range(2)
        ]

        def ask() -> set[str]:
            answers = set()
            for reader in readers:
                assert reader.stdin is not None
                assert reader.stdout is not None
                reader.stdin.write("\n")
                reader.stdin.flush()
                answers.add(reader.stdout.readline().strip())
            return answers

        try:
            for reader in readers:
                assert reader.stdout is not None
                assert reader.stdout.readline() == "ready\n"
            assert ask() == {"1 1"}
            with log.transaction() as connection:
                log.append_in(connection, "positions", batch(["2", "3"]))
                assert ask() == {"1 1"}, "seen before the commit"
            assert ask() == {"2 3"}
            with pytest.raises(RuntimeError):
                _append_and_fail(log)
            assert ask() == {"2 3"}, "seen although rolled back"
        finally:
            for reader in readers:
                reader.communicate()


@pytest.mark.parametrize("column", ["batch", "bounds"])
@pytest.mark.parametrize("harm", ["flip", "tear"])
def test_damage_is_an_error_with_a_place(tmp_path: Path, column: str, harm: str) -> None:
    path = tmp_path / "feeds.sqlite"
    with SqliteLog(path, writer=True) as log:
        for _ in range(3):
            log.append({"positions": batch(["1", "2"])})
    with sqlite3.connect(path) as connection:
        (blob,) = connection.execute(
            f"SELECT {column} FROM segment WHERE topic = 'positions' AND seq = 2"
        ).fetchone()
        middle = len(blob) // 2
        bad = (
            blob[:middle]
            if harm == "tear"
            else blob[:middle] + bytes([blob[middle] ^ 16]) + blob[middle + 1 :]
        )
        connection.execute(f"UPDATE segment SET {column} = ? WHERE seq = 2", (bad,))
    connection.close()
    with SqliteLog(path) as log:
        with pytest.raises(LogError, match="positions 2: damaged"):
            log.read("positions", 0)
        assert [one.seq for one in log.read("positions", 2)] == [3]


def test_a_missing_segment_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "feeds.sqlite"
    with SqliteLog(path, writer=True) as log:
        for _ in range(3):
            log.append({"positions": batch(["1"])})
        with log.transaction() as connection:
            connection.execute("DELETE FROM segment WHERE seq = 2")
        with pytest.raises(LogError, match="positions 2: segment is missing"):
            log.read("positions", 0)


def test_a_destroyed_file_is_a_log_error(tmp_path: Path) -> None:
    path = tmp_path / "feeds.sqlite"
    with SqliteLog(path, writer=True) as log:
        log.append({"positions": batch([str(number) for number in range(2000)])})
    data = bytearray(path.read_bytes())
    data[4096:] = b"\x55" * (len(data) - 4096)
    path.write_bytes(bytes(data))
    with SqliteLog(path) as log, pytest.raises(LogError):
        log.read("positions", 0)


def test_a_full_database_refuses_and_changes_nothing(tmp_path: Path, kept_in: str) -> None:
    if kept_in == "volumes":
        pytest.skip("a full disk under a volume: test_a_write_the_kernel_cuts_short")
    big = batch([str(number) for number in range(500)])
    with SqliteLog(tmp_path / "feeds.sqlite", writer=True) as log:
        log.append({"positions": batch(["1"])})
        with log.transaction() as connection:
            pages = connection.execute("PRAGMA page_count").fetchone()[0]
        log._connection.execute(f"PRAGMA max_page_count = {pages + 5}")  # type: ignore[union-attr]  # open
        with pytest.raises(LogError, match="full"):
            log.append({"positions": big, "quarantine": _quarantine()})
        assert log.last("positions") == 1
        assert log.last("quarantine") == 0
        log._connection.execute("PRAGMA max_page_count = 1000000")  # type: ignore[union-attr]  # open
        assert log.append({"positions": big}) == {"positions": 2}


LIMITED = """
import pathlib, resource, sys
from sizao.core.errors import LogError
from sizao.runtime.embedded.log import SqliteLog
from tests.runtime.helpers import positions
big = positions([str(n) for n in range(20000)], range(20000))
log = SqliteLog(pathlib.Path(sys.argv[1]), writer=True)
log.append({"positions": big.slice(0, 10)})
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))
try:
    log.append({"positions": big})
except LogError as error:
    print("refused", error)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(log.append({"positions": big.slice(0, 5)}), [len(s.batch) for s in log.read("positions", 0)])
"""


def test_a_write_the_kernel_cuts_short_changes_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path / "feeds.sqlite")],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).resolve().parents[3],
    )
    assert done.stdout.startswith("refused"), done.stdout + done.stderr
    assert done.stdout.endswith("{'positions': 2} [10, 5]\n")


def test_pruning_takes_the_oldest_and_numbering_goes_on(tmp_path: Path) -> None:
    moment = [100.0]
    path = tmp_path / "feeds.sqlite"
    with SqliteLog(path, writer=True, now=lambda: moment[0]) as log:
        for moment[0] in (100.0, 200.0, 300.0):
            log.append({"positions": batch(["1"])})
        assert log.prune("positions", 250.0) == 2
        assert log.prune("positions", 250.0) == 0
        assert (log.first("positions"), log.last("positions")) == (3, 3)
        assert [one.seq for one in log.read("positions", 0)] == [3]
        assert log.prune("positions", 1e12, at_most=1) == 1
        assert log.last("positions") == 3
    with SqliteLog(path, writer=True) as log:
        assert log.append({"positions": batch(["1"])}) == {"positions": 4}
        assert abs(log.read("positions", 0)[0].appended_s - time.time()) < 60


def _append_and_fail(log: SqliteLog) -> None:
    with log.transaction() as connection:
        log.append_in(connection, "positions", batch(["4"]))
        raise RuntimeError


def _quarantine() -> pa.RecordBatch:
    from sizao.core.schemas import QUARANTINE
    from tests.runtime.helpers import START_US, rows

    return rows(QUARANTINE, 1, received=[START_US], source=["t"], reason=["x"], raw=[b"~"])
