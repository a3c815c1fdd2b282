"""Zeroed arrays begin on a line of the cache."""

from __future__ import annotations

import numpy as np
import pytest

from sizao.core.lines import zeros_on_lines

ROW = np.dtype([("time_us", "i8"), ("seen", "i1")])


@pytest.mark.parametrize("rows", [1, 5, 1000, 100_003])
@pytest.mark.parametrize("dtype", [np.int32, np.float64, ROW])
def test_it_begins_on_a_line_and_is_zero(rows, dtype):
    array = zeros_on_lines(rows, dtype)
    assert array.ctypes.data % 64 == 0
    assert (array.dtype, array.shape) == (dtype, (rows,))
    assert not array.tobytes().strip(b"\0")


def test_of_no_rows_and_of_several_dimensions():
    assert zeros_on_lines(0, ROW).shape == (0,)
    array = zeros_on_lines((3, 7), np.int64)
    array[:] = np.arange(21).reshape(3, 7)
    assert array.sum() == 210
