"""How far a peer has confirmed, and what of our own log goes to it."""

from __future__ import annotations

from pathlib import Path

from sizao.core.clock import SystemClock
from sizao.feeds.jt809.vehicles import Directory, Vehicle
from sizao.runtime.collector import Collector
from sizao.runtime.counters import GatewayCounters
from sizao.runtime.embedded.log import SqliteLog
from sizao.runtime.platforms.config import Forward, LinkConfig
from sizao.runtime.platforms.lower import LowerRunner
from sizao.runtime.platforms.tail import Offset, Tail, rows_of
from tests.runtime.helpers import START_US, positions

from .chain import LINK


def runner(log: SqliteLog, offset: Offset, **forward: object) -> LowerRunner:
    fleet = [
        Vehicle("1", "川DI0001", 2, "hazmat", "e1", None),
        Vehicle("2", "川DI0002", 2, "heavy_truck", "e2", None),
        Vehicle("3", "", 0, "heavy_truck", "e2", None),
    ]
    config = LinkConfig(LINK, "lower", ("127.0.0.1", 1), None, Forward(**forward))  # type: ignore[arg-type]  # any field
    collector = Collector(log, GatewayCounters())
    return LowerRunner(config, collector, SystemClock(), Directory(fleet), log, offset)


def test_an_offset_survives(tmp_path: Path) -> None:
    path = tmp_path / "links" / "link.json"
    assert Offset(path).seq is None
    Offset(path).confirm(41)
    assert Offset(path).seq == 41
    Offset(path, durable=False).confirm(50)
    assert Offset(path).seq == 41
    path.write_text("{", encoding="utf-8")
    assert Offset(path).seq == 0, "too much is better than too little"


def test_rows_are_those_of_wanted_vehicles_that_are_not_the_peers_own(tmp_path: Path) -> None:
    with SqliteLog(tmp_path / "feeds.sqlite", writer=True) as log:
        sources = ["jt808", "jt809:link", None, "jt808"]
        log.append({"positions": positions(["1", "1", "1", "2"], [0, 1, 2, 3], source=sources)})
        tail = Tail(log, 0)
        (segment,) = tail.read()
        rows = rows_of(segment, lambda vehicle: vehicle == "1", "jt809:link")
        assert [row["time"] for row in rows] == [START_US, START_US + 2_000_000]
        assert tail.read() == []


def test_what_is_forwarded(tmp_path: Path) -> None:
    with SqliteLog(tmp_path / "feeds.sqlite", writer=True) as log:

        def wanted(**forward: object) -> list[str]:
            one = runner(log, Offset(tmp_path / "o.json"), **forward)
            return [vehicle for vehicle in ("1", "2", "3", "x") if one._wanted(vehicle)]

        assert wanted() == ["1", "2", "3", "x"]
        assert wanted(kinds=frozenset({"hazmat"})) == ["1"]
        assert wanted(enterprises=frozenset({"e2"})) == ["2", "3"]
        assert wanted(vehicles=frozenset({"x"})) == ["x"]
        assert wanted(vehicles=frozenset({"x"}), kinds=frozenset({"hazmat"})) == ["1", "x"]


def test_what_the_log_no_longer_has_is_told(tmp_path: Path) -> None:
    with SqliteLog(tmp_path / "feeds.sqlite", writer=True) as log:
        for number in range(10):
            log.append({"positions": positions(["1"], [number])})
        log.prune("positions", 1e12, at_most=6)
        offset = Offset(tmp_path / "o.json")
        offset.confirm(2)
        one = runner(log, offset)
        one._begin()
        assert one.pruned == 4
        assert offset.seq == 6
        assert [segment.seq for segment in one._tail.read()] == [7, 8, 9, 10]


def test_a_first_login_sends_no_history_unless_asked(tmp_path: Path) -> None:
    with SqliteLog(tmp_path / "feeds.sqlite", writer=True) as log:
        log.append({"positions": positions(["1"], [0])})
        for name, from_start, seq in (("a", False, 1), ("b", True, 0)):
            offset = Offset(tmp_path / f"{name}.json")
            one = runner(log, offset, from_start=from_start)
            one._begin()
            assert offset.seq == seq
