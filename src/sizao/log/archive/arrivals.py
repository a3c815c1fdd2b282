"""Rows on their way into files: taken in the order of arrival, given by vehicle and time.

A row is one record of 72 bytes, and not a place in seventeen columns: putting millions of rows in
another order reads each once from where it lies, and that is what it costs. Vehicles are put in
order by counting, rows of one vehicle stay as they came unless their times say otherwise. Names
stay Arrow's; a row has the number of its word among all that came with a helping.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sizao.core.schemas import POSITION
from sizao.log import loops
from sizao.log.archive import records
from sizao.log.archive.columns import ARCHIVED, ROW_GROUP, WORDS
from sizao.log.archive.days import days_from, number_of_day
from sizao.log.archive.records import FLAGS, RECORD, TRUTHS
from sizao.log.partitions import partitions_of_names

SMALL = 8_192
"""Rows of a batch that is worth taking by itself: small ones cost more than their rows do."""
_NO_WORDS = pa.array([], pa.string())
_NO_DAYS = np.empty(0, np.int32)


class Arrivals:
    """Add rows, then ask for them in order. ``room`` is for how many rows, if that is known."""

    def __init__(self, room: int = SMALL) -> None:
        self._rows = np.empty(room, RECORD)
        self.clear()

    def __len__(self) -> int:
        return self._count

    def clear(self) -> None:
        """Forget all rows. Their memory is kept for the next: to get it anew from the system costs
        as much as to fill it."""
        self._count = 0
        self._words: dict[str, list[pa.Array]] = {name: [] for name in WORDS}
        self._word_count = dict.fromkeys(WORDS, 0)
        self._days = _NO_DAYS

    def add(self, batches: Sequence[pa.RecordBatch]) -> None:
        """Rows of POSITION. A number that does not fit its column or is none (an infinite speed)
        becomes null: "not reported"; nothing else is lost but digits finer than the column's step.
        """
        pieces = list(_worth_it(batches))
        if not pieces:
            return
        table = pa.Table.from_batches(pieces)
        codes = {name: self._coded(name, table[name].dictionary_encode()) for name in WORDS}
        for number, piece in enumerate(pieces):
            own = {name: of_piece[number] for name, of_piece in codes.items()}
            records.from_positions(piece, own, self._next(len(piece)))

    def add_archived(self, table: pa.Table) -> None:
        """Rows of ARCHIVED."""
        if not len(table):
            return
        if any(column.num_chunks > 1 for column in table.columns):
            table = table.unify_dictionaries().combine_chunks()
        codes = {name: self._coded(name, table[name])[0] for name in WORDS}
        records.from_archived(table, codes, self._next(len(table)))

    def days(self) -> dict[str, int]:
        """ISO date of each day of Shanghai that has rows, and how many, the earliest first."""
        return days_from(self._numbers())

    def in_order(self, date: str | None = None, buckets: int = 1) -> Iterator[tuple[int, pa.Table]]:
        """Bucket and rows of ARCHIVED, some ``ROW_GROUP`` at a time: by bucket, by vehicle as
        text, by event time; of rows of one vehicle and moment the first that came.

        date : rows of that day of Shanghai only
        buckets : how many buckets vehicles are in, a power of two
        """
        rows = self._rows[: self._count]
        words = {name: _united(found) for name, found in self._words.items()}
        names, number_of = words["vehicle"]
        order = pc.sort_indices(names).to_numpy()
        bucket = partitions_of_names(names)[order] % buckets
        if buckets > 1:
            by_bucket = np.argsort(bucket, kind="stable")
            order, bucket = order[by_bucket], bucket[by_bucket]
        names = names.take(pa.array(order))
        place = np.empty(len(order), np.int32)
        place[order] = np.arange(len(order), dtype=np.int32)
        place = place[number_of]
        day = None if date is None else number_of_day(date)
        ordered, ends = records.ordered(rows, self._numbers(), day, place, len(names))
        # Vehicles of a bucket stand together, so its rows end where those of its last do.
        lasts = np.searchsorted(bucket, np.arange(buckets), side="right")
        begin = 0
        for number, last in enumerate(lasts.tolist()):
            end = int(ends[last - 1]) if last else 0
            for part in _groups(ordered[begin:end]):
                found, flags, met = records.columns_of(rows, part, place)
                columns = _columns(found, flags)
                columns["vehicle"] = _dictionary(found["vehicle"], names.take(pa.array(met)))
                for name in ("driver", "source"):
                    united, numbers = words[name]
                    columns[name] = _dictionary(found[name], united, numbers)
                yield number, pa.table([columns[name] for name in ARCHIVED.names], schema=ARCHIVED)
            begin = end

    # Inside

    def _next(self, more: int) -> npt.NDArray[np.void]:
        """Room for so many rows behind those that are there."""
        first, self._count = self._count, self._count + more
        if self._count > len(self._rows):
            longer = np.empty(max(self._count, 2 * len(self._rows)), RECORD)
            longer[:first] = self._rows[:first]
            self._rows = longer
        return self._rows[first : self._count]

    def _coded(self, name: str, column: pa.ChunkedArray) -> list[npt.NDArray[np.int32]]:
        """Number of the word of each row, -1 for null, for each chunk of a dictionary column."""
        first = self._word_count[name]
        if column.null_count == len(column):
            return [np.full(len(chunk), -1, np.int32) for chunk in column.chunks]
        words = column.chunk(0).dictionary
        self._words[name].append(words)
        self._word_count[name] += len(words)
        found = []
        for chunk in column.chunks:
            codes = chunk.indices.fill_null(-first - 1) if chunk.null_count else chunk.indices
            found.append(codes.to_numpy() + np.int32(first))
        return found

    def _numbers(self) -> npt.NDArray[np.int32]:
        """Number of the day of each row."""
        if len(self._days) != self._count:
            self._days = records.days(self._rows[: self._count])
        return self._days


def partitions_of(table: pa.Table) -> npt.NDArray[np.uint8]:
    """Partition of each row of ARCHIVED, 0 to 63, shape (n,)."""
    words = table["vehicle"].unify_dictionaries().combine_chunks()
    return partitions_of_names(words.dictionary)[words.indices.to_numpy()]


def _worth_it(batches: Sequence[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same rows in batches that are not small, but for the last."""
    small: list[pa.RecordBatch] = []
    for batch in batches:
        if len(batch) >= SMALL and not small:
            yield batch
            continue
        small.append(batch)
        if sum(map(len, small)) >= SMALL:
            yield _joined(small)
            small = []
    if any(map(len, small)):
        yield _joined(small)


