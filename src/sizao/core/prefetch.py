"""Ask for memory before it is needed, inside compiled loops.

A loop over rows of a large array in no order waits for each of them, some hundred nanoseconds, if
what it does next depends on what it reads. Asked a few rows ahead, the processor fetches many at
once. A prefetch changes nothing and cannot fail, even at a place that does not exist.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from sizao.core.lines import LINE

_I64, _I32, _BYTE = ir.IntType(64), ir.IntType(32), ir.IntType(8).as_pointer()


@intrinsic
def prefetch(typing_context: Any, array: Any, row: Any) -> Any:
    """Ask for ``array[row]``, of one dimension, without waiting for it, to write there."""
    return types.void(array, row), _asking(to_write=1)


@intrinsic
def prefetch_read(typing_context: Any, array: Any, row: Any) -> Any:
    """The same of what is only read, which other cores may then keep as well."""
    return types.void(array, row), _asking(to_write=0)


def _asking(to_write: int) -> Any:
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
        near, data = _I32(3), _I32(1)
        # A row that does not divide a cache line may lie on two.
        for at in (0,) if LINE % size == 0 else (0, size - 1):
            place = builder.inttoptr(builder.add(begin, _I64(at)), _BYTE)
            builder.call(ask, [place, _I32(to_write), near, data])
        return context.get_dummy_value()

    return generate
