"""Which edges of polygons a ray to the east crosses, eight at a time and in single precision.

That halves what is to be read, and where many fences overlap to read the edges is what takes the
time. It is exact all the same: a sum so small that rounding could have changed its sign says so,
and then those edges are asked once more in double precision. That is one place in some thousands.

With coordinates up to M, rounded to M 2^-24 each, a difference is right to M 2^-22 and the cross
product of two of them to 12 M^2 2^-22.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from sizao.roads._eight import EIGHT, Few, every, lanes, taken

_I8, _I32, _I64 = ir.IntType(8), ir.IntType(32), ir.IntType(64)
_BYTES, _LONGS = ir.VectorType(_I8, EIGHT), ir.VectorType(_I64, EIGHT)


def doubts(most: npt.NDArray[np.float64]) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Of coordinates up to so much: how large a difference, and a cross product, must be for its
    sign to be certain."""
    return most * 2.0**-21, most * most * 2.0**-18


@intrinsic
def crossed(
    _typing: Any,
    corner: Any,
    bit: Any,
    first: Any,
    many: Any,
    y: Any,
    x: Any,
    doubt: Any,
    doubt_square: Any,
) -> Any:
    """Bits that an odd number of edges flips, and whether that is certain.

    corner : float32; of edges first to first + many - 1, of which there must be one, the y at which
        they begin stand from 4 * first on, then all x, then y and x at which they end
    bit : uint8, which bit each edge flips; both arrays need room for eight more
    y, x : the position in the same coordinates, float32
    """

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        corners, bits, begin, count, *given = taken(context, builder, signature, arguments)
        here_y, here_x, doubt_, doubt_square_ = (every(builder, value) for value in given)
        flips = cgutils.alloca_once_value(builder, ir.Constant(_LONGS, [0] * EIGHT))
        unsure = cgutils.alloca_once_value(builder, _I64(0))
        with cgutils.for_range_slice(builder, _I64(0), count, _I64(EIGHT)) as (k, _):
            at = builder.add(builder.shl(begin, _I64(2)), k)
            edges = []
            for _column in range(4):
                edges.append(corners.read(at))
                at = builder.add(at, count)
            y0, x0, y1, x1 = edges
            left = every(builder, builder.trunc(builder.sub(count, k), _I32))
            is_one = lanes(builder) < left
            from_0, from_1 = here_y - y0, here_y - y1
            spans = is_one & Few(builder, builder.xor((y0 > here_y).value, (y1 > here_y).value))
            product = (here_x - x0) * (y1 - y0) - (x1 - x0) * from_0
            # West of an edge that leads north, east of it if it leads south.
            west = Few(builder, builder.xor((product > 0.0).value, (y1 > y0).value))
            met = (spans & west).value
            near = _within(builder, from_0, doubt_) | _within(builder, from_1, doubt_)
            near = is_one & (near | (spans & _within(builder, product, doubt_square_)))
            builder.store(builder.or_(builder.load(unsure), near.bits()), unsure)
            place = builder.bitcast(bits.data, _I8.as_pointer())
            place = builder.gep(place, [builder.add(begin, k)], source_etype=_I8)
            place = builder.bitcast(place, _BYTES.as_pointer())
            which = builder.zext(builder.load(place, typ=_BYTES, align=1), _LONGS)
            new = builder.shl(builder.zext(met, _LONGS), which)
            builder.store(builder.xor(builder.load(flips), new), flips)
        words = builder.load(flips)
        for half in (4, 2, 1):
            low, high = (
                builder.shuffle_vector(
                    words,
                    words,
                    ir.Constant(ir.VectorType(_I32, half), list(range(start, start + half))),
                )
                for start in (0, half)
            )
            words = builder.xor(low, high)
        certain = builder.icmp_unsigned("==", builder.load(unsure), _I64(0))
        found = (builder.extract_element(words, _I32(0)), certain)
        return context.make_tuple(builder, signature.return_type, found)

    real, whole = types.float32, types.uint64
    told = types.Tuple((whole, types.boolean))
    return told(corner, bit, whole, whole, real, real, real, real), codegen


def _within(builder: Any, value: Few, bound: Few) -> Few:
    return (value <= bound) & (-bound <= value)
