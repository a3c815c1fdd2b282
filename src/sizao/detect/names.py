"""Vehicles by name: which row of the state arrays is theirs, millions a second.

A name is its own key of 8 bytes if it is a number of up to 17 digits, as every phone is, or a
plate, with or without ``plate:`` and a colour before it (``name_keys.py``). Two names
therefore never meet, whatever they hash to. A hash table of row numbers, each with as many bits of
the hash as there is room for, so that hardly any other name's key is looked at, leads to *slot*;
slots are given in the order in which vehicles are first seen and are kept for good. Other names
are rare and go through a dictionary.

>>> names = Names()
>>> names.slots_of(pa.array(["13900000001", "川DI0001", "13900000001"])).tolist()
[0, 1, 0]
>>> len(names), names[1]
(2, '川DI0001')
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba import njit

from sizao.core.prefetch import prefetch
from sizao.detect.name_keys import OTHER, key_of, phone_key, text_of
from sizao.detect.raw import buffer_of
from sizao.detect.room import zeros

KEY = np.dtype(np.uint64)
_ROOM = 64
_BLOCK = 512


class Names:
    """The register of slots. It only grows."""

    def __init__(self) -> None:
        self._keys = np.zeros(_ROOM, KEY)
        self._table = np.zeros(2 * _ROOM, np.uint32)
        self._count = 0
        self._other: dict[str, int] = {}
        self._others: list[str] = []
        self._texts: list[str] = []

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, slot: int) -> str:
        """Name of a slot."""
        if slot < len(self._texts):
            return self._texts[slot]
        return self._text(slot)

    def texts(self) -> list[str]:
        """All names in slot order. The list grows in place: do not change it."""
        for slot in range(len(self._texts), self._count):
            self._texts.append(self._text(slot))
        return self._texts

    def bytes_per_name(self) -> float:
        """Bytes of key and table a name takes."""
        return KEY.itemsize + self._table.nbytes / max(self._count, 1)

    def slots_of(self, names: pa.Array) -> npt.NDArray[np.int32]:
        """Slot of each name (a string array without nulls); new ones get the next slots in order.

        Returns int32, shape (n,).
        """
        n = len(names)
        if not n:
            return np.empty(0, np.int32)
        _, offsets, data = names.buffers()
        at = buffer_of(offsets, np.int32)[names.offset : names.offset + n + 1]
        raw = buffer_of(data, np.uint8)
        slots = np.empty(n, np.int32)
        done = 0
        while done < n:
            self._make_room(1)
            done, self._count = _lookup(at, raw, self._keys, self._table, self._count, slots, done)
            if done < n and self._count < len(self._keys):
                slots[done] = self._of_other(names[done].as_py())
                done += 1
        return slots

    def find(self, name: str) -> int | None:
        """Slot of a name, None if it has none; gives no new ones."""
        raw = np.frombuffer(name.encode() or b"\0", np.uint8)
        key = key_of(raw, 0, len(name.encode()))
        if key == OTHER:
            return self._other.get(name)
        # A number that left compiled code is signed again.
        slot = _find(np.uint64(key), self._keys, self._table)
        return int(slot) if slot >= 0 else None

    @classmethod
    def of(cls, texts: Iterable[str]) -> Names:
        """The register in which these, all different, have the slots 0, 1, 2 ..."""
        names = cls()
        names.slots_of(pa.array(texts, pa.string()))
        return names

    def keys(self) -> tuple[npt.NDArray[np.uint64], list[str]]:
        """The key of each slot, a view, and the names without a key of their own, copied."""
        return self._keys[: self._count], list(self._others)

    @classmethod
    def of_keys(cls, keys: npt.NDArray[np.uint64], others: Iterable[str]) -> Names:
        """The register of which these are the :meth:`keys`."""
        names = cls()
        names._make_room(len(keys))
        names._keys[: len(keys)] = keys
        names._count = len(keys)
        names._others = list(others)
        is_other = keys >> np.uint64(62) == 1
        slots = np.flatnonzero(is_other)[np.argsort(keys[is_other])].tolist()
        names._other = dict(zip(names._others, slots, strict=True))
        _enter(names._keys, names._count, names._table)
        return names

    def _of_other(self, name: str) -> int:
        slot = self._other.get(name)
        if slot is None:
            slot = self._other[name] = self._count
            # Its place among those names, so that its text is found again.
            self._keys[slot] = OTHER | np.uint64(len(self._others))
            self._others.append(name)
            self._count += 1
        return slot

    def _text(self, slot: int) -> str:
        key = int(self._keys[slot])
        return self._others[key ^ int(OTHER)] if key >> 62 == 1 else text_of(key)

    def _make_room(self, more: int) -> None:
        """Room for ``more`` new names: keys double, and the table keeps half of its places free."""
        if self._count + more > len(self._keys):
            room = 2 * len(self._keys)
            while room < self._count + more:
                room *= 2
            longer = zeros(room, KEY)
            longer[: len(self._keys)] = self._keys
            self._keys = longer
            self._table = zeros(2 * len(longer), np.dtype(np.uint32))
            _enter(self._keys, self._count, self._table)


@njit(cache=True)
def _mixed(key):  # type: ignore[no-untyped-def]  # numba
    mixed = (key ^ (key >> np.uint64(32))) * np.uint64(0xD6E8FEB86659FD93)
    mixed ^= mixed >> np.uint64(32)
    return mixed * np.uint64(0xD6E8FEB86659FD93)


@njit(cache=True)
def _home(mixed, mask):  # type: ignore[no-untyped-def]  # numba
    """Place in the table at which to begin."""
    return np.int64((mixed >> np.uint64(20)) & np.uint64(mask))


@njit(cache=True)
def _mark(mixed, mask):  # type: ignore[no-untyped-def]  # numba
    """What of the hash stands in the table beside a slot: all bits of 32 that slots leave free.

    Slots plus one are at most half of the table's places, so its mask holds them.
    """
    return np.uint32(mixed >> np.uint64(32)) & ~np.uint32(mask)


@njit(cache=True)
def _enter(keys, count, table):  # type: ignore[no-untyped-def]  # numba
    mask = len(table) - 1
    for slot in range(count):
        mixed = _mixed(keys[slot])
        at = _home(mixed, mask)
        while table[at] != 0:
            at = (at + 1) & mask
        table[at] = _mark(mixed, mask) | np.uint32(slot + 1)


@njit(cache=True)
def _next(table, at, mark, mask):  # type: ignore[no-untyped-def]  # numba
    """The first place from ``at`` on that is empty or may be of a key with this mark."""
    while table[at] != 0 and table[at] & ~np.uint32(mask) != mark:
        at = (at + 1) & mask
    return at


@njit(cache=True)
def _slot(entry, mask):  # type: ignore[no-untyped-def]  # numba
    """Slot in an entry of the table, -1 in an empty one."""
    return np.int64(entry & np.uint32(mask)) - 1


@njit(cache=True)
def _find(key, keys, table):  # type: ignore[no-untyped-def]  # numba
    mask = len(table) - 1
    mixed = _mixed(key)
    mark = _mark(mixed, mask)
    at = _next(table, _home(mixed, mask), mark, mask)
    while table[at] != 0:
        slot = _slot(table[at], mask)
        if keys[slot] == key:
            return slot
        at = _next(table, (at + 1) & mask, mark, mask)
    return -1


@njit(cache=True, nogil=True)
def _lookup(offsets, raw, keys, table, count, slots, start):  # type: ignore[no-untyped-def]  # numba
    """Slots from row ``start`` on, until an odd name or until there is no room for a new one.

    Returns the row it stopped at and how many names there are. Works by blocks, a loop for each
    kind of memory access, so that what the next one needs has been asked for long before.
    """
    mask = len(table) - 1
    key = np.empty(_BLOCK, np.uint64)
    mixed = np.empty(_BLOCK, np.uint64)
    place = np.empty(_BLOCK, np.int64)
    while start < len(slots):
        rows = min(_BLOCK, len(slots) - start)
        for j in range(rows):
            begin = offsets[start + j]
            size = offsets[start + j + 1] - begin
            key[j] = phone_key(raw, begin, size)
            if key[j] == OTHER:
                key[j] = key_of(raw, begin, size)
            if key[j] == OTHER:
                rows = j
                break
            mixed[j] = _mixed(key[j])
            prefetch(table, _home(mixed[j], mask))
        for j in range(rows):
            place[j] = _next(table, _home(mixed[j], mask), _mark(mixed[j], mask), mask)
            prefetch(keys, max(_slot(table[place[j]], mask), 0))
        for j in range(rows):
            at = place[j]
            mark = _mark(mixed[j], mask)
            while True:
                # A name new in this block may have taken the place meanwhile.
                at = _next(table, at, mark, mask)
                slot = _slot(table[at], mask)
                if slot < 0:
                    if count == len(keys):
                        return start + j, count
                    keys[count] = key[j]
                    table[at] = mark | np.uint32(count + 1)
                    slot = count
                    count += 1
                    break
                if keys[slot] == key[j]:
                    break
                at = (at + 1) & mask
            slots[start + j] = slot
        start += rows
        if rows < _BLOCK:
            break
    return start, count
