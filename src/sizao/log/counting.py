"""The counts of :mod:`.tally` for many positions, in one compiled pass.

A tick has positions of several sources, by turns. Told apart with Arrow, every column of each
source's rows is copied before anything is counted.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba import njit

from sizao.core.loads import get32, get64, leading_zeros, put8, put64, u8
from sizao.log import sketch

MOST = 64
"""Sources and hours told apart; a batch of more is counted in the other way."""
_FEW = 4
"""Of these room is made first: a sketch of each is cleared."""

_HOUR_US = 3_600_000_000
_BLOCK_US = sketch.BLOCK_S * 1_000_000
_BITS = sketch.BITS
_K1, _K2, _K3 = (int(one) - (1 << 64) for one in (sketch._K1, sketch._K2, sketch._K3))


class Counts(NamedTuple):
    """Of each source and hour, in the order in which they came up; shape (k, ...)."""

    row: npt.NDArray[np.int64]
    """Its first row, ..."""
    hour: npt.NDArray[np.int64]
    """whole hours since the epoch."""
    heard_us: npt.NDArray[np.int64]
    """(k, 2): first and last moment of receipt."""
    number: npt.NDArray[np.int64]
    """(k, 2): rows, and those with the engine running."""
    delays: npt.NDArray[np.int64]
    """(k, b): by bucket."""
    sketches: npt.NDArray[np.uint8]
    """(k, REGISTERS): of those with the engine running."""


def counted(
    batch: pa.RecordBatch, small: npt.NDArray[np.int8], edges_us: npt.NDArray[np.int64]
) -> Counts | None:
    """Counts of positions; None if there are more sources and hours than :data:`MOST`.

    batch : columns vehicle, time, received, source and status, nulls in the last one only
    small : bucket of each whole second from 0 on
    edges_us : lower edge of each bucket but the first, which is what came early
    """
    vehicle, source, status = (batch.column(name) for name in ("vehicle", "source", "status"))
    times = [batch.column(name) for name in ("time", "received")]
    valid = status.buffers()[0] if status.null_count else None
    for room in (_FEW, MOST):
        found = Counts(
            np.empty(room, np.int64),
            np.empty(room, np.int64),
            np.empty((room, 2), np.int64),
            np.zeros((room, 2), np.int64),
            np.zeros((room, len(edges_us) + 1), np.int64),
            np.zeros((room, sketch.REGISTERS), np.uint8),
        )
        k = _count(
            len(batch),
            *_texts(vehicle),
            *_texts(source),
            *(one.buffers()[1].address + 8 * one.offset for one in times),
            status.buffers()[1].address + 4 * status.offset,
            0 if valid is None else valid.address,
            status.offset,
            small,
            edges_us,
            *found,
        )
        if k >= 0:
            return Counts._make(part[:k] for part in found)
    return None


def _texts(column: pa.Array) -> tuple[int, int]:
    """Addresses of offsets and of bytes; 0 for no bytes at all."""
    _, offsets, data = column.buffers()
    return offsets.address + 4 * column.offset, 0 if data is None else data.address


@njit(cache=True, inline="always")
def same(one: int, other: int, size: int) -> bool:
    """Whether so many bytes at two addresses are alike."""
    alike = True
    if size >= 8:
        # Eight at a time, the last eight over those before.
        for k in range(0, size - 8, 8):
            alike &= get64(one + k) == get64(other + k)
        return alike & (get64(one + size - 8) == get64(other + size - 8))
    for k in range(size):
        alike &= u8(one + k) == u8(other + k)
    return alike


@njit(cache=True, inline="always")
def _right(value: Any, bits: int) -> Any:
    """Shifted to the right, zeros in from the left."""
    return value >> bits & (1 << (64 - bits)) - 1


@njit(cache=True, inline="always")
def _hash(at: int, size: int, block: int) -> Any:
    """As :func:`.sketch._hashes` has it, as a signed number."""
    head: Any = np.int64(0)
    tail: Any = np.int64(0)
    if size >= 8:
        head = get64(at)
        tail = get64(at + size - 8)
    else:
        for k in range(size):
            head |= u8(at + k) << 8 * k
        if size:
            tail = head << 8 * (8 - size)
    head = head * _K1 ^ tail * _K2
    head ^= _right(head, 32)
    head += (block << 16) + size
    head = (head ^ _right(head, 30)) * _K2
    head = (head ^ _right(head, 27)) * _K3
    return head ^ _right(head, 31)


@njit(cache=True, nogil=True)
def _count(
    n: int,
    vehicles: int,
    vehicle_bytes: int,
    sources: int,
    source_bytes: int,
    times: int,
    received: int,
    status: int,
    valid: int,
    skip: int,
    small: Any,
    edges_us: Any,
    first_row: Any,
    hours: Any,
    heard_us: Any,
    number: Any,
    delays: Any,
    sketches: Any,
) -> int:
    """Fill the last six; returns how many sources and hours, -1 for too many. Where not arrays
    these are addresses; ``skip`` is the number of the first bit of ``valid``."""
    known = 0
    group: Any = 0
    before_us: Any = np.int64(0)
    before_at: Any = np.int64(0)
    before_size: Any = np.int64(-1)
    seen: Any = np.int64(0)
    late: Any = np.int64(0)
    most_us = edges_us[len(edges_us) - 1]
    for row in range(n):
        at: Any = source_bytes + get32(sources + 4 * row)
        size: Any = source_bytes + get32(sources + 4 * row + 4) - at
        at_us: Any = get64(received + 8 * row)
        # Mostly as the row before.
        if at_us != before_us or size != before_size or not same(at, before_at, size):
            before_us, before_at, before_size = at_us, at, size
            hour = at_us // _HOUR_US
            group = 0
            while group < known:
                other: Any = source_bytes + get32(sources + 4 * first_row[group])
                length = source_bytes + get32(sources + 4 * first_row[group] + 4) - other
                if hours[group] == hour and length == size and same(at, other, size):
                    break
                group += 1
            if group == known:
                if known == len(hours):
                    return -1
                known += 1
                first_row[group] = row
                hours[group] = hour
                heard_us[group, 0] = at_us
                heard_us[group, 1] = at_us
            heard_us[group, 0] = min(heard_us[group, 0], at_us)
            heard_us[group, 1] = max(heard_us[group, 1], at_us)
            late = delays.ctypes.data + 8 * delays.shape[1] * group
            seen = sketches.ctypes.data + sketches.shape[1] * group
        number[group, 0] += 1
        event_us: Any = get64(times + 8 * row)
        late_us: Any = at_us - event_us
        late_s: Any = late_us // 1_000_000
        if 0 <= late_s < len(small):
            bucket: Any = small[late_s]
        elif late_us >= most_us:
            bucket = len(edges_us)
        else:
            bucket = np.searchsorted(edges_us, late_us, side="right")
        put64(late + 8 * bucket, get64(late + 8 * bucket) + 1)
        bit: Any = skip + row
        if valid and u8(valid + (bit >> 3)) >> (bit & 7) & 1 == 0:
            running = True  # does not say
        else:
            running = u8(status + 4 * row) & 1 == 1
        if not running:
            continue
        number[group, 1] += 1
        name = get32(vehicles + 4 * row)
        hashed = _hash(
            vehicle_bytes + name, get32(vehicles + 4 * row + 4) - name, event_us // _BLOCK_US
        )
        rest: Any = hashed & (1 << (64 - _BITS)) - 1
        # All zero passes for 1, once in 2**52.
        rank = leading_zeros(max(rest, 1)) - _BITS + 1
        place = seen + _right(hashed, 64 - _BITS)
        if rank > u8(place):
            put8(place, rank)
    return known
