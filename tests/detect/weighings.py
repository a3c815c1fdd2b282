"""Made-up weighings for tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from sizao.core.schemas import REGISTER, WEIGHING
from sizao.detect import records, registry
from sizao.detect.records import Facts, RecordContext, RecordState

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def weighing(number: int = 0, **values: Any) -> dict[str, Any]:
    """One weighing of a six-axle combination, ``number`` minutes after START."""
    time = START + timedelta(minutes=number)
    return {
        "weighing": f"w{number}",
        "station": "S1",
        "time": time,
        "received": time + timedelta(seconds=2),
        "method": "static",
        "plate": "川DI0001",
        "plate_colour": 2,
        "axles": 6,
        "combination": True,
        "gross_kg": 40_000.0,
        **values,
    }


def register_of(*rows: dict[str, Any]) -> pa.Table:
    """A register of these vehicles."""
    return pa.Table.from_pylist(list(rows), schema=REGISTER)


def judge(
    rule: str, *rows: dict[str, Any], facts: Facts | None = None, **changes: Any
) -> list[dict[str, Any]]:
    """Detections of one rule over weighings."""
    context = RecordContext.build(
        registry.RECORD_RULES, facts, only=frozenset({rule}), changes={rule: changes}
    )
    batch = pa.RecordBatch.from_pylist(list(rows), schema=WEIGHING)
    found, state = records.step("weighings", batch, RecordState(), context)
    held, _ = records.release(None, state, context)
    result: list[dict[str, Any]] = found.to_pylist() + held.to_pylist()
    return result
