"""One track or a few, by the engine and by the plain rule: what they say differently."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sizao.detect import engine
from sizao.detect.context import Context
from sizao.detect.state import EngineState
from tests.detect.plain import against, played
from tests.detect.plain.taking import Raw
from tests.detect.tracks import Row, Track, batch_of


def differences(track: Track, rule: str, **given: Any) -> list[str]:
    """Of one rule over a track and its limits; ``given`` goes to ``Context.build``."""
    context = Context.build(only=frozenset({rule}), **given)
    rows, limits = track.rows, track.limit_column()
    detections = found_by_engine(rows, limits, context)
    found = against.plain([raw_of(rows, limits)], context, {rule})
    return against.differences(detections, found, context)


def raw_of(rows: Sequence[Row], limits: np.ndarray) -> against.Group:
    """Rows in the order of arrival, by vehicle."""
    vehicles: dict[str, list[Raw]] = {}
    plain = played.plain_rows(batch_of(rows))
    for number, (row, limit) in enumerate(zip(plain, limits.tolist(), strict=True)):
        one = Raw(
            row=number,
            time_us=row["time"],
            received_us=row["received"],
            **{name: row[name] for name in Raw._fields if name in row},
            given_kmh=None if limit != limit else limit,
        )
        vehicles.setdefault(row["vehicle"], []).append(one)
    return list(vehicles.items())


def found_by_engine(
    rows: Sequence[Row], limits: np.ndarray, context: Context, size: int = 997
) -> list[dict[str, Any]]:
    """Everything the engine finds in batches of so many rows."""
    state, batch, found = EngineState(), batch_of(rows), []
    for start in range(0, len(rows), size):
        piece = batch.slice(start, size)
        detections, state = engine.step(piece, state, context, limits[start : start + size])
        found += played.plain_rows(detections)
    return found + played.plain_rows(engine.close(state, context))
