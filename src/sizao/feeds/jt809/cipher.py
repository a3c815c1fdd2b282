"""The exclusive-or cipher of message bodies, keyed by access code.

``k`` starts at the header's key (0 counts as 1) and steps ``k = IA1 * (k mod M1) + IC1`` in 32
bits, M1 of 0 counting as 1; each byte is combined with bits 20 to 27 of ``k``. Enciphering and
deciphering are the same. Some peers start at M1 instead of the key: an option of the link.

It keeps nothing secret from somebody who sees a login: use a leased line or a tunnel.

Source: JT/T 809-2011 annex B; 2019 kept it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np


@dataclass(frozen=True)
class Keys:
    """The three numbers agreed for an access code."""

    m1: int
    ia1: int
    ic1: int
    start: str = "key"
    """What ``k`` starts at: ``key``, the header's key, or ``m1``."""


def apply(body: bytes, key: int, keys: Keys) -> bytes:
    """Encipher or decipher a body with the header's key.

    >>> body = b"position"
    >>> keys = Keys(30000000, 20000000, 20000000)
    >>> apply(apply(body, 256178, keys), 256178, keys)
    b'position'
    """
    data = np.frombuffer(body, np.uint8)
    return (data ^ np.frombuffer(stream(key, keys, len(body)), np.uint8, len(body))).tobytes()


def stream(key: int, keys: Keys, size: int) -> bytes:
    """The bytes a body is combined with, at least ``size`` of them."""
    start = keys.m1 if keys.start == "m1" else key
    # Powers of two keep the number of cached streams small.
    size = 1 << max(size - 1, 63).bit_length()
    return _stream(start & 0xFFFFFFFF, keys.m1, keys.ia1, keys.ic1, size)


@lru_cache(maxsize=64)
def _stream(start: int, m1: int, ia1: int, ic1: int, size: int) -> bytes:
    k = start or 1
    modulus = m1 or 1
    found = bytearray(size)
    for at in range(size):
        k = (ia1 * (k % modulus) + ic1) & 0xFFFFFFFF
        found[at] = k >> 20 & 0xFF
    return bytes(found)
