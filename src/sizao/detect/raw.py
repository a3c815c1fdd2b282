"""Columns of an Arrow batch as compiled code reads them: no copy, no null filled.

A column is its values, whatever stands where there is none, and a bit a row that says whether there
is one. Compiled code is made once for each make of array; so these are all of one make (contiguous
and read only), however the batch was made.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba import njit


class Raw(NamedTuple):
    """One column of n rows.

    values : of n rows or more; of a column of truth values its bits, that of row i at
        ``first + i``; of a column of numbers none at all if no row has a value
    valid : uint8, bits: row i has a value if that at ``first + i`` is set; empty if all have one
    """

    values: npt.NDArray[Any]
    valid: npt.NDArray[np.uint8]
    first: int


_ALL_VALID = np.empty(0, np.uint8)
_ALL_VALID.setflags(write=False)


def raw(column: pa.Array, dtype: type[np.generic] | None = None) -> Raw:
    """A column of numbers or times of ``dtype``; without one, of truth values."""
    missing = column.null_count
    if dtype is not None and missing == len(column):
        return nothing(dtype)
    valid, values = column.buffers()
    first = column.offset
    bits = buffer_of(valid, np.uint8) if missing else _ALL_VALID
    if dtype is None:
        return Raw(buffer_of(values, np.uint8), bits, first)
    numbers = buffer_of(values, dtype)
    return Raw(numbers[first:] if first else numbers, bits, first)


def nothing(dtype: type[np.generic]) -> Raw:
    """A column of numbers of which no row has a value."""
    return Raw(buffer_of(None, dtype), _ALL_VALID, 0)


def buffer_of(buffer: pa.Buffer | None, dtype: type[np.generic]) -> npt.NDArray[Any]:
    """A buffer as an array of that make."""
    if buffer is None or not buffer.size:
        array = np.empty(0, dtype)
    else:
        array = np.frombuffer(buffer, dtype)
    if not array.flags.aligned:  # of a file or a socket, at an odd place
        array = array.copy()
    array.setflags(write=False)
    return array


@njit(cache=True)
def is_set(bits, at):  # type: ignore[no-untyped-def]  # numba
    """Whether a bit is set. ``at`` is not negative."""
    place = np.uint64(at)
    return (bits[place >> np.uint64(3)] >> np.uint8(place & np.uint64(7))) & np.uint8(1) != 0


@njit(cache=True)
def picked(column, rows, missing):  # type: ignore[no-untyped-def]  # numba
    """Values of these rows, ``missing`` where there is none."""
    values, valid, first = column
    out = np.empty(len(rows), values.dtype)
    # A loop for each: nearly always all have a value, or none has, and then there is nothing to
    # ask. Numbers without a sign: a look at one that may be negative counts from the end. A
    # column by itself stays in the near cache while its rows are asked for in no order: two at
    # once take longer than one after the other.
    if len(values) == 0:
        out[:] = missing
    elif len(valid) == 0:
        for k in range(len(rows)):
            out[k] = values[np.uint64(rows[k])]
    else:
        for k in range(len(rows)):
            row = np.uint64(rows[k])
            out[k] = values[row] if is_set(valid, np.uint64(first) + row) else missing
    return out
