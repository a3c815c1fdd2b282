"""How long the intake keeps what, and how it learns of new passwords."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import yaml

from sizao.core.clock import ManualClock
from sizao.core.errors import ConfigError
from sizao.core.schemas import PASSAGE, QUARANTINE, WEIGHING
from sizao.feeds.jt808.positions import rows_to_batch
from sizao.feeds.taken import as_tuple
from sizao.log.datadir import DataDir
from sizao.runtime.embedded.housekeeping import DAY_S
from sizao.runtime.embedded.log import SqliteLog
from sizao.runtime.intake.retention import KEEP_DAYS, Retention
from sizao.runtime.intake.seen import Seen, digest
from sizao.runtime.intake.senders import Senders
from tests.runtime.intake.desk import CAMERA, NOW_S, PASSWORD, register

US = round(NOW_S * 1e6)


def append(log: SqliteLog) -> None:
    passage = {"passage": "M1", "checkpoint": "D1", "time": US, "received": US, "source": "s"}
    weighing = {"weighing": "W1", "station": "a", "time": US, "received": US, "source": "s"}
    held = {"received": US, "source": "s", "reason": "bad_value", "raw": b"x"}
    log.append(
        {
            "passages": rows_to_batch([as_tuple(passage, PASSAGE)], PASSAGE),
            "weighings": rows_to_batch([as_tuple(weighing, WEIGHING)], WEIGHING),
            "quarantine": rows_to_batch([as_tuple(held, QUARANTINE)], QUARANTINE),
        }
    )


def test_passages_go_first_and_what_is_younger_stays(tmp_path: Path) -> None:
    age_days = 31.0
    log = SqliteLog(
        tmp_path / "intake.sqlite", writer=True, now=lambda: time.time() - age_days * DAY_S
    )
    with log:
        append(log)
        age_days = 29.0
        append(log)
        tidy = Retention(log, ManualClock(NOW_S))
        assert tidy() is False
        assert [log.first(topic) for topic in ("passages", "weighings", "quarantine")] == [2, 1, 2]
        Retention(log, ManualClock(NOW_S), {"passages": 1.0})()
        assert log.first("passages") == 3
        assert log.last("passages") == 2, "the numbering goes on"


def test_every_topic_of_the_intake_ends_some_day() -> None:
    assert min(KEEP_DAYS, key=KEEP_DAYS.__getitem__) in ("passages", "quarantine")


def test_the_memory_of_kept_records_is_bounded_and_long_enough() -> None:
    now = 0.0
    seen = Seen(window_s=100, keep=10, now=lambda: now)
    names = [digest((str(number),)) for number in range(40)]
    for name in names:
        seen.add(name)
    assert len(seen) <= 20
    assert all(seen.has(name) for name in names[-10:])
    now = 101.0
    seen.add(digest(("a",)))
    assert seen.has(names[-1]), "one generation back"
    now = 202.0
    seen.add(digest(("b",)))
    assert not seen.has(names[-1])


def test_a_new_password_is_in_force_and_a_bad_file_changes_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data = DataDir(tmp_path).create()
    register(data)
    senders = Senders(data, ManualClock(NOW_S))
    source = f"gat1400:{CAMERA}"
    assert senders.secret(source, "password") == PASSWORD
    data.secrets.write_text(yaml.safe_dump({source: {"password": "another-password"}}))
    senders._looked = -10  # a second later
    assert senders.secret(source, "password") == "another-password"
    data.secrets.write_text("nonsense")
    senders._looked = -10
    assert senders.secret(source, "password") == "another-password"
    assert "going on with the secrets before" in caplog.text
    data.secrets.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        Senders(data, ManualClock(NOW_S))
