"""Bytes by address, several at a time, for compiled loops over what came from the wire.

Why not plain indexing: it reads one byte, checks for a negative index and keeps the compiler from
joining neighbours; and a loop that hands arrays to helpers counts references to each of them,
which took longer than decoding. These read, write or copy 1 to 32 bytes as one instruction, at
any address. **They check nothing**: the caller has made sure that the bytes are there, and holds
the arrays for as long as a loop has their addresses.
"""

from __future__ import annotations

from typing import Any

import numpy.typing as npt
import pyarrow as pa
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

_I64, _I32, _I8 = ir.IntType(64), ir.IntType(32), ir.IntType(8)
_BIT = ir.IntType(1)
BLOCK = 32
"""Bytes :func:`find` and :func:`copy_block` look at."""
_LANES = ir.VectorType(_I8, BLOCK)


def address(array: npt.NDArray[Any]) -> int:
    """Where the array's bytes begin. Keep the array for as long as this is used."""
    # A sixth of the time of NumPy's own ways to say it, and dozens are asked for each arrival.
    place: int = pa.py_buffer(array).address
    return place


def _at(builder: Any, place: Any, kind: Any) -> Any:
    return builder.inttoptr(place, kind.as_pointer())


def _load(bits: int, swap: bool) -> Any:
    def typed(typing_context: Any, at: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            value = builder.load(_at(builder, args[0], ir.IntType(bits)), align=1)
            if swap:
                value = builder.bswap(value)
            return builder.zext(value, _I64) if bits < 64 else value

        return types.int64(types.int64), generate

    return intrinsic(typed)


u8 = _load(8, False)
"""``u8(at)``: the byte as int64."""
u16, u32, u64 = (_load(bits, True) for bits in (16, 32, 64))
"""2, 4, 8 bytes, big-endian, as int64: of eight bytes the first has the sign."""
get16, get32, get64 = (_load(bits, False) for bits in (16, 32, 64))
"""The same in the machine's own order, as arrays have it."""


def _store(bits: int, swap: bool) -> Any:
    def typed(typing_context: Any, at: Any, value: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            kind = ir.IntType(bits)
            number = builder.trunc(args[1], kind) if bits < 64 else args[1]
            if swap:
                number = builder.bswap(number)
            builder.store(number, _at(builder, args[0], kind), align=1)
            return context.get_dummy_value()

        return types.void(types.int64, types.int64), generate

    return intrinsic(typed)


put8, put16, put32, put64 = (_store(bits, False) for bits in (8, 16, 32, 64))
"""``put16(at, value)``: the low bits of an int64 in the machine's own order, as arrays have it."""
put_u16, put_u32, put_u64 = (_store(bits, True) for bits in (16, 32, 64))
"""The same, big-endian."""


def _store_real(kind: Any, number: Any) -> Any:
    def typed(typing_context: Any, at: Any, value: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            builder.store(args[1], _at(builder, args[0], kind), align=1)
            return context.get_dummy_value()

        return types.void(types.int64, number), generate

    return intrinsic(typed)


put_f32 = _store_real(ir.FloatType(), types.float32)
put_f64 = _store_real(ir.DoubleType(), types.float64)


@intrinsic
def find(typing_context: Any, at: Any, value: Any) -> Any:
    """Which of the next 32 bytes equal ``value``: bit k of the result is byte ``at + k``."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        data = builder.load(_at(builder, args[0], _LANES), align=1)
        empty = ir.Constant(_LANES, ir.Undefined)
        spread = builder.insert_element(empty, builder.trunc(args[1], _I8), _I32(0))
        zeros = ir.Constant(ir.VectorType(_I32, BLOCK), None)
        spread = builder.shuffle_vector(spread, empty, zeros)
        same = builder.icmp_unsigned("==", data, spread)
        return builder.zext(builder.bitcast(same, _I32), _I64)

    return types.int64(types.int64, types.int64), generate


@intrinsic
def copy_block(typing_context: Any, to: Any, at: Any) -> Any:
    """Copy 32 bytes from ``at`` to ``to``: all are read, then all written."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        data = builder.load(_at(builder, args[1], _LANES), align=1)
        builder.store(data, _at(builder, args[0], _LANES), align=1)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), generate


@intrinsic
def lowest_bit(typing_context: Any, value: Any) -> Any:
    """Number of the lowest bit that is set; 64 if none is."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.Constant(_BIT, 0))

    return types.int64(types.int64), generate


@intrinsic
def leading_zeros(typing_context: Any, value: Any) -> Any:
    """Bits above the highest one that is set; 64 if none is."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.ctlz(args[0], ir.Constant(_BIT, 0))

    return types.int64(types.int64), generate


@intrinsic
def hex_digits(typing_context: Any, value: Any) -> Any:
    """The upper 32 bits as 8 hexadecimal digits in ASCII, lower case, for :data:`put_u64`."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        def mask(pattern: int) -> Any:
            return ir.Constant(_I64, pattern)

        value = builder.lshr(args[0], mask(32))
        for shift, keep in (
            (16, 0x0000FFFF0000FFFF),
            (8, 0x00FF00FF00FF00FF),
            (4, 0x0F0F0F0F0F0F0F0F),
        ):
            value = builder.and_(builder.or_(value, builder.shl(value, mask(shift))), mask(keep))
        # 1 in each byte whose digit is a letter: letters stand 39 above what follows "9".
        letters = builder.lshr(builder.add(value, mask(0x0606060606060606)), mask(4))
        letters = builder.and_(letters, mask(0x0101010101010101))
        value = builder.add(value, mask(0x3030303030303030))
        return builder.add(value, builder.mul(letters, mask(39)))

    return types.int64(types.int64), generate
