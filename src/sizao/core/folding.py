"""Check sums sixteen bytes at a time: polynomials over GF(2), multiplied without carries.

A CRC is the remainder of a message, taken as a polynomial, by another one, P. A part that stands
``d`` bits before the end may be replaced by its product with ``x**d mod P`` at the end: so sixteen
bytes after the other are folded into two words that leave the same remainder. An instruction of
the processor for such products is what makes that pay; where there is none, :data:`FOLDS` is False
and tables do the same.

Source: Gopal and others, Fast CRC computation for generic polynomials using PCLMULQDQ (2009).
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core.registry import cpu_target
from numba.extending import intrinsic

FOLDS = "+pclmul" in cpu_target.target_context.codegen().magic_tuple()[2].split(",")
"""Whether what is compiled here may use the instruction. Numba keeps compiled loops under the names
of such features."""

_I64, _I32, _I8 = ir.IntType(64), ir.IntType(32), ir.IntType(8)
_WORDS, _BYTES = ir.VectorType(_I64, 2), ir.VectorType(_I8, 16)
_PAIR = types.UniTuple(types.int64, 2)


def _multiply(builder: Any, pair: Any, other: Any, lanes: int) -> Any:
    """The product of a lane of each of two pairs: 0x00 of both first ones, 0x11 of the second."""
    name = "llvm.x86.pclmulqdq"
    known = builder.module.globals.get(name) or ir.Function(
        builder.module, ir.FunctionType(_WORDS, [_WORDS, _WORDS, _I8]), name
    )
    return builder.call(known, [pair, other, _I8(lanes)])


def _pair(builder: Any, first: Any, second: Any) -> Any:
    alone = builder.insert_element(ir.Constant(_WORDS, ir.Undefined), first, _I32(0))
    return builder.insert_element(alone, second, _I32(1))


@intrinsic
def product(typing_context: Any, one: Any, other: Any) -> Any:
    """``product(one, other)``: the upper and the lower 64 bits of two words' product."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        first, second = (_pair(builder, arg, ir.Constant(_I64, 0)) for arg in args)
        found = _multiply(builder, first, second, 0x00)
        words = [builder.extract_element(found, _I32(lane)) for lane in (1, 0)]
        return context.make_tuple(builder, signature.return_type, words)

    return _PAIR(types.int64, types.int64), generate


def _folded(builder: Any, at: Any, end: Any, start: Any, by: Any) -> Any:
    """What a pair of words becomes with the bytes from ``at`` to ``end``."""
    before = builder.block
    test, step, after = (
        builder.append_basic_block(f"fold.{part}") for part in ("test", "step", "end")
    )
    builder.branch(test)
    builder.position_at_end(test)
    place, found = builder.phi(_I64), builder.phi(_WORDS)
    builder.cbranch(builder.icmp_signed("<", place, end), step, after)
    builder.position_at_end(step)
    data = builder.load(builder.inttoptr(place, _BYTES.as_pointer()), align=1)
    mirrored = ir.Constant(ir.VectorType(_I32, 16), list(reversed(range(16))))
    more = builder.bitcast(builder.shuffle_vector(data, data, mirrored), _WORDS)
    for lanes in (0x00, 0x11):
        more = builder.xor(more, _multiply(builder, found, by, lanes))
    place.add_incoming(at, before)
    place.add_incoming(builder.add(place, _I64(16)), step)
    found.add_incoming(start, before)
    found.add_incoming(more, step)
    builder.branch(test)
    builder.position_at_end(after)
    return found


@intrinsic
def fold(
    typing_context: Any, at: Any, end: Any, one: Any, other: Any, by_one: Any, by_other: Any
) -> Any:
    """``fold(at, end, one, other, by_one, by_other)``: two words that leave the remainder of
    ``one``, ``other`` and then the bytes from address ``at`` up to ``end``, a multiple of 16.

    by_one, by_other : ``x**192`` and ``x**128`` mod P, the highest power in the highest bit
    """

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        at, end, one, other, by_one, by_other = args
        start, by = _pair(builder, other, one), _pair(builder, by_other, by_one)
        found = _folded(builder, at, end, start, by)
        words = [builder.extract_element(found, _I32(lane)) for lane in (1, 0)]
        return context.make_tuple(builder, signature.return_type, words)

    return _PAIR(*[types.int64] * 6), generate
