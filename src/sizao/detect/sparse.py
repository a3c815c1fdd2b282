"""Memory for the few: a table with a row only for vehicles that have something to remember.

Most rules know nothing of most vehicles: a truck that keeps the limit needs no worst speed. What
every vehicle needs stands in the rule's ``state_dtype``, a row a slot; the rest stands here, and a
byte of the former says whether to look. A row's key is a slot and a *part*, for rules that
follow several things of one vehicle (alarm bits, areas); other rules use part 0.

It is a hash table with linear probing that lives in one structured array, so that a kernel can
change it and a checkpoint can hold it: row 0 holds only the number of rows in use, rows 1 to 2^k
are places. All-zero is empty.

>>> table = new(episodes([("start_us", "i8")]))
>>> table, at = add(table, 7, 0)
>>> table[at]["start_us"] = 12
>>> int(table[find(table, 7, 0)]["start_us"]), find(table, 8, 0)
(12, 0)
>>> drop(table, at)
>>> find(table, 7, 0), int(table[0]["key"])
(0, 0)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

PARTS = 1 << 24
"""Part numbers are below this."""

_ROOM = 16
_GOLDEN, _SHIFT = np.uint64(0x9E3779B97F4A7C15), np.uint64(33)


def episodes(fields: Sequence[Any]) -> np.dtype[Any]:
    """The row's type: ``fields`` as NumPy takes them, and the key."""
    return np.dtype([("key", "i8"), *fields], align=True)


def new(dtype: np.dtype[Any], rows: int = _ROOM) -> npt.NDArray[Any]:
    """An empty table with places for ``rows``, a power of two."""
    return np.zeros(rows + 1, dtype)


@njit(cache=True)
def _home(key, mask):  # type: ignore[no-untyped-def]  # numba
    """Where a key goes first. Fibonacci hashing: slots are dense, parts few; the high bits of the
    product are mixed. Without a sign: a signed product that overflows may be compiled to anything,
    and is, where the compiler can see that the key is positive."""
    return np.int64((np.uint64(key) * _GOLDEN) >> _SHIFT) & mask


@njit(cache=True)
def _place(table, key):  # type: ignore[no-untyped-def]  # numba
    """Row of the key, or the empty one where it would go."""
    mask = len(table) - 2
    at = _home(key, mask)
    while table[at + 1].key != 0 and table[at + 1].key != key:
        at = (at + 1) & mask
    return at + 1


@njit(cache=True)
def _key(slot, part):  # type: ignore[no-untyped-def]  # numba
    return np.int64(slot) * PARTS + np.int64(part) + 1


@njit(cache=True)
def home(table, slot, part):  # type: ignore[no-untyped-def]  # numba
    """Row number where this slot and part most likely is, to have it brought near."""
    return _home(_key(slot, part), len(table) - 2) + 1


@njit(cache=True)
def find(table, slot, part):  # type: ignore[no-untyped-def]  # numba
    """Row number of this slot and part, 0 if there is none."""
    at = _place(table, _key(slot, part))
    return at if table[at].key != 0 else 0


@njit(cache=True)
def add(table, slot, part):  # type: ignore[no-untyped-def]  # numba
    """The table, perhaps a larger one, and the row number; a new row is zero but for its key.

    Row numbers found before are no longer good.
    """
    key = _key(slot, part)
    at = _place(table, key)
    if table[at].key == 0:
        if 2 * (table[0].key + 1) > len(table) - 1:
            table = _larger(table)
            at = _place(table, key)
        table[at].key = key
        table[0].key += 1
    return table, at


@njit(cache=True)
def _larger(table):  # type: ignore[no-untyped-def]  # numba
    larger = np.zeros(2 * (len(table) - 1) + 1, table.dtype)
    larger[0] = table[0]
    for row in range(1, len(table)):
        if table[row].key != 0:
            larger[_place(larger, table[row].key)] = table[row]
    return larger


@njit(cache=True)
def drop(table, at):  # type: ignore[no-untyped-def]  # numba
    """Forget row ``at``. Row numbers found before are no longer good."""
    mask = len(table) - 2
    empty = at - 1
    probe = empty
    while True:
        probe = (probe + 1) & mask
        if table[probe + 1].key == 0:
            break
        home = _home(table[probe + 1].key, mask)
        # A row may move up to the hole only if its home does not lie between the two.
        if (probe - home) & mask >= (probe - empty) & mask:
            table[empty + 1] = table[probe + 1]
            empty = probe
    table[empty + 1] = np.zeros(1, table.dtype)[0]
    table[0].key -= 1


def rows(table: npt.NDArray[Any], wanted: npt.NDArray[np.bool_] | None = None) -> npt.NDArray[Any]:
    """What is in use, in order of slot and part: the same whatever the history of the table.

    wanted : a value a place, row 0 included: of those in use only these
    """
    if not table["key"][0]:
        return table[:0].copy()
    in_use = table["key"][1:] != 0
    used = table[1:][in_use if wanted is None else in_use & wanted[1:]]
    # Into zeros, field by field: padding bytes are left to chance otherwise.
    clean = np.zeros(len(used), table.dtype)
    order = np.argsort(used["key"], kind="stable")
    for name in table.dtype.names or ():
        clean[name] = used[name][order]
    return clean


def from_rows(used: npt.NDArray[Any], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """A table of :func:`rows`."""
    size = _ROOM
    while size < 2 * (len(used) + 1):
        size *= 2
    table = new(dtype, size)
    _fill(table, used)
    return table


@njit(cache=True)
def _fill(table, used):  # type: ignore[no-untyped-def]  # numba
    """Put rows into an empty table with room for them."""
    for k in range(len(used)):
        table[_place(table, used[k].key)] = used[k]
    table[0].key = len(used)


def slots(used: npt.NDArray[Any]) -> npt.NDArray[np.int32]:
    """Slot of each row of :func:`rows`."""
    return ((used["key"] - 1) // PARTS).astype(np.int32)


def parts(used: npt.NDArray[Any]) -> npt.NDArray[np.int32]:
    """Part of each row of :func:`rows`."""
    return ((used["key"] - 1) % PARTS).astype(np.int32)
