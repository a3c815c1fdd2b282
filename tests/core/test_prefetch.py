"""A prefetch changes nothing and cannot fail."""

from __future__ import annotations

import numpy as np
from numba import njit

from sizao.core.prefetch import prefetch, prefetch_read

ODD = np.dtype([("key", "i8"), ("open", "u1")])


@njit
def _ask(array, row):
    prefetch(array, row)
    prefetch_read(array, row)
    return len(array)


def test_any_place_may_be_asked_for():
    for array in (np.arange(1000), np.zeros(1000, ODD), np.zeros(1000, ODD)["open"], np.zeros(0)):
        before = array.copy()
        for row in (0, 999, -1, 10**12):
            assert _ask(array, row) == len(array)
        assert (array == before).all()
