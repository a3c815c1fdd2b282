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


# A kernel asks the table of the few only where it must: handing it on and taking it back, by the
# count of references that this takes, costs more than all else of an ordinary row.
@njit(cache=True)
def fix_of(flags, time_us):  # type: ignore[no-untyped-def]  # numba
    """``fix_us`` and ``since_us`` of a vehicle that is not kept apart."""
    fix_us = time_us if flags & FIXED else np.int64(0)
    return fix_us, time_us if flags & FAST else np.int64(0)


@njit(cache=True)
def apart_of(apart, slot):  # type: ignore[no-untyped-def]  # numba
    """The same of one that is."""
    own = apart[sparse.find(apart, slot, 0)]
    return own.fix_us, own.since_us


@njit(cache=True)
def is_plain(now, fix_us, since_us):  # type: ignore[no-untyped-def]  # numba
    """Whether flags can say it: each time is that of the position, or there is none."""
    return (fix_us == 0 or fix_us == now) and (since_us == 0 or since_us == now)


@njit(cache=True)
def flags_of(moved, fix_us, since_us):  # type: ignore[no-untyped-def]  # numba
    """Flags of a vehicle of which :func:`is_plain`."""
    flags = SEEN | (MOVED if moved else 0)
    return flags | (FIXED if fix_us != 0 else 0) | (FAST if since_us != 0 else 0)


@njit(cache=True)
def keep(was, apart, slot, moved, fix_us, since_us):  # type: ignore[no-untyped-def]  # numba
    """Set the flags of a vehicle whose time is set. Returns the table anew."""
    if is_plain(was.time_us, fix_us, since_us):
        if was.flags & KEPT:
            sparse.drop(apart, sparse.find(apart, slot, 0))
        was.flags = flags_of(moved, fix_us, since_us)
    else:
        apart, at = sparse.add(apart, slot, 0)
        apart[at].fix_us = fix_us
        apart[at].since_us = since_us
        was.flags = SEEN | KEPT | (MOVED if moved else 0)
    return apart
