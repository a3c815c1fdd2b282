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
