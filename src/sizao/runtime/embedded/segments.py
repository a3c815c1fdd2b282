"""What a segment is made of before it is stored: checked rows, bounds, time span, checksum."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sizao.core.errors import ColumnError, LogError
from sizao.core.schemas import TOPICS, check
from sizao.log.encoding import encoded, sort_by_partition
from sizao.log.tally import Tally, tally

_BARE = {
    topic: pa.schema([field.remove_metadata() for field in schema])
    for topic, schema in TOPICS.items()
}


def known(topic: str) -> None:
    """Raises LogError for a topic that does not exist."""
    if topic not in TOPICS:
        raise LogError(f"no topic {topic!r}; known: {', '.join(TOPICS)}")


@dataclass(frozen=True)
class Ready:
    """A segment as it will be stored."""

    topic: str
    rows: int
    first_us: int | None
    last_us: int | None
    """Event times, microseconds since the epoch; None without a time column."""
    bounds: bytes
    blob: Any
    """Arrow IPC bytes, as a buffer."""
    crc: int
    tally: Tally


def ready(topic: str, batch: pa.RecordBatch) -> Ready:
    """Check, sort, encode and count a batch, all that needs no database.

    Raises ColumnError if the batch breaks its topic's schema, LogError for an unknown topic.
    """
    ordered, bounds = prepare(topic, batch)
    blob = encoded(ordered)
    crc = checksum(bounds, blob)
    return Ready(topic, len(ordered), *time_span(ordered), bounds, blob, crc, tally(topic, ordered))


def prepare(topic: str, batch: pa.RecordBatch) -> tuple[pa.RecordBatch, bytes]:
    """Checked, sorted rows without field documentation, and the 65 bounds as bytes.

    Raises ColumnError if the batch breaks its topic's schema.
    """
    known(topic)
    schema = TOPICS[topic]
    check(batch, schema)
    if batch.schema.names != schema.names:
        batch = batch.select(schema.names)
    for field in schema:
        if not field.nullable and batch.column(field.name).null_count:
            raise ColumnError(f"{topic}: column {field.name!r} has nulls")
    bare = pa.RecordBatch.from_arrays(batch.columns, schema=_BARE[topic])
    ordered, bounds = sort_by_partition(bare)
    return ordered, np.asarray(bounds, "<u4").tobytes()


def time_span(batch: pa.RecordBatch) -> tuple[int | None, int | None]:
    """First and last event time, microseconds since the epoch; None without a time column."""
    if "time" not in batch.schema.names:
        return None, None
    span = pc.min_max(batch.column("time").cast(pa.int64()))
    return span["min"].as_py(), span["max"].as_py()


def checksum(bounds: bytes, blob: Any) -> int:
    """CRC-32 of a stored segment."""
    return zlib.crc32(blob, zlib.crc32(bounds))
