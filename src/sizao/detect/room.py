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

from sizao.core.lines import zeros_on_lines
from sizao.core.prefetch import prefetch

_LARGE = 4 << 20
"""Bytes from which it matters."""


def zeros(rows: int, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """A new array of so many rows, all zero. The memory goes back with the array."""
    size = rows * dtype.itemsize
    if size < _LARGE:
        return zeros_on_lines(rows, dtype)
    # Private: what is mapped shared, Python's default, has large pages only where the machine
    # was told so.
    memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE)
    if hasattr(mmap, "MADV_HUGEPAGE"):
        # A kernel built without them refuses: slower, no more.
        with contextlib.suppress(OSError):
            memory.madvise(mmap.MADV_HUGEPAGE)
    return np.frombuffer(memory, dtype)


def longer(array: npt.NDArray[Any], rows: int) -> npt.NDArray[Any]:
    """At least so many rows; new ones are zero."""
    if len(array) >= rows:
        return array
    grown = zeros(rows, array.dtype)
    grown[: len(array)] = array
    return grown


AHEAD = 16
"""Rows between asking for state and using it: what a row takes, times this, is a miss of the
cache."""


@njit(cache=True)
def ahead(array, rows, i):  # type: ignore[no-untyped-def]  # numba
    """In a loop over ``rows`` of a large state, at ``i``: bring near what is needed soon.

    A loop that decides from a row what to do next waits for each miss; asked in time, the
    processor waits for many at once: 20 ns a row instead of 60 with 64 MB of state.
    """
    # Without a sign: a look at a row that may be negative counts from the end.
    soon = np.uint64(min(i + AHEAD, len(rows) - 1))
    prefetch(array, np.uint64(rows[soon]))


def of_slots(array: npt.NDArray[Any], slots: npt.NDArray[np.int32]) -> npt.NDArray[Any]:
    """``array[slots]``, of any slots."""
    picked: npt.NDArray[Any] = _of_slots(array, slots)
    return picked


@njit(cache=True, nogil=True)
def _of_slots(array, slots):  # type: ignore[no-untyped-def]  # numba
    picked = np.empty(len(slots), array.dtype)
    # Nothing waits for what is read here, so the processor looks ahead by itself.
    for i in range(len(slots)):
        picked[i] = array[slots[i]]
    return picked
