"""Reading quarantine again: each record taken once, whatever is ordered twice or killed."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from sizao.core.schemas import QUARANTINE
from sizao.feeds.jt808.encode import encode_frame
from sizao.feeds.jt808.location import decode_base
from sizao.feeds.jt808.media import media_body
from sizao.feeds.jt808.redecode import NO_PLACE
from sizao.log.evidence import EvidenceStore
from sizao.log.tally import HOUR_US
from sizao.runtime.embedded import quarantine
from sizao.runtime.embedded.log import SqliteLog
from sizao.runtime.embedded.quarantine import LogQuarantine, Order, Replayer
from sizao.runtime.embedded.tally_reader import LogTallies
from tests.runtime.helpers import START_US
from tests.runtime.terminal import location

ROOT = Path(__file__).resolve().parents[3]


def frame(number: int) -> bytes:
    import time

    ago_s = time.time() - START_US / 1e6 - number
    return encode_frame(0x0200, "13800000001", number % 65_536, location(50.0, ago_s))[1:-1]


def fill(log: SqliteLog, good: int, bad: int, *, each: int = 7) -> None:
    rows = [
        {
            "received": datetime.fromtimestamp(START_US / 1e6 + number, UTC),
            "source": "jt808",
            "peer": "13800000001",
            "reason": "unsupported" if number < good else "bad_checksum",
            "detail": "",
            "raw": frame(number) if number < good else b"\x02\x00 nothing of ours",
        }
        for number in range(good + bad)
    ]
    for start in range(0, len(rows), each):
        batch = pa.RecordBatch.from_pylist(rows[start : start + each], schema=QUARANTINE)
        log.append({"quarantine": batch})


def order(name: str = "o1", **more: object) -> Order:
    base = {"log": "feeds", "source": None, "reason": None, "since_us": None}
    return Order(name, **{**base, "until_us": 1 << 60, **more})  # type: ignore[arg-type]  # any field


def carry_out(log: SqliteLog, one: Order) -> dict[str, int | None]:
    replayer = Replayer(log)
    while replayer.commit(replayer.prepare(one), START_US):
        pass
    found = replayer.store.outcome(one.id)
    assert found is not None
    return found


def positions(log: SqliteLog) -> list[int]:
    """Seconds of the positions in the log."""
    seconds = []
    for segment in log.read("positions", 0, 1 << 40):
        for time in segment.batch.column("time").to_pylist():
            seconds.append(round(time.timestamp() - START_US / 1e6))
    return sorted(seconds)


def test_what_decodes_is_appended_and_the_rest_stays(tmp_path: Path) -> None:
    with SqliteLog(tmp_path / "feeds.sqlite", writer=True) as log:
        fill(log, good=20, bad=5)
        found = carry_out(log, order())
        assert found == {"taken": 20, "rows": 20, "bad": 5, "before": 0, "finished_us": START_US}
        assert positions(log) == list(range(20))
        # It is counted as accepted in the hour in which it was received.
        counts = {row[2]: row[3] for row in LogTallies(log).counts(0, 1 << 40)}
        assert counts["accepted/positions"] == 20
        assert counts["quarantined/unsupported"] == 20
        assert log.read("positions", 0)[0].batch.column("catch_up").to_pylist()[0] is True
        assert LogTallies(log).counts(0, 1 << 40)[0][1] == START_US // HOUR_US


def test_a_second_order_takes_nothing_twice(tmp_path: Path) -> None:
    with SqliteLog(tmp_path / "feeds.sqlite", writer=True) as log:
        fill(log, good=20, bad=5)
        carry_out(log, order("o1"))
        again = carry_out(log, order("o2"))
        assert (again["taken"], again["before"], again["bad"]) == (0, 20, 5)
        assert positions(log) == list(range(20))
        assert LogQuarantine(log).replayed(1, 1) == {(1, row) for row in range(7)}


def test_an_order_means_only_what_it_names(tmp_path: Path) -> None:
    with SqliteLog(tmp_path / "feeds.sqlite", writer=True) as log:
        fill(log, good=20, bad=5)
        assert carry_out(log, order("a", reason="bad_checksum"))["taken"] == 0
        assert carry_out(log, order("b", source="weigh:x"))["taken"] == 0
        span = {"since_us": START_US + 3_000_000, "until_us": START_US + 9_000_000}
        carry_out(log, order("c", reason="unsupported", **span))
        assert positions(log) == list(range(3, 9))


KILLED = """
    import os, signal, sys
    from pathlib import Path
    from sizao.runtime.embedded import quarantine
    from sizao.runtime.embedded.log import SqliteLog
    from tests.runtime.embedded.test_quarantine import order
    from tests.runtime.helpers import START_US

    log = SqliteLog(Path(sys.argv[2]), writer=True)
    replayer = quarantine.Replayer(log)
    quarantine.HELPING = 5
    note = replayer._note
    helpings = 0

    def dying(connection, helping, now_us):
        global helpings
        helpings += 1
        if sys.argv[1] == "control":  # the append is committed, the names are not yet
            connection.execute("DELETE FROM replayed")
            connection.commit()
            os.kill(os.getpid(), signal.SIGKILL)
        note(connection, helping, now_us)
        if helpings == 2:
            os.kill(os.getpid(), signal.SIGKILL)

    replayer._note = dying
    while replayer.commit(replayer.prepare(order()), START_US):
        pass
