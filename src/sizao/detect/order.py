"""Rows of a batch grouped by vehicle, each group in the order of arrival."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

_WIDEST = 12
"""Bits of a pass: with more, the places rows go to are too many for the nearest cache."""


def by_slot(slots: npt.NDArray[np.int32], below: int) -> npt.NDArray[np.int32]:
    """Row numbers in order of slot, equal slots in order of row.

    slots : int32, shape (n,), each at least 0 and under ``below``

    A radix sort: two passes for 16 million vehicles, whatever the size of the batch, where a
    counting sort over all slots would cost more than the rules for seven million.
    """
    order: npt.NDArray[np.int32] = _radix(slots, max(1, (max(below, 1) - 1).bit_length()))
    return order


@njit(cache=True, nogil=True)
def _radix(slots, bits):  # type: ignore[no-untyped-def]  # numba
    n = len(slots)
    order = np.arange(n).astype(np.int32)
    other = np.empty(n, np.int32)
    # Passes of one width: a wide one and a narrow one write to more places than two alike.
    passes = (bits + _WIDEST - 1) // _WIDEST
    width = (bits + passes - 1) // passes
    mask = np.uint32((1 << width) - 1)
    for number in range(passes):
        shift = np.uint32(number * width)
        place = np.zeros((1 << width) + 1, np.uint32)
        for i in range(n):
            digit = np.uint64((np.uint32(slots[i]) >> shift) & mask)
            place[digit + np.uint64(1)] += np.uint32(1)
        for at in range(1 << width):
            place[at + 1] += place[at]
        for at in range(n):
            i = order[at]
            digit = np.uint64((np.uint32(slots[np.uint64(i)]) >> shift) & mask)
            other[np.uint64(place[digit])] = i
            place[digit] += np.uint32(1)
        order, other = other, order
    return order
