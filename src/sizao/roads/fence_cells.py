"""The cells of the fence index, and how they are made; ``fence_grid.py`` says what they mean."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.core.lines import zeros_on_lines
from sizao.core.vehicles import KIND_CODES, KINDS
from sizao.roads._crossings import doubts
from sizao.roads._eight import EIGHT
from sizao.roads.fences import KIND_NUMBERS, Fence
from sizao.roads.geometry import metres_per_degree
from sizao.roads.grid import project

CELLS = 256
"""Cells in a degree."""

BLOCK = 16
"""Cells along the side of a block."""

WHOLE, POLYGON, NEAR = 0, 1, 2
"""What is to be asked in a cell: nothing, the crossings of edges, the distance to pieces."""

FENCE = np.dtype(
    [
        ("valid_from_us", "i8"),
        ("valid_until_us", "i8"),
        ("number", "i4"),
        ("kind", "i4"),
        ("window", "i4"),
        ("window_end", "i4"),
        ("span", "i4"),
        ("span_end", "i4"),
        ("except_end", "i4"),
        ("limit_kmh", "f4"),
        ("grade_pct", "f4"),
    ],
    align=True,
)
"""One fence as kernels see it. ``kind`` is of KIND_NUMBERS; windows and spans are rows of those
tables, the spans it does not hold on after those it does."""

WINDOW = np.dtype([("days", "i4"), ("from_s", "i4"), ("to_s", "i4")])
_SPAN = np.dtype([("first", "i4"), ("last", "i4")])
_ENTRY = np.dtype(
    [
        ("fence", "i4"),
        ("who", "u4"),
        ("first", "i4"),
        ("end", "i4"),
        ("ask", "i1"),
        ("odd", "i1"),
        ("timed", "i2"),
    ]
)
"""A fence in a cell, before they are put together: bits of the vehicle kinds it concerns, rows of
edges or pieces to ask, for a polygon whether the edges left out, which every ray crosses, are odd
in number, and whether there are times at which it does not hold. A cell that lies inside has none
to ask, and odd ones left out."""

GROUP = np.dtype(
    [
        ("first", "i4"),
        ("end", "i4"),
        ("edge", "i4"),
        ("edge_end", "i4"),
        ("piece", "i4"),
        ("piece_end", "i4"),
        ("odd", "u8"),
        ("timed", "u8"),
        ("doubt", "f4"),
        ("doubt_square", "f4"),
        ("unused", "u8", (2,)),
    ],
    align=True,
)
"""Up to 64 fences of a cell, a bit each in order: the rows of ``Grid.which``, of the edges and of
the pieces to ask, of ``_ENTRY`` what is a bit, and ``_crossings.doubts`` of its edges. 64 bytes, a
line of the cache."""

EDGE = np.dtype([("y0", "f8"), ("x0", "f8"), ("y1", "f8"), ("x1", "f8")])
PIECE = np.dtype([*EDGE.descr, ("north", "f8"), ("east", "f8"), ("square", "f8")])
"""A piece of a corridor: metres in a degree there, and the square of half the width."""


class Grid(NamedTuple):
    """The index; :func:`build` makes it."""

    row: int
    column: int
    rows: int
    columns: int
    block: npt.NDArray[np.int32]
    """Number of each block from the south-west, -1 without fences; shape (rows * columns,)."""
    touched: npt.NDArray[np.uint8]
    """A bit for each cell of each block, shape (blocks * 32,): small enough to be near at hand, so
    that a place without fences, as most are, costs no look at ``cell``."""
    cell: npt.NDArray[np.int32]
    """Number of each cell of each block, -1 without fences; shape (blocks * 256,)."""
    start: npt.NDArray[np.int32]
    """Cell c has the groups start[c]:start[c + 1]."""
    group: npt.NDArray[Any]
    which: npt.NDArray[np.int32]
    """Places in ``fence``."""
    concerned: npt.NDArray[np.uint64]
    """Group g's fences that concern a kind of vehicle are the bits of [len(KINDS) * g + kind]."""
    corner: npt.NDArray[np.float32]
    """Edges as ``_crossings.crossed`` takes them, in degrees from their cell's corner."""
    edge: npt.NDArray[Any]
    edge_bit: npt.NDArray[np.uint8]
    """Which fence of its group an edge is of."""
    piece: npt.NDArray[Any]
    piece_bit: npt.NDArray[np.uint8]
    fence: npt.NDArray[Any]
    kinds: npt.NDArray[np.uint8]
    """Of each fence the bit of its kind; small enough to be near at hand, as ``fence`` is not."""
    limit_kmh: npt.NDArray[np.float32]
    """Of fences that limit speed; infinite for others."""
    window: npt.NDArray[Any]
    span: npt.NDArray[Any]


