"""Bits of a word, for kernels that keep a set in one."""

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
