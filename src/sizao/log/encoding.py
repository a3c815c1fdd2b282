"""Record batches as bytes: Arrow IPC, rows sorted by partition. Many positions: ``packed.py``."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sizao.core.errors import LogError
from sizao.core.ids import PARTITIONS, partition_of

FEW = 256
"""Rows of a batch from which on the compiled table pays."""
PACKED = b"siz.pos1"
"""How bytes begin that are not Arrow's: those begin with 0xFFFFFFFF."""

_KEYS = (
    "vehicle",
    "plate",
    "checkpoint",
    "station",
    "notice",
    "report",
    "evidence",
    "message",
    "command",
    "order",
)

_partition_of = lru_cache(maxsize=1 << 16)(partition_of)


def encode(batch: pa.RecordBatch) -> bytes:
    """Bytes of one batch, schema included, so that old segments stay readable."""
    return encoded(batch).to_pybytes()


def encoded(batch: pa.RecordBatch) -> pa.Buffer:
    """The same, not copied once more."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return sink.getvalue()


def pieces(batch: pa.RecordBatch) -> list[bytes | pa.Buffer]:
    """The same in pieces, one behind the other, among them the columns' own memory."""
    sink = _Pieces()
    with pa.ipc.new_stream(pa.PythonFile(sink, mode="w"), batch.schema) as writer:
        writer.write_batch(batch)
    return sink.found


class _Pieces:
    """A file that keeps what it is given."""

    closed = False

    def __init__(self) -> None:
        self.found: list[bytes | pa.Buffer] = []

    def write(self, piece: bytes | pa.Buffer) -> int:
        self.found.append(piece)
        return len(piece)

    def flush(self) -> None:
        """There is nothing to do."""


def decode(data: bytes) -> pa.RecordBatch:
    """The batch of :func:`encode`. Raises LogError if the bytes are damaged."""
    try:
        with pa.ipc.open_stream(pa.py_buffer(data)) as reader:
            return reader.read_next_batch()
    except (pa.ArrowInvalid, StopIteration, OSError) as error:
        raise LogError(f"damaged segment of {len(data)} bytes: {error}") from error


def partitions_of(batch: pa.RecordBatch) -> npt.NDArray[np.uint8]:
    """Partition of each row, shape (n,), uint8: by vehicle, else by the record's own key."""
    for key in _KEYS:
        if key in batch.schema.names:
            if len(batch) < FEW:
                names = batch.column(key).to_pylist()
                return np.array([_partition_of(name or "") for name in names], np.uint8)
            # Loaded when first needed, here and below: that takes a second and some memory, which
            # processes that append a row now and then do without.
            from sizao.log.partitions import partitions_of_names

            return partitions_of_names(batch.column(key))
    return np.zeros(len(batch), np.uint8)


def few_batches(batches: Sequence[pa.RecordBatch]) -> Sequence[pa.RecordBatch]:
    """The same rows, in one batch if these have few each: what is done once a batch would take
    longer than to copy them."""
    many = len(batches) > 1 and sum(map(len, batches)) < FEW * len(batches)
    return [pa.concat_batches(batches)] if many else batches


def sort_by_partition(*batches: pa.RecordBatch) -> tuple[pa.RecordBatch, list[int]]:
    """Rows of batches of one schema grouped by partition, order within each kept, and the 65
    bounds."""
    some = few_batches(batches)
    partitions = np.concatenate([partitions_of(batch) for batch in some])
    if len(partitions) < FEW:
        order = np.argsort(partitions, kind="stable")
        bounds = np.searchsorted(partitions[order], np.arange(PARTITIONS + 1))
        return some[0].take(pa.array(order)), bounds.tolist()
    from sizao.log.ordering import sort_rows

    return sort_rows(some, partitions)
