"""What the matching kernel will read, asked for before it is needed: see ``matching.py``."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.core.prefetch import prefetch
from sizao.roads._candidates import Roads

ROWS = 64
"""Rows asked for together: enough to wait for all at once, and what they read stays near."""


@njit(cache=True)
def ask_ahead(
    roads: Roads,
    slot: npt.NDArray[np.int32],
    lat: npt.NDArray[np.float64],
    lon: npt.NDArray[np.float64],
    state: npt.NDArray[Any],
    begin: int,
    cells: npt.NDArray[np.int64],
) -> None:
    """Bring near the state of ``ROWS`` rows from ``begin`` on, their cells and the pieces there.

    Each step needs what the one before has brought, so each goes through all rows. Before, waiting
    for these one row after the other was a third of the matching.
    """
    many = min(ROWS, len(slot) - begin)
    for k in range(many):
        row = begin + k
        prefetch(state, slot[row])
        band = (lat[row] - roads.south) / roads.cell_lat
        column = (lon[row] - roads.west) / roads.cell_lon
        cells[k] = 0
        # NaN is nowhere: the comparisons are false.
        if 0.0 <= band < roads.rows and 0.0 <= column < roads.columns:
            cells[k] = np.int64(band) * roads.columns + np.int64(column)
        prefetch(roads.start, cells[k])
    for k in range(many):
        prefetch(roads.pieces, roads.start[cells[k]])
    for k in range(many):
        for at in range(roads.start[cells[k]], roads.start[cells[k] + 1]):
            prefetch(roads.piece, roads.pieces[at])
