"""The compiled BLAKE2b gives what ``hashlib`` gives."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sizao.core.blake2 import blake2b


@pytest.mark.parametrize("size", [0, 1, 63, 64, 127, 128, 129, 255, 256, 257, 1000])
def test_digests_at_the_edges_of_blocks(size):
    text = bytes(k * 7 & 255 for k in range(size))
    assert blake2b(text) == hashlib.blake2b(text, digest_size=16).digest()


@given(st.binary(max_size=300))
def test_digests_of_any_text(text):
    assert blake2b(text) == hashlib.blake2b(text, digest_size=16).digest()
