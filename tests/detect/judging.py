"""Record rules run as the pipeline runs them, for tests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pyarrow as pa

from sizao.core.schemas import REGISTER, TOPICS
from sizao.detect import records, registry
from sizao.detect.records import Facts, RecordContext, RecordState

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
"""16:00 in Shanghai."""


def register_of(*rows: dict[str, Any]) -> pa.Table:
    """A register of these vehicles."""
    return pa.Table.from_pylist(list(rows), schema=REGISTER)


def passage(seconds: float, checkpoint: str, **values: Any) -> dict[str, Any]:
    """A passage so long after START."""
    time = START + timedelta(seconds=seconds)
    return {
        "passage": f"{checkpoint}{seconds:g}",
        "checkpoint": checkpoint,
        "time": time,
        "received": time + timedelta(seconds=1),
        "plate": "川DI0001",
        "plate_colour": 2,
        **values,
    }


def judge(
    rule: str,
    *rows: dict[str, Any],
    facts: Facts | None = None,
    cuts: Sequence[int] = (),
    changes: dict[str, Any] | None = None,
) -> list[dict[str, Any]]:
    """Detections of one rule over rows of its topic by receive time, in the order of output.

    ``cuts`` says where batches end; the state is saved and restored at each.
    """
    context = RecordContext.build(
        registry.RECORD_RULES, facts, only=frozenset({rule}), changes={rule: changes or {}}
    )
    topic = context.rules[0].topic
    ordered = sorted(rows, key=lambda row: row["received"])
    state, found = RecordState(), []
    edges = [0, *sorted(cuts), len(ordered)]
    for start, end in pairwise(edges):
        batch = pa.RecordBatch.from_pylist(ordered[start:end], schema=TOPICS[topic])
        detections, state = records.step(topic, batch, state, context)
        state = RecordState.from_bytes(state.to_bytes())
        found += detections.to_pylist()
    detections, _ = records.release(None, state, context)
    result: list[dict[str, Any]] = found + detections.to_pylist()
    return result
