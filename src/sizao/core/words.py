"""Eight bytes of an array as one number, inside compiled loops.

Text is looked at a byte at a time, a step for each; a word of it takes the steps of one.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

_I64 = ir.IntType(64)


@intrinsic
def word(typing_context: Any, array: Any, at: Any) -> Any:
    """Bytes ``at`` to ``at + 8`` of a contiguous array of bytes, the first one lowest.

    They must be there: bounds are not checked.
    """

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        whole = context.make_array(signature.args[0])(context, builder, args[0])
        offset = context.cast(builder, args[1], signature.args[1], types.intp)
        place = builder.inttoptr(
            builder.add(builder.ptrtoint(whole.data, _I64), offset), _I64.as_pointer()
        )
        return builder.load(place, align=1)

    return types.uint64(array, at), generate
