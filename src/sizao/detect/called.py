"""What detections, and the observations that prove them, are called: ``core.ids`` of many at once.

By Python a detection's id and three observations take 4 us, of which hashing is a fourth.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba import njit

from sizao.core.ids import content_digest
from sizao.core.loads import address, put8, u8
from sizao.detect.raw import buffer_of

_DIGITS = 20
"""Of the longest number, its sign included."""
NO_MOMENT = np.iinfo(np.int64).min


def ids_of(
    heads: list[str],
    head: npt.NDArray[np.int64],
    subjects: pa.StringArray,
    start_us: npt.NDArray[np.int64],
    tails: pa.StringArray,
) -> npt.NDArray[np.uint64]:
    """Digests of ``content_id(*head, subject, start, *tail)``, shape (n, 2), to be written by
    :func:`written`: the first eight bytes as a number of which the first counts most, then the
    others. So they are in the order of the texts.

    heads : rule and version, with what stands between two parts
    head : which one is each row's
    tails : further parts, each with what stands before it
    """
    parts = (pa.array(heads, pa.string()), subjects, tails)
    known, subject, tail = (buffer_of(one.buffers()[2], np.uint8) for one in parts)
    known_ends, subject_ends, tail_ends = ends = [_offsets(one) for one in parts]
    longest = sum(int(np.diff(some).max(initial=0)) for some in ends) + _DIGITS + 1
    text = np.empty(len(head) * longest, np.uint8)
    at = np.zeros(len(head) + 1, np.int64)
    _joined(
        address(known), known_ends, head, address(subject), subject_ends, start_us, address(tail),
        tail_ends, at, address(text),
    )  # fmt: skip
    joined = text.data
    digests = b"".join(content_digest(joined[first:end]) for first, end in pairwise(at.tolist()))
    return np.frombuffer(digests, ">u8").astype(np.uint64).reshape(-1, 2)


def written(ids: npt.NDArray[np.uint64]) -> pa.StringArray:
    """Digests of :func:`ids_of` as texts."""
    text = np.empty(32 * len(ids), np.uint8)
    _hex(ids, address(text))
    ends = np.arange(0, len(text) + 1, 32, dtype=np.int32)
    return pa.StringArray.from_buffers(len(ids), pa.py_buffer(ends), pa.py_buffer(text))


def observations(vehicles: pa.StringArray, moments: npt.NDArray[np.int64]) -> pa.StringArray:
    """``observation_id_of(vehicle, us)``, for each vehicle its moments.

    moments : (n, m), in microseconds, :data:`NO_MOMENT` for none
    """
    ends = _offsets(vehicles)
    names = buffer_of(vehicles.buffers()[2], np.uint8)
    some = int((moments != NO_MOMENT).sum())
    at = np.zeros(some + 1, np.int32)
    longest = int(np.diff(ends).max(initial=0)) + 1 + _DIGITS
    text = np.empty(some * longest, np.uint8)
    size = _observed(address(names), ends, moments, at, address(text))
    return pa.StringArray.from_buffers(some, pa.py_buffer(at), pa.py_buffer(text[:size]))


def _offsets(column: pa.StringArray) -> npt.NDArray[np.int32]:
    offsets: npt.NDArray[np.int32] = buffer_of(column.buffers()[1], np.int32)
    return offsets[column.offset : column.offset + len(column) + 1]


@njit(cache=True)
def _copied(at, end, to):  # type: ignore[no-untyped-def]  # numba
    """Write the bytes from address ``at`` to ``end``. Returns where they end."""
    for k in range(end - at):
        put8(to + k, u8(at + k))
    return to + end - at


@njit(cache=True)
def _number(number, to):  # type: ignore[no-untyped-def]  # numba
    """Write a whole number in digits. Returns where they end."""
    if number < 0:
        put8(to, 0x2D)
        return _number_from_0(-number, to + 1)
    return _number_from_0(number, to)


@njit(cache=True)
def _number_from_0(number, to):  # type: ignore[no-untyped-def]  # numba
    count = 1
    rest = number // 10
    while rest > 0:
        count += 1
        rest //= 10
    for k in range(count - 1, -1, -1):
        put8(to + k, 0x30 + number % 10)
        number //= 10
    return to + count


@njit(cache=True, nogil=True)
def _joined(  # type: ignore[no-untyped-def]  # numba
    heads, head_ends, head, subjects, subject_ends, start_us, tails, tail_ends, at, text
):
    """Write the parts of each id, one id's after the other's, and into ``at`` where they end."""
    to = text
    for i in range(len(head)):
        k = head[i]
        to = _copied(heads + head_ends[k], heads + head_ends[k + 1], to)
        to = _copied(subjects + subject_ends[i], subjects + subject_ends[i + 1], to)
        put8(to, 0x1F)
        to = _number(start_us[i], to + 1)
        to = _copied(tails + tail_ends[i], tails + tail_ends[i + 1], to)
        at[i + 1] = to - text


@njit(cache=True, nogil=True)
def _hex(words, to):  # type: ignore[no-untyped-def]  # numba
    for i in range(len(words)):
        for k in range(2):
            word = words[i, k]
            for half in range(16):
                value = np.int64(word >> np.uint64(60 - 4 * half)) & 15
                put8(to, value + (0x30 if value < 10 else 0x57))
                to += 1


@njit(cache=True, nogil=True)
def _observed(vehicles, ends, moments, at, text):  # type: ignore[no-untyped-def]  # numba
    """Fill ``at``, where texts end, and ``text``. Returns the size of it."""
    to = text
    count = 0
    for i in range(len(moments)):
        for k in range(moments.shape[1]):
            us = moments[i, k]
            if us == NO_MOMENT:
                continue
            to = _copied(vehicles + ends[i], vehicles + ends[i + 1], to)
            put8(to, 0x40)
            # As ``observation_id_of`` does, to the digit.
            to = _number(np.int64(us / 1_000_000 * 1000), to + 1)
            count += 1
            at[count] = to - text
    return to - text


def listed(items: pa.Array, counts: npt.NDArray[Any]) -> pa.ListArray:
    """So many of ``items`` in each list, one after the other."""
    ends = np.zeros(len(counts) + 1, np.int32)
    np.cumsum(counts, out=ends[1:])
    return pa.ListArray.from_arrays(pa.array(ends), items)
