"""Zeroed arrays that may lie in large pages."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sizao.detect.room import of_slots, zeros

MAPS = Path("/proc/self/maps")
ROW = np.dtype([("time_us", "i8"), ("seen", "i1")])


@pytest.mark.skipif(not MAPS.exists(), reason="only Linux says how memory is mapped")
def test_a_large_array_is_mapped_for_this_process_alone():
    """Shared memory, which is what a mapping is by default, gets no large pages on most machines:
    with 200 MB of state that cost half of the speed."""
    array = zeros(1 << 20, ROW)
    here = array.__array_interface__["data"][0]
    for line in MAPS.read_text().splitlines():
        span, permissions, *_ = line.split()
        begin, end = (int(each, 16) for each in span.split("-"))
        if begin <= here < end:
            assert permissions == "rw-p"
            return
    raise AssertionError("mapped nowhere")


def test_a_small_array_begins_on_a_line_of_the_cache():
    """A row of 64 bytes, as the matcher's, would lie on two."""
    assert all(zeros(rows, ROW).ctypes.data % 64 == 0 for rows in range(1, 100))


def test_what_is_picked_is_what_indexing_gives():
    rows = zeros(1 << 20, ROW)
    rows["time_us"] = np.arange(len(rows))
    slots = np.random.default_rng(1).integers(0, len(rows), 1000).astype(np.int32)
    assert of_slots(rows["time_us"], slots).tolist() == slots.tolist()
    assert of_slots(rows["time_us"], slots[:0]).tolist() == []
