"""What the matching kernel will read, asked for before it is needed: see ``matching.py``."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.core.prefetch import prefetch, prefetch_read
from sizao.roads._borrow import borrowed
from sizao.roads._candidates import Roads

ROWS = 16
"""Rows asked for together: enough to wait for all at once, and what they read stays in the first
cache, some 40 KB in a town. Of 64 it was 150."""
RING = 4 * ROWS
"""Places for rows asked for: those of four times ``ROWS``, of which three are in use."""


class Asked(NamedTuple):
    """Of the rows asked for, each in place row % ``RING``: their cell, -1 outside the grid, and
    metres a degree there."""

    cell: npt.NDArray[np.int64]
    north: npt.NDArray[np.float64]
    east: npt.NDArray[np.float64]


@njit(cache=True)
def ask_ahead(
    roads: Roads,
    slot: npt.NDArray[np.int32],
    lat: npt.NDArray[np.float64],
    lon: npt.NDArray[np.float64],
    state: npt.NDArray[Any],
    begin: int,
    asked: Asked,
) -> None:
    """Bring near the pieces about ``ROWS`` rows from ``begin`` on, which pieces those are of the
    next ``ROWS``, and of the next again the cells and the state.

    Each step needs what the one before has brought, so each is done for the rows before those of
    the one before: what is asked for in one call is read in the next. Waiting for each at once was
    a third of the matching.

    begin : a multiple of ``ROWS``. For the first rows two calls go before, with two and one times
        ``ROWS`` less than nothing.
    """
    start, pieces, piece = borrowed(roads.start), borrowed(roads.pieces), borrowed(roads.piece)
    # Numbers without a sign are not looked at for being negative, which counts from the end.
    for row in range(_bounded(begin + 2 * ROWS, slot), _bounded(begin + 3 * ROWS, slot)):
        k = row % np.uint64(RING)
        prefetch(state, slot[row])
        band = (lat[row] - roads.south) * roads.by_lat
        column = (lon[row] - roads.west) * roads.by_lon
        # NaN is nowhere: the comparisons are false.
        inside = 0.0 <= band < roads.rows and 0.0 <= column < roads.columns
        asked.cell[k] = np.int64(band) * roads.columns + np.int64(column) if inside else -1
        prefetch_read(start, asked.cell[k])
        line = np.uint64(min(band, roads.rows - 1.0)) if band >= 0.0 else np.uint64(0)
        asked.north[k], asked.east[k] = roads.metres[line, 0], roads.metres[line, 1]
    for row in range(_bounded(begin + ROWS, slot), _bounded(begin + 2 * ROWS, slot)):
        k = row % np.uint64(RING)
        if asked.cell[k] >= 0:
            prefetch_read(pieces, start[np.uint64(asked.cell[k])])
    for row in range(_bounded(begin, slot), _bounded(begin + ROWS, slot)):
        k = row % np.uint64(RING)
        if asked.cell[k] >= 0:
            cell = np.uint64(asked.cell[k])
            for at in range(np.uint64(start[cell]), np.uint64(start[cell + np.uint64(1)])):
                prefetch_read(piece, pieces[at])


@njit(cache=True, forceinline=True)
def _bounded(row: int, slot: npt.NDArray[np.int32]) -> np.uint64:
    """A row there is, or the one after the last."""
    return np.uint64(min(max(row, 0), len(slot)))
