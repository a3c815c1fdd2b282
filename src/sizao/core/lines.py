"""Zeroed arrays that begin on a cache line.

NumPy begins an array where the allocator does, mostly 16 bytes past a line: a row of 64 bytes then
lies on two lines, and to read it anywhere is two misses.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

LINE = 64
"""Bytes of a cache line."""


def zeros_on_lines(shape: int | tuple[int, ...], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """A new array of zeros. Memory of a large one is taken when written to, as NumPy's."""
    kind = np.dtype(dtype)
    size = math.prod(np.atleast_1d(shape).tolist()) * kind.itemsize
    room = np.zeros(size + LINE, np.uint8)
    first = -room.ctypes.data % LINE
    return room[first : first + size].view(kind).reshape(shape)
