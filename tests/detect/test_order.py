"""Grouping by vehicle is a stable sort."""

from __future__ import annotations

import numpy as np
import pytest

from sizao.detect.order import by_slot


@pytest.mark.parametrize("below", [1, 2, 2047, 2048, 2049, 100_000, 2**22 + 1, 7_000_000])
def test_it_is_a_stable_sort(below):
    chance = np.random.default_rng(below)
    slots = chance.integers(0, below, 5000).astype(np.int32)
    slots[0] = below - 1
    assert by_slot(slots, below).tolist() == np.argsort(slots, kind="stable").tolist()


def test_no_rows():
    assert len(by_slot(np.empty(0, np.int32), 0)) == 0
