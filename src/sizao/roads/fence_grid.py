"""Which fences hold a position: an index for kernels.

The globe is cut into cells of 1/256 degree (430 m by some 390 m), kept in blocks of 16 by 16 only
where there are fences. A cell knows every fence that touches it, however many, and of each what is
left to ask there: nothing where the whole cell lies inside; else the polygon's edges or the
corridor's pieces that can matter in it. Each is a bit of a word, 64 to a group, so that all edges
of a group are asked in one loop, whosever they are. Cell borders are exact in binary, so which
cell a position is in is never a matter of rounding.

Inside a polygon is what a ray to the east leaves through an odd number of edges, an edge being
crossed at its lower end and not at its upper one, straight in degrees as GeoJSON has it. Inside a
corridor or circle is what is ``reach_m`` or nearer, measured on a local plane of the piece.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.core.lines import LINE
from sizao.core.prefetch import prefetch_read
from sizao.core.vehicles import KINDS
from sizao.roads._bits import lowest
from sizao.roads._crossings import crossed
from sizao.roads.fence_cells import BLOCK, CELLS, Grid, build
from sizao.roads.fences import Fence
from sizao.roads.grid import project


class Routes(NamedTuple):
    """Vehicle k of ``Fences.bound`` is bound to ``fence[first[k]:first[k + 1]]``."""

    first: npt.NDArray[np.int64]
    fence: npt.NDArray[np.int32]


class Fences:
    """All fences of an installation, in order of their numbers, with their index."""

    def __init__(self, fences: Sequence[Fence] = ()) -> None:
        self.fences = tuple(sorted(fences, key=lambda fence: fence.number))

    def __len__(self) -> int:
        return len(self.fences)

    @cached_property
    def grid(self) -> Grid:
        """The index, made when first asked for."""
        return build(self.fences)

    @cached_property
    def digest(self) -> str:
        """A 128-bit hex name of the content."""
        return hashlib.blake2b(repr(self.fences).encode(), digest_size=16).hexdigest()

    @cached_property
    def bound(self) -> dict[str, int]:
        """Vehicles that are bound to routes, to their number from 1 among them."""
        names = sorted({name for fence in self.fences for name in fence.vehicles})
        return {name: number for number, name in enumerate(names, 1)}

    @cached_property
    def routes(self) -> Routes:
        """The routes of each vehicle of ``bound``."""
        own: list[list[int]] = [[] for _ in range(len(self.bound) + 1)]
        for place, fence in enumerate(self.fences):
            for name in fence.vehicles:
                own[self.bound[name]].append(place)
        first = np.cumsum([0, *map(len, own)]).astype(np.int64)
        return Routes(first, np.array([place for few in own for place in few], np.int32))


NO_FENCES = Fences()


def inside(
    fences: Fences,
    lat: npt.NDArray[np.float64],
    lon: npt.NDArray[np.float64],
    kind: npt.NDArray[np.int8],
    time_us: npt.NDArray[np.int64],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """Fences that hold each position, concern that kind of vehicle and are in force then.

    lat, lon : degrees, NaN for no place, which is in no fence
    kind : core.vehicles.KIND_CODES
    time_us : event time

    Returns ``first`` and ``found``: row i is in ``found[first[i]:first[i + 1]]``, which are places
    in ``fences.fences`` and rows of ``fences.grid.fence``, rising.
    """
    if not len(fences):
        return np.zeros(len(lat) + 1, np.int64), np.empty(0, np.int32)
    return _inside(fences.grid, lat, lon, kind, time_us)


_ONE = np.uint64(1)
_KINDS = len(KINDS)
_REALS = LINE // 4
"""Numbers on a line of the cache."""


# Division by zero is no error here: what comes of a level edge is not looked at.
@njit(cache=True, nogil=True, error_model="numpy")
def _inside(grid, lat, lon, kind, time_us):  # type: ignore[no-untyped-def]  # numba
    # Taken out of the tuple once: in the loop each look costs an atomic count of references.
    start, groups, which, concerns = grid.start, grid.group, grid.which, grid.concerned
    corners = grid.corner
    edges, edge_bit, pieces, piece_bit = grid.edge, grid.edge_bit, grid.piece, grid.piece_bit
    table, windows, spans = grid.fence, grid.window, grid.span
    rows, cells = _touched(grid, lat, lon)
    first = np.zeros(len(lat) + 1, np.int64)
    found = np.empty(2 * len(rows) + 64, np.int32)
    count = np.int64(0)  # plain 0 is a type of its own: what is given it would be compiled twice
    done = 0
    last = len(rows) - 1
    for k in range(len(rows)):
        # Bring near what the rows soon to come will ask.
        prefetch_read(groups, start[cells[min(k + 16, last)]])
        soon = start[cells[min(k + 8, last)]]
        ahead = groups[soon]
        prefetch_read(which, ahead.first)
        prefetch_read(concerns, soon * _KINDS + kind[rows[min(k + 8, last)]])
        prefetch_read(edge_bit, ahead.edge)
        for at in range(4 * ahead.edge, 4 * ahead.edge_end, _REALS):
            prefetch_read(corners, at)
        i, cell = rows[k], cells[k]
        first[done : i + 1] = count
        done = i + 1
        y, x, own = lat[i], lon[i], np.uint64(kind[i])
        for g in range(start[cell], start[cell + 1]):
            group = groups[g]
            # Nothing is guessed where many fences overlap: to do all of it for each takes less
            # time than the wrong guesses would.
            from_ = np.uint64(group.first)
            concerned = concerns[np.uint64(g) * np.uint64(_KINDS) + own]
            # Of a cell that lies inside, no edges are to be asked and the others are odd.
            holds = group.odd
            many = np.uint64(group.edge_end - group.edge)
            if many > 0:
                flips, certain = crossed(
                    corners,
                    edge_bit,
                    np.uint64(group.edge),
                    many,
                    np.float32(y - math.floor(y * CELLS) / CELLS),
                    np.float32(x - math.floor(x * CELLS) / CELLS),
                    group.doubt,
                    group.doubt_square,
                )
                if not certain:
                    flips = _crossed_exactly(edges, edge_bit, group, y, x)
                holds ^= flips
            for at in range(np.uint64(group.piece), np.uint64(group.piece_end)):
                holds |= np.uint64(_is_near(y, x, pieces[at])) << np.uint64(piece_bit[at])
            holds &= concerned
            asked = holds & group.timed
            while asked != 0:
                bit = lowest(asked)
                if not in_force(table[which[from_ + bit]], windows, spans, time_us[i]):
                    holds ^= _ONE << bit
                asked &= asked - _ONE
            found = _roomy(found, count)
            while holds != 0:
                found[count] = which[from_ + lowest(holds)]
                count += 1
                holds &= holds - _ONE
    first[done:] = count
    return first, found[:count]


@njit(cache=True, error_model="numpy")
def _crossed_exactly(edges, edge_bit, group, y, x):  # type: ignore[no-untyped-def]  # numba
    """What ``crossed`` of a group's edges is certain to be."""
    flips = np.uint64(0)
    for at in range(np.uint64(group.edge), np.uint64(group.edge_end)):
        edge = edges[at]
        met = x < (edge.x1 - edge.x0) * (y - edge.y0) / (edge.y1 - edge.y0) + edge.x0
        met &= (edge.y0 > y) != (edge.y1 > y)
        flips ^= np.uint64(met) << np.uint64(edge_bit[at])
    return flips


