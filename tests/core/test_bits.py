"""Bits of rows as bits of columns."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numba import njit

from sizao.core import bits


@njit
def _turned(word: int) -> int:
    return bits.turned(word)


_turned(0)


@given(st.binary(min_size=8, max_size=8))
def test_rows_become_columns(data: bytes) -> None:
    rows = np.frombuffer(data, np.uint8)
    found = np.array([_turned(int(rows.view(np.int64)[0]))], np.int64).view(np.uint8)
    plain = np.unpackbits(rows, bitorder="little").reshape(8, 8).T
    assert found.tolist() == np.packbits(plain, bitorder="little").tolist()
