"""Zeroed arrays for state that is read at random: on cache lines, and in large pages.

A row of a state of a hundred megabytes is a miss of the cache and, with pages of 4 KiB, one of
the translation cache too; with large pages only the former is left.
"""

from __future__ import annotations

import contextlib
import mmap
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

_LARGE = 4 << 20
"""Bytes from which it matters."""


def zeros(rows: int, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """A new array of so many rows, all zero. The memory goes back with the array."""
    size = rows * dtype.itemsize
    if size < _LARGE:
        return np.zeros(rows, dtype)
    memory = mmap.mmap(-1, size)
    if hasattr(mmap, "MADV_HUGEPAGE"):
        # A kernel built without them refuses: slower, no more.
        with contextlib.suppress(OSError):
            memory.madvise(mmap.MADV_HUGEPAGE)
    return np.frombuffer(memory, dtype)


def fetch(array: npt.NDArray[Any], rows: npt.NDArray[np.int32]) -> None:
    """Bring rows of a large state near the processor before a loop needs them one after another.

    A loop that decides from a row what to do next waits for each; this one only reads, so that the
    processor waits for many at once. On a small array it does nothing.
    """
    if array.nbytes >= _LARGE:
        _read(array.view(np.uint8).reshape(len(array), array.dtype.itemsize), rows)


@njit(cache=True)
def _read(raw, rows):  # type: ignore[no-untyped-def]  # numba
    last = raw.shape[1] - 1
    total = 0
    for row in rows:
        total += raw[row, 0] + raw[row, last]
    return total
