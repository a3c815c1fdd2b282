"""Words by number, in the order in which they first came: a compiled table of any texts.

Arrow's ``dictionary_encode`` takes 30 ns a name and begins anew with each batch; here the words of
a helping stay known from its first batch to its last, and are Arrow's own when they are asked for.

>>> words = Words()
>>> words.numbers(pa.array(["13900000001", "川DI0001", "13900000001", ""])).tolist()
[0, 1, 0, 2]
>>> words.all().to_pylist()
['13900000001', '川DI0001', '']
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba import njit

from sizao.core.loads import address, get32, get64, u8
from sizao.core.prefetch import prefetch
from sizao.log.counting import same

_ROOM = 1 << 10
_BLOCK = 256
_MIX = -0x61C8_8646_80B5_83EB
_LOW = 0xFFFF_FFFF


class Words:
    """Ask for numbers as often as you like; then for all the words."""

    def __init__(self) -> None:
        self._table = np.zeros(2 * _ROOM, np.int64)
        self._ends = np.zeros(_ROOM + 1, np.int32)
        self._texts = np.zeros(16 * _ROOM, np.uint8)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def clear(self) -> None:
        """Forget all words; their memory is kept for the next."""
        if self._count:
            self._table[:] = 0
        self._count = 0

    def numbers(self, words: pa.Array) -> npt.NDArray[np.int32]:
        """Number of each word of a string array without nulls, int32, shape (n,)."""
        _, ends, texts = words.buffers()
        if not len(words):
            return np.empty(0, np.int32)
        ends = np.frombuffer(ends, np.int32, len(words) + 1, 4 * words.offset)
        return self.numbers_of(ends, 0 if texts is None else texts.address)

    def numbers_of(self, ends: npt.NDArray[np.int32], texts: int) -> npt.NDArray[np.int32]:
        """The same of words by where each begins and the last one ends, int32 (n + 1,), behind the
        address of their bytes."""
        n, done = len(ends) - 1, 0
        found = np.empty(n, np.int32)
        if ends[-1] - ends[0] + self._ends[self._count] > np.iinfo(np.int32).max - _ROOM:
            raise OverflowError("more words than Arrow's columns can hold")
        while True:
            done, self._count = _look_up(
                address(ends), texts, n, done, self._table, self._ends, self._texts,
                address(self._texts), self._count, found,
            )  # fmt: skip
            if done == n:
                return found
            self._grow(int(ends[done + 1] - ends[done]))

    def all(self) -> pa.Array:
        """The words by number, a string array. Its memory is its own."""
        ends = self._ends[: self._count + 1]
        parts = (ends, self._texts[: ends[-1]])
        buffers = [None, *(pa.py_buffer(part.copy()) for part in parts)]
        return pa.Array.from_buffers(pa.string(), self._count, buffers)

    def _grow(self, more: int) -> None:
        """Room for twice as many words and bytes, and for one of so many bytes."""
        if self._count + 1 >= len(self._ends):
            self._ends = np.concatenate([self._ends, np.zeros(len(self._ends) - 1, np.int32)])
            table = np.zeros(2 * len(self._table), np.int64)
            _move(self._ends, address(self._texts), self._count, table)
            self._table = table
        used = int(self._ends[self._count])
        if used + more > len(self._texts):
            longer = np.empty(2 * len(self._texts) + more, np.uint8)
            longer[:used] = self._texts[:used]
            self._texts = longer


@njit(cache=True, inline="always")
def _mixed(at: int, size: int) -> Any:
    """A hash of so many bytes."""
    mixed: Any = np.int64(size) * _MIX
    if size < 8:
        for k in range(size):
            mixed = (mixed ^ u8(at + k)) * _MIX
    else:
        # Eight at a time, the last eight over those before.
        for k in range(0, size - 8, 8):
            mixed = (mixed ^ get64(at + k)) * _MIX
            mixed ^= mixed >> 32 & _LOW
        mixed = (mixed ^ get64(at + size - 8)) * _MIX
    return (mixed ^ mixed >> 32 & _LOW) * _MIX


@njit(cache=True, inline="always")
def _home(mixed: Any, table: Any) -> Any:
    return (mixed >> 20) & (len(table) - 1)


@njit(cache=True, inline="always")
def _mark(mixed: Any) -> Any:
    """What of the hash stands in the table, above the number and one."""
    return mixed & ~_LOW


@njit(cache=True, nogil=True)
def _look_up(  # type: ignore[no-untyped-def]  # numba
    ends, texts, n, start, table, own_ends, own_texts, own, count, found
):
    """Numbers from row ``start`` on, until there is no room for a new word: the row it stopped
    at, and how many words there are then.

    ends, texts : addresses of int32 (n + 1,) and of bytes; own : that of ``own_texts``
    """
    mixed = np.empty(_BLOCK, np.int64)
    while start < n:
        rows = min(_BLOCK, n - start)
        for j in range(rows):
            at = texts + get32(ends + 4 * (start + j))
            size = texts + get32(ends + 4 * (start + j) + 4) - at
            mixed[j] = _mixed(at, size)
            prefetch(table, _home(mixed[j], table))
        for j in range(rows):
            at = texts + get32(ends + 4 * (start + j))
            size = texts + get32(ends + 4 * (start + j) + 4) - at
            mark = _mark(mixed[j])
            place = _home(mixed[j], table)
            while True:
                entry = table[place]
                number = (entry & _LOW) - 1
                if entry == 0:
                    begin = np.int64(own_ends[count])
                    if count + 1 >= len(own_ends) or begin + size > len(own_texts):
                        return start + j, count
                    for k in range(size):
                        own_texts[begin + k] = u8(at + k)
                    own_ends[count + 1] = begin + size
                    table[place] = mark | (count + 1)
                    number = count
                    count += 1
                    break
                if entry & ~_LOW == mark:
                    begin = np.int64(own_ends[number])
                    if own_ends[number + 1] - begin == size and same(at, own + begin, size):
                        break
                place = (place + 1) & (len(table) - 1)
            found[start + j] = number
        start += rows
    return start, count


@njit(cache=True, nogil=True)
def _move(ends, texts, count, table):  # type: ignore[no-untyped-def]  # numba
    """Put so many words into an empty table."""
    for number in range(count):
        at = texts + np.int64(ends[number])
        mixed = _mixed(at, texts + np.int64(ends[number + 1]) - at)
        place = _home(mixed, table)
        while table[place] != 0:
            place = (place + 1) & (len(table) - 1)
        table[place] = _mark(mixed) | (number + 1)


def warm_up() -> None:
    """Load or compile the loops, that of a table that grows among them."""
    Words().numbers(pa.array([str(number) for number in range(_ROOM + 1)]))
