"""Arrays without counting: for kernels that hand many of them to inlined functions.

Compiled code counts an array in and out at each call that takes it, with an atomic instruction
each. Where a kernel calls a function with a network of twenty arrays for every position, that was
a third of its time. A borrowed array is the same array without its counter. Whoever calls the
kernel must hold the array until it returns, as the arguments of a call from Python are held;
never borrow an array that the kernel itself has made.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core.types import Array
from numba.core.types.containers import BaseTuple
from numba.extending import intrinsic


@intrinsic
def borrowed(_typing: Any, held: Any) -> Any:
    """An array, or a tuple with arrays in it, not counted."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _without_counter(context, builder, signature.args[0], arguments[0])

    return held(held), codegen


def _without_counter(context: Any, builder: Any, kind: Any, value: Any) -> Any:
    if isinstance(kind, Array):
        array = context.make_array(kind)(context, builder, value)
        array.meminfo = ir.Constant(array.meminfo.type, None)
        return array._getvalue()
    if isinstance(kind, BaseTuple):
        for place, part in enumerate(kind):
            inner = builder.extract_value(value, place)
            inner = _without_counter(context, builder, part, inner)
            value = builder.insert_value(value, inner, place)
    return value