@njit(cache=True)
def crossing(y, y0, x0, y1, x1):  # type: ignore[no-untyped-def]  # numba
    """Longitude at which an edge meets a latitude."""
    return (x1 - x0) * (y - y0) / (y1 - y0) + x0


def build(fences: Sequence[Fence]) -> Grid:
    """The index of fences; places in it are those in ``fences``."""
    table = np.zeros(len(fences), FENCE)
    windows: list[tuple[int, int, int]] = []
    spans: list[tuple[int, int]] = []
    keys, entries, edges, pieces = [], [], [], []
    edge_count = piece_count = 0
    for number, fence in enumerate(fences):
        _describe(table[number], fence, windows, spans)
        who = np.uint32(sum(1 << KIND_CODES[kind] for kind in fence.vehicle_kinds) or 0xFFFF_FFFF)
        if fence.shape == "polygon":
            key, entry, rows = _polygon_cells(_edges(fence.rings))
            entry["first"] += edge_count
            entry["end"] += edge_count
            edges.append(rows)
            edge_count += len(rows)
        else:
            key, entry, rows = _near_cells(_pieces(fence.line, fence.reach_m))
            entry["first"] += piece_count
            entry["end"] += piece_count
            pieces.append(rows)
            piece_count += len(rows)
        entry["fence"], entry["who"] = number, who
        entry["timed"] = bool(
            fence.windows or fence.spans or fence.except_spans or fence.valid_us != Fence.valid_us
        )
        keys.append(key)
        entries.append(entry)
    key = np.concatenate(keys) if keys else np.empty(0, np.int64)
    entry = np.concatenate(entries) if entries else np.empty(0, _ENTRY)
    order = np.argsort(key, kind="stable")
    blocks = _blocks(key[order])
    limits = np.isin(table["kind"], [KIND_NUMBERS[kind] for kind in ("limit", "downgrade")])
    return Grid(
        *blocks[:-1],
        *_groups(
            blocks[-1],
            key[order],
            entry[order],
            np.concatenate(edges) if edges else np.empty(0, EDGE),
            np.concatenate(pieces) if pieces else np.empty(0, PIECE),
        ),
        fence=table,
        kinds=np.left_shift(1, table["kind"]).astype(np.uint8),
        limit_kmh=np.where(limits, table["limit_kmh"], np.inf).astype(np.float32),
        window=np.array(windows, WINDOW) if windows else np.empty(0, WINDOW),
        span=np.array(spans, _SPAN) if spans else np.empty(0, _SPAN),
    )


_Array = npt.NDArray[Any]
_Groups = tuple[_Array, _Array, _Array, _Array, _Array, _Array, _Array, _Array, _Array]


