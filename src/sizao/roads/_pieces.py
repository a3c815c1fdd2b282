"""Straight pieces of road, and what a position costs on eight of them at once, for kernels.

A cell in a town has forty pieces. One after the other they were a third of the matching, for each
sum waits for the one before. Eight are read, a line of the cache each, turned so that each of
their fields lies in a word of eight, and all sums are done for all eight (the transposition is
that of Intel's 64-ia-32 optimization manual, 15.11.3). Single precision is enough: places are
taken off one another as whole numbers, and what comes of them is right to a millimetre a kilometre.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from sizao.roads._eight import EIGHT, REALS, Few, constant, every, lanes, taken

PIECE = np.dtype(
    [
        ("y", "i4"),
        ("x", "i4"),
        ("east", "f4"),
        ("north", "f4"),
        ("length_m", "f4"),
        ("back", "f4"),
        ("tunnel", "f4"),
        ("road", "i4"),
        ("along_m", "f4"),
        ("own_m", "f4"),
        ("twin_m", "f4"),
        ("brisk_kmh", "f4"),
        ("twin_brisk_kmh", "f4"),
        ("segment", "i4"),
        ("twin", "i4"),
        ("twin_road", "i4"),
    ],
    align=True,
)
"""A straight piece of a segment: where it begins in ``UNITS`` of the grid and how far along the
segment that is, its direction as a vector of length 1, -1 if the road is driven both ways and 1 if
not, 1 in a tunnel and 0 outside; what nobody drives on a yard or alley each way, infinite on other
roads; how long the segment and the one the other way are. 64 bytes, a line of the cache: which
pieces are asked for is anybody's guess, so that each line is a miss. What is asked of every piece
of a cell comes first, 32 bytes."""

UNITS = 1 << 30
"""Into so many the grid is cut each way, so that a difference is exact: 0.1 mm in a city, 6 mm in a
country."""

_INFINITE = float("inf")
_I8, _I32, _I64 = ir.IntType(8), ir.IntType(32), ir.IntType(64)
_STEPS = (
    ([0, 8, 1, 9, 4, 12, 5, 13], [2, 10, 3, 11, 6, 14, 7, 15], 1),
    ([0, 1, 8, 9, 4, 5, 12, 13], [2, 3, 10, 11, 6, 7, 14, 15], 2),
    ([0, 1, 2, 3, 8, 9, 10, 11], [4, 5, 6, 7, 12, 13, 14, 15], 4),
)
"""Of each step of the transposition: which of two rows' numbers come into the first and into the
second of what it makes, and how far apart the two are."""


@intrinsic
def cost_pieces(
    _typing: Any,
    piece: Any,
    pieces: Any,
    first: Any,
    last: Any,
    y: Any,
    x: Any,
    north: Any,
    east: Any,
    sine: Any,
    cosine: Any,
    per_turn: Any,
    per_square: Any,
    tunnel: Any,
    max_square: Any,
    mine: Any,
    free: Any,
    square: Any,
    cost: Any,
) -> Any:
    """Fill ``free``, ``square`` and ``cost`` of the pieces ``pieces[first:last]``, of which there
    must be one; the least cost, and the least on road ``mine``, infinite where there is none.

    y, x : int32, the position in ``UNITS``; north, east : float32, metres a unit
    sine, cosine, per_turn : of the heading, float32; 0 where there is none
    free : float32, metres along the piece's line to the spot nearest to the position
    square : square of the metres to the spot on the piece; cost : infinite beyond ``max_square``
    All three need room up to the next multiple of ``EIGHT``; what is beyond the last is infinite.
    """

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        given = taken(context, builder, signature, arguments)
        table, numbers, begin, end = given[:4]
        at_y, at_x, metres_y, metres_x, sine_, cosine_ = (every(builder, v) for v in given[4:10])
        per_turn_, per_square_, tunnel_, far, my_road = (every(builder, v) for v in given[10:15])
        told = given[15:]
        many = builder.sub(end, begin)
        nothing = constant(builder, _INFINITE)
        least = cgutils.alloca_once_value(builder, nothing.value)
        least_mine = cgutils.alloca_once_value(builder, nothing.value)
        with cgutils.for_range_slice(builder, _I64(0), many, _I64(EIGHT)) as (k, _):
            rows = _rows(builder, table, numbers, builder.add(begin, k), builder.sub(end, _I64(1)))
            y0, x0, to_east, to_north, length, back, in_tunnel, road = _turned(rows)
            up = (y0.as_wholes() - at_y).real() * metres_y
            right = (x0.as_wholes() - at_x).real() * metres_x
            ahead = -(right * to_east + up * to_north)
            spot = ahead.most(0.0).least(length)
            dx, dy = right + spot * to_east, up + spot * to_north
            apart = dx * dx + dy * dy
            along = to_east * sine_ + to_north * cosine_
            along = (along * back).most(along)
            # (1 - cos a) is a^2 / 2 for small angles and spares the arc cosine.
            turn = (constant(builder, 1.0) - along) * per_turn_
            costs = apart * per_square_ + turn + in_tunnel * tunnel_
            left = every(builder, builder.trunc(builder.sub(many, k), _I32))
            is_near = (lanes(builder) < left) & (apart <= far)
            costs = is_near.choose(costs, nothing)
            on_mine = road.as_wholes().same_as(my_road).choose(costs, nothing)
            for lowest, new in ((least, costs), (least_mine, on_mine)):
                known = Few(builder, builder.load(lowest))
                builder.store(known.least(new).value, lowest)
            for column, words in zip(told, (ahead, apart, costs), strict=True):
                column.write(k, words)
        both = [Few(builder, builder.load(it)).least_of_all() for it in (least, least_mine)]
        return context.make_tuple(builder, signature.return_type, both)

    whole, real = types.uint64, types.float32
    arguments = (piece, pieces, whole, whole, types.int32, types.int32, *(real,) * 8, types.int32)
    return types.UniTuple(real, 2)(*arguments, free, square, cost), codegen


@intrinsic
def no_dearer(_typing: Any, cost: Any, first: Any, limit: Any) -> Any:
    """Which of ``cost[first:first + 8]``, float32, are no dearer than a limit: bits of a uint64."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        costs, begin, most = taken(context, builder, signature, arguments)
        return (costs.read(begin) <= every(builder, most)).bits()

    return types.uint64(cost, types.uint64, types.float32), codegen