@njit(cache=True)
def _touched(grid, lat, lon):  # type: ignore[no-untyped-def]  # numba
    """Rows in cells that fences touch, and those cells."""
    block_of, touched, cell_of, start = grid.block, grid.touched, grid.cell, grid.start
    south, west, columns = grid.row, grid.column, grid.columns
    high, wide = grid.rows * BLOCK, columns * BLOCK
    rows = np.empty(len(lat), np.int64)
    cells = np.empty(len(lat), np.int32)
    count = 0
    for i in range(len(lat)):
        y, x = lat[i], lon[i]
        # NaN is nowhere: the comparisons are false.
        if not (y * CELLS >= south and x * CELLS >= west):
            continue
        r = np.int64(math.floor(y * CELLS)) - south
        c = np.int64(math.floor(x * CELLS)) - west
        if r >= high or c >= wide:
            continue
        block = np.int64(block_of[(r >> 4) * columns + (c >> 4)])
        at = (max(block, np.int64(0)) << 8) | ((r & 15) << 4) | (c & 15)
        # Written in any case: quicker than to guess whether, as half of a country has no fence.
        rows[count] = i
        cells[count] = at
        count += (block >= 0) & ((touched[at >> 3] >> (at & 7)) & 1 != 0)
    for k in range(count):
        cells[k] = cell_of[cells[k]]
        prefetch_read(start, cells[k])
    return rows[:count], cells[:count]


@njit(cache=True)
def _roomy(found, count):  # type: ignore[no-untyped-def]  # numba
    """With room for a group more."""
    if count + 64 <= len(found):
        return found
    longer = np.empty(2 * len(found), np.int32)
    longer[:count] = found[:count]
    return longer


@njit(cache=True)
def _is_near(y, x, piece):  # type: ignore[no-untyped-def]  # numba
    square, _ = project(y, x, piece.north, piece.east, piece.y0, piece.x0, piece.y1, piece.x1)
    return square <= piece.square


@njit(cache=True)
def in_force(fence, windows, spans, time_us):  # type: ignore[no-untyped-def]  # numba
    """Whether a row of FENCE holds at a moment: what ``Fence.in_force`` says."""
    if not fence.valid_from_us <= time_us < fence.valid_until_us:
        return False
    local_s = time_us // 1_000_000 + 28_800
    day = local_s // 86_400
    second = local_s - day * 86_400
    if fence.window == fence.window_end:
        return _on(fence, spans, day)
    for w in range(fence.window, fence.window_end):
        window = windows[w]
        over = window.to_s <= window.from_s
        today = second >= window.from_s and (over or second < window.to_s)
        if today and (window.days >> ((day + 3) % 7)) & 1 and _on(fence, spans, day):
            return True
        night = over and second < window.to_s
        if night and (window.days >> ((day + 2) % 7)) & 1 and _on(fence, spans, day - 1):
            return True
    return False


@njit(cache=True)
def _on(fence, spans, day):  # type: ignore[no-untyped-def]  # numba
    for s in range(fence.span_end, fence.except_end):
        if spans[s].first <= day <= spans[s].last:
            return False
    for s in range(fence.span, fence.span_end):
        if spans[s].first <= day <= spans[s].last:
            return True
    return fence.span == fence.span_end
