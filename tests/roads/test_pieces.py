"""Eight pieces at once cost what a plain sum says, whatever their number."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numba import njit

from sizao.roads._pieces import PIECE, cost_pieces, no_dearer

ROAD = 3
NORTH, EAST = 0.0011, 0.0006  # metres a unit


@njit
def _cost(piece, pieces, first, last, course, told):
    free, square, cost = told
    sine, cosine = np.float32(math.sin(course)), np.float32(math.cos(course))
    return cost_pieces(
        piece,
        pieces,
        np.uint64(first),
        np.uint64(last),
        np.int32(500_000),
        np.int32(700_000),
        np.float32(NORTH),
        np.float32(EAST),
        sine,
        cosine,
        np.float32(22.8),
        np.float32(0.005),
        np.float32(4.0),
        np.float32(3600.0),
        np.int32(ROAD),
        free,
        square,
        cost,
    )


@njit
def _no_dearer(cost, first, limit):
    return no_dearer(cost, np.uint64(first), np.float32(limit))


def some_pieces(count: int) -> np.ndarray:
    chance = np.random.default_rng(count)
    pieces = np.zeros(count, PIECE)
    pieces["y"] = 500_000 + chance.integers(-80_000, 80_000, count)
    pieces["x"] = 700_000 + chance.integers(-150_000, 150_000, count)
    course = chance.uniform(0, 2 * np.pi, count)
    pieces["east"], pieces["north"] = np.sin(course), np.cos(course)
    pieces["length_m"] = chance.uniform(0, 80, count)
    pieces["back"], pieces["tunnel"] = chance.choice([-1, 1], count), chance.choice([0, 1], count)
    pieces["road"] = chance.integers(0, 6, count)
    return pieces


def plain(piece: np.void, course: float) -> tuple[float, float, float]:
    """What is to be told of one piece."""
    up, right = (int(piece["y"]) - 500_000) * NORTH, (int(piece["x"]) - 700_000) * EAST
    east, north = float(piece["east"]), float(piece["north"])
    free = -(right * east + up * north)
    spot = min(float(piece["length_m"]), max(0.0, free))
    square = (right + spot * east) ** 2 + (up + spot * north) ** 2
    along = east * math.sin(course) + north * math.cos(course)
    if piece["back"] < 0:
        along = abs(along)
    cost = 0.005 * square + 22.8 * (1 - along) + 4.0 * float(piece["tunnel"])
    return free, square, cost if square <= 3600 else math.inf


@pytest.mark.parametrize("count", [1, 2, 7, 8, 9, 16, 37, 70])
def test_each_piece_costs_what_a_plain_sum_says(count):
    every = some_pieces(count)
    # A cell in the midst of others, its pieces in another order than the table's.
    order = np.random.default_rng(1).permutation(count)
    pieces = np.concatenate(([0] * 3, order, [0] * 3)).astype(np.int32)
    told = tuple(np.full(-(-count // 8) * 8, np.nan, np.float32) for _ in range(3))
    least, mine = _cost(every, pieces, 3, 3 + count, 0.7, told)
    free, square, cost = (column.astype(float) for column in told)
    wanted = np.array([plain(every[place], 0.7) for place in order])
    np.testing.assert_allclose(free[:count], wanted[:, 0], atol=1e-3)
    np.testing.assert_allclose(square[:count], wanted[:, 1], rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(cost[:count], wanted[:, 2], rtol=1e-4, atol=1e-3)
    assert np.isinf(cost[count:]).all(), "nothing beyond the last"
    assert least == cost.min()
    own = cost[:count][every["road"][order] == ROAD]
    assert mine == own.min(initial=np.inf)


def test_what_is_no_dearer_is_a_bit():
    cost = np.array([9, 3, np.inf, 5, 5.5, 0, 7, 8, 1, 1], np.float32)
    assert _no_dearer(cost, 0, 5.0) == 0b00101010
    assert _no_dearer(cost, 2, 5.0) == 0b11001010