def _joined(batches: Sequence[pa.RecordBatch]) -> pa.RecordBatch:
    return pa.Table.from_batches(batches, POSITION).combine_chunks().to_batches()[0]


def _united(words: Sequence[pa.Array]) -> tuple[pa.Array, npt.NDArray[np.int32]]:
    """All different words, and for each of those given its number among them."""
    if not words:
        return _NO_WORDS, np.empty(0, np.int32)
    coded = pa.chunked_array(words).dictionary_encode()
    numbers = [chunk.indices.to_numpy() for chunk in coded.chunks]
    return coded.chunk(0).dictionary, np.concatenate(numbers)


def _groups(ordered: npt.NDArray[np.int32]) -> Iterator[npt.NDArray[np.int32]]:
    """Parts of ``ROW_GROUP`` rows each or a little more."""
    if not len(ordered):
        return
    size = -(-len(ordered) // max(round(len(ordered) / ROW_GROUP), 1))
    for first in range(0, len(ordered), size):
        yield ordered[first : first + size]


def _columns(
    found: dict[str, npt.NDArray[Any]], flags: npt.NDArray[np.uint32]
) -> dict[str, pa.Array]:
    """Arrow's, nulls where the flags say so; without those of words."""
    some = int(np.bitwise_or.reduce(flags))
    values = {name: found[name] for name in found if name not in WORDS}
    values |= {name: flags & (1 << bit) != 0 for name, bit in TRUTHS.items()}
    columns = {}
    for name, column in values.items():
        bit = 1 << FLAGS[name] if name in FLAGS else 0
        columns[name] = pa.array(column, mask=flags & bit != 0 if some & bit else None)
    return columns


def _dictionary(
    codes: npt.NDArray[np.int32], words: pa.Array, numbers: npt.NDArray[np.int32] | None = None
) -> pa.DictionaryArray:
    """Words by number, null for -1; through ``numbers`` if the same word has several."""
    none = codes < 0
    if none.all():
        return pa.DictionaryArray.from_arrays(pa.nulls(len(codes), pa.int32()), words)
    mask = none if none.any() else None
    if numbers is not None:
        codes = numbers[codes]
    return pa.DictionaryArray.from_arrays(pa.array(codes, mask=mask), words)


def warm_up() -> None:
    """Load or compile the loops that take rows and give them in order, and those of the log."""
    loops.warm_up()
    rows = Arrivals()
    rows.add([loops.made_up()])
    for _, some in list(rows.in_order()):
        rows.add_archived(some)
