"""What it costs eight candidates at once to come from one road, and which are the cheapest."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from sizao.roads._eight import EIGHT, Few, constant, every, lanes, taken

_ASTRAY = 8.0
"""A place four deviations off what the speed led to: it stands as it is, at this cost. The vehicle
stopped and went on between two reports, or its speed was wrong."""
BACK_M = 50.0
"""Going back along a segment by less than this is noise."""
_I32, _I64 = ir.IntType(32), ir.IntType(64)


@intrinsic
def settle(
    _typing: Any,
    first: Any,
    count: Any,
    origin: Any,
    twin: Any,
    own_road: Any,
    origin_m: Any,
    left_m: Any,
    complete_m: Any,
    origin_cost: Any,
    budget_m: Any,
    advance_m: Any,
    led: Any,
    share: Any,
    seen: Any,
    switch: Any,
    turn_back: Any,
    leave: Any,
    c_segment: Any,
    c_road: Any,
    c_offset: Any,
    c_beyond: Any,
    c_length: Any,
    c_way: Any,
    c_from: Any,
    c_spot: Any,
    c_led: Any,
) -> Any:
    """Lower ``c_from`` of the candidates ``first`` to ``first + 7`` to what it costs to come from a
    road, and put where on them the vehicle then is in ``c_spot``, with ``c_led`` 1 where its speed
    had a say. The arrays need room for eight more than there are.

    origin, twin, own_road : the road it comes from, origin_m metres along, left_m from its end
    complete_m : how far from the vehicle ``c_way``, metres by road from that end, is known: where
        it is infinite though the candidate may be in reach, its bit of what is returned is set
    led, seen : weights, one half over the variance, of ``advance_m``, how far the vehicle went by
        its speed (0 if not known), and of its position; share : led / (led + seen)

    Where on a segment it is after all lies between the spot nearest to the position and the spot to
    which the speed led, each by its weight; the cost is what that adds to the distance from the
    road.
    """

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        given = taken(context, builder, signature, arguments)
        begin = given[0]
        here, back_here, road = (every(builder, value) for value in given[2:5])
        behind, left, complete, base, budget, advance = (every(builder, v) for v in given[5:11])
        by_speed, share, by_place = (every(builder, value) for value in given[11:14])
        switched, turned, left_road = (every(builder, value) for value in given[14:17])
        columns = given[17:]
        segment, on, offset, beyond, length, way, before, spot, was_led = (
            column.read(begin) for column in columns
        )
        nothing = constant(builder, 0.0)
        is_same = segment.same_as(here)
        is_twin = segment.same_as(back_here)
        ahead = offset - behind
        is_back = ahead < -BACK_M
        stays = is_same & ~is_back & (ahead <= budget)
        by_road = left + way
        is_other = ~(is_same | is_twin) & (before > base)
        goes = is_other & (by_road + offset <= budget)
        # Of what is looked for: the candidates there are.
        some = every(builder, builder.trunc(builder.sub(given[1], begin), _I32))
        missing = is_other & ~goes & (complete + offset <= budget) & (lanes(builder) < some)
        step = (is_twin | (is_same & is_back)).choose(turned, switched)
        step = goes.choose(on.same_as(road).choose(nothing, left_road), step)
        step = stays.choose(nothing, step)
        # Between the two spots, and what that costs.
        led_to = advance - stays.choose(-behind, by_road)
        seen_at = offset + beyond
        between = (seen_at + share * (led_to - seen_at)).most(0.0).least(length)
        off, astray = between - offset - beyond, between - led_to
        more = by_place * (off * off - beyond * beyond) + by_speed * (astray * astray)
        fits = more < _ASTRAY
        follows = (stays | goes) & (by_speed > 0.0)
        total = base + step
        # Also where nothing led anywhere: the comparison is false then.
        total = follows.choose(total + fits.choose(more, constant(builder, _ASTRAY)), total)
        there = (follows & fits).choose(between, offset)
        cheaper = total < before
        *_, into_from, into_spot, into_led = columns
        into_from.write(begin, cheaper.choose(total, before))
        into_spot.write(begin, cheaper.choose(there, spot))
        into_led.write(begin, cheaper.choose(follows.whole(), was_led))
        return missing.bits()

    whole, real, number = types.uint64, types.float32, types.int32
    scalars = (whole, whole, number, number, number, *(real,) * 12)
    arrays = (c_segment, c_road, c_offset, c_beyond, c_length, c_way, c_from, c_spot, c_led)
    return whole(*scalars, *arrays), codegen


@intrinsic
def rank(
    _typing: Any,
    count: Any,
    dearest: Any,
    cost: Any,
    more: Any,
    number: Any,
    total: Any,
    place: Any,
) -> Any:
    """Add ``more`` to ``cost`` in ``total``, and say in ``place`` how many are cheaper, of two that
    cost the same the one with the lower number; the least, and which are dearer by no more than
    ``dearest``, a bit each.

    count : uint64, 1 to 64. Every one is compared with every other: there are few, and to seek the
    cheapest again and again is to wait for each comparison, and to guess wrong when it ends.
    """

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        many, apart, costs, added, numbers, totals, places = taken(
            context, builder, signature, arguments
        )
        infinite = constant(builder, float("inf"))
        least = cgutils.alloca_once_value(builder, infinite.value)
        with cgutils.for_range_slice(builder, _I64(0), many, _I64(EIGHT)) as (first, _):
            left = every(builder, builder.trunc(builder.sub(many, first), _I32))
            both = costs.read(first) + added.read(first)
            both = (lanes(builder) < left).choose(both, infinite)
            totals.write(first, both)
            known = Few(builder, builder.load(least))
            builder.store(known.least(both).value, least)
        lowest = Few(builder, builder.load(least)).least_of_all()
        bound = every(builder, builder.fadd(lowest, apart))
        near = cgutils.alloca_once_value(builder, _I64(0))
        count_ = cgutils.alloca_once_value(builder, constant(builder, 0).value)
        with cgutils.for_range_slice(builder, _I64(0), many, _I64(EIGHT)) as (first, _):
            both, own = totals.read(first), numbers.read(first)
            builder.store(constant(builder, 0).value, count_)
            with cgutils.for_range(builder, many) as loop:
                other = every(builder, totals.one(loop.index))
                tie = other.same_as(both) & (every(builder, numbers.one(loop.index)) < own)
                before = (other < both) | tie
                so_far = Few(builder, builder.load(count_))
                builder.store((so_far + before.whole()).value, count_)
            places.write(first, Few(builder, builder.load(count_)))
            bits = builder.shl((both <= bound).bits(), first)
            builder.store(builder.or_(builder.load(near), bits), near)
        found = (lowest, builder.load(near))
        return context.make_tuple(builder, signature.return_type, found)

    told = types.Tuple((types.float32, types.uint64))
    return told(types.uint64, types.float32, cost, more, number, total, place), codegen
