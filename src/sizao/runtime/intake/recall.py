"""What the log says was kept lately: a restart must not let repeated records in."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from sizao.log.interface import LogReader

STEP = 500
"""Segments looked at in one step back."""


def recent(
    log: LogReader, topic: str, columns: Sequence[str], since_s: float, most: int
) -> list[tuple[str, ...]]:
    """The values of columns, as text, of rows appended since a moment; at most about ``most``
    rows, oldest first. Times are microseconds. Raises LogError if a segment is damaged."""
    upto = log.last(topic)
    blocks: list[list[tuple[str, ...]]] = []
    total = 0
    while upto > 0 and total < most:
        begin = max(0, upto - STEP)
        rows: list[tuple[str, ...]] = []
        oldest = None
        after = begin
        while after < upto and (segments := log.read(topic, after, 50_000)):
            for segment in segments:
                if segment.seq > upto:
                    break
                oldest = segment.appended_s if oldest is None else oldest
                if segment.appended_s >= since_s:
                    rows += _texts(segment.batch, columns)
            after = segments[-1].seq
        blocks.append(rows)
        total += len(rows)
        if oldest is None or oldest < since_s:
            break
        upto = begin
    return [row for block in reversed(blocks) for row in block]


def _texts(batch: pa.RecordBatch, columns: Sequence[str]) -> list[tuple[str, ...]]:
    arrays = []
    for name in columns:
        column = batch.column(name)
        if pa.types.is_timestamp(column.type):
            column = column.cast(pa.int64())
        arrays.append([str(value) for value in column.to_pylist()])
    return list(zip(*arrays, strict=True))
