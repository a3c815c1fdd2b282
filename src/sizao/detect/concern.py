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

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.detect.local_time import is_within
from sizao.detect.stage import Columns
from sizao.roads.fence_cells import Grid

EVERY = -1
"""The bits of all vehicle kinds."""


class Inside(NamedTuple):
    """What all fences together say that hold each row, shape (n,).

    kinds : uint8, bits of their kinds
    limit_kmh : float32, the lowest limit of any, infinite where none has one
    """

    kinds: npt.NDArray[np.uint8]
    limit_kmh: npt.NDArray[np.float32]


def inside_of(columns: Columns, grid: Grid) -> Inside:
    """Gathered once for all rules: where fences overlap a row has many. Not to be changed."""
    global _asked
    fence_from, of, inside = _asked
    if fence_from is not columns.fence_from or of is not grid:
        both = _inside(columns.fence_from, columns.fence, grid.kinds, grid.limit_kmh)
        inside = Inside(*both)
        _asked = columns.fence_from, grid, inside
    return inside


_asked: tuple[npt.NDArray[np.int64] | None, Grid | None, Inside] = (
    None,
    None,
    Inside(np.empty(0, np.uint8), np.empty(0, np.float32)),
)
"""What was asked last, and the answer. Columns do not change."""


@njit(cache=True, nogil=True)
def _inside(fence_from, fence, kinds, limit_kmh):  # type: ignore[no-untyped-def]  # numba
    n = len(fence_from) - 1
    inside = np.empty(n, np.uint8)
    lowest = np.empty(n, np.float32)
    for i in range(n):
        some, limit = np.uint8(0), np.float32(np.inf)
        # Without a sign: see ``fence_grid.py``.
        for at in range(np.uint64(fence_from[i]), np.uint64(fence_from[i + 1])):
            some |= kinds[fence[at]]
            limit = min(limit, limit_kmh[fence[at]])
        inside[i], lowest[i] = some, limit
    return inside, lowest


@njit(cache=True, nogil=True)
def in_fences_or_known(slot, kind, inside, bound, wanted, known):  # type: ignore[no-untyped-def]  # numba
    """Rows inside a fence of a kind that is wanted, and those of vehicles of which something is
    known, rising.

    inside : of :class:`Inside`; wanted : such bits
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
        if inside[i] & wanted or known[own] != 0 or own == chosen:
            chosen = own
            rows[count] = i
            count += 1
    return rows[:count]


@njit(cache=True, nogil=True)
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
