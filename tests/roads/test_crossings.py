"""Single precision says which edges are crossed, or that it cannot."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit

from sizao.roads._crossings import crossed, doubts


@njit
def _crossed(corner, bit, first, many, y, x, doubt, doubt_square):
    return crossed(
        corner,
        bit,
        np.uint64(first),
        np.uint64(many),
        np.float32(y),
        np.float32(x),
        np.float32(doubt),
        np.float32(doubt_square),
    )


def ask(edges: np.ndarray, bits: np.ndarray, y: float, x: float) -> tuple[int, bool]:
    """Edges (n, 4) after three others that must not be asked."""
    many = len(edges)
    corner = np.concatenate((np.full(12, 0.5), edges.T.reshape(-1), np.zeros(8)))
    bit = np.concatenate(([63] * 3, bits, [63] * 8)).astype(np.uint8)
    doubt, square = doubts(np.abs(edges).max())
    flips, certain = _crossed(corner.astype(np.float32), bit, 3, many, y, x, doubt, square)
    return int(flips), bool(certain)


def exactly(edges: np.ndarray, bits: np.ndarray, y: float, x: float) -> int:
    flips = 0
    for (y0, x0, y1, x1), bit in zip(edges.tolist(), bits.tolist(), strict=True):
        if (y0 > y) != (y1 > y) and x < (x1 - x0) * (y - y0) / (y1 - y0) + x0:
            flips ^= 1 << bit
    return flips


@pytest.mark.parametrize("many", [1, 3, 8, 9, 40])
def test_what_is_certain_is_right(many):
    chance = np.random.default_rng(many)
    sure = 0
    for _ in range(300):
        edges = chance.uniform(-0.02, 0.02, (many, 4))
        bits = chance.integers(0, 64, many)
        y, x = chance.uniform(0, 1 / 256, 2)
        flips, certain = ask(edges, bits, y, x)
        sure += certain
        assert not certain or flips == exactly(edges, bits, y, x)
    assert sure > 290


def test_beside_an_edge_by_less_than_is_rounded_it_is_not_certain():
    edge = np.array([[0.001, 0.001, 0.003, 0.0017]])
    y, x = 0.002, 0.00135  # on it
    for off in (1e-11, -1e-11, 0.0):
        assert not ask(edge, np.array([4]), y, x + off)[1]
    for off, met in ((-1e-6, 16), (1e-6, 0)):
        assert ask(edge, np.array([4]), y, x + off) == (met, True)
    for level in (0.001, 0.003):
        assert not ask(edge, np.array([4]), level, 0.0)[1], "at the height of an end"
