"""Orders to read quarantine again, carried out by the writer of the log beside its work."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from sizao.core.clock import ManualClock
from sizao.core.schemas import QUARANTINE_ORDER
from sizao.runtime.collector import Collector, Ticks
from sizao.runtime.counters import GatewayCounters
from sizao.runtime.embedded.log import SqliteLog
from sizao.runtime.replays import QuarantineReplays
from tests.runtime.embedded.test_quarantine import fill, positions
from tests.runtime.helpers import START_US


def ordered(log: SqliteLog, name: str, to: str = "feeds") -> None:
    moment = datetime.fromtimestamp(START_US / 1e6 + 1e6, UTC)
    row = {"order": name, "time": moment, "log": to, "until": moment, "by": "op"}
    log.append({"quarantine_orders": pa.RecordBatch.from_pylist([row], schema=QUARANTINE_ORDER)})


def test_orders_of_its_log_are_carried_out_once_also_after_a_restart(tmp_path: Path) -> None:
    async def scene() -> None:
        with (
            SqliteLog(tmp_path / "commands.sqlite", writer=True) as commands,
            SqliteLog(tmp_path / "commands.sqlite") as orders,
            SqliteLog(tmp_path / "feeds.sqlite", writer=True) as log,
        ):
            fill(log, good=9, bad=2)
            ordered(commands, "other", to="intake")
            ordered(commands, "one")
            collector = Collector(log, GatewayCounters(), Ticks())
            clock = ManualClock(START_US / 1e6 + 60)
            for _ in range(2):  # the second one is the process after a restart
                service = QuarantineReplays("feeds", log, orders, clock)
                await service.look(collector)
                ordered(commands, "two")
                await service.look(collector)
            assert positions(log) == list(range(9))
            store = service.replayer.store
            assert store.outcome("other") is None
            assert (store.outcome("one") or {})["taken"] == 9
            assert (store.outcome("two") or {})["before"] == 9
            await service.open(collector)
            assert service.figures() == {"quarantine_replayed": 0}
            await service.close()
            collector.close()

    asyncio.run(scene())
