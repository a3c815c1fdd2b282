"""Which rows concern a rule on fences."""

from __future__ import annotations

import numpy as np

from sizao.detect.concern import in_fences_or_open
from sizao.detect.spells import EACH


def test_rows_in_fences_of_its_kinds_and_all_after_them():
    """Slot 0 outside, then in a fence of kind 3, then outside; 1 in fences of kinds 1 and 2 alone;
    2 in none but open; 3 in none; 4 in kinds 1 and 3 at once."""
    kinds = np.array([1 << 1, 1 << 2, 1 << 3], np.uint8)
    slot = np.array([0, 0, 0, 1, 2, 3, 4], np.int32)
    fence = np.array([2, 0, 1, 0, 2], np.int32)
    fence_from = np.array([0, 0, 1, 1, 3, 3, 3, 5])
    each = np.zeros(5, EACH)
    each["open"][2] = 1
    rows = in_fences_or_open(slot, fence_from, fence, kinds, np.uint8(1 << 3), each)
    assert rows.tolist() == [1, 2, 4, 6]
