"""What a segment is made of before it is stored: checked rows, bounds, time span, checksum."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sizao.core.errors import ColumnError, LogError
from sizao.core.schemas import TOPICS, check
from sizao.log.encoding import FEW, few_batches, pieces, sort_by_partition
from sizao.log.tally import Tally, tally

_BARE = {
    topic: pa.schema([field.remove_metadata() for field in schema])
    for topic, schema in TOPICS.items()
}
_NEVER_NULL = {
    topic: [field.name for field in schema if not field.nullable]
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
    pieces: Sequence[Any]
    """Its bytes, as buffers one behind the other: joining them would copy every column."""
    size: int
    """Bytes of all of them."""
    crc: int
    tally: Tally


def ready(topic: str, *batches: pa.RecordBatch) -> Ready:
    """Check, sort, encode and count a segment's batches, all that needs no database.

    Raises ColumnError if a batch breaks its topic's schema, LogError for an unknown topic.
    """
    known(topic)
    checked = few_batches([_checked(topic, batch) for batch in batches])
    n = sum(map(len, checked))
    found: Sequence[Any]
    if topic == "positions" and n >= FEW:
        # Loaded when first needed: who appends a row now and then does without.
        from sizao.log.packed import packed

        narrow = packed(checked)
        if narrow is not None:
            bounds, found = narrow.bounds.astype("<u4").tobytes(), [narrow.data.data]
            span = narrow.first_us, narrow.last_us
            counts = tally(topic, *checked)
            return Ready(
                topic, n, *span, bounds, found, len(found[0]), checksum(bounds, *found), counts
            )
    # Field documentation is not stored.
    ordered, bounds = _sorted(
        [pa.RecordBatch.from_arrays(one.columns, schema=_BARE[topic]) for one in checked]
    )
    found = pieces(ordered)
    crc = checksum(bounds, *found)
    size = sum(map(len, found))
    counts = tally(topic, ordered)
    return Ready(topic, n, *time_span(ordered), bounds, found, size, crc, counts)


def _sorted(bare: Sequence[pa.RecordBatch]) -> tuple[pa.RecordBatch, bytes]:
    """Sorted rows, and the 65 bounds as bytes."""
    ordered, bounds = sort_by_partition(*bare)
    return ordered, np.asarray(bounds, "<u4").tobytes()


def _checked(topic: str, batch: pa.RecordBatch) -> pa.RecordBatch:
    """The columns of the topic's schema, in its order."""
    schema = TOPICS[topic]
    if not batch.schema.equals(schema):
        batch = check(batch, schema).select(schema.names)
    for name in _NEVER_NULL[topic]:
        if batch.column(name).null_count:
            raise ColumnError(f"{topic}: column {name!r} has nulls")
    return batch


def time_span(batch: pa.RecordBatch) -> tuple[int | None, int | None]:
    """First and last event time, microseconds since the epoch; None without a time column."""
    if "time" not in batch.schema.names:
        return None, None
    span = pc.min_max(batch.column("time").cast(pa.int64()))
    return span["min"].as_py(), span["max"].as_py()


def checksum(bounds: bytes, *pieces: Any) -> int:
    """CRC-32 of a stored segment."""
    crc = zlib.crc32(bounds)
    for piece in pieces:
        crc = zlib.crc32(piece, crc)
    return crc
