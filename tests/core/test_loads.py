"""Compiled reads and writes by address give what Python's own give."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numba import njit

from sizao.core import loads


@njit
def _read(at: int, value: int) -> tuple[int, int, int, int, int]:
    return loads.u8(at), loads.u16(at), loads.u32(at), loads.u64(at), loads.find(at, value)


@njit
def _digits(to: int, value: int) -> None:
    loads.put_u64(to, loads.hex_digits(value))


@njit
def _bits(value: int) -> tuple[int, int]:
    return loads.lowest_bit(value), loads.leading_zeros(value)


_read(loads.address(np.zeros(64, np.uint8)), 0)
_digits(loads.address(np.zeros(8, np.uint8)), 0)
_bits(1)


@given(st.binary(min_size=33, max_size=33), st.integers(0, 255))
def test_reads_from_any_offset(data: bytes, value: int) -> None:
    buffer = np.frombuffer(data, np.uint8)
    found = _read(loads.address(buffer) + 1, value)
    assert found[:3] == tuple(int.from_bytes(data[1 : 1 + n], "big") for n in (1, 2, 4))
    assert found[3] == int.from_bytes(data[1:9], "big", signed=True)
    assert found[4] == sum(1 << k for k in range(32) if data[1 + k] == value)


@given(st.binary(min_size=4, max_size=4))
def test_digits(data: bytes) -> None:
    out = np.zeros(8, np.uint8)
    _digits(loads.address(out), int.from_bytes(data + bytes(4), "big", signed=True))
    assert out.tobytes().decode() == data.hex()


@given(st.integers(1, 2**63 - 1))
def test_bits(value: int) -> None:
    assert _bits(value) == ((value & -value).bit_length() - 1, 64 - value.bit_length())
    assert _bits(0) == (64, 64)
