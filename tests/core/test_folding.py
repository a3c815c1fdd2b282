"""Check sums by folding are those of the library, of whatever length and behind whatever."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sizao.core.crc32 import crc32

BYTES = np.random.default_rng(32).integers(0, 256, 4096, np.uint8).tobytes()


@given(st.integers(0, 700), st.integers(0, 700), st.integers(0, 2**32 - 1))
def test_crc32_is_that_of_zlib(start: int, size: int, before: int) -> None:
    data = BYTES[start : start + size]
    assert crc32(data, before) == zlib.crc32(data, before)
    assert crc32(memoryview(data)) == zlib.crc32(data)


@pytest.mark.parametrize("place", [0, 63, 64, 127, 128, 4000, 4095])
def test_crc32_sees_every_byte(place: int) -> None:
    changed = bytearray(BYTES)
    changed[place] ^= 1
    assert crc32(changed) == zlib.crc32(changed) != crc32(BYTES)


def test_crc32_without_the_instruction(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sizao.core.crc32.FOLDS", False)
    assert crc32(BYTES[:100], 7) == zlib.crc32(BYTES[:100], 7)
