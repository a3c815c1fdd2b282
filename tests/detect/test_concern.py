"""Which rows concern a rule on fences."""

from __future__ import annotations

import numpy as np

from sizao.detect.concern import EVERY, in_fences_or_known, in_hours_or_known
from sizao.detect.local_time import HOUR_US, hours_us

_WANTED = np.uint8(1 << 3)


def test_rows_in_fences_of_its_kinds_and_all_after_them():
    """Slot 0 outside, then in a fence of kind 3, then outside; 1 in fences of kinds 1 and 2 alone;
    2 in none but known; 3 in none; 4 in kinds 1 and 3 at once."""
    slot = np.array([0, 0, 0, 1, 2, 3, 4], np.int32)
    kind = np.arange(7, dtype=np.int8)
    inside = np.array([0, 1 << 3, 0, 1 << 1 | 1 << 2, 0, 0, 1 << 1 | 1 << 3], np.uint8)
    known = np.array([0, 0, 256, 0, 0], np.uint16)
    rows = in_fences_or_known(slot, kind, inside, EVERY, _WANTED, known)
    assert rows.tolist() == [1, 2, 4, 6]


def test_vehicles_of_other_kinds_are_left_out_whatever_is_known():
    """All inside and known; the rule binds kinds 1 and 4."""
    slot = np.arange(4, dtype=np.int32)
    kind = np.array([0, 1, 4, 5], np.int8)
    inside, known = np.full(4, 1 << 3, np.uint8), np.ones(4, np.uint16)
    rows = in_fences_or_known(slot, kind, inside, 0b10010, _WANTED, known)
    assert rows.tolist() == [1, 2]


def test_rows_at_night_and_all_after_them():
    """Of slot 0 one at 21:59, 22:00 and 06:00 local; 1 is known at noon, 2 not; the last row of 1
    is not asked about."""
    hours = np.array([13 + 59 / 60, 14, 22, 4, 4, 5])
    slot = np.array([0, 0, 0, 1, 2, 1], np.int32)
    time_us = (hours * HOUR_US).astype(np.int64)
    known = np.array([0, 1, 0], np.int8)
    night = hours_us(22 * 60.0, 6 * 60.0)
    assert in_hours_or_known(slot, time_us, np.arange(5), night, known).tolist() == [1, 2, 3]
