"""Sorted files read together, a range of vehicles after the other: a merge of any number of rows
in the memory of some."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sizao.log.archive import columns


def merged(paths: Sequence[Path], rows: int) -> Iterator[list[pa.Table]]:
    """All rows of the files, some ``rows`` at a time. A vehicle's are all in one helping, in the
    order of the files; helpings rise by vehicle, within one they are to be sorted yet.

    paths : files whose rows are sorted by vehicle, or by bucket and vehicle within one bucket

    Raises OSError or ArrowInvalid if one cannot be read.
    """
    with ExitStack() as stack:
        runs = [_Run(stack.enter_context(columns.opened(path))) for path in paths]
        for name in [*_cuts(runs, rows), None]:
            pieces = [piece for run in runs for piece in run.below(name)]
            if pieces:
                yield pieces


class _Run:
    """One file, read from its beginning on."""

    def __init__(self, file: pq.ParquetFile) -> None:
        self._file = file
        found = file.metadata
        self.groups = [
            (_least(found.row_group(number)), found.row_group(number).num_rows)
            for number in range(found.num_row_groups)
        ]
        """First vehicle and number of rows of each row group."""
        self._next = 0
        self._rest: list[pa.Table] = []

    def below(self, name: str | None) -> list[pa.Table]:
        """Rows of vehicles before one, None for all, that were not given before."""
        while self._next < len(self.groups) and (name is None or self.groups[self._next][0] < name):
            self._rest.append(columns.group(self._file, self._next))
            self._next += 1
        before, self._rest = self._rest, []
        given = []
        for table in before:
            cut = len(table) if name is None else _count_below(table, name)
            if cut:
                given.append(table.slice(0, cut))
            if cut < len(table):
                self._rest.append(table.slice(cut))
        return given


def _cuts(runs: Sequence[_Run], rows: int) -> list[str]:
    """Vehicles that begin a new piece."""
    cuts: list[str] = []
    held = 0
    for first, size in sorted(group for run in runs for group in run.groups):
        if held >= rows and first > (cuts[-1] if cuts else ""):
            cuts.append(first)
            held = 0
        held += size
    return cuts


def _least(group: pq.RowGroupMetaData) -> str:
    """The first vehicle of a row group; before all others if it does not say."""
    statistics = group.column(0).statistics
    return statistics.min if statistics is not None and statistics.has_min_max else ""


def _count_below(table: pa.Table, name: str) -> int:
    words = table["vehicle"].combine_chunks()
    below = np.asarray(pc.less(words.dictionary, name))
    return int(np.count_nonzero(below[words.indices.to_numpy()]))
