"""Sets in the bits of a word, and a number among eight looked for at once, for kernels."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic


@intrinsic
def lowest(_typing: Any, word: Any) -> Any:
    """Number of the lowest bit that is set in a uint64, as uint64. Of 0 it is anything."""

    def codegen(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.uint64(types.uint64), codegen


@intrinsic
def how_many(_typing: Any, word: Any) -> Any:
    """Bits that are set in a uint64, as uint64."""

    def codegen(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), codegen


@intrinsic
def among_eight(_typing: Any, numbers: Any, first: Any, wanted: Any) -> Any:
    """Which of ``numbers[first:first + 8]``, int32, is ``wanted``: 0 to 7, or 8 where none is.

    first : uint64. A loop that ends where the number is found guesses its end wrong as often as
    not, which takes longer than to compare all.
    """

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        eight = ir.VectorType(ir.IntType(32), 8)
        place = builder.bitcast(builder.gep(data, [arguments[1]]), eight.as_pointer())
        found = builder.load(place, align=4)
        none = ir.Constant(eight, ir.Undefined)
        one = builder.insert_element(none, arguments[2], ir.Constant(ir.IntType(32), 0))
        every = builder.shuffle_vector(one, none, ir.Constant(eight, [0] * 8))
        same = builder.bitcast(builder.icmp_signed("==", found, every), ir.IntType(8))
        bits = builder.or_(builder.zext(same, ir.IntType(64)), ir.Constant(ir.IntType(64), 1 << 8))
        return builder.cttz(bits, ir.Constant(ir.IntType(1), 1))

    return types.uint64(numbers, types.uint64, types.int32), codegen
