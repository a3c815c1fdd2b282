"""Rows on their way into files: taken in the order of arrival, given by vehicle and time.

A row is one record of 72 bytes, and not a place in seventeen columns: putting millions of rows in
another order reads each once from where it lies, and that is what it costs. Vehicles are put in
order by counting, rows of one vehicle stay as they came unless their times say otherwise. A row
has the number of its word among all that came with a helping (``words.py``).
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
from sizao.log.archive import records, words
from sizao.log.archive.columns import ARCHIVED, ROW_GROUP, WORDS
from sizao.log.archive.days import days_from, number_of_day
from sizao.log.archive.records import FLAGS, RECORD, TRUTHS
from sizao.log.archive.words import Words
from sizao.log.decoding import decode_segment
from sizao.log.encoding import PACKED
from sizao.log.packed import Narrow, narrow, packed
from sizao.log.partitions import partitions_of_names

SMALL = 8_192
"""Rows of a batch that is worth taking by itself: small ones cost more than their rows do."""
_NO_DAYS = np.empty(0, np.int32)


class Arrivals:
    """Add rows, then ask for them in order. ``room`` is for how many rows, if that is known."""

    def __init__(self, room: int = SMALL) -> None:
        self._rows = np.empty(room, RECORD)
        self._words = {name: Words() for name in WORDS}
        self.clear()

    def __len__(self) -> int:
        return self._count

    def clear(self) -> None:
        """Forget all rows. Their memory is kept for the next: to get it anew from the system costs
        as much as to fill it."""
        self._count = 0
        for known in self._words.values():
            known.clear()
        self._days = _NO_DAYS

    def add_stored(self, segments: Sequence[bytes]) -> None:
        """Rows of segments of positions as the log has them, as :meth:`add` takes them.

        Raises LogError if one is damaged; those before it may have been added.
        """
        others: list[pa.RecordBatch] = []
        for data in segments:
            if not data.startswith(PACKED):
                others.append(decode_segment(data))
                continue
            self.add(others)
            others = []
            self._add_narrow(narrow(data))
        self.add(others)

    def add(self, batches: Sequence[pa.RecordBatch]) -> None:
        """Rows of POSITION. A number that does not fit its column or is none (an infinite speed)
        becomes null: "not reported"; nothing else is lost but digits finer than the column's step.
        """
        pieces = list(_worth_it(batches))
        if not pieces:
            return
        for piece in pieces:
            codes = {name: self._coded(name, piece.column(name)) for name in WORDS}
            records.from_positions(piece, codes, self._next(len(piece)))

    def add_archived(self, table: pa.Table) -> None:
        """Rows of ARCHIVED."""
        if not len(table):
            return
        if any(column.num_chunks > 1 for column in table.columns):
            table = table.unify_dictionaries().combine_chunks()
        codes = {name: self._coded(name, table[name].chunk(0)) for name in WORDS}
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
        texts = {name: known.all() for name, known in self._words.items()}
        names = texts["vehicle"]
        order = pc.sort_indices(names).to_numpy()
        bucket = partitions_of_names(names)[order] % buckets
        if buckets > 1:
            by_bucket = np.argsort(bucket, kind="stable")
            order, bucket = order[by_bucket], bucket[by_bucket]
        names = names.take(pa.array(order))
        place = np.empty(len(order), np.int32)
        place[order] = np.arange(len(order), dtype=np.int32)
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
                    columns[name] = _dictionary(found[name], texts[name])
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

    def _add_narrow(self, part: Narrow) -> None:
        ends = np.zeros(part.n + 1, np.int32)
        np.cumsum(part.columns["size"], out=ends[1:])
        vehicle = self._words["vehicle"].numbers_of(ends, part.whole.address + part.names)
        source = self._words["source"].numbers(pa.array(part.sources(), pa.string()))
        records.from_narrow(part, vehicle, source, self._next(part.n))

    def _coded(self, name: str, column: pa.Array) -> npt.NDArray[np.int32]:
        """Number of the word of each row, -1 for null, of a column of text or a dictionary's."""
        if column.null_count == len(column):
            return np.full(len(column), -1, np.int32)
        if not pa.types.is_dictionary(column.type):
            if not column.null_count:
                return self._words[name].numbers(column)
            column = column.dictionary_encode()
        numbers = np.append(self._words[name].numbers(column.dictionary), np.int32(-1))
        codes = column.indices.fill_null(-1) if column.null_count else column.indices
        return numbers[codes.to_numpy()]

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


def _dictionary(codes: npt.NDArray[np.int32], words: pa.Array) -> pa.DictionaryArray:
    """Words by number, null for -1."""
    none = codes < 0
    if none.all():
        return pa.DictionaryArray.from_arrays(pa.nulls(len(codes), pa.int32()), words)
    mask = none if none.any() else None
    return pa.DictionaryArray.from_arrays(pa.array(codes, mask=mask), words)


def warm_up() -> None:
    """Load or compile the loops that take rows and give them in order, and those of the log."""
    loops.warm_up()
    rows = Arrivals()
    rows.add([loops.made_up()])
    segment = packed([loops.made_up()])
    assert segment is not None
    rows.add_stored([segment.data.tobytes()])
    for _, some in list(rows.in_order()):
        rows.add_archived(some)
    words.warm_up()
