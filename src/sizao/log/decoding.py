"""Bytes of a segment as its rows, whichever form it has."""

from __future__ import annotations

import pyarrow as pa

from sizao.log.encoding import PACKED, decode


def decode_segment(data: bytes) -> pa.RecordBatch:
    """The rows of a segment: Arrow IPC, or narrow columns (``packed.py``). Raises LogError if the
    bytes are damaged."""
    if not data.startswith(PACKED):
        return decode(data)
    # Loaded when first needed: who reads a few rows does without.
    from sizao.log.packed import unpacked

    return unpacked(data)


def completed(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Rows that an earlier release wrote, with the columns that ``schema`` has got since, as nulls.

    Whatever else differs stays, for whoever reads to refuse.
    """
    had, names = batch.schema.names, schema.names
    if had == names:
        return batch
    new = [name for name in names if name not in had]
    if [name for name in names if name in had] != had or any(
        not schema.field(name).nullable for name in new
    ):
        return batch
    columns = [
        pa.nulls(len(batch), schema.field(name).type) if name in new else batch.column(name)
        for name in names
    ]
    return pa.RecordBatch.from_arrays(columns, names)
