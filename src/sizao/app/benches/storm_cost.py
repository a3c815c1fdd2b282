"""What a detection costs the desk: processor time and queries, in batches and one by one.

The detections are delivered in a transaction that is rolled back, so that the storm that follows
begins with an empty desk.
"""

from __future__ import annotations

import time
from typing import Any

BATCHED = 1000
SINGLE = 200
"""Enough for a steady figure; one by one they cost several times as much."""


def desk_cost(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """CPU milliseconds and queries a detection as the desk delivers them, and of the baseline: a
    transaction for each."""
    from sizao.web.desk.services import CHUNK

    _measure(rows[: CHUNK * 2], CHUNK)  # tables and rules are read once
    cpu_ms, queries = _measure(rows[:BATCHED], CHUNK)
    single_ms, single_queries = _measure(rows[:SINGLE], 1)
    return {
        "cpu_ms_per_detection": round(cpu_ms, 2),
        "queries_per_detection": round(queries, 2),
        "baseline": {
            "name": "a transaction for each detection",
            "cpu_ms_per_detection": round(single_ms, 2),
            "queries_per_detection": round(single_queries, 2),
        },
        "ratio": round(single_ms / cpu_ms, 2),
    }


def _measure(rows: list[dict[str, Any]], size: int) -> tuple[float, float]:
    from django.db import connection, transaction

    from sizao.web.desk.services import deliver_rows
    from sizao.web.writing import write

    asked = 0

    def count(execute: Any, *arguments: Any) -> Any:
        nonlocal asked
        asked += 1
        return execute(*arguments)

    with write(), connection.execute_wrapper(count):
        began = time.thread_time()
        for start in range(0, len(rows), size):
            deliver_rows(rows[start : start + size], 0)
        spent_s = time.thread_time() - began
        transaction.set_rollback(True)
    return spent_s / len(rows) * 1000, asked / len(rows)
