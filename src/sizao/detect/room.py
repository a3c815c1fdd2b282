"""Zeroed arrays for state that is read at random: on cache lines, and in large pages.

A row of a state of a hundred megabytes is a miss of the cache and, with pages of 4 KiB, one of
the translation cache too; with large pages only the former is left.
"""

from __future__ import annotations

import contextlib
import mmap
from typing import Any

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

_I64, _I32, _BYTE = ir.IntType(64), ir.IntType(32), ir.IntType(8).as_pointer()
_LINE = 64
"""Bytes of a cache line."""

_LARGE = 4 << 20
"""Bytes from which it matters."""


def zeros(rows: int, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """A new array of so many rows, all zero. The memory goes back with the array."""
    size = rows * dtype.itemsize
    if size < _LARGE:
        return np.zeros(rows, dtype)
    # Private: what is mapped shared, Python's default, has large pages only where the machine
    # was told so.
    memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE)
    if hasattr(mmap, "MADV_HUGEPAGE"):
        # A kernel built without them refuses: slower, no more.
        with contextlib.suppress(OSError):
            memory.madvise(mmap.MADV_HUGEPAGE)
    return np.frombuffer(memory, dtype)


AHEAD = 16
"""Rows between asking for state and using it: what a row takes, times this, is a miss of the
cache."""


@intrinsic
def prefetch(typing_context: Any, array: Any, row: Any) -> Any:
    """Ask for ``array[row]``, of one dimension, without waiting for it."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = signature.args[0]
        whole = context.make_array(kind)(context, builder, args[0])
        number = context.cast(builder, args[1], signature.args[1], types.intp)
        size = context.get_abi_sizeof(context.get_data_type(kind.dtype))
        step = cgutils.unpack_tuple(builder, whole.strides, 1)[0]
        begin = builder.add(builder.ptrtoint(whole.data, _I64), builder.mul(number, step))
        ask = cgutils.get_or_insert_function(
            builder.module,
            ir.FunctionType(ir.VoidType(), [_BYTE, _I32, _I32, _I32]),
            "llvm.prefetch.p0",
        )
        to_write, near, data = _I32(1), _I32(3), _I32(1)
        # A row that does not divide a cache line may lie on two.
        for at in (0,) if _LINE % size == 0 else (0, size - 1):
            place = builder.inttoptr(builder.add(begin, _I64(at)), _BYTE)
            builder.call(ask, [place, to_write, near, data])
        return context.get_dummy_value()

    return types.void(array, row), generate


@njit(cache=True)
def ahead(array, rows, i):  # type: ignore[no-untyped-def]  # numba
    """In a loop over ``rows`` of a large state, at ``i``: bring near what is needed soon.

    A loop that decides from a row what to do next waits for each miss; asked in time, the
    processor waits for many at once: 20 ns a row instead of 60 with 64 MB of state.
    """
    prefetch(array, rows[min(i + AHEAD, len(rows) - 1)])


def of_slots(array: npt.NDArray[Any], slots: npt.NDArray[np.int32]) -> npt.NDArray[Any]:
    """``array[slots]``, of any slots."""
    picked: npt.NDArray[Any] = _of_slots(array, slots)
    return picked


@njit(cache=True)
def _of_slots(array, slots):  # type: ignore[no-untyped-def]  # numba
    picked = np.empty(len(slots), array.dtype)
    for i in range(len(slots)):
        ahead(array, slots, i)
        picked[i] = array[slots[i]]
    return picked
