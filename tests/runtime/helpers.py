"""Rows for the tests of this folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa

from sizao.core.errors import ConfigError
from sizao.core.schemas import DETECTION, POSITION, TIME
from sizao.detect.context import Context
from sizao.runtime.in_force import Contexts, Described

START_US = 1_790_000_000_000_000
"""2026-09-21 13:33:20 UTC."""


class Given(Contexts):
    """Contexts of a function, which are kept by nobody."""

    def __init__(self, context: Callable[[], Context]) -> None:
        self._context = context

    def __call__(self) -> Context:
        return self._context()

    def described(self) -> Described:
        return Described({}, self().versions)

    def restored(self, described: Described) -> Context:
        raise ConfigError("nothing is kept")

    def forget_others(self) -> None: ...


def rows(schema: pa.Schema, count: int, **columns: Any) -> pa.RecordBatch:
    """A batch whose other columns are null."""
    arrays = []
    for field in schema:
        if field.name in columns:
            arrays.append(pa.array(columns[field.name], field.type))
        else:
            arrays.append(pa.nulls(count, field.type))
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def positions(vehicles: Sequence[str], times_s: Sequence[float], **columns: Any) -> pa.RecordBatch:
    """Positions at seconds after START_US, received a second later."""
    count = len(vehicles)
    times = [START_US + int(second * 1_000_000) for second in times_s]
    columns = {
        "lat": [26.5] * count,
        "lon": [101.7] * count,
        "speed_kmh": [50.0] * count,
        "heading_deg": [90.0] * count,
        "positioned": [True] * count,
        "source": ["test"] * count,
        "received": [time + 1_000_000 for time in times],
    } | columns
    columns["received"] = pa.array(columns["received"], TIME)
    return rows(POSITION, count, vehicle=list(vehicles), time=pa.array(times, TIME), **columns)


def detections(ids: Sequence[str], revisions: Sequence[int]) -> pa.RecordBatch:
    """Detections of which only the key matters."""
    count = len(ids)
    moment = pa.array([START_US] * count, TIME)
    return rows(
        DETECTION,
        count,
        id=list(ids),
        revision=list(revisions),
        rule=["speeding"] * count,
        rule_version=["1-test"] * count,
        vehicle=["13800000001"] * count,
        start=moment,
        end=moment,
        fired=moment,
        measured=[90.0] * count,
        limit=[80.0] * count,
        measured_unit=["km/h"] * count,
        severity=["10-20"] * count,
        final=[revision == 1 for revision in revisions],
        evidence=[["a"]] * count,
    )
