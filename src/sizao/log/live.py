"""The live board as a file: the last state of every vehicle, replaced whole each second.

The web reads it without touching the pipeline; a reader maps it and never sees half a board.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from sizao.core.schemas import LIVE, empty
from sizao.log.datadir import publish
from sizao.log.encoding import decode, encode


def save(board: pa.RecordBatch, path: Path) -> None:
    """Replace the board. Row order is the caller's and should be stable."""
    publish(path, encode(board))


def load(path: Path) -> pa.RecordBatch:
    """The newest board, or an empty one before the pipeline's first second."""
    try:
        return decode(path.read_bytes())
    except FileNotFoundError:
        return empty(LIVE)