"""


@pytest.mark.parametrize(("how", "exact"), [("kill", True), ("control", False)])
def test_a_kill_takes_nothing_twice_and_loses_nothing(
    how: str, exact: bool, tmp_path: Path
) -> None:
    path = tmp_path / "feeds.sqlite"
    with SqliteLog(path, writer=True) as log:
        fill(log, good=20, bad=5, each=4)
    command = [sys.executable, "-c", textwrap.dedent(KILLED), how, str(path)]
    process = subprocess.run(command, cwd=ROOT, check=False)
    assert process.returncode == -signal.SIGKILL
    with SqliteLog(path, writer=True) as log:
        carry_out(log, order())
        assert (positions(log) == list(range(20))) is exact
        assert set(positions(log)) == set(range(20))


def test_helpings_are_small_and_all_are_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quarantine, "HELPING", 5)
    monkeypatch.setattr(quarantine, "LOOK", 9)
    with SqliteLog(tmp_path / "feeds.sqlite", writer=True) as log:
        fill(log, good=40, bad=3, each=4)
        log.prune("quarantine", 1e18, at_most=2)
        assert carry_out(log, order())["taken"] == 32
        assert log.last("positions") == 4, "a helping a transaction"


def test_an_order_waits_in_a_log_that_never_replayed(tmp_path: Path) -> None:
    with SqliteLog(tmp_path / "feeds.sqlite", writer=True) as log:
        fill(log, good=1, bad=0)
        store = LogQuarantine(log)
        assert (store.outcome("x"), store.replayed(0, 9)) == (None, set())
        assert (store.first(), store.last()) == (1, 1)


def refused_medium(photo: bytes) -> dict[str, Any]:
    """What a gateway without a store leaves of a picture."""
    fields = {"media_id": 3, "media_type": 0, "media_format": 0, "event": 0, "channel": 1,
              "location": decode_base(location(50.0, 5.0)[:28])}  # fmt: skip
    raw = encode_frame(0x0801, "13800000001", 7, media_body(fields, photo))[1:-1]
    return {"received": datetime.now(UTC), "source": "jt808", "peer": "13800000001",
            "reason": "unsupported", "detail": NO_PLACE, "raw": raw}  # fmt: skip


def test_a_medium_is_in_the_store_before_its_row_is_in_the_log(tmp_path: Path) -> None:
    store = EvidenceStore(tmp_path / "evidence")
    with SqliteLog(tmp_path / "feeds.sqlite", writer=True) as log:
        batch = pa.RecordBatch.from_pylist([refused_medium(b"a photo")], schema=QUARANTINE)
        log.append({"quarantine": batch})
        order = Order("o", "feeds", None, None, None, 1 << 62)
        without = quarantine.Replayer(log)
        helping = without.prepare(order)
        assert (helping.bad, helping.marks) == (1, []), "without a store it stays where it is"
        replayer = quarantine.Replayer(log, evidence=store)
        helping = replayer.prepare(order)
        [row] = helping.rows["evidence"]
        assert store.read(row[0]) == b"a photo"
        assert log.last("evidence") == 0
        while replayer.commit(helping, 1):
            helping = replayer.prepare(order)
        [kept] = [row for one in log.read("evidence", 0) for row in one.batch.to_pylist()]
        assert (kept["evidence"], kept["subject"]) == (row[0], "13800000001")
        again = replayer.prepare(Order("p", "feeds", None, None, None, 1 << 62))
        assert (again.before, again.marks) == (1, [])


def test_a_full_disk_leaves_the_medium_in_quarantine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIZAO_EVIDENCE_FLOOR_GB", "1e9")
    with SqliteLog(tmp_path / "feeds.sqlite", writer=True) as log:
        batch = pa.RecordBatch.from_pylist([refused_medium(b"a photo")], schema=QUARANTINE)
        log.append({"quarantine": batch})
        replayer = quarantine.Replayer(log, evidence=EvidenceStore(tmp_path / "evidence"))
        helping = replayer.prepare(Order("o", "feeds", None, None, None, 1 << 62))
        assert (helping.bad, helping.marks, helping.rows) == (1, [], {})
