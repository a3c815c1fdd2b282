"""Chance for devices: a number that depends on its words and on nothing else, so that the same
city sees the same day however it is cut into calls."""

from __future__ import annotations

import hashlib


def share(*words: object) -> float:
    """A number in [0, 1)."""
    digest = hashlib.blake2b(repr(words).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64
