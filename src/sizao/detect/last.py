"""The last position taken in of every vehicle, in 25 bytes.

The time of the last fix, and since when its place has been the same at speed, are kept apart, in a
table of the few, where they are not simply the time of the position: of vehicles that have lost
their fix or whose receiver hangs.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from sizao.detect import sparse

LAST = np.dtype([("time_us", "i8"), ("lat", "f8"), ("lon", "f8"), ("flags", "u1")])
"""Event time of the last position; the last place with a fix."""

SEEN = 1
MOVED = 2
"""It has ever changed."""
FIXED = 4
"""There has been a fix: at ``time_us``, unless the vehicle is kept apart."""
FAST = 8
"""At speed at its place since ``time_us``, unless the vehicle is kept apart."""
KEPT = 16
"""Fix and speed stand in ``APART``."""

APART = sparse.episodes([("fix_us", "i8"), ("since_us", "i8")])
"""When the last fix was, and since when it has been the same at speed (0: none, it is not)."""


@njit(cache=True)
def fix_of(was, apart, slot):  # type: ignore[no-untyped-def]  # numba
    """``fix_us`` and ``since_us`` of a vehicle."""
    if was.flags & KEPT:
        own = apart[sparse.find(apart, slot, 0)]
        return own.fix_us, own.since_us
    fix_us = was.time_us if was.flags & FIXED else np.int64(0)
    return fix_us, was.time_us if was.flags & FAST else np.int64(0)


@njit(cache=True)
def keep(was, apart, slot, moved, fix_us, since_us):  # type: ignore[no-untyped-def]  # numba
    """Set the flags of a vehicle whose time is set. Returns the table anew."""
    flags = SEEN | (MOVED if moved else 0)
    now = was.time_us
    if fix_us in (0, now) and since_us in (0, now):
        if was.flags & KEPT:
            sparse.drop(apart, sparse.find(apart, slot, 0))
        flags |= (FIXED if fix_us != 0 else 0) | (FAST if since_us != 0 else 0)
    else:
        apart, at = sparse.add(apart, slot, 0)
        apart[at].fix_us = fix_us
        apart[at].since_us = since_us
        flags |= KEPT
    was.flags = flags
    return apart
