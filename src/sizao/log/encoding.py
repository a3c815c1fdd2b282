"""Record batches as bytes: Arrow IPC, rows sorted by partition."""

from __future__ import annotations

from functools import lru_cache
from types import ModuleType

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sizao.core.errors import LogError
from sizao.core.ids import PARTITIONS, partition_of

FEW = 256
"""Rows of a batch from which on the compiled table pays."""

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
            return _compiled().partitions_of_names(batch.column(key))
    return np.zeros(len(batch), np.uint8)


def sort_by_partition(batch: pa.RecordBatch) -> tuple[pa.RecordBatch, list[int]]:
    """Rows grouped by partition, order within each kept, and the 65 bounds."""
    partitions = partitions_of(batch)
    if len(batch) < FEW:
        order = np.argsort(partitions, kind="stable")
        bounds = np.searchsorted(partitions[order], np.arange(PARTITIONS + 1))
    else:
        order = np.empty(len(batch), np.int64)
        bounds = _compiled().grouped(partitions, order)
    if len(batch) > 1 and np.any(partitions[1:] < partitions[:-1]):
        batch = pc.take(batch, pa.array(order))
    return batch, bounds.tolist()


def _compiled() -> ModuleType:
    """Loaded when first needed: that takes a second and some memory, which processes that append
    a row now and then do without."""
    from sizao.log import partitions

    return partitions