def _groups(
    start: npt.NDArray[np.int32],
    key: npt.NDArray[np.int64],
    entry: npt.NDArray[Any],
    edge: npt.NDArray[Any],
    piece: npt.NDArray[Any],
) -> _Groups:
    """``start`` of :class:`Grid` and the fields after it, up to ``piece_bit``.

    start : cell c has the entries start[c]:start[c + 1]
    key : of each entry's cell
    """
    bit = (np.arange(len(entry)) - np.repeat(start[:-1], np.diff(start))) % 64
    first = np.flatnonzero(bit == 0)
    group = zeros_on_lines(len(first), GROUP)
    concerned = np.zeros((len(first), len(KINDS)), np.uint64)
    group["first"], group["end"] = first, np.append(first[1:], len(entry))
    if len(entry):
        for name in ("odd", "timed"):
            bits = entry[name].astype(np.uint64) << bit.astype(np.uint64)
            group[name] = np.bitwise_or.reduceat(bits, first)
        for kind in range(len(KINDS)):
            bits = (entry["who"].astype(np.uint64) >> np.uint64(kind) & np.uint64(1)) << bit.astype(
                np.uint64
            )
            concerned[:, kind] = np.bitwise_or.reduceat(bits, first)
    # Edges and pieces in the order of the entries that ask them: those of a group next to each
    # other.
    edge, edge_bit = _moved(edge, entry, bit, entry["ask"] == POLYGON, group, "edge")
    piece, piece_bit = _moved(piece, entry, bit, entry["ask"] == NEAR, group, "piece")
    corner = _corners(group, key[first], edge)
    start = np.searchsorted(first, start).astype(np.int32)
    which = entry["fence"].copy()
    flat = concerned.reshape(-1)
    return start, group, which, flat, corner, edge, edge_bit, piece, piece_bit


def _corners(group: _Array, key: npt.NDArray[np.int64], edge: _Array) -> npt.NDArray[np.float32]:
    """``Grid.corner``; writes the doubts in ``group``. ``key`` is of each group's cell."""
    many = group["edge_end"] - group["edge"]
    corner = np.zeros(4 * len(edge) + EIGHT, np.float32)
    if not len(edge):
        return corner
    of = np.repeat(np.arange(len(group)), many)
    south, west = key // _COLUMNS / CELLS - 90.0, key % _COLUMNS / CELLS - 180.0
    sides = [edge[name] - (south if name[0] == "y" else west)[of] for name in EDGE.names or ()]
    most = np.full(len(group), 1.0 / CELLS)
    at = 3 * group["edge"][of] + np.arange(len(edge))
    for place, side in enumerate(sides):
        corner[at + place * many[of]] = side
        np.maximum.at(most, of, np.abs(side))
    group["doubt"], group["doubt_square"] = doubts(most)
    return corner


def _moved(
    rows: _Array, entry: _Array, bit: _Array, asked: _Array, group: _Array, name: str
) -> tuple[_Array, npt.NDArray[np.uint8]]:
    """The rows of the entries that ask them one after the other, and the bits of those; where each
    group's begin and end is written in ``group``."""
    many = np.where(asked, entry["end"] - entry["first"], 0)
    begin = np.concatenate(([0], np.cumsum(many)))
    group[name], group[f"{name}_end"] = begin[group["first"]], begin[group["end"]]
    at = np.repeat(entry["first"] - begin[:-1], many) + np.arange(many.sum())
    bits = np.zeros(len(at) + EIGHT, np.uint8)
    bits[: len(at)] = np.repeat(bit, many)
    return rows[at], bits


_COLUMNS = 1 << 20
"""A cell's key is row * _COLUMNS + column, both counted from 90 degrees south, 180 west."""


_Cells = tuple[
    int,
    int,
    int,
    int,
    npt.NDArray[np.int32],
    npt.NDArray[np.uint8],
    npt.NDArray[np.int32],
    npt.NDArray[np.int32],
]


def _blocks(key: npt.NDArray[np.int64]) -> _Cells:
    """The first fields of :class:`Grid` for entries in order of their cells, ``start`` in those."""
    cells, start = np.unique(key, return_index=True)
    rows, columns = cells // _COLUMNS, cells % _COLUMNS
    if not len(cells):
        none = np.empty(0, np.int32)
        return 0, 0, 0, 0, none, np.empty(0, np.uint8), none, np.zeros(1, np.int32)
    south, west = int(rows.min()) // BLOCK * BLOCK, int(columns.min()) // BLOCK * BLOCK
    high = (int(rows.max()) - south) // BLOCK + 1
    wide = (int(columns.max()) - west) // BLOCK + 1
    r, c = rows - south, columns - west
    where = r // BLOCK * wide + c // BLOCK
    used = np.unique(where)
    block = np.full(high * wide, -1, np.int32)
    block[used] = np.arange(len(used))
    cell = np.full(len(used) * BLOCK * BLOCK, -1, np.int32)
    cell[block[where].astype(np.int64) * 256 + r % BLOCK * BLOCK + c % BLOCK] = np.arange(
        len(cells)
    )
    return (
        south - 90 * CELLS,
        west - 180 * CELLS,
        high,
        wide,
        block,
        np.packbits(cell >= 0, bitorder="little"),
        cell,
        np.append(start, len(key)).astype(np.int32),
    )


