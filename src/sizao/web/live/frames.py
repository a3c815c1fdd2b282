"""The bytes of the vehicle stream.

A stream is a sequence of frames. A frame is a little-endian ``uint32`` length of what follows,
then ``uint32`` number of rows, then five bytes a row in the order of the live board:

    uint16 x       longitude, in 65535ths of the box from its west edge
    uint16 y       latitude, in 65535ths of the box from its south edge
    uint8  mark    high four bits: heading in steps of 22.5 degrees, clockwise from north;
                   low four bits: 0 normal, 1 open episode, 2 offline, 3 police

A row that the user may not see, or that has no position in the box, has x = y = 65535. The box
is in ``/stream/meta``. At some 60 km across, a step is about a metre.
"""

from __future__ import annotations

import struct

import numpy as np
import numpy.typing as npt

from sizao.web.live.board import Board, Scope

ROW = np.dtype([("x", "<u2"), ("y", "<u2"), ("mark", "u1")])
HIDDEN = 65535

Box = tuple[float, float, float, float]
"""west, south, east, north in degrees."""


def encode(board: Board, scope: Scope, box: Box, now_us: int) -> bytes:
    """One frame of everything the scope may see."""
    west, south, east, north = box
    rows = np.empty(len(board), ROW)
    with np.errstate(invalid="ignore"):
        x = (board.lon - west) / (east - west)
        y = (board.lat - south) / (north - south)
        shown = board.visible(scope) & (x >= 0) & (x <= 1) & (y >= 0) & (y <= 1)
        rows["x"] = _steps(x, shown)
        rows["y"] = _steps(y, shown)
        heading = np.nan_to_num(board.heading_deg, nan=0.0)
        step = np.round(heading / 22.5).astype(np.int64) % 16
    rows["mark"] = np.where(shown, (step << 4) | board.status(now_us), 0).astype(np.uint8)
    payload = struct.pack("<I", len(board)) + rows.tobytes()
    return struct.pack("<I", len(payload)) + payload


def _steps(share: npt.NDArray[np.float64], shown: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint16]:
    steps = np.clip(np.round(np.nan_to_num(share) * HIDDEN), 0, HIDDEN - 1)
    return np.where(shown, steps, HIDDEN).astype(np.uint16)


def box_of(bounds: Box, margin: float = 0.05) -> Box:
    """The network's bounds with a margin, so that a vehicle just outside still shows."""
    west, south, east, north = bounds
    dx, dy = max((east - west) * margin, 0.01), max((north - south) * margin, 0.01)
    return (west - dx, south - dy, east + dx, north + dy)
