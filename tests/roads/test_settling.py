"""Eight candidates at once: what it costs to come to each, and which are the cheapest."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numba import njit

from sizao.roads._settling import rank, settle

ORIGIN, TWIN, ROAD = 5, 6, 2
FROM_M, LEFT_M, COMPLETE_M, COST = 150.0, 50.0, 300.0, 1.5
BUDGET_M, SEEN = 400.0, 0.005
SWITCH, TURN_BACK, LEAVE = 20.0, 6.0, 0.5


@njit
def _settle(count, advance, led, columns):
    segment, road, offset, beyond, length, way, come, spot, by_speed = columns
    missing = np.uint64(0)
    for first in range(np.uint64(0), np.uint64(count), np.uint64(8)):
        missing |= (
            settle(
                first,
                np.uint64(count),
                np.int32(ORIGIN),
                np.int32(TWIN),
                np.int32(ROAD),
                np.float32(FROM_M),
                np.float32(LEFT_M),
                np.float32(COMPLETE_M),
                np.float32(COST),
                np.float32(BUDGET_M),
                np.float32(advance),
                np.float32(led),
                np.float32(led / (led + SEEN)),
                np.float32(SEEN),
                np.float32(SWITCH),
                np.float32(TURN_BACK),
                np.float32(LEAVE),
                segment,
                road,
                offset,
                beyond,
                length,
                way,
                come,
                spot,
                by_speed,
            )
            << first
        )
    return missing


def some(count: int) -> tuple[np.ndarray, ...]:
    chance = np.random.default_rng(count)
    room = count + 8
    real = [
        chance.uniform(0, 200, room),
        chance.choice([0.0, -20.0, 15.0], room),
        np.full(room, 200.0),
        chance.choice([0.0, 40.0, 170.0, 500.0, np.inf], room),
        chance.choice([np.inf, 1.0, 3.0], room),
        np.full(room, -1.0),
    ]
    whole = [chance.choice([ORIGIN, TWIN, 8, 9], room), chance.choice([ROAD, 3], room)]
    columns = [column.astype(np.int32) for column in whole]
    return (*columns, *(column.astype(np.float32) for column in real), np.zeros(room, np.int32))


def plain(i: int, advance: float, led: float, columns: tuple[np.ndarray, ...]):
    """Cost, spot, whether the speed had a say, and whether the way is yet to be sought."""
    segment, road, offset, beyond, length, way, come, spot, by_speed = (
        c[i].item() for c in columns
    )
    kept = come, spot, by_speed
    step, ahead_m, missing = SWITCH, None, False
    if segment == ORIGIN:
        if offset - FROM_M < -50.0:
            step = TURN_BACK
        elif offset - FROM_M <= BUDGET_M:
            step, ahead_m = 0.0, -FROM_M
    elif segment == TWIN:
        step = TURN_BACK
    elif come > COST:
        if LEFT_M + way + offset <= BUDGET_M:
            step, ahead_m = (0.0 if road == ROAD else LEAVE), LEFT_M + way
        else:
            missing = COMPLETE_M + offset <= BUDGET_M
    there = offset
    if ahead_m is not None and led > 0:
        led_to = advance - ahead_m
        between = offset + beyond
        between += led / (led + SEEN) * (led_to - between)
        between = min(length, max(0.0, between))
        off = between - offset - beyond
        more = SEEN * (off**2 - beyond**2) + led * (between - led_to) ** 2
        step += min(more, 8.0)
        there = between if more < 8.0 else offset
    if COST + step >= come:
        return *kept, missing
    return COST + step, there, ahead_m is not None and led > 0, missing


@pytest.mark.parametrize("count", [1, 5, 8, 13, 16])
@pytest.mark.parametrize(("advance", "led"), [(120.0, 0.02), (0.0, 0.001), (math.nan, 0.0)])
def test_eight_at_once_cost_what_one_would(count, advance, led):
    columns = some(count)
    wanted = [plain(i, advance, led, columns) for i in range(count)]
    missing = int(_settle(count, advance, led, columns))
    cost, spot, by_speed = columns[6:]
    for i, (costs, there, told, sought) in enumerate(wanted):
        assert cost[i] == pytest.approx(costs, rel=1e-4, abs=1e-3)
        assert spot[i] == pytest.approx(there, abs=1e-2)
        assert (by_speed[i], missing >> i & 1) == (told, sought)
    assert missing >> count == 0, "of what is not there nothing is sought"


@njit
def _rank(count, cost, more, number, total, place):
    return rank(np.uint64(count), np.float32(8.0), cost, more, number, total, place)


@pytest.mark.parametrize("count", [1, 3, 8, 11, 16])
def test_ranks_are_those_of_sorting(count):
    chance = np.random.default_rng(count)
    room = count + 8
    cost = chance.integers(-1, 20, room).astype(np.float32)
    more = chance.integers(0, 3, room).astype(np.float32)
    cost[count:] = -50.0  # left by others
    number = chance.permutation(room).astype(np.int32)
    total, place = np.zeros(24, np.float32), np.zeros(24, np.int32)
    least, near = _rank(count, cost, more, number, total, place)
    sums = (cost + more)[:count]
    assert total[:count].tolist() == sums.tolist()
    assert np.argsort(place[:count]).tolist() == np.lexsort((number[:count], sums)).tolist()
    assert sorted(place[:count].tolist()) == list(range(count))
    assert least == sums.min()
    assert near == sum(1 << i for i in range(count) if sums[i] <= sums.min() + 8.0)
