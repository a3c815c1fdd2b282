"""The time of day in Shanghai, eight hours before UTC all year round."""

from __future__ import annotations


def local_min(time_us: int) -> float:
    """Minutes after midnight.

    >>> local_min(1_772_460_000_000_000) / 60  # 2026-03-02 14:00 UTC
    22.0
    """
    return (time_us + 8 * 3_600_000_000) % (24 * 3_600_000_000) / 60_000_000
