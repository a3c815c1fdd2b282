"""A state as it was at a moment, to be made bytes of later, by another thread if need be.

To freeze is to copy arrays, which takes as long as copying memory does; to put them into words
takes ten times as long and needs nobody to hold still.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa


@dataclass(frozen=True)
class Frozen:
    """Named blocks, one after the other in ``data``, and what JSON can hold. Nothing of it is
    shared with what it was made of."""

    head: Mapping[str, Any]
    names: list[str]
    dtypes: list[np.dtype[Any]]
    ends: list[int]
    """Byte behind each block."""
    data: npt.NDArray[np.uint8]

    @classmethod
    def of(cls, head: Mapping[str, Any], blocks: Mapping[str, npt.NDArray[Any]]) -> Frozen:
        """``head`` is kept as it is; blocks are copied."""
        raw = [_raw(block) for block in blocks.values()]
        ends = np.cumsum([len(one) for one in raw], dtype=np.int64).tolist()
        data = np.empty(ends[-1] if ends else 0, np.uint8)
        for end, one in zip(ends, raw, strict=True):
            data[end - len(one) : end] = one
        return cls(head, list(blocks), [block.dtype for block in blocks.values()], ends, data)

    def __call__(self) -> bytes:
        """An Arrow IPC stream with a named, typed block for each array; no pickled object."""
        offsets = np.array([0, *self.ends], np.int64)
        buffers = [None, pa.py_buffer(offsets), pa.py_buffer(self.data)]
        batch = pa.record_batch(
            {
                "name": pa.array(self.names, pa.string()),
                "dtype": pa.array([_describe(dtype) for dtype in self.dtypes], pa.string()),
                "data": pa.Array.from_buffers(pa.large_binary(), len(self.names), buffers),
            }
        ).replace_schema_metadata({"head": json.dumps(self.head, ensure_ascii=False)})
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, batch.schema) as writer:
            writer.write_batch(batch)
        return bytes(sink.getvalue().to_pybytes())


def thawed(data: bytes) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
    """Head and blocks of the bytes of a :class:`Frozen`.

    Raises ArrowInvalid, OSError, StopIteration, KeyError, TypeError or ValueError if they are none.
    """
    with pa.ipc.open_stream(pa.py_buffer(data)) as reader:
        batch = reader.read_next_batch()
    head: dict[str, Any] = json.loads(batch.schema.metadata[b"head"])
    blocks = {
        name: np.frombuffer(bytearray(block), _dtype(dtype))
        for name, dtype, block in zip(*(c.to_pylist() for c in batch.columns), strict=True)
    }
    return head, blocks


def _raw(array: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Memory as it is. Not a copy by fields, which leaves padding to chance."""
    return array.view(np.uint8)


def _describe(dtype: np.dtype[Any]) -> str:
    fields: Mapping[str, Any] = dtype.fields or {}
    layout = {name: (item[0].base.str, item[0].shape, item[1]) for name, item in fields.items()}
    return repr({"fields": layout, "size": dtype.itemsize, "align": dtype.isalignedstruct})


def _dtype(text: str) -> np.dtype[Any]:
    layout = ast.literal_eval(text)
    fields = layout["fields"]
    return np.dtype(
        {
            "names": list(fields),
            "formats": [(base, shape) for base, shape, _ in fields.values()],
            "offsets": [offset for _, _, offset in fields.values()],
            "itemsize": layout["size"],
        },
        align=layout["align"],
    )
