"""Nothing is answered before it is durable, and one connection's trouble stays its own."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from sizao.core.errors import LogError
from sizao.core.schemas import QUARANTINE
from sizao.feeds.jt808.positions import rows_to_batch
from sizao.log.tally import Key
from sizao.runtime.collector import Collector, Item, Ticks
from sizao.runtime.counters import GatewayCounters
from sizao.runtime.embedded.log import SqliteLog
from sizao.runtime.embedded.tally_reader import LogTallies
from tests.runtime.helpers import START_US

QUICK = Ticks(busy_s=0.005, calm_s=0.005, retry_s=0.2, retry_every_s=0.02)


def row(number: int) -> tuple[object, ...]:
    return (START_US + number, "test", "peer", "reason", None, b"raw")


class Trace:
    """Items that note what happened to them."""

    def __init__(self) -> None:
        self.events: list[str] = []

    def item(self, name: str, rows: int = 1) -> Item:
        return Item(
            [("quarantine", [row(number) for number in range(rows)])] if rows else [],
            lambda: self.events.append(f"{name} durable"),
            lambda reason: self.events.append(f"{name} failed: {reason}"),
            size=100,
        )


class Stubborn(SqliteLog):
    """A real log whose disk refuses the first appends, or waits for a sign."""

    refuse = 0
    entered = 0
    gate: threading.Event | None = None

    def append(
        self, batches: Mapping[str, pa.RecordBatch], counts: Mapping[Key, int] | None = None
    ) -> dict[str, int]:
        self.entered += 1
        if self.gate is not None:
            self.gate.wait(30)
        if self.refuse:
            self.refuse -= 1
            raise LogError("disk is full")
        return super().append(batches, counts)


async def settle(collector: Collector, task: asyncio.Task[None]) -> None:
    collector.stop()
    await asyncio.wait_for(task, 30)
    collector.close()


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what must happen, however busy the machine is."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "did not happen"
        await asyncio.sleep(0.002)


def collect(log: SqliteLog, ticks: Ticks = QUICK) -> Collector:
    return Collector(log, GatewayCounters(), ticks)


def test_answers_follow_the_commit_in_order(tmp_path: Path) -> None:
    async def run() -> None:
        trace = Trace()
        with Stubborn(tmp_path / "feeds.sqlite", writer=True) as log:
            log.gate = threading.Event()
            collector = collect(log)
            task = asyncio.create_task(collector.run())
            collector.add(trace.item("a", 3))
            collector.add(trace.item("silent", 0))
            collector.add(trace.item("b"))
            await until(lambda: log.entered > 0)
            await asyncio.sleep(0.02)
            assert trace.events == [], "answered before the append returned"
            log.gate.set()
            await settle(collector, task)
            assert trace.events == ["a durable", "silent durable", "b durable"]
            assert [len(one.batch) for one in log.read("quarantine", 0)] == [4]
            assert collector.counters.commits == 1
            assert collector.counters.rows == 4

    asyncio.run(run())


def test_rows_and_batches_of_a_tick_become_one_segment_in_order(tmp_path: Path) -> None:
    async def run() -> None:
        with SqliteLog(tmp_path / "feeds.sqlite", writer=True) as log:
            collector = collect(log)
            batch = rows_to_batch([row(1), row(2)], QUARANTINE)
            for records in ([row(0)], batch, [row(3)], [row(4)]):
                collector.add(Item([("quarantine", records)], lambda: None, lambda reason: None))
            task = asyncio.create_task(collector.run())
            await settle(collector, task)
            (segment,) = log.read("quarantine", 0)
            received = segment.batch.column("received").cast(pa.int64()).to_pylist()
            assert received == [START_US + number for number in range(5)]
            assert collector.counters.rows == 5

    asyncio.run(run())


def test_an_append_that_works_in_the_end_answers_in_the_end(tmp_path: Path) -> None:
    async def run() -> None:
        trace = Trace()
        moves: list[str] = []
        with Stubborn(tmp_path / "feeds.sqlite", writer=True) as log:
            log.refuse = 3
            collector = Collector(
                log,
                GatewayCounters(),
                replace(QUICK, retry_s=60.0),
                hold=lambda: moves.append("hold"),
                release=lambda: moves.append("release"),
            )
            task = asyncio.create_task(collector.run())
            collector.add(trace.item("a"))
            await until(lambda: trace.events == ["a durable"] and len(moves) == 2)
            assert moves == ["hold", "release"]
            assert collector.counters.commit_failures == 3
            await settle(collector, task)
            assert log.last("quarantine") == 1

    asyncio.run(run())


def test_an_append_that_never_works_fails_unanswered_and_work_goes_on(tmp_path: Path) -> None:
    async def run() -> None:
        trace = Trace()
        with Stubborn(tmp_path / "feeds.sqlite", writer=True) as log:
            log.refuse = 1000
            collector = collect(log)
            task = asyncio.create_task(collector.run())
            collector.add(trace.item("a"))
            await until(lambda: trace.events == ["a failed: disk is full"])
            log.refuse = 0
            collector.add(trace.item("b"))
            await settle(collector, task)
            assert trace.events[1:] == ["b durable"]
            assert log.last("quarantine") == 1

    asyncio.run(run())


def test_one_dead_connection_does_not_stall_the_batch(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The failure of the prototype: a write to a closed transport raised inside the flush."""

    async def run() -> None:
        trace = Trace()

        def dead() -> None:
            raise RuntimeError("unable to perform operation on a closed transport")

        with SqliteLog(tmp_path / "feeds.sqlite", writer=True) as log:
            collector = collect(log)
            task = asyncio.create_task(collector.run())
            for tick in range(3):
                collector.add(trace.item(f"before {tick}"))
                collector.add(Item([("quarantine", [row(9)])], dead, lambda reason: None))
                collector.add(trace.item(f"after {tick}"))
                await asyncio.sleep(0.03)
            await settle(collector, task)
            assert len([event for event in trace.events if event.endswith("durable")]) == 6
            # Cleared each time: every row is in the log once.
            assert sum(len(one.batch) for one in log.read("quarantine", 0)) == 9

    asyncio.run(run())
    assert "could not be answered" in caplog.text


