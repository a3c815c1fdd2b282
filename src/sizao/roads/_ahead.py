"""What the matching kernel will read, asked for before it is needed: see ``matching.py``."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.core.prefetch import prefetch
from sizao.roads._borrow import borrowed
from sizao.roads._candidates import Roads

ROWS = 16
"""Rows asked for together: enough to wait for all at once, and what they read stays in the first
cache, some 40 KB in a town. Of 64 it was 150."""


class Asked(NamedTuple):
    """Of the rows asked for: their cell, -1 outside the grid, and metres a degree there."""

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
    """Bring near the state of ``ROWS`` rows from ``begin`` on, their cells and the pieces there.

    Each step needs what the one before has brought, so each goes through all rows. Before, waiting
    for these one row after the other was a third of the matching.
    """
    start, pieces, piece = borrowed(roads.start), borrowed(roads.pieces), borrowed(roads.piece)
    # Numbers without a sign are not looked at for being negative, which counts from the end.
    many = np.uint64(min(ROWS, len(slot) - begin))
    for k in range(many):
        row = np.uint64(begin) + k
        prefetch(state, slot[row])
        band = (lat[row] - roads.south) / roads.cell_lat
        column = (lon[row] - roads.west) / roads.cell_lon
        # NaN is nowhere: the comparisons are false.
        inside = 0.0 <= band < roads.rows and 0.0 <= column < roads.columns
        asked.cell[k] = np.int64(band) * roads.columns + np.int64(column) if inside else -1
        prefetch(start, asked.cell[k])
        line = np.uint64(min(band, roads.rows - 1.0)) if band >= 0.0 else np.uint64(0)
        asked.north[k], asked.east[k] = roads.metres[line, 0], roads.metres[line, 1]
    for k in range(many):
        if asked.cell[k] >= 0:
            prefetch(pieces, start[np.uint64(asked.cell[k])])
    for k in range(many):
        if asked.cell[k] >= 0:
            cell = np.uint64(asked.cell[k])
            for at in range(np.uint64(start[cell]), np.uint64(start[cell + np.uint64(1)])):
                prefetch(piece, pieces[at])