def _describe(
    row: Any, fence: Fence, windows: list[tuple[int, int, int]], spans: list[tuple[int, int]]
) -> None:
    row["number"], row["kind"] = fence.number, KIND_NUMBERS[fence.kind]
    row["valid_from_us"], row["valid_until_us"] = fence.valid_us
    row["limit_kmh"], row["grade_pct"] = fence.limit_kmh, fence.grade_pct
    row["window"] = len(windows)
    windows += [(window.days, window.from_s, window.to_s) for window in fence.windows]
    row["window_end"] = len(windows)
    row["span"] = len(spans)
    spans += fence.spans
    row["span_end"] = len(spans)
    spans += fence.except_spans
    row["except_end"] = len(spans)


def _edges(rings: Sequence[Sequence[tuple[float, float]]]) -> npt.NDArray[Any]:
    rows = [
        (*here, *there)
        for ring in rings
        for here, there in zip(ring, [*ring[1:], ring[0]], strict=True)
    ]
    return np.array(rows, EDGE)


def _pieces(line: Sequence[tuple[float, float]], reach_m: float) -> npt.NDArray[Any]:
    ends = list(zip(line, line[1:] or line, strict=False))
    return np.array(
        [
            (*here, *there, *metres_per_degree((here[0] + there[0]) / 2), reach_m**2)
            for here, there in ends
        ],
        PIECE,
    )


_SLACK = 1e-9
"""Degrees (0.1 mm) by which an edge must clear a cell to be left out of it."""


@njit(cache=True)
def _longer(rows, count):  # type: ignore[no-untyped-def]  # numba
    if count < len(rows):
        return rows
    longer = np.empty(2 * len(rows), rows.dtype)
    longer[:count] = rows[:count]
    return longer


@njit(cache=True)
def _polygon_cells(edges):  # type: ignore[no-untyped-def]  # numba
    """Keys and entries of the cells a polygon touches, and the edges the entries name."""
    keys = np.empty(16, np.int64)
    entries = np.empty(16, _ENTRY)
    rows = np.empty(64, EDGE)
    # Not plain 0, which is a type of its own: what is given it would be compiled twice.
    count = np.int64(0)
    used = np.int64(0)
    south = math.floor(min(edges.y0.min(), edges.y1.min()) * CELLS)
    north = math.floor(max(edges.y0.max(), edges.y1.max()) * CELLS)
    west = math.floor(min(edges.x0.min(), edges.x1.min()) * CELLS)
    east = math.floor(max(edges.x0.max(), edges.x1.max()) * CELLS)
    # Of each edge that meets the row: the span of longitude in which it does.
    which = np.empty(len(edges), np.int64)
    low = np.empty(len(edges), np.float64)
    high = np.empty(len(edges), np.float64)
    for row in range(south, north + 1):
        bottom, top = row / CELLS, (row + 1) / CELLS
        met = 0
        for e in range(len(edges)):
            edge = edges[e]
            lower, upper = min(edge.y0, edge.y1), max(edge.y0, edge.y1)
            if upper < bottom or lower > top:
                continue
            xa, xb = edge.x0, edge.x1
            if lower < bottom or upper > top:
                at_low = crossing(max(lower, bottom), edge.y0, edge.x0, edge.y1, edge.x1)
                at_high = crossing(min(upper, top), edge.y0, edge.x0, edge.y1, edge.x1)
                xa, xb = at_low, at_high
            which[met] = e
            low[met] = min(xa, xb) - _SLACK
            high[met] = max(xa, xb) + _SLACK
            met += 1
        for column in range(west, east + 1):
            left, right = column / CELLS, (column + 1) / CELLS
            touched = False
            for m in range(met):
                if low[m] <= right and high[m] >= left:
                    touched = True
                    break
            odd = False
            first = used
            if touched:
                for m in range(met):
                    edge = edges[which[m]]
                    spans = min(edge.y0, edge.y1) <= bottom and max(edge.y0, edge.y1) >= top
                    if high[m] < left:
                        continue
                    if low[m] > right and spans:
                        odd = not odd
                        continue
                    rows = _longer(rows, used)
                    rows[used] = edge
                    used += 1
            else:
                y, x = (bottom + top) / 2, (left + right) / 2
                for m in range(met):
                    edge = edges[which[m]]
                    if (edge.y0 > y) != (edge.y1 > y) and x < crossing(
                        y, edge.y0, edge.x0, edge.y1, edge.x1
                    ):
                        odd = not odd
                if not odd:
                    continue
            if count == len(keys):
                more = np.empty(2 * count, np.int64)
                more[:count] = keys
                keys = more
            entries = _longer(entries, count)
            keys[count] = (row + 90 * CELLS) * _COLUMNS + column + 180 * CELLS
            entry = entries[count]
            entry.fence = 0
            entry.who = 0
            entry.first = first
            entry.end = used
            entry.ask = POLYGON if touched else WHOLE
            entry.odd = odd
            entry.timed = 0
            count += 1
    return keys[:count], entries[:count], rows[:used]


