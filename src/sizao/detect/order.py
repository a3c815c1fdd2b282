"""Rows of a batch grouped by vehicle, each group in the order of arrival."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

_BITS = 11


def by_slot(slots: npt.NDArray[np.int32], below: int) -> npt.NDArray[np.int64]:
    """Row numbers in order of slot, equal slots in order of row.

    slots : int32, shape (n,), each at least 0 and under ``below``

    A radix sort of 11 bits a pass: two for four million vehicles, whatever the size of the batch,
    where a counting sort over all slots would cost more than the rules for seven million.
    """
    order: npt.NDArray[np.int64] = _radix(slots, max(1, (max(below, 1) - 1).bit_length()))
    return order


@njit(cache=True, nogil=True)
def _radix(slots, bits):  # type: ignore[no-untyped-def]  # numba
    n = len(slots)
    order = np.arange(n)
    other = np.empty(n, np.int64)
    mask = (1 << _BITS) - 1
    for shift in range(0, bits, _BITS):
        place = np.zeros(mask + 2, np.int64)
        for i in range(n):
            place[((slots[i] >> shift) & mask) + 1] += 1
        for digit in range(mask + 1):
            place[digit + 1] += place[digit]
        for at in range(n):
            i = order[at]
            digit = (slots[i] >> shift) & mask
            other[place[digit]] = i
            place[digit] += 1
        order, other = other, order
    return order
