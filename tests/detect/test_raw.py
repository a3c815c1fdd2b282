"""Columns as compiled code reads them, against what Arrow says of them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from sizao.detect.raw import is_set, picked, raw

_ROWS = np.array([5, 0, 3, 3, 1, 4])


@pytest.mark.parametrize(
    ("kind", "dtype", "missing"),
    [
        (pa.float64(), np.float64, np.nan),
        (pa.float32(), np.float32, np.nan),
        (pa.int64(), np.int64, 0),
        (pa.uint32(), np.uint32, 0),
        (pa.int32(), np.int32, -1),
    ],
)
@pytest.mark.parametrize("values", [[1, 2, 3, 4, 5, 6, 7, 8], [None, 2, 3, None, 5, 6, 7, None]])
@pytest.mark.parametrize("first", [0, 2])
def test_values_of_rows_are_those_arrow_gives(kind, dtype, missing, values, first):
    column = pa.array(values, kind)[first:]
    found = picked(raw(column, dtype), _ROWS, missing)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, column.fill_null(missing).to_numpy()[_ROWS])


def test_a_column_without_any_value_or_row():
    column = pa.nulls(6, pa.float64())
    assert not len(raw(column, np.float64).values), "there is nothing to be picked from"
    assert np.isnan(picked(raw(column, np.float64), _ROWS, np.nan)).all()
    assert not len(picked(raw(column[:0], np.float64), _ROWS[:0], np.nan))


@pytest.mark.parametrize("first", [0, 3, 9])
def test_truth_values_are_bits(first):
    truth = [True, None, False, True, True, False, None, True, False, True, True]
    column = pa.array(truth)[first:]
    bits, said, at = raw(column)
    known = [not len(said) or is_set(said, at + i) for i in range(len(column))]
    found = [is_set(bits, at + i) if known[i] else None for i in range(len(column))]
    assert found == truth[first:]


def test_all_are_of_one_make():
    """A batch out of a builder, out of bytes that cannot be written, and at an odd place: compiled
    code for one is compiled code for all."""
    values = np.arange(4.0)
    odd = b"x" + values.tobytes()
    arrays = [
        pa.array(values),
        pa.Array.from_buffers(pa.float64(), 4, [None, pa.py_buffer(values.tobytes())]),
        pa.Array.from_buffers(pa.float64(), 4, [None, pa.py_buffer(odd).slice(1)]),
    ]
    made = [raw(array, np.float64).values for array in arrays]
    assert {(one.flags.aligned, one.flags.writeable, one.flags.c_contiguous) for one in made} == {
        (True, False, True)
    }
    assert all((one == values).all() for one in made)