def _near_cells(
    pieces: npt.NDArray[Any],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[Any], npt.NDArray[Any]]:
    """The same for a corridor or a circle and its pieces."""
    keys, which, whole = _pairs(pieces)
    order = np.argsort(keys, kind="stable")
    keys, which, whole = keys[order], which[order], whole[order]
    cells, first = np.unique(keys, return_index=True)
    end = np.append(first[1:], len(keys))
    entries = np.zeros(len(cells), _ENTRY)
    inside = np.logical_or.reduceat(whole, first)
    entries["first"], entries["end"] = first, np.where(inside, first, end)
    entries["ask"], entries["odd"] = np.where(inside, WHOLE, NEAR), inside
    return cells, entries, pieces[which]


@njit(cache=True)
def _pairs(pieces):  # type: ignore[no-untyped-def]  # numba
    """Cell key, number of the piece, and whether the whole cell is near it."""
    keys = np.empty(64, np.int64)
    which = np.empty(64, np.int64)
    whole = np.empty(64, np.bool_)
    count = 0
    for p in range(len(pieces)):
        piece = pieces[p]
        reach = math.sqrt(piece.square)
        dy, dx = reach / piece.north * 1.001, reach / piece.east * 1.001
        south = math.floor((min(piece.y0, piece.y1) - dy) * CELLS)
        north = math.floor((max(piece.y0, piece.y1) + dy) * CELLS)
        west = math.floor((min(piece.x0, piece.x1) - dx) * CELLS)
        east = math.floor((max(piece.x0, piece.x1) + dx) * CELLS)
        diagonal = math.hypot(piece.north, piece.east) / CELLS / 2 * 1.001
        for row in range(south, north + 1):
            for column in range(west, east + 1):
                square, _ = project(
                    (row + 0.5) / CELLS,
                    (column + 0.5) / CELLS,
                    piece.north,
                    piece.east,
                    piece.y0,
                    piece.x0,
                    piece.y1,
                    piece.x1,
                )
                if math.sqrt(square) > reach + diagonal:
                    continue
                # What is near a straight piece is convex: four corners speak for the cell.
                corners = 0
                for corner in range(4):
                    square, _ = project(
                        (row + corner // 2) / CELLS,
                        (column + corner % 2) / CELLS,
                        piece.north,
                        piece.east,
                        piece.y0,
                        piece.x0,
                        piece.y1,
                        piece.x1,
                    )
                    if square <= piece.square * (1 - 1e-9):
                        corners += 1
                if count == len(keys):
                    more = np.empty(2 * count, np.int64)
                    more[:count] = keys
                    keys = more
                    more = np.empty(2 * count, np.int64)
                    more[:count] = which
                    which = more
                    flags = np.empty(2 * count, np.bool_)
                    flags[:count] = whole
                    whole = flags
                keys[count] = (row + 90 * CELLS) * _COLUMNS + column + 180 * CELLS
                which[count] = p
                whole[count] = corners == 4
                count += 1
    return keys[:count], which[:count], whole[:count]
