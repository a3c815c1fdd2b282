"""Which partition each row of a batch is in.

The partition of a name is BLAKE2b's business (``core.ids``), which costs more than everything
else done to a row. So names are remembered, the short ones in a table that a compiled loop reads:
a tick of ten thousand vehicles is looked up in a fraction of a millisecond.
"""

from __future__ import annotations

import threading
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba import njit

from sizao.core.ids import partition_of
from sizao.core.lines import zeros_on_lines
from sizao.core.loads import address, u8, u64
from sizao.core.prefetch import prefetch

LONGEST = 24
"""Bytes of the longest name in the table; a longer one, such as a SHA-256, is looked up singly."""
MOST = 1 << 21
"""Names remembered; then the table is begun anew. They fill half of 1 << 22 places, which is one of
its sizes: each is four times the one before."""
_MIX = -0x61C8_8646_80B5_83EB
"""2**64 over the golden ratio, as a signed number: spreads what differs little."""

Words: TypeAlias = npt.NDArray[np.int64]
"""Shape (n, 4): a name's bytes as three numbers, and its length and partition, as :func:`_last`
has them; 0 if the place is free. So a name is found in one line of memory."""
_BLOCK = 64
"""Names looked for at a time."""
Partitions: TypeAlias = npt.NDArray[np.uint8]

_partition_of = lru_cache(maxsize=1 << 16)(partition_of)


@njit(cache=True, inline="always")
def _word(at: int, end: int, limit: int) -> Any:
    """Up to eight bytes from ``at`` on, as one number; ``limit`` is where the memory ends."""
    if at >= end:
        return np.int64(0)
    size = min(end - at, 8)
    if at + 8 <= limit:
        return u64(at) if size == 8 else (u64(at) >> 8 & 0xFF_FFFF_FFFF_FFFF) >> (56 - 8 * size)
    value = np.int64(0)
    for k in range(size):
        value = value << 8 | u8(at + k)
    return value


@njit(cache=True, inline="always")
def _last(size: int, partition: int) -> int:
    return (partition << 8) + size + 1


@njit(cache=True, inline="always")
def _place(first: int, second: int, third: int, size: int, mask: int) -> int:
    """Where a name belongs, or as near behind that as there is room."""
    mixed = (first ^ size) * _MIX
    mixed = (mixed ^ mixed >> 31 ^ second) * _MIX
    mixed = (mixed ^ mixed >> 29 ^ third) * _MIX
    return (mixed ^ mixed >> 32) & mask


@njit(cache=True, inline="always")
def _find(place: int, first: int, second: int, third: int, size: int, words: Words) -> int:
    """From the place where it belongs on: that of a name in the table, or the next free one."""
    # Names differ in length too: "1" and a NUL before it would be the same words.
    while words[place, 3] != 0 and not (
        words[place, 0] == first
        and words[place, 1] == second
        and words[place, 2] == third
        and words[place, 3] & 0xFF == size + 1
    ):
        place = (place + 1) & (len(words) - 1)
    return place


@njit(cache=True, nogil=True)
def _look_up(
    data: int,
    limit: int,
    offsets: npt.NDArray[np.int32],
    words: Words,
    out: Partitions,
    unknown: npt.NDArray[np.int64],
) -> int:
    """Partition of each name; returns how many rows, listed in ``unknown``, have none yet.

    data, limit : addresses of the names' bytes and of their end
    """
    n = 0
    mask = len(words) - 1
    flat = words.reshape(4 * len(words))
    names = np.empty((_BLOCK, 4), np.int64)
    places = np.empty(_BLOCK, np.int64)
    for start in range(0, len(offsets) - 1, _BLOCK):
        stop = min(start + _BLOCK, len(offsets) - 1)
        # The table is larger than the processor's cache: all places are asked for, then read.
        for row in range(start, stop):
            at, end = data + offsets[row], data + offsets[row + 1]
            k = row - start
            if end - at > LONGEST:
                places[k] = -1
                continue
            first, second = _word(at, end, limit), _word(at + 8, end, limit)
            third = _word(at + 16, end, limit)
            names[k, 0], names[k, 1], names[k, 2], names[k, 3] = first, second, third, end - at
            places[k] = _place(first, second, third, end - at, mask)
            prefetch(flat, 4 * places[k])
        for row in range(start, stop):
            k = row - start
            last: Any = 0
            if places[k] >= 0:
                name = names[k]
                last = words[_find(places[k], name[0], name[1], name[2], name[3], words), 3]
            if last == 0:
                unknown[n] = row
                n += 1
            out[row] = last >> 8
    return n


@njit(cache=True, nogil=True)
def _learn(at: int, size: int, value: int, words: Words) -> None:
    end = at + size
    first, second, third = _word(at, end, end), _word(at + 8, end, end), _word(at + 16, end, end)
    _put(first, second, third, size, value, words)


@njit(cache=True, nogil=True)
def _put(first: int, second: int, third: int, size: int, value: int, words: Words) -> None:
    place = _find(
        _place(first, second, third, size, len(words) - 1), first, second, third, size, words
    )
    words[place, 0], words[place, 1], words[place, 2] = first, second, third
    words[place, 3] = _last(size, value)


@njit(cache=True, nogil=True)
def _move(old: Words, words: Words) -> None:
    """Put every name of one table into another."""
    for place in range(len(old)):
        last = old[place, 3]
        if last != 0:
            _put(old[place, 0], old[place, 1], old[place, 2], (last & 0xFF) - 1, last >> 8, words)


class _Names:
    """The table, grown as names come, shared by the threads of a process."""

    def __init__(self, room: int = 1 << 12) -> None:
        """``room``: places at first, a power of two."""
        self._turn = threading.Lock()
        self._known = 0
        self._clear(room)

    def partitions(self, names: pa.Array) -> npt.NDArray[np.uint8]:
        """Of each name, shape (n,); a null is the empty name."""
        if names.null_count:
            names = names.fill_null("")
        _, offsets_buffer, data_buffer = names.buffers()
        offsets = np.frombuffer(offsets_buffer, np.int32, len(names) + 1, names.offset * 4)
        data = np.frombuffer(data_buffer or b"", np.uint8)
        out = np.empty(len(names), np.uint8)
        unknown = np.empty(len(names), np.int64)
        with self._turn:
            at = address(data)
            n = _look_up(at, at + len(data), offsets, self._words, out, unknown)
            for row in unknown[:n].tolist():
                out[row] = self._meet(data[offsets[row] : offsets[row + 1]])
        return out

    def _meet(self, name: npt.NDArray[np.uint8]) -> int:
        partition = _partition_of(name.tobytes().decode())
        if len(name) <= LONGEST:
            if self._known * 2 >= len(self._words):
                self._grow()
            _learn(address(name), len(name), partition, self._words)
            self._known += 1
        return partition

    def _grow(self) -> None:
        words = self._words
        if self._known >= MOST:
            self._clear(1 << 12)
            return
        known = self._known
        self._clear(4 * len(words))
        self._known = known
        _move(words, self._words)

    def _clear(self, room: int) -> None:
        self._words = zeros_on_lines((room, 4), np.int64)
        self._known = 0


_NAMES = _Names()


def partitions_of_names(names: pa.Array) -> npt.NDArray[np.uint8]:
    """Partition of each name of a string array, shape (n,), uint8."""
    return _NAMES.partitions(names) if len(names) else np.empty(0, np.uint8)


def warm_up() -> None:
    """Load or compile the loops, that of a table that grows among them."""
    _Names(2).partitions(pa.array(["one", "another", "a third"]))
