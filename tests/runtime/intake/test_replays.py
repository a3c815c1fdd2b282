"""A running intake carries out orders to read its quarantine again."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pyarrow as pa

from sizao.core.schemas import QUARANTINE, QUARANTINE_ORDER
from sizao.runtime.embedded.log import SqliteLog
from sizao.runtime.embedded.quarantine import LogQuarantine
from tests.runtime.intake.desk import NOW_S, Desk

NOW = datetime.fromtimestamp(NOW_S, UTC)


def test_a_weighing_that_decodes_now_is_taken_beside_new_ones(tmp_path: Path) -> None:
    async def scene(desk: Desk, client: httpx.AsyncClient) -> None:
        until = asyncio.get_running_loop().time() + 30
        with SqliteLog(tmp_path / "intake.sqlite") as reader:
            while LogQuarantine(reader).outcome("o1") is None:
                assert asyncio.get_running_loop().time() < until, "the order was not carried out"
                await asyncio.sleep(0.05)
        sent = {"id": "w2", "time": NOW.isoformat(), "gross_kg": 9000}
        source = desk.bearer("weigh:cz-ping")
        answer = await client.post("/intake/weighings", json=sent, headers=source)
        assert answer.json()["accepted"] == 1

    desk = Desk(tmp_path)
    raw = b'{"id": "w1", "time": "2026-09-21T22:13:00+08:00", "gross_kg": 41000}'
    spoilt = {"received": NOW, "source": "weigh:cz-ping", "reason": "bad_value", "raw": raw}
    desk.log.append({"quarantine": pa.RecordBatch.from_pylist([spoilt], schema=QUARANTINE)})
    until = datetime.fromtimestamp(NOW_S + 60, UTC)
    order = {"order": "o1", "time": NOW, "log": "intake", "until": until, "by": "op"}
    with SqliteLog(desk.data.commands_log, writer=True) as commands:
        batch = pa.RecordBatch.from_pylist([order], schema=QUARANTINE_ORDER)
        commands.append({"quarantine_orders": batch})
    desk.run(scene)
    assert [row["weighing"] for row in desk.rows("weighings")] == ["w1", "w2"]