def test_rows_that_break_the_schema_fail_at_once(tmp_path: Path) -> None:
    async def run() -> None:
        trace = Trace()
        with SqliteLog(tmp_path / "feeds.sqlite", writer=True) as log:
            collector = collect(log)
            task = asyncio.create_task(collector.run())
            bad = trace.item("bad")
            bad.records = [("quarantine", [("not a time",)])]
            collector.add(bad)
            await until(lambda: bool(trace.events))
            assert trace.events[0].startswith("bad failed: ")
            collector.add(trace.item("good"))
            await settle(collector, task)
            assert trace.events[1] == "good durable"

    asyncio.run(run())


def test_reading_stops_while_too_much_waits(tmp_path: Path) -> None:
    async def run() -> None:
        moves: list[str] = []
        with Stubborn(tmp_path / "feeds.sqlite", writer=True) as log:
            log.gate = threading.Event()
            collector = Collector(
                log,
                GatewayCounters(),
                Ticks(busy_s=0.001, calm_s=0.001, pending_rows=50),
                hold=lambda: moves.append("hold"),
                release=lambda: moves.append("release"),
            )
            task = asyncio.create_task(collector.run())
            trace = Trace()
            collector.add(trace.item("first"))
            await until(lambda: log.entered > 0)  # now the worker is busy with it
            for number in range(49):
                collector.add(trace.item(str(number)))
            assert moves == []
            collector.add(trace.item("the one too many"))
            assert moves == ["hold"]
            log.gate.set()
            await until(lambda: moves == ["hold", "release"])
            await settle(collector, task)
            assert collector.counters.rows == 51

    asyncio.run(run())


@pytest.mark.parametrize(
    ("ticks", "company", "alone"),
    [
        # One row waits its calm time and no longer.
        (Ticks(calm_s=0.02), 0, True),
        # Few rows wait for company; enough of them wait the busy time only.
        (Ticks(few=10, busy_s=0.02, calm_s=60), 10, False),
        # Very many wait for nothing.
        (Ticks(rows=100, few=10, busy_s=60, calm_s=60), 100, False),
    ],
)
def test_few_rows_wait_for_company_and_many_do_not(
    tmp_path: Path, ticks: Ticks, company: int, alone: bool
) -> None:
    async def run() -> None:
        with SqliteLog(tmp_path / "feeds.sqlite", writer=True) as log:
            collector = collect(log, ticks)
            task = asyncio.create_task(collector.run())
            trace = Trace()
            collector.add(trace.item("first"))
            if not alone:
                await asyncio.sleep(0.1)
                assert trace.events == []
                collector.add(trace.item("company", company))
            await until(lambda: len(trace.events) == (1 if alone else 2))
            await settle(collector, task)

    asyncio.run(run())


def test_counts_are_durable_with_the_records_or_alone(tmp_path: Path) -> None:
    async def scene() -> None:
        trace = Trace()
        with SqliteLog(tmp_path / "feeds.sqlite", writer=True) as log:
            collector = Collector(log, GatewayCounters(), QUICK)
            task = asyncio.create_task(collector.run())
            both = trace.item("both")
            both.counts = {("weigh:a", 5, "bytes/received"): 70}
            alone = trace.item("alone", rows=0)
            alone.counts = {("weigh:a", 5, "quarantined/over_quota"): 3}
            collector.add(both)
            collector.add(alone)
            await settle(collector, task)
            assert trace.events == ["both durable", "alone durable"]
            kept = LogTallies(log).counts(5, 5)
            assert kept == [
                ("weigh:a", 5, "bytes/received", 70),
                ("weigh:a", 5, "quarantined/over_quota", 3),
            ]

    asyncio.run(scene())
