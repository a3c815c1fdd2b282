"""Rows of one or more batches in the order of their partitions, moved in compiled loops.

Joining the batches and then taking their rows in another order moves each value twice, and
Arrow's ``take`` looks at each one's validity on the way. Here a value goes once, to where it
belongs: partitions are few, so what is written lies in few streams.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit

from sizao.core.ids import PARTITIONS
from sizao.core.loads import address, get32, get64, put8, put32, put64, u8

Partitions: TypeAlias = npt.NDArray[np.uint8]
Places: TypeAlias = npt.NDArray[np.int32]
"""Shape (n,): where each row goes."""


def sort_rows(
    batches: Sequence[pa.RecordBatch], partitions: Partitions
) -> tuple[pa.RecordBatch, list[int]]:
    """All rows in one batch, grouped by partition, each partition's in their own order, and the
    65 bounds.

    batches : of one schema, which the result has
    partitions : of each row of the first batch, then of the second ...
    """
    places = np.empty(len(partitions), np.int32)
    bounds = grouped(partitions, places)
    schema = batches[0].schema
    columns = [
        _column(field.type, [batch.column(number) for batch in batches], places)
        for number, field in enumerate(schema)
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema), bounds.tolist()


def _column(kind: pa.DataType, parts: Sequence[pa.Array], places: Places) -> pa.Array:
    n = len(places)
    nulls = sum(part.null_count for part in parts)
    if nulls == n:
        return pa.nulls(n, kind)
    valid = _valid(parts, places) if nulls else None
    if pa.types.is_string(kind) or pa.types.is_binary(kind):
        return pa.Array.from_buffers(kind, n, [valid, *_texts(parts, places)], nulls)
    if pa.types.is_boolean(kind):
        flags = np.empty(n, np.uint8)
        for part, to in _parts(parts, places):
            _scatter_bits(part.buffers()[1].address, part.offset, len(part), to, address(flags))
        return pa.Array.from_buffers(kind, n, [valid, _packed(flags)], nulls)
    if pa.types.is_primitive(kind) and kind.bit_width in (8, 32, 64):
        size = kind.bit_width // 8
        values = np.empty(n * size, np.uint8)
        for part, to in _parts(parts, places):
            at = part.buffers()[1].address + part.offset * size
            _scatter(at, len(part), size, to, address(values))
        return pa.Array.from_buffers(kind, n, [valid, pa.py_buffer(values)], nulls)
    order = np.empty(n, np.int64)
    order[places] = np.arange(n)
    return pc.take(pa.concat_arrays(parts), pa.array(order))


def _parts(parts: Sequence[pa.Array], places: Places) -> list[tuple[pa.Array, int]]:
    """Each with rows, and the address of its places."""
    found, at = [], address(places)
    for part in parts:
        if len(part):
            found.append((part, at))
            at += 4 * len(part)
    return found


def _valid(parts: Sequence[pa.Array], places: Places) -> pa.Buffer:
    flags = np.ones(len(places), np.uint8)
    for part, to in _parts(parts, places):
        if part.null_count:
            at = part.buffers()[0].address
            _scatter_bits(at, part.offset, len(part), to, address(flags))
    return _packed(flags)


def _packed(flags: npt.NDArray[np.uint8]) -> pa.Buffer:
    return pa.py_buffer(np.packbits(flags, bitorder="little"))


def _texts(parts: Sequence[pa.Array], places: Places) -> tuple[pa.Buffer, pa.Buffer]:
    """Offsets and bytes."""
    offsets = np.zeros(len(places) + 1, np.int32)
    found = [
        (part.buffers()[1].address + 4 * part.offset, part.buffers()[2], len(part), to)
        for part, to in _parts(parts, places)
    ]
    for ends, _, n, to in found:
        put_sizes(ends, n, to, address(offsets) + 4)
    np.cumsum(offsets, out=offsets)
    data = np.empty(int(offsets[-1]), np.uint8)
    for ends, buffer, n, to in found:
        if buffer is not None:
            scatter_texts(ends, buffer.address, n, to, address(offsets), address(data))
    return pa.py_buffer(offsets), pa.py_buffer(data)


@njit(cache=True, nogil=True)
def grouped(partitions: Partitions, places: Places) -> npt.NDArray[np.uint32]:
    """Fill ``places`` with where each row goes: by partition, each partition's in their own
    order. Returns the 65 bounds."""
    bounds = np.zeros(PARTITIONS + 1, np.uint32)
    for partition in partitions:
        bounds[partition + 1] += 1
    for partition in range(PARTITIONS):
        bounds[partition + 1] += bounds[partition]
    place = bounds[:-1].copy()
    for row in range(len(partitions)):
        places[row] = place[partitions[row]]
        place[partitions[row]] += 1
    return bounds


@njit(cache=True, nogil=True)
def _scatter(at: int, n: int, size: int, places: int, to: int) -> None:
    """Values of 1, 4 or 8 bytes. ``places`` is an address, as all of these are."""
    if size == 8:
        for row in range(n):
            put64(to + 8 * get32(places + 4 * row), get64(at + 8 * row))
    elif size == 4:
        for row in range(n):
            put32(to + 4 * get32(places + 4 * row), get32(at + 4 * row))
    else:
        for row in range(n):
            put8(to + get32(places + 4 * row), u8(at + row))


@njit(cache=True, nogil=True)
def _scatter_bits(at: int, skip: int, n: int, places: int, to: int) -> None:
    """Bits, from number ``skip`` on, into bytes of 0 and 1."""
    for row in range(n):
        bit: Any = skip + row
        put8(to + get32(places + 4 * row), u8(at + (bit >> 3)) >> (bit & 7) & 1)


@njit(cache=True, nogil=True)
def put_sizes(offsets: int, n: int, places: int, to: int) -> None:
    """How long each text is, int32, to its place. Addresses, as in all of these."""
    before: Any = get32(offsets)
    for row in range(n):
        end = get32(offsets + 4 * row + 4)
        put32(to + 4 * get32(places + 4 * row), end - before)
        before = end


@njit(cache=True, nogil=True)
def scatter_texts(at: int, data: int, n: int, places: int, offsets: int, to: int) -> None:
    """Texts to their places. ``at``: where each begins in ``data``; ``offsets``: in ``to``."""
    before: Any = get32(at)
    for row in range(n):
        end = get32(at + 4 * row + 4)
        source: Any = data + before
        size: Any = end - before
        target: Any = to + get32(offsets + 4 * get32(places + 4 * row))
        before = end
        if size < 8:
            for k in range(size):
                put8(target + k, u8(source + k))
            continue
        # Eight at a time, the last eight over those before: nothing beyond the name is touched.
        for k in range(0, size - 8, 8):
            put64(target + k, get64(source + k))
        put64(target + size - 8, get64(source + size - 8))
