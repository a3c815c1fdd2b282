"""Retention, secrets and drivers over a restart."""

from __future__ import annotations

import stat
import time
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from sizao.core.clock import ManualClock
from sizao.core.errors import ConfigError
from sizao.core.schemas import DRIVER_CARD, QUARANTINE, TOPICS
from sizao.runtime.embedded.housekeeping import DAY_S, Housekeeping, Retention, topic_days
from sizao.runtime.embedded.log import SqliteLog
from sizao.runtime.embedded.track_pages import PATIENCE_S
from sizao.runtime.sessions import remembered_cards, secret
from tests.runtime.helpers import START_US, positions, rows


def test_segments_go_after_their_time_but_not_before_they_are_pages(tmp_path: Path) -> None:
    moment = [time.time() - 30 * DAY_S]
    clock = ManualClock(START_US / 1e6 + 30 * DAY_S)
    with SqliteLog(tmp_path / "feeds.sqlite", writer=True, now=lambda: moment[0]) as log:
        names = [str(number) for number in range(100)]
        for _ in range(3):
            log.append({"positions": positions(names, [0.0] * 100)})
        log.append(
            {
                "quarantine": rows(
                    QUARANTINE, 1, received=[START_US], source=["t"], reason=["x"], raw=[b"~"]
                )
            }
        )
        keep = Housekeeping(log, clock, Retention(segments=7, tracks=183, quarantine=60))
        keep()
        assert log.first("positions") == 1, "deleted before its rows were in pages"
        keep.pages.make(at_least=1)
        moment[0] = time.time()
        log.append({"positions": positions(names, [0.0] * 100)})
        keep()
        assert (log.first("positions"), log.last("positions")) == (4, 4)
        assert log.first("quarantine") == 1
        with log.reading() as connection:
            assert connection is not None
            assert connection.execute("SELECT count(*) FROM track_page").fetchone()[0] > 0
            clock.advance(200 * DAY_S)
            keep()
            assert connection.execute("SELECT count(*) FROM track_page").fetchone()[0] == 0


def test_every_smaller_topic_goes_after_its_own_time(tmp_path: Path) -> None:
    """Cards and messages of drivers were kept for ever: nothing ever deleted them."""
    days = topic_days()
    assert days["driver_cards"] < days["device_alarms"] < days["evidence"]
    moment = [time.time() - 200 * DAY_S]
    with SqliteLog(tmp_path / "feeds.sqlite", writer=True, now=lambda: moment[0]) as log:
        for topic in days:
            schema = TOPICS[topic]
            row = {name: _any(schema.field(name).type) for name in schema.names}
            log.append({topic: pa.RecordBatch.from_pylist([row], schema=schema)})
        Housekeeping(log, ManualClock(START_US / 1e6))()
        left = {topic for topic in days if log.first(topic) <= log.last(topic)}
        assert left == {topic for topic, keep in days.items() if keep > 200}
        moment[0] = time.time()
        Housekeeping(log, ManualClock(START_US / 1e6), Retention(topics={}))()
        assert left == {topic for topic in days if log.first(topic) <= log.last(topic)}, "control"
        remembered_cards(log)  # a restart reads what is left


def _any(kind: pa.DataType) -> object:
    if pa.types.is_timestamp(kind):
        return datetime(2026, 1, 1, tzinfo=UTC)
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return b"x"
    if pa.types.is_string(kind):
        return "x"
    return [] if pa.types.is_list(kind) else True if pa.types.is_boolean(kind) else 1


def test_a_backlog_is_paged_in_helpings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sizao.runtime.embedded.housekeeping.PAGED_ROWS", 12_000)
    long_ago = time.time() - PATIENCE_S - 1
    with SqliteLog(tmp_path / "feeds.sqlite", writer=True, now=lambda: long_ago) as log:
        names = [str(number) for number in range(5_000)]
        for _ in range(10):
            log.append({"positions": positions(names, [0.0] * 5_000)})
        keep = Housekeeping(log, ManualClock(START_US / 1e6))
        reached = []
        while keep():
            reached.append(keep.pages.span().upto)
        # 10,000 rows a time; the last 10,000 wait for company.
        assert reached == [2, 4, 6, 8]


@pytest.mark.parametrize("keeps_up", [True, False])
def test_pages_are_made_only_of_what_the_archive_left_lying(tmp_path: Path, keeps_up: bool) -> None:
    """A gateway made them of everything: for 44 s of each minute of the nation's positions, in
    helpings of a quarter of a second that every append waited for."""
    moment = [time.time() - PATIENCE_S - 1]
    with SqliteLog(tmp_path / "feeds.sqlite", writer=True, now=lambda: moment[0]) as log:
        names = [str(number) for number in range(25_000)]
        for _ in range(2):
            log.append({"positions": positions(names, [0.0] * 25_000)})
        moment[0] = time.time()
        log.append({"positions": positions(names, [0.0] * 25_000)})
        keep = Housekeeping(log, ManualClock(START_US / 1e6), archived=lambda: 2 if keeps_up else 0)
        keep()
        assert keep.pages.span() == ((0, 0) if keeps_up else (0, 2)), "the third is young"


def test_the_secret_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "gateway.secret"
    made = secret(path)
    assert len(made) >= 32
    assert secret(path) == made
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_text("short")
    with pytest.raises(ConfigError, match="too short"):
        secret(path)


def test_drivers_are_known_again_after_a_restart(tmp_path: Path) -> None:
    with SqliteLog(tmp_path / "feeds.sqlite", writer=True) as log:
        assert remembered_cards(log).driver("1", START_US) is None
        for at, inserted, driver in ((0, True, "A"), (100, False, None), (200, True, "B")):
            log.append(
                {
                    "driver_cards": rows(
                        DRIVER_CARD,
                        1,
                        vehicle=["1"],
                        time=[START_US + at],
                        received=[START_US + at],
                        inserted=[inserted],
                        driver=[driver],
                    )
                }
            )
        cards = remembered_cards(log)
        drivers = [cards.driver("1", START_US + at) for at in (50, 150, 250)]
        assert drivers == ["A", None, "B"]
