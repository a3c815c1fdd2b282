"""Which rows may concern a rule, found in one quick pass before it looks closely at any.

Most rows concern most rules not at all: no fence holds them, nothing is remembered of the vehicle.
A loop that hands the columns on to other functions counts each of their arrays in and out on every
row, also on those that it leaves out: 7 ns for a row that is nothing. One that does nothing but
choose takes 1 ns, so each rule with many such rows has one, of the columns it needs. Where it
chooses none the kernel is not called: to hand it all columns takes 8 us.

What a rule remembers is read there as it was before the batch. A row that concerns it may change
that, so all later rows of the vehicle, which follow each other, count as concerning it too.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from sizao.detect.local_time import is_within

EVERY = -1
"""The bits of all vehicle kinds."""


@njit(cache=True, nogil=True)
def in_fences_or_known(slot, kind, fence_from, fence, kinds, bound, wanted, known):  # type: ignore[no-untyped-def]  # numba
    """Rows inside a fence of a kind that is wanted, and those of vehicles of which something is
    known, rising.

    kinds : ``Grid.kinds`` of the fences; wanted : such bits
    bound : bits of the vehicle kinds that the rule binds
    known : uint16 a slot; 0 where nothing is remembered
    """
    rows = np.empty(len(slot), np.int64)
    count = 0
    chosen = -1
    for i in range(len(slot)):
        if (bound >> kind[i]) & 1 == 0:
            continue
        own = slot[i]
        inside = np.uint8(0)
        # Without a sign: see ``fence_grid.py``.
        for at in range(np.uint64(fence_from[i]), np.uint64(fence_from[i + 1])):
            inside |= kinds[fence[at]]
        if inside & wanted or known[own] != 0 or own == chosen:
            chosen = own
            rows[count] = i
            count += 1
    return rows[:count]


@njit(cache=True)
def in_hours_or_known(slot, time_us, rows, hours, known):  # type: ignore[no-untyped-def]  # numba
    """Of ``rows``, rising, those within these hours of the day, and those of vehicles of which
    something is known.

    known : int8 a slot; 0 where nothing is remembered
    """
    some = np.empty(len(rows), np.int64)
    count = 0
    chosen = -1
    for i in rows:
        own = slot[i]
        if is_within(time_us[i], hours) or known[own] != 0 or own == chosen:
            chosen = own
            some[count] = i
            count += 1
    return some[:count]