def _rows(builder: Any, table: Any, numbers: Any, first: Any, last: Any) -> list[Few]:
    """The first halves of eight pieces from place ``first`` in ``numbers`` on; beyond the last it
    is the last again, which is near."""
    table = builder.bitcast(table, _I8.as_pointer())
    numbers = builder.bitcast(numbers.data, _I32.as_pointer())
    rows = []
    for lane in range(EIGHT):
        at = builder.add(first, _I64(lane))
        at = builder.select(builder.icmp_unsigned("<", at, last), at, last)
        place = builder.gep(numbers, [at], source_etype=_I32)
        number = builder.zext(builder.load(place, typ=_I32, align=4), _I64)
        line = builder.gep(table, [builder.shl(number, _I64(6))], source_etype=_I8)
        line = builder.bitcast(line, REALS.as_pointer())
        rows.append(Few(builder, builder.load(line, typ=REALS, align=4)))
    return rows


def _turned(rows: list[Few]) -> list[Few]:
    """Eight rows of eight to eight columns of eight."""
    for first, second, apart in _STEPS:
        made = list(rows)
        for low in range(EIGHT):
            if low & apart:
                continue
            one, other = rows[low], rows[low + apart]
            made[low], made[low + apart] = one.ordered(other, first), one.ordered(other, second)
        rows = made
    return [rows[bits] for bits in (0, 2, 1, 3, 4, 6, 5, 7)]
