"""The compiled check sums are the defined one, by tables and by folding."""

from __future__ import annotations

import binascii

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba import njit

from sizao.core.folding import FOLDS
from sizao.core.loads import address
from sizao.feeds.jt809 import crc


@njit
def _by_tables(at: int, end: int) -> bool:
    return crc.right_by_tables(at, end)


@njit
def _by_folding(at: int, end: int) -> bool:
    return crc.right_by_folding(at, end)


WAYS = [_by_tables, _by_folding] if FOLDS else [_by_tables]


def right(message: bytes, before: bytes) -> list[bool]:
    buffer = np.frombuffer(before + message, np.uint8)
    at = address(buffer) + len(before)
    return [bool(way(at, at + len(message))) for way in WAYS]


@given(st.binary(min_size=1, max_size=150), st.binary(min_size=16, max_size=16), st.data())
def test_what_is_right_and_what_is_not(plain: bytes, before: bytes, data: st.DataObject) -> None:
    message = plain + binascii.crc_hqx(plain, 0xFFFF).to_bytes(2, "big")
    assert all(right(message, before))
    assert all(right(message, bytes(16)))
    wrong = bytearray(message)
    for bit in data.draw(st.sets(st.integers(0, 8 * len(message) - 1), min_size=1, max_size=20)):
        wrong[bit // 8] ^= 1 << bit % 8
    really = binascii.crc_hqx(wrong[:-2], 0xFFFF) == int.from_bytes(wrong[-2:], "big")
    assert right(bytes(wrong), before) == [really] * len(WAYS)


@pytest.mark.parametrize("size", range(3, 140))
def test_a_wrong_bit_at_every_place(size: int) -> None:
    """A CRC of 16 bits finds each single one."""
    plain = bytes(range(size - 2))
    message = plain + binascii.crc_hqx(plain, 0xFFFF).to_bytes(2, "big")
    for place in range(size):
        wrong = bytearray(message)
        wrong[place] ^= 1 << place % 8
        assert not any(right(bytes(wrong), b"\xff" * 16))
