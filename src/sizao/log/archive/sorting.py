"""Rows of ARCHIVED in the order in which they are kept: by bucket, vehicle and time, each once.

A *bucket* is the vehicles whose partition has one remainder modulo a power of two.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sizao.core.clock import SHANGHAI
from sizao.log.archive import columns
from sizao.log.partitions import partitions_of_names

DAY_S = 86_400
_OFFSET_S = int(SHANGHAI.utcoffset(None).total_seconds())


def day_of(time_s: int) -> str:
    """The day of Shanghai that a moment lies in, as an ISO date.

    >>> day_of(1_795_622_400 - 1), day_of(1_795_622_400)
    ('2026-11-25', '2026-11-26')
    """
    return datetime.fromtimestamp(time_s, SHANGHAI).date().isoformat()


def days_between(first_s: int, last_s: int) -> list[str]:
    """Every day from that of ``first_s`` to that of ``last_s``, both included."""
    numbers = range((first_s + _OFFSET_S) // DAY_S, (last_s + _OFFSET_S) // DAY_S + 1)
    return [_date(number) for number in numbers]


def days_of(time_s: npt.NDArray[np.int64]) -> dict[str, int]:
    """ISO date to the number of these moments that lie in it."""
    numbers, counts = np.unique((time_s + _OFFSET_S) // DAY_S, return_counts=True)
    return {_date(number): count for number, count in zip(*_lists(numbers, counts), strict=True)}


def by_day(table: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    """The rows of each day, in the order given."""
    days = (table["time_s"].to_numpy() + _OFFSET_S) // DAY_S
    several = np.unique(days).tolist()
    for number in several:
        yield _date(number), table.filter(pa.array(days == number)) if several[1:] else table


def sort(table: pa.Table, buckets: int = 1) -> pa.Table:
    """By bucket, vehicle as text and event time; rows of one moment stay in the order given."""
    table = columns.joined([table])
    words = _words(table)
    order = pc.sort_indices(words.dictionary).to_numpy()
    if buckets > 1:
        bucket = partitions_of_names(words.dictionary)[order] % buckets
        order = order[np.argsort(bucket, kind="stable")]
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(rank))
    vehicle = rank[words.indices.to_numpy()]
    moment = table["time_s"].to_numpy() * 1_000_000 + table["time_us"].to_numpy()
    if not len(moment):
        return table
    moment -= moment.min()
    span = int(moment.max()) + 1
    if span * len(rank) >= 2**63:
        return table.take(pa.array(np.lexsort((moment, vehicle))))
    # One key and not two: half the work, and where sorted files meet, next to none.
    key = vehicle * span + moment
    return table.take(pa.array(np.argsort(key, kind="stable")))


def once(table: pa.Table) -> pa.Table:
    """The first row of each vehicle and moment; ``table`` is sorted by them."""
    if len(table) < 2:
        return table
    same = np.ones(len(table) - 1, np.bool_)
    for name in ("time_s", "time_us"):
        values = table[name].to_numpy()
        same &= values[1:] == values[:-1]
    vehicle = _words(table).indices.to_numpy()
    same &= vehicle[1:] == vehicle[:-1]
    return table.filter(pa.array(np.append(True, ~same))) if same.any() else table


def partitions_of(table: pa.Table) -> npt.NDArray[np.uint8]:
    """Partition of each row, 0 to 63, shape (n,)."""
    words = _words(table)
    return partitions_of_names(words.dictionary)[words.indices.to_numpy()]


def by_bucket(table: pa.Table, buckets: int) -> Iterator[tuple[int, pa.Table]]:
    """The rows of each bucket that has some; ``table`` is sorted by them."""
    if buckets == 1:
        yield 0, table
        return
    bounds = np.searchsorted(partitions_of(table) % buckets, np.arange(buckets + 1))
    for bucket in range(buckets):
        first, end = int(bounds[bucket]), int(bounds[bucket + 1])
        if end > first:
            yield bucket, table.slice(first, end - first)


def _words(table: pa.Table) -> pa.DictionaryArray:
    return table["vehicle"].unify_dictionaries().combine_chunks()


def _date(number: int) -> str:
    return day_of(number * DAY_S - _OFFSET_S)


def _lists(*arrays: npt.NDArray[np.int64]) -> list[list[int]]:
    return [array.tolist() for array in arrays]
