"""What terminals say of themselves in the alarm word, and when: a plan by hash, as everything.

One terminal in fifty ails: now and then a bit of its word goes up for seconds or minutes. Most are
faults that the rules know; some are bits that mean nothing to them, and must give nothing. Any
vehicle may, once in a long while, report a collision or that it has rolled over.

Bits: JT/T 808, alarm word of the position report (recalled).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from sizao.sim._motion import _unit

PRESSED_S = 45
"""How long an emergency button is held."""

BLOCK_S = 1800
"""A plan holds for so long; a bit is up for a part of it."""

AILING, SPELLS = 0.02, 0.12
"""Share of terminals that ail, and of an ailing one's blocks with a fault."""

_CRASH_S = 14_400
_CRASHES = 0.002

_BITS = np.array([4, 5, 6, 7, 8, 11, 28, 3, 9, 10, 12])
"""The last four are no faults to any rule: danger ahead, display, speech, card."""


@njit(cache=True)
def pressed(seed, vehicle, now):  # type: ignore[no-untyped-def]  # numba
    """Whether a driver presses the emergency button in this minute."""
    return _unit(seed, vehicle, 121, now // 60) < 2.5e-5


@njit(cache=True)
def alarm_word(seed, vehicle, now):  # type: ignore[no-untyped-def]  # numba
    """Bits that are up at a moment, the emergency button's left out."""
    word = 0
    if _unit(seed, vehicle, 201, 0) < AILING:
        block, since = now // BLOCK_S, now % BLOCK_S
        begin = 900.0 * _unit(seed, vehicle, 203, block)
        share = _unit(seed, vehicle, 204, block)
        if _unit(seed, vehicle, 202, block) < SPELLS and (
            begin <= since < begin + 5.0 + 700.0 * share * share
        ):
            word |= 1 << _BITS[int(len(_BITS) * _unit(seed, vehicle, 205, block))]
    block, since = now // _CRASH_S, now % _CRASH_S
    if _unit(seed, vehicle, 206, block) < _CRASHES:
        begin = 13_000.0 * _unit(seed, vehicle, 207, block)
        if begin <= since < begin + 30.0 + 600.0 * _unit(seed, vehicle, 208, block):
            word |= 1 << (29 if _unit(seed, vehicle, 209, block) < 0.7 else 30)
    return word
