"""Bits of rows as bits of columns, for compiled loops."""

from __future__ import annotations

from typing import Any

from numba import njit


@njit(cache=True, inline="always")
def turned(x: Any) -> Any:
    """Eight bytes as eight rows of bits, turned so that rows are columns.

    Source: Warren, Hacker's Delight, 7-3.
    """
    t: Any = (x ^ x >> 7) & 0x00AA_00AA_00AA_00AA
    x = x ^ t ^ t << 7
    t = (x ^ x >> 14) & 0x0000_CCCC_0000_CCCC
    x = x ^ t ^ t << 14
    t = (x ^ x >> 28) & 0x0000_0000_F0F0_F0F0
    return x ^ t ^ t << 28
