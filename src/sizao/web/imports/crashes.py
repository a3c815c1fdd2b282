"""Crash records for whoever analyses places: columns of schema CRASH, nothing about persons."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa

from sizao.core.schemas import CRASH
from sizao.web.imports.models import Crash

_SAME = [name for name in CRASH.names if name not in ("crash", "parties", "batch")]


def read(
    start: datetime | None = None, end: datetime | None = None, *, sources: tuple[str, ...] = ()
) -> pa.RecordBatch:
    """Crashes with ``start <= time < end`` of the named sources (all without), in time order."""
    found = Crash.objects.order_by("time", "pk")
    if start is not None:
        found = found.filter(time__gte=start)
    if end is not None:
        found = found.filter(time__lt=end)
    if sources:
        found = found.filter(source__in=sources)
    rows = [
        {
            **{name: _reported(row[name]) for name in _SAME},
            "crash": row["number"],
            "parties": row["parties"].split(",") if row["parties"] else None,
            "batch": row["batch_id"],
        }
        for row in found.values(*_SAME, "number", "parties", "batch_id").iterator(chunk_size=5000)
    ]
    return pa.RecordBatch.from_pylist(rows, schema=CRASH)


def _reported(value: object) -> object:
    return None if value == "" else value
